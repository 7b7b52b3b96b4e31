/** The option of the commands that make models: which tasks get a head. */
import { Option } from 'commander';
import type { HeadsInput } from '../client/index.ts';

type Choice = 'none' | 'ir' | 'sts' | 'both';

const choices: readonly Choice[] = ['none', 'ir', 'sts', 'both'];

/** `absent` says what a model gets without it. */
export const headsOption = (absent: string): Option =>
  new Option('--heads <tasks>', `tasks that get a last layer of their own (default: ${absent})`).choices(choices);

/** The API's input; undefined where the option was not given. */
export function headsOf(choice: string | undefined): HeadsInput | undefined {
  if (choice === undefined) return undefined;
  const kindOf = (task: Choice) => (choice === task || choice === 'both' ? 'DENSE' : 'NONE');
  return { ir: kindOf('ir'), sts: kindOf('sts') };
}
