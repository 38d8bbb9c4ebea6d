/** The comments of a post, newest first, moving live while they are on the screen. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CommentView, PostPageItem } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { PagedList } from '../state/paged-list.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { Link, profilePath } from './link.tsx';
import { ListEnd } from './lists.tsx';
import { nameOf } from './people.tsx';
import { TimeAgo } from './time-ago.tsx';

const COMMENT_MAX = 1000;
const PAGE = 30;

export function Comments({ post }: { post: PostPageItem }): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const [replyTo, setReplyTo] = useState<CommentView | null>(null);
  const [arrived] = useState(() => new Set<string>());
  const postId = post.id;
  const list = useMemo(
    () =>
      new PagedList<CommentView>(
        async (cursor) => {
          const page = await app.client.comments(postId, { cursor, limit: PAGE });
          return { items: page.comments, nextCursor: page.nextCursor };
        },
        (comment) => comment.id,
      ),
    [app, postId],
  );
  const add = (comment: CommentView): void =>
    list.change((held) => (held.some(({ id }) => id === comment.id) ? held : [comment, ...held]));
  const drop = (commentId: string): void => list.change((held) => held.filter(({ id }) => id !== commentId));
  const generation = session.generation.value;
  useEffect(() => {
    void list.reload();
  }, [list, generation]);
  useEffect(
    () =>
      session.watchPost(postId, ({ type, data }) => {
        const { id } = data as { id?: unknown };
        if (typeof id !== 'string') return;
        if (type === 'comment.new') {
          arrived.add(id);
          add(data as CommentView);
        }
        if (type === 'comment.deleted') drop(id);
      }),
    [session, postId],
  );

  const remove = async (comment: CommentView): Promise<void> => {
    drop(comment.id);
    try {
      await app.client.deleteComment(postId, comment.id);
    } catch (error) {
      add(comment);
      app.toasts.error(error, () => void remove(comment));
    }
  };
  const byId = new Map(list.items.value.map((comment) => [comment.id, comment]));
  return (
    <section class="comments" aria-label="Comments">
      <Composer postId={postId} replyTo={replyTo} onReplied={() => setReplyTo(null)} onSent={add} />
      <ul class="comment-list" data-testid="comments">
        {list.items.value.map((comment) => (
          <CommentRow
            key={comment.id}
            comment={comment}
            answers={comment.parentId === null ? null : (byId.get(comment.parentId)?.author.username ?? '…')}
            arrived={arrived.has(comment.id)}
            mayDelete={session.userId === comment.author.id || session.userId === post.userId}
            onReply={() => setReplyTo(comment)}
            onDelete={() => void remove(comment)}
          />
        ))}
      </ul>
      {list.phase.value.kind === 'ready' && list.items.value.length === 0 && (
        <p class="comments-none">No comments yet. Say something kind.</p>
      )}
      <ListEnd list={list} />
    </section>
  );
}

interface CommentRowProps {
  readonly comment: CommentView;
  /** Whom it answers; null when it answers nobody. */
  readonly answers: string | null;
  readonly arrived: boolean;
  readonly mayDelete: boolean;
  readonly onReply: () => void;
  readonly onDelete: () => void;
}

function CommentRow({ comment, answers, arrived, mayDelete, onReply, onDelete }: CommentRowProps): JSX.Element {
  return (
    <li class={arrived ? 'comment comment-arrived' : 'comment'} data-testid="comment" data-comment-id={comment.id}>
      <Link to={profilePath(comment.author.username)} label={nameOf(comment.author)} hidden>
        <Avatar user={comment.author} size="s" />
      </Link>
      <div class="comment-body">
        <p>
          <Link to={profilePath(comment.author.username)} class="comment-name">
            {comment.author.username}
          </Link>{' '}
          {answers !== null && <span class="comment-answers">@{answers} </span>}
          <span class="user-text">{comment.text}</span>
        </p>
        <p class="comment-foot">
          <TimeAgo time={comment.createdAt} />
          <button
            type="button"
            class="text-button"
            onClick={onReply}
            aria-label={`Reply to ${comment.author.username}`}
          >
            Reply
          </button>
          {mayDelete && (
            <button
              type="button"
              class="text-button"
              onClick={onDelete}
              aria-label="Delete this comment"
              data-testid="delete-comment"
            >
              Delete
            </button>
          )}
        </p>
      </div>
    </li>
  );
}

interface ComposerProps {
  readonly postId: string;
  readonly replyTo: CommentView | null;
  readonly onReplied: () => void;
  readonly onSent: (comment: CommentView) => void;
}

/** The words being written, and sending them once: the key is the same for every try of the same words. */
function useComposer(
  { postId, replyTo, onReplied, onSent }: ComposerProps,
  sent: () => void,
): { text: string; busy: boolean; write: (text: string) => void; send: () => Promise<void> } {
  const app = useApp();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const key = useRef<string | null>(null);
  const write = (words: string): void => {
    key.current = null;
    setText(words);
  };
  const send = async (): Promise<void> => {
    const words = text.trim();
    if (words === '' || busy) return;
    setBusy(true);
    key.current ??= `${app.client.device}-${Date.now().toString(36)}`;
    try {
      onSent(await app.client.comment(postId, { text: words, parentId: replyTo?.id ?? null }, key.current));
      write('');
      onReplied();
    } catch (error) {
      app.toasts.error(error, () => void send());
    } finally {
      setBusy(false);
      sent();
    }
  };
  return { text, busy, write, send };
}

function Composer(props: ComposerProps): JSX.Element {
  const { replyTo, onReplied } = props;
  const account = useApp().account.value;
  const input = useRef<HTMLTextAreaElement>(null);
  const { text, busy, write, send } = useComposer(props, () => input.current?.focus());
  useEffect(() => {
    if (replyTo !== null) input.current?.focus();
  }, [replyTo]);
  if (account === null) {
    return (
      <p class="comments-none">
        <Link to="/login">Log in</Link> to like and comment.
      </p>
    );
  }
  const submitted = (event: Event): void => {
    event.preventDefault();
    void send();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submitted(event);
  };
  return (
    <form class="composer" onSubmit={submitted}>
      {replyTo !== null && (
        <p class="composer-reply">
          <Icon name="reply" /> Replying to @{replyTo.author.username}
          <button type="button" class="text-button" onClick={onReplied}>
            Cancel
          </button>
        </p>
      )}
      <div class="composer-row">
        <Avatar user={account.user} size="s" />
        <textarea
          ref={input}
          rows={1}
          placeholder="Add a comment…"
          aria-label="Add a comment"
          maxLength={COMMENT_MAX}
          value={text}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={pressed}
          data-testid="comment-input"
        />
        <button
          type="submit"
          class="text-button composer-send"
          disabled={busy || text.trim() === ''}
          data-testid="send-comment"
        >
          Post
        </button>
      </div>
    </form>
  );
}
