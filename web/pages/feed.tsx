/** Home: what the people one follows have posted, newest first, as it happens. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { useApp } from '../app.ts';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import { Link } from '../parts/link.tsx';
import { Empty, ListEnd } from '../parts/lists.tsx';
import { PostCard } from '../parts/post-card.tsx';
import { PublicationCard } from '../parts/publication-card.tsx';

/** Photos above the fold are loaded at once. */
const EAGER = 2;

export function FeedPage(): JSX.Element {
  const { session: current, router } = useApp();
  const session = current.value;
  const { feed } = session;
  const heading = usePageTitle('');
  const ids = feed.list.items.value;
  useEffect(() => router.restoreScroll(), []);
  const showWaiting = (): void => {
    feed.showWaiting();
    window.scrollTo({ top: 0, behavior: 'smooth' });
  };
  const waiting = feed.waiting.value.length;
  const nothing =
    feed.list.phase.value.kind === 'ready' && ids.length === 0 && session.publishing.shown.value.length === 0;
  return (
    <div class="column">
      <h1 class="unseen" ref={heading} tabIndex={-1}>
        Home
      </h1>
      <div class="new-posts" aria-live="polite">
        {waiting > 0 && (
          <button type="button" class="pill" onClick={showWaiting} data-testid="new-posts">
            <Icon name="up" />
            {waiting === 1 ? '1 new post' : `${waiting} new posts`}
          </button>
        )}
      </div>
      {session.publishing.shown.value.map((publication) => (
        <PublicationCard key={publication.key} publication={publication} />
      ))}
      <div
        class="feed"
        role="feed"
        aria-busy={feed.list.phase.value.kind === 'loading'}
        aria-label="Posts"
        data-testid="feed"
      >
        {ids.map((postId, index) => (
          <PostCard
            key={postId}
            post={session.shelf.signalOf(postId)}
            eager={index < EAGER}
            arrived={feed.arrived.has(postId)}
          />
        ))}
      </div>
      {nothing && <NothingYet />}
      <ListEnd
        list={feed.list}
        retry={() => void (ids.length === 0 ? session.start() : feed.list.more())}
        end="You have seen it all."
      />
    </div>
  );
}

function NothingYet(): JSX.Element {
  return (
    <Empty
      icon="camera"
      title="Your feed is waiting"
      action={
        <div class="empty-actions">
          <Link to="/find" class="button">
            Find people
          </Link>
          <Link to="/new" class="button button-quiet">
            Share a photo
          </Link>
        </div>
      }
    >
      Follow someone, or share your first photo. New posts appear here by themselves.
    </Empty>
  );
}
