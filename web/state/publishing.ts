/**
 * Posts on their way: sent in the background while the person goes on reading, shown with their progress until they are
 * in the feed. A failed one can be tried again without being published twice: draft and places are bound to one key.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Client } from '../../sdk/client.ts';
import { asProblem, ProblemError } from '../../sdk/problem.ts';

export interface ChosenPhoto {
  readonly bytes: Blob;
  readonly previewUrl: string;
  readonly altText: string;
}

export interface Publication {
  readonly key: string;
  readonly caption: string;
  readonly photos: readonly ChosenPhoto[];
  readonly postId: string | null;
  /** 0 … 1. */
  readonly sent: number;
  readonly state:
    | { readonly kind: 'sending' | 'preparing' }
    | { readonly kind: 'failed'; readonly problem: ProblemError };
}

/** The event may be late or this window may have no connection: then the post itself is asked. */
const ASK_EVERY_MS = 3000;
const ASK_TIMES = 40;

export class Publishing {
  private readonly client: Client;
  private readonly finished: (postId: string) => void;
  private readonly list = signal<readonly Publication[]>([]);
  private counter = 0;

  /** `finished`: the post is live, and no event has told so. */
  constructor(client: Client, finished: (postId: string) => void) {
    this.client = client;
    this.finished = finished;
  }

  get shown(): ReadonlySignal<readonly Publication[]> {
    return this.list;
  }

  start(caption: string, photos: readonly ChosenPhoto[]): void {
    const key = `${this.client.device}-${Date.now().toString(36)}-${++this.counter}`;
    const publication: Publication = { key, caption, photos, postId: null, sent: 0, state: { kind: 'sending' } };
    this.list.value = [publication, ...this.list.value];
    void this.send(publication);
  }

  retry(key: string): void {
    const publication = this.list.value.find((one) => one.key === key);
    if (publication?.state.kind !== 'failed') return;
    this.amend(key, { state: { kind: 'sending' }, sent: 0 });
    void this.send(publication);
  }

  dismiss(key: string): void {
    const publication = this.list.value.find((one) => one.key === key);
    this.list.value = this.list.value.filter((one) => one.key !== key);
    for (const photo of publication?.photos ?? []) URL.revokeObjectURL(photo.previewUrl);
  }

  /** An event has shown the post. True if it was one of these. */
  arrived(postId: string): boolean {
    const publication = this.list.value.find((one) => one.postId === postId);
    if (publication !== undefined) this.dismiss(publication.key);
    return publication !== undefined;
  }

  failed(postId: string, reason: string): void {
    const publication = this.list.value.find((one) => one.postId === postId);
    if (publication !== undefined)
      this.amend(publication.key, { state: { kind: 'failed', problem: rejected(reason) } });
  }

  private async send({ key, caption, photos }: Publication): Promise<void> {
    try {
      const described = photos.map(({ bytes, altText }) => ({ bytes, contentType: bytes.type, altText }));
      const onProgress = (sent: number): void => this.amend(key, { sent });
      const created = await this.client.publish({ caption, photos: described, key }, { onProgress });
      this.amend(key, { postId: created.postId, sent: 1, state: { kind: 'preparing' } });
      await this.watch(key, created.postId);
    } catch (error) {
      this.amend(key, { state: { kind: 'failed', problem: asProblem(error) } });
    }
  }

  private async watch(key: string, postId: string): Promise<void> {
    for (let asked = 0; asked < ASK_TIMES; asked++) {
      await new Promise((resolve) => {
        setTimeout(resolve, ASK_EVERY_MS);
      });
      const publication = this.list.value.find((one) => one.key === key);
      if (publication?.state.kind !== 'preparing') return;
      const post = await this.client.post(postId).catch(() => null);
      if (post === null) continue;
      if (post.uploadStatus === 'failed') {
        this.failed(postId, post.photos.find((photo) => photo.failureReason !== null)?.failureReason ?? '');
        return;
      }
      if (post.publishedAt !== null) {
        this.finished(postId);
        return;
      }
    }
  }

  private amend(key: string, changes: Partial<Publication>): void {
    this.list.value = this.list.value.map((one) => (one.key === key ? { ...one, ...changes } : one));
  }
}

function rejected(reason: string): ProblemError {
  const detail =
    reason === '' ? 'The photo could not be read. Try another one.' : `The photo could not be used: ${reason}`;
  return new ProblemError({ code: 'media-rejected', status: 422, detail, retryable: false });
}
