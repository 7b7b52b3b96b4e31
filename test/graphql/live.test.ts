/** The API on a real service, from the first import to the last delete. One start for all suites; they run in order. */
import { afterAll, beforeAll, describe } from 'vitest';
import { datasetSuite } from './live/datasets.ts';
import { closingSuite, deleteSuite, systemSuite } from './live/ending.ts';
import { type Live, startLive, stopLive } from './live/harness.ts';
import { httpSuite } from './live/http.ts';
import { resultSuite } from './live/results.ts';
import { servingSuite } from './live/serving.ts';
import { modelSuite, runSuite } from './live/training.ts';

describe('the API', () => {
  let live: Live;
  const current = () => live;
  beforeAll(async () => {
    live = await startLive();
  });
  afterAll(() => stopLive(live));

  httpSuite(current);
  datasetSuite(current);
  modelSuite(current);
  runSuite(current);
  resultSuite(current);
  servingSuite(current);
  systemSuite(current);
  deleteSuite(current);
  closingSuite(current);
});
