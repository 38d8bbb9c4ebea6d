/**
 * The demo client: a page for browsers, built on the sdk alone.
 *
 * `data-testid` of the main controls, for browser tests:
 *   signup-username · signup-email · signup-password · signup-submit      login-name · login-password · login-submit · form-error
 *   nav-home · nav-find · nav-new · nav-notifications · nav-profile       connection (data-state) · badge · toasts · toast
 *   feed · post (data-post-id) · photo · post-photos · post-author · caption · new-posts · publication · upload-progress
 *   like (aria-pressed) · like-count (data-count) · comment-count (data-count) · open-comments · back · retry · empty
 *   comments · comment (data-comment-id) · comment-input · send-comment · delete-comment
 *   post-menu · edit-post · edit-caption · save-caption · delete-post · confirm-delete · dialog
 *   photo-input · preview · alt-text · caption-input · share
 *   profile · profile-name · profile-bio · post-count · follower-count · following-count · follow · edit-profile · grid · grid-post
 *   followers · following · person (data-username) · find-input · found · notifications · notification (data-kind)
 *   display-name · bio · avatar-input · save-profile · logout
 */
import { type JSX, render } from 'preact';
import { App, AppProvider, useApp } from './app.ts';
import { Layout } from './parts/layout.tsx';
import { Link } from './parts/link.tsx';
import { Empty } from './parts/lists.tsx';
import { FeedPage } from './pages/feed.tsx';
import { FindPage } from './pages/find.tsx';
import { NewPostPage } from './pages/new-post.tsx';
import { NotificationsPage } from './pages/notifications.tsx';
import { PostPage } from './pages/post.tsx';
import { ProfilePage } from './pages/profile.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { LoginPage, SignupPage } from './pages/sign-in.tsx';

function Page(): JSX.Element {
  const { router, session } = useApp();
  const route = router.route.value;
  const signedIn = session.value.account !== null;
  switch (route.page) {
    case 'login':
      return signedIn ? <FeedPage /> : <LoginPage />;
    case 'signup':
      return signedIn ? <FeedPage /> : <SignupPage />;
    case 'feed':
      return signedIn ? <FeedPage /> : <SignupPage />;
    case 'profile':
      return <ProfilePage key={route.username} username={route.username} list={route.list} />;
    case 'post':
      return <PostPage key={route.postId} postId={route.postId} />;
    case 'notifications':
      return signedIn ? <NotificationsPage /> : <LoginPage />;
    case 'new':
      return signedIn ? <NewPostPage /> : <LoginPage />;
    case 'settings':
      return signedIn ? <SettingsPage /> : <LoginPage />;
    case 'find':
      return <FindPage />;
    case 'missing':
      return (
        <div class="column">
          <Empty
            icon="find"
            title="There is nothing here"
            action={
              <Link to="/" class="button">
                Go home
              </Link>
            }
          >
            The address leads nowhere. Perhaps it was mistyped.
          </Empty>
        </div>
      );
    default:
      return <></>;
  }
}

const root = document.getElementById('app');
if (root !== null) {
  const app = new App(window);
  app.start();
  render(
    <AppProvider value={app}>
      <Layout>
        <Page />
      </Layout>
    </AppProvider>,
    root,
  );
}
