/** What every service works with. Made once by main.ts. */
import type { Config } from '../config.ts';
import type { Database } from '../db/open.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Storage } from '../storage/storage.ts';
import type { Access } from './access/types.ts';
import type { Changes } from './changes/changes.ts';

export interface Tandem {
  readonly config: Config;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly access: Access;
  readonly changes: Changes;
  readonly storage: Storage;
  readonly startedAt: Date;
}
