/**
 * A tokenizer.json of somebody else is first taken up by a process of its own: where a file breaks an assumption of the
 * native library (a damaged character map, merges that do not fit), that ends the whole process and throws nothing.
 * Called by the CPU thread before it loads a file that Tandem did not write.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { workerEntry } from '../assets.ts';
import { badInput, type TandemError, unavailable } from '../errors.ts';

export interface TrialOptions {
  /** Ends the trial at once. */
  readonly signal?: AbortSignal | undefined;
  /** The longest it may take (default 120 s); the largest vocabularies load within seconds. */
  readonly longestMs?: number;
}

const run = promisify(execFile);

/** Refuses a file that would take this process down. What is merely wrong with it is told by loading it. */
export async function tryTokenizer(path: string, { signal, longestMs = 120_000 }: TrialOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  try {
    const options = { timeout: longestMs, killSignal: 'SIGKILL' as const, ...(signal && { signal }) };
    await run(process.execPath, [workerEntry('tokenizer-trial'), path], options);
  } catch (error) {
    signal?.throwIfAborted();
    throw trialFailure(path, error as ExecFileException);
  }
}

/** Ends of a process that the native library brings about. */
const crashes: readonly unknown[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL'];
/** Aborts, too, but for want of memory: of the JavaScript engine, and of Rust. */
const memoryIsShort = /heap out of memory|memory allocation of \d+ bytes failed/;

/** A crash is the file's fault; any other end says nothing of it. */
export function trialFailure(path: string, error: ExecFileException): TandemError {
  const { stderr = '', signal } = error;
  const panic = panicIn(stderr);
  const isCrash = panic !== undefined || (crashes.includes(signal) && !memoryIsShort.test(stderr));
  if (!isCrash) return undecided(path, endOf(error));
  return badInput(`The tokenizer ${path} cannot be used: ${panic ?? `loading it ends the process by ${signal}`}`, {
    field: path,
    expected: "a tokenizer.json that Hugging Face's tokenizers loads",
    remedy: 'Copy or download the file again; if it stays so, whatever wrote it is at fault.',
  });
}

const undecided = (path: string, reason: string): TandemError =>
  unavailable(`The tokenizer ${path} could not be tried out: ${reason}`, {
    field: path,
    expected: 'a process of its own that loads the file and ends by itself',
    remedy: 'Try again when the machine is less busy and has memory to spare.',
  });

/** How the process ended, or why it did not start. */
function endOf({ code, killed, signal, message, stderr = '' }: ExecFileException): string {
  if (memoryIsShort.test(stderr)) return 'there was not enough memory';
  if (typeof code === 'string') return message;
  if (killed) return 'it took too long';
  return signal ? `its process was ended by ${signal}` : `its process ended with exit code ${code}`;
}

/** The line after Rust's "thread ... panicked at file:line:column:". */
const panicIn = (stderr: string): string | undefined =>
  stderr.match(/panicked at [^\n]*\n([^\n]+)/)?.[1]?.slice(0, 300);
