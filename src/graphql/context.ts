/** What every resolver is given. */
import type { Tandem } from '../services/tandem.ts';

export interface Context {
  readonly tandem: Tandem;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}
