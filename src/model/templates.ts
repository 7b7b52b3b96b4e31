/** The grammar of prompt templates: plain text in which `{task}` stands for the task instruction. */

import { badInput } from '../errors.ts';
import type { PromptTemplates } from './types.ts';

/** Longest template in code points. */
const longest = 4_096;

/** Throws for a template that is too long, or has braces other than `{task}`. */
export function checkTemplates(templates: PromptTemplates): void {
  for (const [role, template] of Object.entries(templates)) {
    const rest = template.replaceAll('{task}', '');
    if (/[{}]/.test(rest) || [...template].length > longest) {
      throw badInput(`The ${role} template ${JSON.stringify(template.slice(0, 80))} is not valid`, {
        field: `templates.${role}`,
        expected: `at most ${longest} characters, with {task} for the task instruction and no other braces`,
      });
    }
  }
}

/** The prompt of a template for one task instruction. A template with `{task}` gives no prompt if the task is empty. */
export const fillTemplate = (template: string, task: string): string =>
  template.includes('{task}') && task === '' ? '' : template.replaceAll('{task}', () => task);
