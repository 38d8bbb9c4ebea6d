/** Finding people by their user name. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asProblem } from '../../sdk/problem.ts';
import type { ProfileView } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import { Empty } from '../parts/lists.tsx';
import { FollowButton, PersonRow } from '../parts/people.tsx';
import { sentence } from '../state/toasts.ts';

/** Long enough not to ask for every letter. */
const PAUSE_MS = 300;

type Found =
  | { readonly kind: 'nothing asked' }
  | { readonly kind: 'found'; readonly profile: ProfileView }
  | { readonly kind: 'nobody'; readonly username: string }
  | { readonly kind: 'failed'; readonly text: string };

export function FindPage(): JSX.Element {
  const app = useApp();
  const heading = usePageTitle('Find people');
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>({ kind: 'nothing asked' });
  const username = text.trim().replace(/^@/, '').toLowerCase();
  useEffect(() => {
    if (username === '') {
      setFound({ kind: 'nothing asked' });
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      app.client.userByName(username).then(
        (profile) => !stop.signal.aborted && setFound({ kind: 'found', profile }),
        (error: unknown) => {
          const { status } = asProblem(error);
          if (stop.signal.aborted) return;
          setFound(
            status === 404 || status === 400 ? { kind: 'nobody', username } : { kind: 'failed', text: sentence(error) },
          );
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [app, username]);
  return (
    <div class="column">
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          Find people
        </h1>
      </div>
      <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
        <Icon name="find" />
        <input
          type="search"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          placeholder="User name"
          aria-label="User name"
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          maxLength={40}
          data-testid="find-input"
        />
      </form>
      <div aria-live="polite">
        <Result found={found} onFollow={(profile) => setFound({ kind: 'found', profile })} />
      </div>
    </div>
  );
}

function Result({ found, onFollow }: { found: Found; onFollow: (profile: ProfileView) => void }): JSX.Element {
  switch (found.kind) {
    case 'found':
      return (
        <ul class="people" data-testid="found">
          <PersonRow user={found.profile}>
            <FollowButton
              user={found.profile}
              following={found.profile.followedByMe ?? false}
              onChange={(following) => onFollow({ ...found.profile, followedByMe: following })}
            />
          </PersonRow>
        </ul>
      );
    case 'nobody':
      return (
        <Empty icon="person" title="Nobody is called that">
          There is no <b>@{found.username}</b>. User names are exact: ask your friend for theirs.
        </Empty>
      );
    case 'failed':
      return <p class="form-problem">{found.text}</p>;
    case 'nothing asked':
      return (
        <Empty icon="find" title="Who are you looking for?">
          Type a user name to see their photos and follow them.
        </Empty>
      );
    default:
      return <></>;
  }
}
