/** How clients see a medium: where its renditions are and how far it is. Pure. */
import type { MediaId } from '../ids.ts';
import type { RowOf } from '../storage/table.ts';
import type { media, MediaState, Rendition } from '../storage/tables/posts.ts';

type MediaRow = RowOf<typeof media>;

/** The shape of `PhotoView` in what clients are shown. */
export interface MediaView {
  readonly mediaId: MediaId;
  readonly status: 'pending' | 'processing' | 'complete' | 'failed';
  readonly failureReason: string | null;
  readonly width: number;
  readonly height: number;
  readonly thumbHash: string;
  readonly dominantColor: string;
  readonly altText: string;
  readonly sources: readonly MediaSource[];
}

export interface MediaSource {
  readonly url: string;
  readonly format: Rendition['format'];
  readonly width: number;
  readonly height: number;
}

const STATUS: Readonly<Record<MediaState, MediaView['status']>> = {
  pending: 'pending',
  uploaded: 'processing',
  viewable: 'processing',
  ready: 'complete',
  failed: 'failed',
  gone: 'failed',
};

/** `publicUrl` without a final slash. */
export function mediaUrl(publicUrl: string, blobKey: string): string {
  return `${publicUrl}/media/${blobKey}`;
}

export function mediaView(row: MediaRow, altText: string, publicUrl: string): MediaView {
  const { mediaId, state, failureReason, width, height, thumbHash, dominantColor } = row;
  const renditions = state === 'viewable' || state === 'ready' ? row.renditions : [];
  const sources = renditions
    .toSorted((a, b) => b.width - a.width || a.format.localeCompare(b.format))
    .map((rendition): MediaSource => {
      const url = mediaUrl(publicUrl, rendition.blobKey);
      return { url, format: rendition.format, width: rendition.width, height: rendition.height };
    });
  return { mediaId, status: STATUS[state], failureReason, width, height, thumbHash, dominantColor, altText, sources };
}

/** The JPEG that every client can show, the widest (or the narrowest of at least `widthMin`); null until there is one. */
export function mainImageUrl(row: MediaRow, publicUrl: string, widthMin?: number): string | null {
  if (row.state !== 'viewable' && row.state !== 'ready') return null;
  const jpegs = row.renditions.filter((rendition) => rendition.format === 'jpeg').toSorted((a, b) => b.width - a.width);
  const widest = jpegs[0];
  const chosen = widthMin === undefined ? widest : (jpegs.findLast((jpeg) => jpeg.width >= widthMin) ?? widest);
  return chosen === undefined ? null : mediaUrl(publicUrl, chosen.blobKey);
}
