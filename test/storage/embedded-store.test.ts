import { silentLogger } from '../../src/log.ts';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { manualTime } from '../conformance/manual-time.ts';
import { storeConformance } from '../conformance/store-conformance.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

whenNamed('embedded', () => {
  storeConformance('embedded', async (tables) => {
    const time = manualTime();
    const folder = await temporaryFolder();
    const store = await EmbeddedStore.open({
      directory: folder.path,
      clock: time.clock,
      log: silentLogger,
      tables,
      schemaVersion: 1,
    });
    return { ...time, store, close: () => store.close().then(() => folder.remove()) };
  });
});
