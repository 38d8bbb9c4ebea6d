/** Short messages at the edge of the screen. An error says what to do, and offers to do it where that is one press. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';

export interface Toast {
  readonly id: number;
  readonly kind: 'info' | 'error';
  readonly text: string;
  readonly action: { readonly label: string; run(): void } | null;
}

const SHOWN_AT_ONCE = 3;
const SHOWN_MS = 6000;

export class Toasts {
  private readonly list = signal<readonly Toast[]>([]);
  private counter = 0;

  get shown(): ReadonlySignal<readonly Toast[]> {
    return this.list;
  }

  info(text: string, action: Toast['action'] = null): void {
    this.add('info', text, action);
  }

  /** What went wrong, in words for the person; `retry` when pressing again can help. */
  error(error: unknown, retry: (() => void) | null = null): void {
    const problem = asProblem(error);
    if (problem.code === 'aborted' || problem.code === 'signed-out') return;
    const action = retry !== null && problem.retryable ? { label: 'Try again', run: retry } : null;
    this.add('error', sentence(problem), action);
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((toast) => toast.id !== id);
  }

  private add(kind: Toast['kind'], text: string, action: Toast['action']): void {
    const id = ++this.counter;
    const others = this.list.value.filter((toast) => toast.text !== text);
    this.list.value = [...others, { id, kind, text, action }].slice(-SHOWN_AT_ONCE);
    setTimeout(() => this.dismiss(id), action === null ? SHOWN_MS : 2 * SHOWN_MS);
  }
}

/** What is wrong with one field of a form, in a sentence that begins with `subject`; undefined when nothing is. */
export function fieldProblem(problem: ProblemError | null, field: string, subject: string): string | undefined {
  const found = problem?.fields.find((one) => one.field === field);
  return found === undefined ? undefined : `${subject} ${found.reason}.`;
}

/** The problem as one sentence or two that say what to do. */
export function sentence(error: unknown): string {
  const problem = asProblem(error);
  switch (problem.code) {
    case 'network':
      return 'You seem to be offline. Check your connection and try again.';
    case 'rate-limited':
      return problem.retryAfterMs === null
        ? 'That was a little fast. Wait a moment, then try again.'
        : `That was a little fast. Try again in ${Math.max(1, Math.ceil(problem.retryAfterMs / 1000))} s.`;
    case 'payload-too-large':
      return 'That file is too large. Choose a photo of at most 8 MB.';
    case 'unsupported-media':
      return 'That file is not a photo we can show. Choose a JPEG, PNG, WebP, AVIF or GIF.';
    default:
      return problem.detail;
  }
}
