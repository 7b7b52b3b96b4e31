/** The API on a real service, from the first import to the last delete. All suites share one start and one fixture. */
import { afterAll, beforeAll, describe } from 'vitest';
import { changeSuite } from './live/changes.ts';
import { comparisonSuite } from './live/comparison.ts';
import { datasetSuite } from './live/datasets.ts';
import { deleteSuite, restartSuite, systemSuite } from './live/ending.ts';
import { startLive } from './live/fixture.ts';
import { type Live, stopLive } from './live/harness.ts';
import { headSuite } from './live/heads.ts';
import { httpSuite } from './live/http.ts';
import { jobSuite } from './live/jobs.ts';
import { leaderboardSuite } from './live/leaderboards.ts';
import { metricsSuite } from './live/metrics.ts';
import { openAiSuite } from './live/openai.ts';
import { planSuite } from './live/plans.ts';
import { resultSuite } from './live/results.ts';
import { servingSuite } from './live/serving.ts';
import { stageSuite } from './live/stages.ts';
import { suiteSuite } from './live/suites.ts';
import { teacherSuite } from './live/teachers.ts';
import { modelSuite, runSuite } from './live/training.ts';
import { transferSuite } from './live/transfer.ts';
import { unitSuite } from './live/units.ts';
import { waitingSuite } from './live/waiting.ts';

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
  stageSuite(current);
  teacherSuite(current);
  resultSuite(current);
  headSuite(current);
  planSuite(current);
  unitSuite(current);
  comparisonSuite(current);
  transferSuite(current);
  suiteSuite(current);
  leaderboardSuite(current);
  servingSuite(current);
  openAiSuite(current);
  metricsSuite(current);
  systemSuite(current);
  jobSuite(current);
  changeSuite(current);
  waitingSuite(current);
  deleteSuite(current);
  restartSuite(current, (restarted) => {
    live = restarted;
  });
});
