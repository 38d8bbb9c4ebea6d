/** A person: who they are, their posts as a grid, whom they follow and who follows them. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';
import type { PostPageItem, ProfileView, UserSummary } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { Avatar } from '../parts/avatar.tsx';
import { compact } from '../parts/format.ts';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import { Link, postPath, profilePath } from '../parts/link.tsx';
import { Empty, Failure, ListEnd, Spinner } from '../parts/lists.tsx';
import { FollowButton, nameOf, PersonRow } from '../parts/people.tsx';
import { Photo } from '../parts/photo.tsx';
import { PagedList } from '../state/paged-list.ts';

type ProfileList = 'posts' | 'followers' | 'following';

const GRID_SIZES = '(min-width: 960px) 306px, 33vw';

export function ProfilePage({ username, list }: { username: string; list: ProfileList }): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const [profile, setProfile] = useState<ProfileView | null>(null);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [asked, setAsked] = useState(0);
  const generation = session.generation.value;
  const heading = usePageTitle(profile === null ? `@${username}` : nameOf(profile));
  useEffect(() => {
    const stop = new AbortController();
    setProblem(null);
    app.client.userByName(username).then(
      (read) => !stop.signal.aborted && setProfile(read),
      (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error)),
    );
    return () => stop.abort();
  }, [app, session, username, asked, generation]);
  if (problem !== null && profile === null) {
    return (
      <div class="column">
        {problem.status === 404 ? (
          <Empty icon="person" title="Nobody is called that">
            There is no <b>@{username}</b> here. Check the spelling, or <Link to="/find">look for someone else</Link>.
          </Empty>
        ) : (
          <Failure error={problem} retry={() => setAsked(asked + 1)} />
        )}
      </div>
    );
  }
  if (profile === null) return <Spinner label="Loading the profile" />;
  const followed = (following: boolean): void =>
    setProfile({
      ...profile,
      followedByMe: following,
      followerCount: Math.max(0, profile.followerCount + (following ? 1 : -1)),
    });
  return (
    <div class="column column-wide">
      <ProfileHead profile={profile} heading={heading} onFollow={followed} />
      {list === 'posts' && <PostGrid key={`${profile.id}:${generation}`} profile={profile} />}
      {list !== 'posts' && <PeopleList key={`${profile.id}:${list}`} profile={profile} list={list} />}
    </div>
  );
}

interface ProfileHeadProps {
  readonly profile: ProfileView;
  readonly heading: ReturnType<typeof usePageTitle>;
  readonly onFollow: (following: boolean) => void;
}

function ProfileHead({ profile, heading, onFollow }: ProfileHeadProps): JSX.Element {
  const session = useApp().session.value;
  const mine = session.userId === profile.id;
  const path = profilePath(profile.username);
  return (
    <header class="profile" data-testid="profile">
      <Avatar user={profile} size="xl" />
      <div class="profile-words">
        <h1 ref={heading} tabIndex={-1} data-testid="profile-name">
          {nameOf(profile)}
        </h1>
        <p class="profile-username">@{profile.username}</p>
      </div>
      <div class="profile-actions">
        {mine ? (
          <Link to="/settings" class="button button-quiet" testId="edit-profile">
            Edit profile
          </Link>
        ) : (
          <FollowButton user={profile} following={profile.followedByMe ?? false} onChange={onFollow} />
        )}
        {mine && (
          <Link to="/settings" class="icon-button profile-settings" label="Settings">
            <Icon name="settings" />
          </Link>
        )}
      </div>
      {profile.bio !== '' && (
        <p class="profile-bio user-text" data-testid="profile-bio">
          {profile.bio}
        </p>
      )}
      <ul class="profile-counts">
        <li>
          <Link to={path}>
            <b data-testid="post-count">{compact(profile.postCount)}</b> {profile.postCount === 1 ? 'post' : 'posts'}
          </Link>
        </li>
        <li>
          <Link to={`${path}/followers`}>
            <b data-testid="follower-count">{compact(profile.followerCount)}</b>{' '}
            {profile.followerCount === 1 ? 'follower' : 'followers'}
          </Link>
        </li>
        <li>
          <Link to={`${path}/following`}>
            <b data-testid="following-count">{compact(profile.followingCount)}</b> following
          </Link>
        </li>
      </ul>
    </header>
  );
}

function PostGrid({ profile }: { profile: ProfileView }): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const list = useMemo(
    () =>
      new PagedList<string>(
        async (cursor) => {
          const page = await app.client.postsOf(profile.id, { cursor, limit: 24 });
          return { items: session.shelf.applyPage(page.posts), nextCursor: page.nextCursor };
        },
        (postId) => postId,
      ),
    [app, session, profile.id],
  );
  useEffect(() => {
    void list.start().then(() => app.router.restoreScroll());
    return session.keep(() => list.items.peek());
  }, [session, list]);
  const posts = list.items.value.flatMap((postId) => session.shelf.signalOf(postId).value ?? []);
  const mine = session.userId === profile.id;
  return (
    <section aria-label="Posts">
      <ul class="grid" data-testid="grid">
        {posts.map((post) => (
          <GridCell key={post.id} post={post} />
        ))}
      </ul>
      {list.phase.value.kind === 'ready' && posts.length === 0 && (
        <Empty
          icon="camera"
          title={mine ? 'Share your first photo' : 'No photos yet'}
          {...(mine
            ? {
                action: (
                  <Link to="/new" class="button">
                    New post
                  </Link>
                ),
              }
            : {})}
        >
          {mine
            ? 'It appears here, and in the feeds of everyone who follows you.'
            : `When ${nameOf(profile)} shares a photo, it appears here.`}
        </Empty>
      )}
      <ListEnd list={list} />
    </section>
  );
}

function GridCell({ post }: { post: PostPageItem }): JSX.Element {
  const photo = post.photos[0];
  const words = post.caption === '' ? 'Post' : post.caption.slice(0, 80);
  return (
    <li class="grid-cell">
      <Link
        to={postPath(post.id)}
        label={`${words}. ${post.likeCount} likes, ${post.commentCount} comments`}
        testId="grid-post"
      >
        {photo !== undefined && <Photo photo={photo} sizes={GRID_SIZES} ratio={1} fallbackText="" />}
        <span class="grid-counts" aria-hidden="true">
          <Icon name="heart" filled /> {compact(post.likeCount)}
          <Icon name="comment" filled /> {compact(post.commentCount)}
        </span>
      </Link>
    </li>
  );
}

function PeopleList({ profile, list: kind }: { profile: ProfileView; list: 'followers' | 'following' }): JSX.Element {
  const app = useApp();
  const list = useMemo(
    () =>
      new PagedList<UserSummary>(
        async (cursor) => {
          const page = await app.client[kind](profile.id, { cursor, limit: 40 });
          return { items: page.users, nextCursor: page.nextCursor };
        },
        (user) => user.id,
      ),
    [app, profile.id, kind],
  );
  useEffect(() => {
    void list.start().then(() => app.router.restoreScroll());
  }, [list]);
  return (
    <section class="people-section" aria-label={kind === 'followers' ? 'Followers' : 'Following'}>
      <h2>{kind === 'followers' ? 'Followers' : 'Following'}</h2>
      <ul class="people" data-testid={kind}>
        {list.items.value.map((user) => (
          <PersonRow key={user.id} user={user} />
        ))}
      </ul>
      {list.phase.value.kind === 'ready' && list.items.value.length === 0 && (
        <p class="comments-none">{kind === 'followers' ? 'No followers yet.' : 'Not following anyone yet.'}</p>
      )}
      <ListEnd list={list} />
    </section>
  );
}
