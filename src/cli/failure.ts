/** What a failure says to a person: what happened, what was expected, what to do now. */
import { TandemError } from '../errors.ts';

interface Told {
  readonly message: string;
  readonly expected?: string | null;
  readonly remedy?: string | null;
  readonly problems?: readonly { readonly file?: string; readonly line?: number; readonly message: string }[];
}

export function describeFailure(error: unknown): string {
  const told = toldBy(error);
  return [
    `error: ${told.message}`,
    ...(told.problems ?? []).map(({ file, line, message }) => `  ${place(file, line)}${message}`),
    ...(told.expected ? [`expected: ${told.expected}`] : []),
    ...(told.remedy ? [`remedy: ${told.remedy}`] : []),
  ].join('\n');
}

const place = (file: string | undefined, line: number | undefined): string =>
  [file, line === undefined ? undefined : `line ${line}`].filter((part) => part !== undefined).join(', ') +
  (file === undefined && line === undefined ? '' : ': ');

function toldBy(error: unknown): Told {
  if (error instanceof TandemError) return { message: error.message, ...error.details };
  if (!(error instanceof Error)) return { message: String(error) };
  const extensions = (error as { extensions?: Omit<Told, 'message'> }).extensions;
  return { message: error.message, ...extensions };
}
