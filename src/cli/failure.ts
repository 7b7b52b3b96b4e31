/** Failures as text for people: what happened, what was expected, and what to do now. */
import { type InputProblem, TandemError } from '../errors.ts';

interface Failure {
  readonly message: string;
  readonly expected?: string | null;
  readonly remedy?: string | null;
  readonly problems?: readonly InputProblem[];
}

export function describeFailure(error: unknown): string {
  const failure = failureOf(error);
  return [
    `error: ${failure.message}`,
    ...(failure.problems ?? []).map((problem) => `  ${placeOf(problem)}${problem.message}`),
    ...(failure.expected ? [`expected: ${failure.expected}`] : []),
    ...(failure.remedy ? [`remedy: ${failure.remedy}`] : []),
  ].join('\n');
}

/** The error with which work ended, as lines behind what else is said of it; empty if there is none. */
export function describeEnd(error: { readonly message: string; readonly remedy: string | null } | null): string {
  if (!error) return '';
  return `\nerror: ${error.message}${error.remedy ? `\nremedy: ${error.remedy}` : ''}`;
}

/** `pairs.tsv, line 3, score: `, without the parts that are not known. */
function placeOf({ file, line, field }: InputProblem): string {
  const parts = [file, line && `line ${line}`, field].filter(Boolean);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}

function failureOf(error: unknown): Failure {
  if (error instanceof TandemError) return { message: error.message, ...error.details };
  if (!(error instanceof Error)) return { message: String(error) };
  const extensions = (error as { extensions?: Omit<Failure, 'message'> }).extensions;
  return { message: error.message, ...extensions };
}
