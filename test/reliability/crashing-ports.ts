/** Ports that kill the process with SIGKILL at the nth occurrence of a named durable step. */
import type { JobQueue } from '../../src/media/job-queue.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { outbox } from '../../src/storage/tables/operations.ts';

export const STEPS = [
  'batch.before',
  'batch.after',
  'enqueue.before',
  'enqueue.after',
  'outbox-removal.before',
  'outbox-removal.after',
  'permanent-write.before',
  'permanent-write.after',
  'promotion.before',
  'promotion.after',
  'put.before',
  'put.after',
  'many-rows.before',
  'many-rows.after',
] as const;
export type Step = (typeof STEPS)[number];

/** `batch.after:12` kills after the twelfth batch was acknowledged and before anyone is told. */
export class CrashPlan {
  private readonly step: string;
  private left: number;

  constructor(text: string | undefined) {
    const [step, count] = (text ?? 'never:0').split(':');
    this.step = step ?? 'never';
    this.left = Number(count);
  }

  reached(step: Step): void {
    if (step === this.step && --this.left === 0) process.kill(process.pid, 'SIGKILL');
  }

  async around<Result>(
    step: 'batch' | 'enqueue' | 'many-rows' | 'outbox-removal' | 'permanent-write' | 'promotion' | 'put',
    act: () => Promise<Result>,
  ): Promise<Result> {
    this.reached(`${step}.before`);
    const result = await act();
    this.reached(`${step}.after`);
    return result;
  }
}

/** `target` with some methods replaced; the others keep their own `this`. */
function overlay<Port extends object>(target: Port, replaced: Partial<Port>): Port {
  return new Proxy(target, {
    get(port, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(port, name);
      return typeof value === 'function' ? value.bind(port) : value;
    },
  });
}

export function crashingStore(store: Store, plan: CrashPlan): Store {
  return overlay(store, {
    batch: (mutations) => plan.around('batch', () => store.batch(mutations)),
    put: (table, row, options) => plan.around('put', () => store.put(table, row, options)),
    writeAll: (mutations) => {
      const isRemoval = mutations.some((each) => each.kind === 'remove' && each.table.name === outbox.name);
      return plan.around(isRemoval ? 'outbox-removal' : 'many-rows', () => store.writeAll(mutations));
    },
  });
}

export function crashingQueue(queue: JobQueue, plan: CrashPlan): JobQueue {
  return overlay(queue, {
    add: (name, key, data, options) => plan.around('enqueue', () => queue.add(name, key, data, options)),
  });
}

export function crashingBlobs(blobs: BlobStore, plan: CrashPlan): BlobStore {
  return overlay(blobs, {
    promote: (key) => plan.around('promotion', () => blobs.promote(key)),
    writePermanent: (key, content, options) =>
      plan.around('permanent-write', () => blobs.writePermanent(key, content, options)),
  });
}
