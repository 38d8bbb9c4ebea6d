/** Which renditions a picture gets. Pure. */
import { limits } from '../../limits.ts';
import { RENDITION_SIZES, type RenditionSize } from '../media-keys.ts';

/** What a rendition must fit into. A picture is never enlarged. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

export function boxOf(size: RenditionSize): Box {
  return { width: size, height: size * limits.renditionAspectMax };
}

/** The widest size always; of the others those that are narrower than it came out, so no two renditions are the same. */
export function sizesBelow(widestWidth: number): RenditionSize[] {
  return RENDITION_SIZES.slice(1).filter((size) => size < widestWidth);
}

/** Turns and mirrors that show a picture of this EXIF orientation upright: first mirrored left-right, then turned clockwise. */
export function uprighting(orientation: number): { readonly degrees: 0 | 90 | 180 | 270; readonly mirror: boolean } {
  switch (orientation) {
    case 2:
      return { degrees: 0, mirror: true };
    case 3:
      return { degrees: 180, mirror: false };
    case 4:
      return { degrees: 180, mirror: true };
    case 5:
      return { degrees: 270, mirror: true };
    case 6:
      return { degrees: 90, mirror: false };
    case 7:
      return { degrees: 90, mirror: true };
    case 8:
      return { degrees: 270, mirror: false };
    default:
      return { degrees: 0, mirror: false };
  }
}
