/** One line of the log as text for people, made of pino's JSON. */
import { inspect, styleText } from 'node:util';

interface Line {
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly name?: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

const levels = [
  { from: 50, name: 'ERROR', color: 'red' },
  { from: 40, name: 'WARN', color: 'yellow' },
  { from: 30, name: 'INFO', color: 'green' },
  { from: 0, name: 'DEBUG', color: 'gray' },
] as const;

/** Fields that stand elsewhere in the line, or say nothing within one process. */
const hidden = new Set(['level', 'time', 'name', 'msg', 'err', 'pid', 'hostname']);

/**
 * `12:34:56 WARN  jobs: the message  field=value`, local time, with the stack of an error on the lines below. Text
 * that is no line of pino's stays as it is.
 */
export function formatLogLine(json: string, color: boolean): string {
  const line = parse(json);
  if (line === undefined) return json;
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const level = levels.find(({ from }) => line.level >= from) ?? levels[3];
  const fields = Object.entries(line).filter(([name]) => !hidden.has(name));
  const parts = [
    paint('gray', new Date(line.time).toTimeString().slice(0, 8)),
    `${paint(level.color, level.name)}${' '.repeat(5 - level.name.length)}`,
    `${line.name ?? 'tandem'}: ${line.msg ?? line.err?.message ?? ''}`,
    ...fields.map(([name, value]) => ` ${paint('gray', `${name}=`)}${show(value)}`),
  ];
  const stack = line.err?.stack ?? line.err?.message;
  return `${parts.join(' ')}\n${stack ? `${stack.replace(/^/gm, '  ')}\n` : ''}`;
}

function parse(json: string): Line | undefined {
  try {
    return JSON.parse(json) as Line;
  } catch {
    return undefined;
  }
}

/** A text as it stands if it has no white space, everything else as JavaScript writes it, on one line. */
const show = (value: unknown): string =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : inspect(value, { breakLength: Infinity, depth: 4 });
