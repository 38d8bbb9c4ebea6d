/** A post as the feed shows it, and as its own page does. While it is on the screen, its counts move live. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PostPageItem } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import type { PostSignal } from '../state/posts.ts';
import { Avatar } from './avatar.tsx';
import { compact, counted, inFull } from './format.ts';
import { useVisible } from './hooks.ts';
import { Icon } from './icons.tsx';
import { Link, postPath, profilePath } from './link.tsx';
import { nameOf } from './people.tsx';
import { Photos } from './photos.tsx';
import { PostMenu } from './post-menu.tsx';
import { TimeAgo } from './time-ago.tsx';

/** Longer captions are folded in the feed. */
const CAPTION_CHARACTERS = 180;

interface PostCardProps {
  readonly post: PostSignal;
  readonly eager: boolean;
  /** It has just come: shown with a little movement. */
  readonly arrived?: boolean;
  /** On its own page: nothing is folded, and somebody else watches it. */
  readonly whole?: boolean;
}

export function PostCard({ post, eager, arrived = false, whole = false }: PostCardProps): JSX.Element | null {
  const session = useApp().session.value;
  const [visible, setVisible] = useState(false);
  const card = useVisible<HTMLElement>(setVisible);
  const shown = post.value;
  const postId = shown?.id ?? null;
  useEffect(() => {
    if (!visible || whole || postId === null) return undefined;
    return session.watchPost(postId);
  }, [visible, whole, postId, session]);
  if (shown === null) return null;
  return (
    <article
      class={`post${arrived ? ' post-arrived' : ''}${whole ? ' post-whole' : ''}`}
      ref={card}
      aria-label={`Post by ${nameOf(shown.author)}`}
      data-testid="post"
      data-post-id={shown.id}
    >
      <PostHead post={shown} />
      <PostPicture post={shown} eager={eager} />
      <PostActions post={shown} whole={whole} />
      <div class="post-words">
        <Caption post={shown} whole={whole} />
        {!whole && shown.commentCount > 0 && (
          <Link to={postPath(shown.id)} class="post-comments-link" testId="open-comments">
            View {shown.commentCount === 1 ? 'the comment' : `all ${compact(shown.commentCount)} comments`}
          </Link>
        )}
      </div>
    </article>
  );
}

function PostHead({ post }: { post: PostPageItem }): JSX.Element {
  const time = post.publishedAt ?? post.createdAt;
  return (
    <header class="post-head">
      <Link to={profilePath(post.author.username)} class="post-author" testId="post-author">
        <Avatar user={post.author} size="s" />
        <span class="post-names">
          <span class="post-name">{nameOf(post.author)}</span>
          <span class="post-username">@{post.author.username}</span>
        </span>
      </Link>
      <Link to={postPath(post.id)} class="post-time" label={`Posted ${inFull(time)}`}>
        <TimeAgo time={time} />
      </Link>
      <PostMenu post={post} />
    </header>
  );
}

function PostPicture({ post, eager }: { post: PostPageItem; eager: boolean }): JSX.Element {
  const app = useApp();
  if (post.photos.length === 0 || post.uploadStatus === 'failed') {
    return (
      <div class="post-nothing">
        <Icon name="alert" />
        <span>This photo could not be shown.</span>
      </div>
    );
  }
  const like = (): void => {
    if (app.mustSignIn()) app.session.value.likes.set(post.id, true);
  };
  return <Photos post={post} eager={eager} onLike={like} />;
}

function PostActions({ post, whole }: { post: PostPageItem; whole: boolean }): JSX.Element {
  const app = useApp();
  const toggle = (): void => {
    if (app.mustSignIn()) app.session.value.likes.set(post.id, !post.likedByMe);
  };
  return (
    <div class="post-actions">
      <button
        type="button"
        class={post.likedByMe ? 'action action-liked' : 'action'}
        aria-pressed={post.likedByMe}
        aria-label="Like"
        onClick={toggle}
        data-testid="like"
      >
        <Icon name="heart" filled={post.likedByMe} />
      </button>
      <span class="post-count" data-testid="like-count" data-count={post.likeCount}>
        <span key={post.likeCount} class="ticking">
          {counted(post.likeCount, 'like', 'likes')}
        </span>
      </span>
      {whole ? (
        <span class="action action-still" aria-hidden="true">
          <Icon name="comment" />
        </span>
      ) : (
        <Link to={postPath(post.id)} class="action" label="Comments">
          <Icon name="comment" />
        </Link>
      )}
      <span class="post-count" data-testid="comment-count" data-count={post.commentCount}>
        <span key={post.commentCount} class="ticking">
          {counted(post.commentCount, 'comment', 'comments')}
        </span>
      </span>
    </div>
  );
}

function Caption({ post, whole }: { post: PostPageItem; whole: boolean }): JSX.Element | null {
  const [open, setOpen] = useState(whole);
  if (post.caption === '') return null;
  const folded = !open && post.caption.length > CAPTION_CHARACTERS;
  const text = folded ? `${post.caption.slice(0, CAPTION_CHARACTERS).trimEnd()}…` : post.caption;
  return (
    <p class="post-caption" data-testid="caption">
      <Link to={profilePath(post.author.username)} class="post-caption-name">
        {post.author.username}
      </Link>{' '}
      <span class="user-text">{text}</span>
      {folded && (
        <button type="button" class="text-button" onClick={() => setOpen(true)}>
          more
        </button>
      )}
      {post.editedAt !== null && <span class="post-edited"> · edited</span>}
    </p>
  );
}
