/** What a failure says to a person: what happened, what was expected, what to do now. */
import { type InputProblem, TandemError } from '../errors.ts';

interface Told {
  readonly message: string;
  readonly expected?: string | null;
  readonly remedy?: string | null;
  readonly problems?: readonly InputProblem[];
}

export function describeFailure(error: unknown): string {
  const told = toldBy(error);
  return [
    `error: ${told.message}`,
    ...(told.problems ?? []).map((problem) => `  ${placeOf(problem)}${problem.message}`),
    ...(told.expected ? [`expected: ${told.expected}`] : []),
    ...(told.remedy ? [`remedy: ${told.remedy}`] : []),
  ].join('\n');
}

/** `pairs.tsv, line 3, score: ` as far as it is known. */
function placeOf({ file, line, field }: InputProblem): string {
  const parts = [file, line && `line ${line}`, field].filter(Boolean);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}

function toldBy(error: unknown): Told {
  if (error instanceof TandemError) return { message: error.message, ...error.details };
  if (!(error instanceof Error)) return { message: String(error) };
  const extensions = (error as { extensions?: Omit<Told, 'message'> }).extensions;
  return { message: error.message, ...extensions };
}
