/** Types that the commands for scripts share. */
import type { TandemClient } from '../client/index.ts';

export interface Session {
  readonly client: TandemClient;
  /** The model folder, by a path that the service may read; undefined = the model is a checkpoint of the service. */
  readonly folder: string | undefined;
  /** Name and idempotency key of the temporary model that the command makes in the service. */
  readonly guest: string;
}
