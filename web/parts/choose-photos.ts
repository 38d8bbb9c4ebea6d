/** Photos a person has chosen, made fit to be sent: of a kind the server takes, and not larger than it takes. */

/** What the server takes of one photo. */
const PHOTO_BYTES_MAX = 8 * 1024 * 1024;
const SIDE_MAX = 4096;
const QUALITY = 0.9;

export const ACCEPTED_TYPES = 'image/jpeg,image/png,image/webp,image/avif,image/gif';
export const PHOTOS_MAX = 10;

/** The file itself where it fits; else a smaller JPEG of the same picture. Rejects what the browser cannot read. */
export async function fitting(file: File): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  if (file.size <= PHOTO_BYTES_MAX && ACCEPTED_TYPES.split(',').includes(file.type)) {
    bitmap.close();
    return file;
  }
  const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/jpeg', QUALITY);
  });
  if (blob === null || blob.size > PHOTO_BYTES_MAX) throw new Error('The photo cannot be made small enough.');
  return blob;
}
