/** Follows a run from its first event to its last, with a progress bar. */
import { RunEventsDocument, type RunEventsSubscription, type TandemClient } from '../client/index.ts';
import { formatSeconds } from './output.ts';
import { type Progress, startProgress } from './progress.ts';

export type RunEvent = RunEventsSubscription['runEvents'];
export type RunStep = Extract<RunEvent, { __typename: 'RunStep' }>;
export type RunEnded = Extract<RunEvent, { __typename: 'RunEnded' }>;

export interface FollowedRun {
  readonly steps: readonly RunStep[];
  readonly ended: RunEnded;
}

/** Resolves with the run's terminal event; `after` skips what was seen before. */
export async function followRun(
  client: TandemClient,
  runId: string,
  options: { after?: number; quiet?: boolean } = {},
): Promise<FollowedRun> {
  const steps: RunStep[] = [];
  let progress: Progress | undefined;
  try {
    for await (const { runEvents: event } of client.subscribe(RunEventsDocument, {
      runId,
      after: options.after ?? 0,
    })) {
      if (event.__typename === 'RunStarted') progress ??= startProgress('training', event.steps, options.quiet);
      if (event.__typename === 'RunWarning') process.stderr.write(`warning at step ${event.step}: ${event.message}\n`);
      if (event.__typename === 'RunStep') {
        steps.push(event);
        progress?.update(event.step, noteOf(event));
      }
      if (event.__typename === 'RunEnded') return { steps, ended: event };
    }
  } finally {
    progress?.stop();
  }
  throw new Error(`the events of run ${runId} ended without a terminal event`);
}

const noteOf = ({ task, loss, tokensPerSecond, secondsLeft }: RunStep): string =>
  `${task} loss ${loss.toFixed(4)}  ${Math.round(tokensPerSecond)} tokens/s  ${formatSeconds(secondsLeft)} left`;
