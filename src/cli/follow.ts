/** Follows a run from its first event to its last, with a progress bar. */
import { RunDocument, RunEventsDocument, type RunEventsSubscription, type TandemClient } from '../client/index.ts';
import { untilServerStops } from './connect.ts';
import { RunNotSucceeded } from './exit-codes.ts';
import { formatScore, formatSeconds } from './output.ts';
import { type Progress, startProgress } from './progress.ts';

type RunEvent = RunEventsSubscription['runEvents'];
export type RunStep = Extract<RunEvent, { __typename: 'RunStep' }>;
type RunEvaluation = Extract<RunEvent, { __typename: 'RunEvaluation' }>;
type RunEnded = Extract<RunEvent, { __typename: 'RunEnded' }>;

export interface FollowedRun {
  readonly steps: readonly RunStep[];
  readonly ended: RunEnded;
}

/**
 * Resolves with the run's steps and its terminal event; `after` is the seq of the last event that is skipped. Throws
 * {@link RunNotSucceeded}, which names the remedy, if the run is interrupted or the server stops.
 */
export async function followRun(
  client: TandemClient,
  runId: string,
  options: { after?: number; quiet?: boolean } = {},
): Promise<FollowedRun> {
  const steps: RunStep[] = [];
  let progress: Progress | undefined;
  try {
    const events = client.subscribe(RunEventsDocument, { runId, after: options.after ?? 0 });
    for await (const { runEvents: event } of untilServerStops(events)) {
      if (event.__typename === 'RunStarted') progress ??= startProgress('training', event.steps, options.quiet);
      if (event.__typename === 'RunWarning') process.stderr.write(`warning at step ${event.step}: ${event.message}\n`);
      if (event.__typename === 'RunEvaluation' && !options.quiet) process.stderr.write(`${evaluationLine(event)}\n`);
      if (event.__typename === 'RunStep') {
        steps.push(event);
        progress?.update(event.step, noteOf(event));
      }
      if (event.__typename === 'RunEnded') return { steps, ended: event };
      if (
        event.__typename === 'RunStateChanged' &&
        event.state === 'INTERRUPTED' &&
        (await isInterrupted(client, runId))
      ) {
        throw interrupted(runId, event.cause);
      }
    }
  } finally {
    progress?.stop();
  }
  throw interrupted(runId, 'the server stopped');
}

/** False for an interruption in the replay that a later attempt has already resumed. */
async function isInterrupted(client: TandemClient, id: string): Promise<boolean> {
  const { run } = await client.execute(RunDocument, { id });
  return run?.state === 'INTERRUPTED';
}

const interrupted = (runId: string, cause: string | null | undefined): RunNotSucceeded =>
  new RunNotSucceeded(
    `run ${runId} was interrupted (${cause ?? 'cause unknown'}); resume it with: tandem resume ${runId} --watch`,
  );

const noteOf = ({ task, loss, tokensPerSecond, secondsLeft }: RunStep): string =>
  `${task ?? 'IR and STS'} loss ${loss.toFixed(4)}  ${Math.round(tokensPerSecond)} tokens/s  ${formatSeconds(secondsLeft)} left`;

/** `dev at step 40: 0.6123, the best so far  (faq ndcg_at_10 0.5312, pairs cosine_spearman 0.6934)` */
function evaluationLine({ step, score, bestScore, bestStep, figures }: RunEvaluation): string {
  const best = bestStep === step ? 'the best so far' : `best ${formatScore(bestScore)} at step ${bestStep}`;
  const sets = figures.map(({ dataset, split, pooled, metric, value }) => {
    const notes = [...(split === 'DEV' ? [] : [split.toLowerCase()]), ...(pooled ? ['pooled'] : [])];
    return `${dataset}${notes.map((note) => ` ${note}`).join('')} ${metric} ${formatScore(value)}`;
  });
  return `dev at step ${step}: ${formatScore(score)}, ${best}  (${sets.join(', ')})`;
}
