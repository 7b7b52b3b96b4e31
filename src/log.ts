/**
 * The log, on stderr, so that stdout stays for results: readable lines in a terminal, JSON elsewhere. TANDEM_LOG
 * names the least level, TANDEM_LOG_FORMAT the format; where they are unset a command's own defaults hold.
 */
import { isatty } from 'node:tty';
import { destination, pino } from 'pino';
import { type LogLevel, readVariable } from './environment.ts';
import { formatLogLine } from './log-line.ts';

export type Logger = ReturnType<typeof createLogger>;

interface LogDefaults {
  readonly level: LogLevel;
  /** `auto`: text in a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'text' | 'json';
}

const stderr = 2;
let defaults: LogDefaults = { level: 'info', format: 'auto' };

/** Sets what this process logs where the environment does not say. Called by a command before it starts anything. */
export function setLogDefaults(values: LogDefaults): void {
  defaults = values;
}

/** A logger of the main thread (threads do not log); `level` overrides environment and defaults. */
export function createLogger(name: string, level: LogLevel = readVariable('TANDEM_LOG') ?? defaults.level) {
  const out = destination({ dest: stderr, sync: true });
  const format = readVariable('TANDEM_LOG_FORMAT') ?? defaults.format;
  const inTerminal = isatty(stderr);
  if (format === 'json' || (format === 'auto' && !inTerminal)) return pino({ name, level }, out);
  const color = inTerminal && !process.env['NO_COLOR'];
  return pino({ name, level }, { write: (line: string) => void out.write(formatLogLine(line, color)) });
}
