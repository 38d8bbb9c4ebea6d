/** One post with its comments. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';
import { useApp } from '../app.ts';
import { Comments } from '../parts/comments.tsx';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon } from '../parts/icons.tsx';
import { Link } from '../parts/link.tsx';
import { Empty, Failure, Spinner } from '../parts/lists.tsx';
import { nameOf } from '../parts/people.tsx';
import { PostCard } from '../parts/post-card.tsx';

export function PostPage({ postId }: { postId: string }): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const post = session.shelf.signalOf(postId);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [asked, setAsked] = useState(0);
  const generation = session.generation.value;
  const shown = post.value;
  const heading = usePageTitle(shown === null ? 'Post' : `Post by ${nameOf(shown.author)}`);
  useEffect(() => {
    setProblem(null);
    session.readPost(postId).catch((error: unknown) => setProblem(asProblem(error)));
  }, [session, postId, asked, generation]);
  useEffect(() => session.keep(() => [postId]), [session, postId]);
  const gone = session.shelf.isGone(postId) || problem?.status === 404;
  return (
    <div class="column column-post">
      <div class="page-head">
        <button
          type="button"
          class="icon-button"
          aria-label="Back"
          onClick={() => app.router.back('/')}
          data-testid="back"
        >
          <Icon name="back" />
        </button>
        <h1 ref={heading} tabIndex={-1}>
          Post
        </h1>
      </div>
      {gone && (
        <Empty
          icon="camera"
          title="This post is not here"
          action={
            <Link to="/" class="button">
              Go home
            </Link>
          }
        >
          It was deleted, or it is not for you to see.
        </Empty>
      )}
      {!gone && problem !== null && shown === null && <Failure error={problem} retry={() => setAsked(asked + 1)} />}
      {!gone && problem === null && shown === null && <Spinner label="Loading the post" />}
      {!gone && shown !== null && (
        <>
          <PostCard key={postId} post={post} eager whole />
          <Comments key={`comments-${postId}`} post={shown} />
        </>
      )}
    </div>
  );
}
