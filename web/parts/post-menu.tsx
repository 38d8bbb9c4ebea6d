/** What the author can do with a post: change its caption, delete it. Everybody can copy its address. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PostPageItem } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icons.tsx';
import { postPath } from './link.tsx';

const CAPTION_MAX = 2200;

interface PanelProps {
  readonly post: PostPageItem;
  readonly onClose: () => void;
}

export function PostMenu({ post }: { post: PostPageItem }): JSX.Element {
  const app = useApp();
  const [open, setOpen] = useState<'closed' | 'menu' | 'edit' | 'delete'>('closed');
  const mine = app.session.value.userId === post.userId;
  const close = (): void => setOpen('closed');
  const copy = (): void => {
    close();
    const copied = (): void => app.toasts.info('Link copied.');
    const refused = (): void => app.toasts.info('The browser did not allow copying. Copy it from the address bar.');
    navigator.clipboard.writeText(`${location.origin}${postPath(post.id)}`).then(copied, refused);
  };
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label="Post options"
        aria-haspopup="dialog"
        onClick={() => setOpen('menu')}
        data-testid="post-menu"
      >
        <Icon name="more" />
      </button>
      {open === 'menu' && (
        <Dialog title="Post" onClose={close}>
          <div class="menu">
            {mine && (
              <button type="button" class="menu-item" onClick={() => setOpen('edit')} data-testid="edit-post">
                Edit caption
              </button>
            )}
            {mine && (
              <button
                type="button"
                class="menu-item menu-danger"
                onClick={() => setOpen('delete')}
                data-testid="delete-post"
              >
                Delete post
              </button>
            )}
            <button type="button" class="menu-item" onClick={copy}>
              Copy link
            </button>
            <button type="button" class="menu-item menu-quiet" onClick={close}>
              Cancel
            </button>
          </div>
        </Dialog>
      )}
      {open === 'edit' && <EditPanel post={post} onClose={close} />}
      {open === 'delete' && <DeletePanel post={post} onClose={close} />}
    </>
  );
}

function EditPanel({ post, onClose }: PanelProps): JSX.Element {
  const app = useApp();
  const [caption, setCaption] = useState(post.caption);
  const [busy, setBusy] = useState(false);
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await app.session.value.editCaption(post.id, caption.trim());
      onClose();
    } catch (error) {
      setBusy(false);
      app.toasts.error(error);
    }
  };
  return (
    <Dialog title="Edit caption" onClose={onClose}>
      <form class="form" onSubmit={(event) => void save(event)}>
        <label class="field">
          <span class="unseen">Caption</span>
          <textarea
            rows={5}
            maxLength={CAPTION_MAX}
            value={caption}
            onInput={(event) => setCaption(event.currentTarget.value)}
            data-testid="edit-caption"
          />
        </label>
        <div class="dialog-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button" disabled={busy} data-testid="save-caption">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function DeletePanel({ post, onClose }: PanelProps): JSX.Element {
  const app = useApp();
  const [busy, setBusy] = useState(false);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await app.session.value.deletePost(post.id);
      app.toasts.info('Post deleted.');
      if (app.router.route.value.page === 'post') app.router.back('/');
    } catch (error) {
      setBusy(false);
      app.toasts.error(error);
    }
  };
  return (
    <Dialog title="Delete this post?" onClose={onClose}>
      <p class="dialog-text">It disappears for everyone, with its likes and comments. This cannot be undone.</p>
      <div class="dialog-actions">
        <button type="button" class="button button-quiet" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          class="button button-danger"
          disabled={busy}
          onClick={() => void remove()}
          data-testid="confirm-delete"
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
