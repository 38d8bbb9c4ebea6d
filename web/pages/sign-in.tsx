/** Signing up and logging in: the page that greets visitors. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';
import { useApp } from '../app.ts';
import { Field } from '../parts/field.tsx';
import { usePageTitle } from '../parts/hooks.ts';
import { Mark } from '../parts/icons.tsx';
import { Link } from '../parts/link.tsx';
import { fieldProblem, sentence } from '../state/toasts.ts';

function Greeting({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  const heading = usePageTitle(title);
  return (
    <div class="greeting">
      <div class="greeting-card">
        <Mark />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </div>
    </div>
  );
}

/** Sends a form once at a time and keeps what went wrong. */
function useSending(task: () => Promise<unknown>): {
  busy: boolean;
  problem: ProblemError | null;
  send: (event: Event) => void;
} {
  const app = useApp();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const send = (event: Event): void => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    task()
      .then(() => app.router.go('/', { replace: true }))
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => setBusy(false));
  };
  return { busy, problem, send };
}

function FormProblem({ problem }: { problem: ProblemError | null }): JSX.Element | null {
  if (problem === null || problem.fields.length > 0) return null;
  return (
    <p class="form-problem" role="alert" data-testid="form-error">
      {sentence(problem)}
    </p>
  );
}

export function LoginPage(): JSX.Element {
  const app = useApp();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const { busy, problem, send } = useSending(() => app.client.login(login.trim(), password));
  return (
    <Greeting title="Log in">
      <form class="form" onSubmit={send}>
        <Field
          label="E-mail or user name"
          value={login}
          onInput={setLogin}
          autocomplete="username"
          required
          testId="login-name"
        />
        <Field
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          required
          testId="login-password"
        />
        <FormProblem problem={problem} />
        <button type="submit" class="button button-wide" disabled={busy} data-testid="login-submit">
          {busy ? 'Logging in…' : 'Log in'}
        </button>
      </form>
      <p class="greeting-other">
        New here? <Link to="/signup">Create an account</Link>
      </p>
    </Greeting>
  );
}

export function SignupPage(): JSX.Element {
  const app = useApp();
  const [username, setUsername] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { busy, problem, send } = useSending(() =>
    app.client.register({ username: username.trim(), email: email.trim(), password }),
  );
  const taken = problem?.code === 'username-taken' ? sentence(problem) : undefined;
  const known = problem?.code === 'email-taken' ? sentence(problem) : undefined;
  return (
    <Greeting title="Share what you see">
      <p class="greeting-text">Photos from people you follow, the moment they are taken.</p>
      <form class="form" onSubmit={send}>
        <Field
          label="User name"
          value={username}
          onInput={setUsername}
          autocomplete="username"
          maxLength={30}
          required
          hint="3 to 30 letters, digits, dots and underscores."
          error={taken ?? fieldProblem(problem, 'username', 'The user name')}
          testId="signup-username"
        />
        <Field
          label="E-mail"
          type="email"
          value={email}
          onInput={setEmail}
          autocomplete="email"
          required
          error={known ?? fieldProblem(problem, 'email', 'This')}
          testId="signup-email"
        />
        <Field
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          minLength={8}
          required
          hint="At least 8 characters."
          error={fieldProblem(problem, 'password', 'The password')}
          testId="signup-password"
        />
        {taken === undefined && known === undefined && <FormProblem problem={problem} />}
        <button type="submit" class="button button-wide" disabled={busy} data-testid="signup-submit">
          {busy ? 'Creating your account…' : 'Sign up'}
        </button>
      </form>
      <p class="greeting-other">
        Have an account? <Link to="/login">Log in</Link>
      </p>
    </Greeting>
  );
}
