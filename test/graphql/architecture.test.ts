/** Searches over architectures on a real service. */
import { afterAll, beforeAll, describe } from 'vitest';
import { architectureSuite } from './live/architecture.ts';
import { startLive } from './live/fixture.ts';
import { type Live, serve, stopLive } from './live/harness.ts';

describe('the API', () => {
  let live: Live;
  beforeAll(async () => {
    live = await startLive();
  });
  afterAll(() => stopLive(live));
  architectureSuite(
    () => live,
    async () => {
      await live.tandem.close();
      live = { ...live, ...(await serve(live.config)) };
    },
  );
});
