import { MemoryBlobStore } from '../../src/storage/memory/memory-blob-store.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { blobStoreConformance } from '../conformance/blob-store-conformance.ts';
import { ManualClock } from '../support/manual-clock.ts';

whenNamed('memory', () => {
  blobStoreConformance('memory', async () => {
    const clock = new ManualClock();
    const blobs = new MemoryBlobStore({ clock });
    return { blobs, now: () => clock.now(), close: () => blobs.close() };
  });
});
