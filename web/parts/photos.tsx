/** The photos of a post: one, or several to swipe through. Two quick presses on one of them like the post. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { PostPageItem } from '../../sdk/wire.ts';
import { Icon } from './icons.tsx';
import { Photo } from './photo.tsx';

const DOUBLE_PRESS_MS = 320;
const DOUBLE_PRESS_PX = 40;
/** Between a portrait of 4:5 and a landscape of 1.91:1; what is outside is cropped. */
const RATIO_MIN = 4 / 5;
const RATIO_MAX = 1.91;
const FEED_SIZES = '(min-width: 640px) 600px, 100vw';

export function Photos({
  post,
  eager,
  onLike,
}: {
  post: PostPageItem;
  eager: boolean;
  onLike: () => void;
}): JSX.Element {
  const [shown, setShown] = useState(0);
  const [burst, setBurst] = useState(0);
  const strip = useRef<HTMLDivElement>(null);
  const last = useRef({ atMs: 0, x: 0, y: 0 });
  const first = post.photos[0];
  const ratio = Math.min(RATIO_MAX, Math.max(RATIO_MIN, first === undefined ? 1 : first.width / first.height || 1));

  const press = (event: MouseEvent): void => {
    if (event.target instanceof Element && event.target.closest('button') !== null) return;
    const { atMs, x, y } = last.current;
    const near = Math.hypot(event.clientX - x, event.clientY - y) < DOUBLE_PRESS_PX;
    const double = event.timeStamp - atMs < DOUBLE_PRESS_MS && near;
    last.current = { atMs: double ? 0 : event.timeStamp, x: event.clientX, y: event.clientY };
    if (!double) return;
    setBurst((count) => count + 1);
    onLike();
  };
  const move = (to: number): void => {
    const width = strip.current?.clientWidth ?? 0;
    strip.current?.scrollTo({ left: to * width, behavior: 'smooth' });
  };
  const scrolled = (): void => {
    const element = strip.current;
    if (element !== null && element.clientWidth > 0) setShown(Math.round(element.scrollLeft / element.clientWidth));
  };
  const many = post.photos.length > 1;
  const text = `Photo by ${post.author.displayName === '' ? post.author.username : post.author.displayName}`;
  return (
    <div class="photos" onClick={press} data-testid="post-photos">
      <div class="photos-strip" ref={strip} onScroll={many ? scrolled : undefined}>
        {post.photos.map((photo, index) => (
          <Photo
            key={photo.mediaId}
            photo={photo}
            sizes={FEED_SIZES}
            ratio={ratio}
            eager={eager && index === 0}
            fallbackText={text}
          />
        ))}
      </div>
      {many && <Turning count={post.photos.length} shown={shown} onMove={move} />}
      {burst > 0 && (
        <span class="photos-burst" key={burst} aria-hidden="true">
          <Icon name="heart" filled />
        </span>
      )}
    </div>
  );
}

/** Where one is among several photos, and the way to the next one without a finger to swipe. */
function Turning(props: { count: number; shown: number; onMove: (to: number) => void }): JSX.Element {
  const { count, shown, onMove } = props;
  return (
    <>
      <span class="photos-count" aria-hidden="true">
        {shown + 1}/{count}
      </span>
      {shown > 0 && (
        <button
          type="button"
          class="photos-turn photos-back"
          aria-label="Previous photo"
          onClick={() => onMove(shown - 1)}
        >
          <Icon name="back" />
        </button>
      )}
      {shown < count - 1 && (
        <button type="button" class="photos-turn photos-next" aria-label="Next photo" onClick={() => onMove(shown + 1)}>
          <Icon name="next" />
        </button>
      )}
      <span class="photos-dots" aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          <i key={index} class={index === shown ? 'photos-dot photos-dot-on' : 'photos-dot'} />
        ))}
      </span>
    </>
  );
}
