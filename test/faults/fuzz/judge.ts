/** What no answer may be, whatever was asked: a failure of the server, or a text that was meant for its log. */

/** An answer as it came. */
export interface Answered {
  readonly status: number;
  /** Of its content type, without parameters. */
  readonly type: string;
  readonly body: string;
}

interface Failure {
  readonly message?: unknown;
  readonly path?: unknown;
  readonly extensions?: { readonly code?: unknown; readonly reason?: unknown };
}

export interface Result {
  readonly data?: unknown;
  readonly errors?: readonly Failure[];
  /** Of /v1, in the form of OpenAI. */
  readonly error?: { readonly message?: unknown; readonly code?: unknown };
}

/** The errors of a result, in whichever form. */
const failuresOf = ({ errors = [], error }: Result): readonly Failure[] =>
  error ? [...errors, { message: error.message, extensions: { code: String(error.code).toUpperCase() } }] : errors;

const codes = [
  ...['BAD_USER_INPUT', 'NOT_FOUND', 'CONFLICT', 'UNAUTHENTICATED', 'FORBIDDEN', 'LIMIT_EXCEEDED', 'UNAVAILABLE'],
  ...['MODEL_NOT_FOUND', 'QUEUE_FULL', 'RATE_LIMIT_EXCEEDED'],
];

/** What only a defect says: texts of the runtime, of the driver, of the sources, and their places. */
const unmasked: readonly RegExp[] = [
  /INTERNAL_SERVER_ERROR|Something unexpected|bug in Tandem/,
  /Failed query|params:|\bselect "|\binsert into "|\bupdate "\w+" set|violates .* constraint|syntax error at or near/i,
  /Cannot (read|set) propert|is not a function|is not iterable|\w is not defined(?! by)|circular structure|call stack|heap/,
  /\bat [\w.<>[\] ]+ \(.*:\d+:\d+\)|node_modules|node:internal|\.(ts|js|mjs):\d+/,
  /\bE(NOENT|ACCES|ISDIR|NOTDIR|EXIST|MFILE|PERM|INVAL)\b/,
];

/** The results in an answer: one of JSON, or each event of a stream. */
export function resultsOf({ type, body }: Answered): Result[] {
  if (type === 'text/event-stream') {
    const events = body.split('\n').filter((line) => line.startsWith('data: {') && line.endsWith('}'));
    return events.map((line) => JSON.parse(line.slice(6)) as Result);
  }
  return type.includes('json') && body.trim() !== '' ? [JSON.parse(body) as Result] : [];
}

/** What is wrong with an answer of a server with that data folder: of it a client knows what it may fill and read. */
export function faultsOf(answered: Answered, dataDir: string): string[] {
  const { status } = answered;
  const faults: string[] = [];
  let results: readonly Result[] = [];
  try {
    results = resultsOf(answered);
  } catch {
    faults.push('the answer is not JSON');
  }
  const errors = results.flatMap(failuresOf);
  const isBusy = status === 503 && errors.every(({ extensions }) => extensions?.code === 'UNAVAILABLE');
  if (status >= 500 && !isBusy) faults.push(`status ${status}`);
  for (const error of errors) {
    const text = JSON.stringify(error);
    const { message, extensions } = error;
    if (typeof message !== 'string' || message === '') faults.push(`an error without a message: ${text}`);
    if (!codes.includes(String(extensions?.code))) faults.push(`an error of the code ${extensions?.code}: ${text}`);
    const said = unmasked.find((pattern) => pattern.test(text));
    if (said) faults.push(`unmasked (${said}): ${text}`);
    const rest = text.replaceAll(`${dataDir}/import`, '').replaceAll(`${dataDir}/export`, '');
    if (rest.includes(dataDir)) faults.push(`a path of the data folder: ${text}`);
  }
  return faults;
}

/** Splits what came over a socket into the answers in it; a body that is cut off at its end is left out. */
export function answersIn(received: string): Answered[] {
  return received
    .split(/^HTTP\/1\.1 (?=\d{3} )/m)
    .slice(1)
    .map((text) => {
      const end = text.indexOf('\r\n\r\n');
      const [head, rest] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)];
      const body = bodyOf(head, rest);
      const type = /^content-type: ([^;\r]*)/im.exec(head)?.[1] ?? '';
      return { status: Number(text.slice(0, 3)), type: body === undefined ? '' : type, body: body ?? '' };
    });
}

/** Undefined where it is not whole. */
function bodyOf(head: string, rest: string): string | undefined {
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? rest.slice(0, Number(length)) : undefined;
  if (!/^transfer-encoding: chunked/im.test(head)) return undefined;
  let body = '';
  for (let at = 0; ; ) {
    const size = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at, at + 20));
    if (!size) return undefined;
    const [from, bytes] = [at + size[0].length, Number.parseInt(size[1]!, 16)];
    if (bytes === 0) return body;
    body += rest.slice(from, from + bytes);
    at = from + bytes + 2;
  }
}
