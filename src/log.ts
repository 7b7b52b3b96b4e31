/** One logger for the process: JSON lines on stderr, so that stdout stays for results. Threads make their own from this module. */
import { destination, pino } from 'pino';

export type Logger = ReturnType<typeof createLogger>;

export function createLogger(name: string, level = process.env['TANDEM_LOG'] ?? 'info') {
  return pino({ name, level }, destination({ dest: 2, sync: true }));
}
