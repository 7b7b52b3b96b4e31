/** Which states end a run. */
import { type JobState, terminalStates } from '../../db/schema.ts';

export const isTerminal = (state: JobState): boolean => terminalStates.some((terminal) => terminal === state);
