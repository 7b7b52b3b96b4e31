/**
 * Loads a tokenizer.json of another program in a process of its own first: a file that breaks an assumption of the
 * native library (a damaged character map, merges that do not match) makes it abort the whole process instead of
 * throwing. Called by the CPU thread before it loads a file that Tandem did not write.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { workerEntry } from '../assets.ts';
import { badInput, TandemError, unavailable } from '../errors.ts';
import { largestTokenizerBytes, largestVocabulary } from '../model/families/catalog.ts';

export interface TrialOptions {
  /** Aborts the trial. */
  readonly signal?: AbortSignal | undefined;
  /** Timeout in milliseconds (default 120 s); the largest vocabularies load within seconds. */
  readonly longestMs?: number;
}

const run = promisify(execFile);

/** Rejects for a file that would abort this process, or fill it. Loading it reports its ordinary errors. */
export async function tryTokenizer(path: string, { signal, longestMs = 120_000 }: TrialOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  try {
    const options = { timeout: longestMs, killSignal: 'SIGKILL' as const, ...(signal && { signal }) };
    const { stdout } = await run(process.execPath, [workerEntry('tokenizer-trial'), path], options);
    checkSize(path, stdout);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof TandemError ? error : trialFailure(path, error as ExecFileException);
  }
}

/** `report` is what the trial says of a file that is too large: its number of tokens or bytes. */
function checkSize(path: string, report: string): void {
  if (report === '') return;
  throw badInput(`The tokenizer ${path} cannot be used: it has ${report}`, {
    field: path,
    expected: `at most ${largestVocabulary} tokens in ${largestTokenizerBytes} bytes`,
    remedy: 'Give the tokenizer of a model with a smaller vocabulary.',
  });
}

/** Signals by which the native library ends a process. */
const crashes: readonly unknown[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL'];
/** Messages of aborts for lack of memory, of the JavaScript engine and of Rust. */
const memoryIsShort = /heap out of memory|memory allocation of \d+ bytes failed/;

/** The error for a trial that did not succeed. Only a crash is the file's fault; other exits say nothing about it. */
export function trialFailure(path: string, error: ExecFileException): TandemError {
  const { stderr = '', signal } = error;
  const panic = panicIn(stderr);
  const isCrash = panic !== undefined || (crashes.includes(signal) && !memoryIsShort.test(stderr));
  if (!isCrash) return undecided(path, endOf(error));
  return badInput(`The tokenizer ${path} cannot be used: ${panic ?? `loading it ends the process by ${signal}`}`, {
    field: path,
    expected: "a tokenizer.json that Hugging Face's tokenizers loads",
    remedy: 'Copy or download the file again; if the error stays, the program that wrote it is at fault.',
  });
}

const undecided = (path: string, reason: string): TandemError =>
  unavailable(`The tokenizer ${path} could not be checked: ${reason}`, {
    field: path,
    expected: 'a process of its own that loads the file and ends by itself',
    remedy: 'Try again when the machine is less busy and has memory to spare.',
  });

/** Exit of the process, or the error that kept it from starting. */
function endOf({ code, killed, signal, message, stderr = '' }: ExecFileException): string {
  if (memoryIsShort.test(stderr)) return 'there was not enough memory';
  if (typeof code === 'string') return message;
  if (killed) return 'it took too long';
  return signal ? `its process was ended by ${signal}` : `its process ended with exit code ${code}`;
}

/** The line after Rust's "thread ... panicked at file:line:column:". */
const panicIn = (stderr: string): string | undefined =>
  stderr.match(/panicked at [^\n]*\n([^\n]+)/)?.[1]?.slice(0, 300);
