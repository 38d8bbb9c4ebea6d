/** Whether an installation holds nothing yet: only such a one is filled from outside. */
import { StartRefusal } from '../errors.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { TABLES } from '../storage/schema.ts';
import type { Store } from '../storage/store.ts';

export async function requireEmpty({ store, blobs }: { store: Store; blobs: BlobStore }): Promise<void> {
  const nothing = 'Choose an empty place, or empty this one if an earlier attempt was broken off.';
  for (const table of TABLES) {
    for await (const _ of store.scan(table)) throw new StartRefusal(`Table ${table.name} holds rows. ${nothing}`);
  }
  for await (const { key } of blobs.list())
    throw new StartRefusal(`Photographs are there already (${key}). ${nothing}`);
}
