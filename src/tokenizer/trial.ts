/**
 * Loads a tokenizer.json of another program in a process of its own first: a file that breaks an assumption of the
 * native library (a damaged character map, merges that do not match) makes it abort the whole process instead of
 * throwing. Called by the CPU thread before it loads a file that Tandem did not write.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { workerEntry } from '../assets.ts';
import { badInput, TandemError, unavailable } from '../errors.ts';
import { largestTokenizerBytes, largestVocabulary } from '../model/families/catalog.ts';
import { bareEnvironment } from './bare-environment.ts';

export interface TrialOptions {
  /** Aborts the trial. */
  readonly signal?: AbortSignal | undefined;
  /** The file's name in errors; absent = its path. */
  readonly label?: string;
  /** Timeout in milliseconds (default 120 s); the largest vocabularies load within seconds. */
  readonly longestMs?: number;
}

const run = promisify(execFile);

/** Rejects for a file that would abort this process, or fill it. Loading it reports its ordinary errors. */
export async function tryTokenizer(path: string, options: TrialOptions = {}): Promise<void> {
  const { signal, longestMs = 120_000, label = path } = options;
  signal?.throwIfAborted();
  try {
    const settings = {
      env: bareEnvironment(),
      timeout: longestMs,
      killSignal: 'SIGKILL' as const,
      ...(signal && { signal }),
    };
    const { stdout } = await run(process.execPath, [workerEntry('tokenizer-trial'), path], settings);
    checkSize(label, stdout);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof TandemError ? error : trialFailure(label, error as ExecFileException);
  }
}

/**
 * {@link tryTokenizer} of a text that was read already: the file may be exchanged in between. `label` names it in
 * errors.
 */
export async function tryTokenizerText(json: string, label: string, options: TrialOptions = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-trial-'));
  try {
    const path = join(folder, 'tokenizer.json');
    await writeFile(path, json, { mode: 0o600 });
    await tryTokenizer(path, { ...options, label });
  } finally {
    await rm(folder, { recursive: true, force: true });
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
  const crash = crashOf(error);
  if (crash === undefined) return undecided(path, endOf(error));
  return badInput(`The tokenizer ${path} cannot be used: ${crash}`, {
    field: path,
    expected: "a tokenizer.json that Hugging Face's tokenizers loads",
    remedy: 'Copy or download the file again; if the error stays, the program that wrote it is at fault.',
  });
}

/** The error for a process that ended while it tokenised texts. */
export function processFailure(label: string, error: ExecFileException): TandemError {
  const crash = crashOf(error);
  if (crash === undefined) {
    return unavailable(`The process of the tokenizer ${label} has ended: ${endOf(error)}`, {
      field: label,
      expected: 'a process of its own that tokenises',
      remedy: 'Send the request again; a new process is started. See that the machine has memory to spare.',
    });
  }
  return badInput(`The tokenizer ${label} cannot take one of the texts: ${crash}`, {
    field: label,
    expected: 'a tokenizer.json whose patterns match every text without too many attempts',
    remedy: 'Send other texts, or save the model with a tokenizer whose patterns do not backtrack.',
  });
}

/** What ended a process by the fault of its input; undefined = something else did. */
function crashOf({ stderr = '', signal }: ExecFileException): string | undefined {
  const panic = panicIn(stderr);
  if (panic !== undefined) return panic;
  return crashes.includes(signal) && !memoryIsShort.test(stderr) ? `it ends the process by ${signal}` : undefined;
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
