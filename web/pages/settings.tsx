/** One's own profile: name, bio, picture; and the way out. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';
import type { ProfileView } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { Avatar } from '../parts/avatar.tsx';
import { ACCEPTED_TYPES, fitting } from '../parts/choose-photos.ts';
import { Field } from '../parts/field.tsx';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import { profilePath } from '../parts/link.tsx';
import { Failure, Spinner } from '../parts/lists.tsx';
import { fieldProblem } from '../state/toasts.ts';

export function SettingsPage(): JSX.Element {
  const app = useApp();
  const heading = usePageTitle('Settings');
  const [profile, setProfile] = useState<ProfileView | null>(null);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    setProblem(null);
    app.client.me().then(setProfile, (error: unknown) => setProblem(asProblem(error)));
  }, [app, asked]);
  const logOut = (): void => {
    app.client.logout().catch((error: unknown) => app.toasts.error(error));
  };
  return (
    <div class="column">
      <div class="page-head">
        <button type="button" class="icon-button" aria-label="Back" onClick={() => app.router.back('/')}>
          <Icon name="back" />
        </button>
        <h1 ref={heading} tabIndex={-1}>
          Edit profile
        </h1>
      </div>
      {problem !== null && profile === null && <Failure error={problem} retry={() => setAsked(asked + 1)} />}
      {problem === null && profile === null && <Spinner label="Loading your profile" />}
      {profile !== null && <ProfileForm profile={profile} onChange={setProfile} />}
      <div class="settings-out">
        <button type="button" class="button button-quiet button-wide" onClick={logOut} data-testid="logout">
          Log out
        </button>
      </div>
    </div>
  );
}

function ProfileForm({
  profile,
  onChange,
}: {
  profile: ProfileView;
  onChange: (profile: ProfileView) => void;
}): JSX.Element {
  const app = useApp();
  const [displayName, setDisplayName] = useState(profile.displayName);
  const [bio, setBio] = useState(profile.bio);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [busy, setBusy] = useState<'no' | 'saving' | 'picture'>('no');

  const perform = async (kind: 'saving' | 'picture', task: () => Promise<ProfileView>): Promise<boolean> => {
    setBusy(kind);
    setProblem(null);
    try {
      onChange(await task());
      return true;
    } catch (error) {
      setProblem(asProblem(error));
      app.toasts.error(error);
      return false;
    } finally {
      setBusy('no');
    }
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const saved = await perform('saving', () =>
      app.client.editProfile({ displayName: displayName.trim(), bio: bio.trim() }),
    );
    if (!saved) return;
    app.toasts.info('Profile saved.');
    app.router.go(profilePath(profile.username));
  };
  return (
    <form class="form" onSubmit={(event) => void save(event)}>
      <Picture profile={profile} busy={busy} perform={perform} />
      <Field
        label="Name"
        value={displayName}
        onInput={setDisplayName}
        maxLength={60}
        autocomplete="name"
        error={fieldProblem(problem, 'displayName', 'The name')}
        testId="display-name"
      />
      <Field
        label="Bio"
        value={bio}
        onInput={setBio}
        maxLength={150}
        lines={3}
        hint={`${150 - bio.length} characters left.`}
        error={fieldProblem(problem, 'bio', 'The bio')}
        testId="bio"
      />
      <button type="submit" class="button button-wide" disabled={busy !== 'no'} data-testid="save-profile">
        {busy === 'saving' ? 'Saving…' : 'Save'}
      </button>
    </form>
  );
}

interface PictureProps {
  readonly profile: ProfileView;
  readonly busy: 'no' | 'saving' | 'picture';
  readonly perform: (kind: 'picture', task: () => Promise<ProfileView>) => Promise<boolean>;
}

function Picture({ profile, busy, perform }: PictureProps): JSX.Element {
  const app = useApp();
  const changePicture = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const bytes = await fitting(file).catch(() => null);
    if (bytes === null) app.toasts.info('That file is not a photo we can show.');
    else await perform('picture', () => app.client.changeAvatar(bytes, bytes.type));
  };
  return (
    <div class="settings-picture">
      <Avatar user={profile} size="l" />
      <label class="button button-quiet">
        <input
          type="file"
          class="unseen"
          accept={ACCEPTED_TYPES}
          disabled={busy !== 'no'}
          onChange={(event) => {
            void changePicture(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
          data-testid="avatar-input"
        />
        {busy === 'picture' ? 'Sending…' : 'Change picture'}
      </label>
      {profile.avatarUrl !== null && (
        <button
          type="button"
          class="button button-quiet"
          disabled={busy !== 'no'}
          onClick={() => void perform('picture', () => app.client.editProfile({ avatarMediaId: null }))}
        >
          Remove
        </button>
      )}
    </div>
  );
}
