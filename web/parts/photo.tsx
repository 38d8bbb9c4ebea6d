/**
 * One photo at the size it is shown: the browser picks from `srcset`, a ThumbHash stands in until it is there. The place is
 * reserved from the start, so nothing jumps.
 */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { thumbHashToDataURL } from 'thumbhash';
import type { ImageSource, PhotoView } from '../../sdk/wire.ts';

interface PhotoProps {
  readonly photo: PhotoView;
  /** The `sizes` attribute: how wide it is shown. */
  readonly sizes: string;
  /** Width to height of the place; null: the photo's own. */
  readonly ratio: number | null;
  /** Shown at once: no lazy loading. */
  readonly eager?: boolean;
  readonly fallbackText: string;
}

export function Photo({ photo, sizes, ratio, eager = false, fallbackText }: PhotoProps): JSX.Element {
  const [loaded, setLoaded] = useState(false);
  const image = useRef<HTMLImageElement>(null);
  const placeholder = useMemo(() => placeholderOf(photo.thumbHash), [photo.thumbHash]);
  const webp = photo.sources.filter((source) => source.format === 'webp');
  const jpeg = photo.sources.filter((source) => source.format === 'jpeg');
  const widest = jpeg[0] ?? webp[0];
  const shape = ratio ?? (photo.width > 0 && photo.height > 0 ? photo.width / photo.height : 1);
  const alt = photo.altText === '' ? fallbackText : photo.altText;
  return (
    <span class="photo" style={{ aspectRatio: String(shape), backgroundColor: photo.dominantColor }}>
      {placeholder !== null && <img class="photo-placeholder" src={placeholder} alt="" aria-hidden="true" />}
      {widest !== undefined && (
        <picture>
          {webp.length > 0 && <source type="image/webp" srcset={srcset(webp)} sizes={sizes} />}
          <img
            ref={image}
            class={loaded ? 'photo-image photo-loaded' : 'photo-image'}
            src={widest.url}
            srcset={srcset(jpeg)}
            sizes={sizes}
            alt={alt}
            width={photo.width}
            height={photo.height}
            loading={eager ? 'eager' : 'lazy'}
            decoding="async"
            draggable={false}
            onLoad={() => setLoaded(true)}
            onError={() => setLoaded(true)}
            data-testid="photo"
          />
        </picture>
      )}
    </span>
  );
}

function srcset(sources: readonly ImageSource[]): string {
  return sources.map(({ url, width }) => `${url} ${width}w`).join(', ');
}

function placeholderOf(thumbHash: string): string | null {
  if (thumbHash === '') return null;
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(thumbHash), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}
