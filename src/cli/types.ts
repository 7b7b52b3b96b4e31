/** What a command for scripts works with. */
import type { TandemClient } from '../client/index.ts';

export interface Session {
  readonly client: TandemClient;
  /** The model's folder as the service may read it; undefined = the model is a checkpoint of the service. */
  readonly folder: string | undefined;
  /** For what the command makes in the service: name and idempotency key of a model that is cleared away with the rest. */
  readonly guest: string;
}
