/** The one text builder of training, evaluation and serving (docs/method.md section 1, "Text given to the encoder"). */
import { firstCodePoints } from '../data/code-points.ts';
import type { TextTriple } from '../data/types.ts';
import { fillTemplate } from '../model/templates.ts';
import type { PromptTemplates, TextRole } from '../model/types.ts';

/** Longest instance instruction in code points; a longer one is truncated. */
const instanceInstructionLimit = 512;

export interface BuiltText {
  /** Filled template; may be empty. */
  readonly prompt: string;
  /** Instance instruction and text. The encoder reads prompt + text without a separator. */
  readonly text: string;
}

/** Prompt and text of a triple in a role. */
export function buildText(templates: PromptTemplates, role: TextRole, triple: TextTriple): BuiltText {
  const [task, instance, text] = triple;
  return {
    prompt: fillTemplate(templates[role], task),
    text: firstCodePoints(instance, instanceInstructionLimit) + text,
  };
}
