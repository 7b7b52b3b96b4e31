/** How far a job is, as its events say it. */
import type { JobEventData, JobProgress } from '../db/schema/types.ts';

/** How far the job is by this event; undefined = it does not say. */
export function progressOf(event: JobEventData): JobProgress | undefined {
  if (event.type === 'step') return { stage: 'train', done: event.step, total: event.steps };
  if (event.type !== 'progress' && event.type !== 'preparing') return undefined;
  const { stage, done, total } = event;
  return { stage, done, total };
}
