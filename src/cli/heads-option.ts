/** Options about heads: of the commands that make models, which tasks get one; of others, whose head is meant. */
import { Option } from 'commander';
import { enumValueOf } from '../catalog.ts';
import type { HeadsInput, Task } from '../client/index.ts';

type Choice = 'none' | 'ir' | 'sts' | 'both';

const choices: readonly Choice[] = ['none', 'ir', 'sts', 'both'];

/** `absent` says what a model gets without it. */
export const headsOption = (absent: string): Option =>
  new Option('--task-heads <tasks>', `tasks that get a last layer of their own (default: ${absent})`).choices(choices);

/** The API's input; undefined where the option was not given. */
export function headsOf(choice: string | undefined): HeadsInput | undefined {
  if (choice === undefined) return undefined;
  const kindOf = (task: Choice) => (choice === task || choice === 'both' ? 'DENSE' : 'NONE');
  return { ir: kindOf('ir'), sts: kindOf('sts') };
}

export const taskOption = (description: string): Option =>
  new Option('--task <task>', description).choices(['ir', 'sts']);

/** The API's value; undefined where the option was not given. */
export const taskOf = (choice: string | undefined): Task | undefined =>
  choice === undefined ? undefined : (enumValueOf(choice) as Task);
