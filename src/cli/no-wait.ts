/** `--no-wait` of the commands whose work jobs do: they print the jobs, and the server goes on. */
import { type Command, Option } from 'commander';
import type { Executable, JobProgressFragment, TandemClient } from '../client/index.ts';
import { print } from './print.ts';

/** What the option gives: true where it is absent. */
export interface Waiting {
  readonly wait: boolean;
}

export const noWaitOption = (): Option =>
  new Option('--no-wait', 'print the ids of the jobs at once; `tandem watch ID` follows one, `tandem jobs` lists them');

export const printJobs = (command: Command, jobs: readonly JobProgressFragment[]): void =>
  print(command, jobs, jobs.map(({ kind, state, id }) => `${kind}: ${state}\n${id}`).join('\n'));

type Begun = Readonly<Record<string, { readonly jobs: readonly JobProgressFragment[] }>>;

/** Asks by a document that does not wait; the jobs. */
export async function beginJobs<Result extends Begun, Variables>(
  client: TandemClient,
  document: Executable<Result, Variables>,
  variables: NoInfer<Variables>,
): Promise<JobProgressFragment[]> {
  return Object.values(await client.execute(document, variables)).flatMap(({ jobs }) => jobs);
}
