/**
 * Loads Dawn in a small process first: a library that was cut short or overwritten ends the process that loads it
 * (SIGBUS, on macOS SIGKILL), and that must not be the service.
 */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unavailable } from '../../errors.ts';

/** What import() throws is left to the import in this process, which reports it. */
const script = "await import('webgpu').catch(() => {})";
/** Far more than a busy machine needs; a process that is killed then proves nothing. */
const patienceMs = 60_000;

/** Throws UNAVAILABLE where a process dies of loading Dawn. */
export function tryDawn(): Promise<void> {
  // The folder is where Node begins to look for the package, as it does for the modules beside this one.
  const options = { cwd: dirname(fileURLToPath(import.meta.url)), timeout: patienceMs, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '--eval', script], options, (error) => {
      // A code that is a text says that no process could be started, which proves nothing either.
      const died = error !== null && !error.killed && typeof error.code !== 'string';
      if (!died) return resolve();
      const how = error.signal ?? `exit code ${error.code}`;
      reject(
        unavailable(`Dawn, which drives GPUs, ends a process that loads it (${how})`, {
          remedy: 'Reinstall the npm package webgpu, or set TANDEM_ADAPTER=cpu.',
        }),
      );
    });
  });
}
