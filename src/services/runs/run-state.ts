/** Which states end a run. */
import { type RunState, terminalRunStates } from '../../db/schema.ts';

export const isTerminal = (state: RunState): boolean => terminalRunStates.some((terminal) => terminal === state);
