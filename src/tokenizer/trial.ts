/**
 * A tokenizer.json of somebody else is first taken up by a process of its own: where a file breaks an assumption of the
 * native library (a damaged character map, merges that do not fit), that ends the whole process and throws nothing.
 * Called by the CPU thread before it loads a file that Tandem did not write.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { workerEntry } from '../assets.ts';
import { badInput } from '../errors.ts';

const run = promisify(execFile);

/** The largest vocabularies load within seconds. */
const longestMs = 120_000;

/** Refuses a file that would take this process down. What is merely wrong with it is told by loading it. */
export async function tryTokenizer(path: string): Promise<void> {
  try {
    await run(process.execPath, [workerEntry('tokenizer-trial'), path], { timeout: longestMs, killSignal: 'SIGKILL' });
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    throw badInput(`The tokenizer ${path} cannot be used: ${reasonOf(stderr) ?? message}`, {
      field: path,
      expected: "a tokenizer.json that Hugging Face's tokenizers loads",
      remedy: 'Copy or download the file again; if it stays so, whatever wrote it is at fault.',
    });
  }
}

/** The line after Rust's "thread ... panicked at file:line:column:". */
const reasonOf = (stderr: string): string | undefined =>
  stderr.match(/panicked at [^\n]*\n([^\n]+)/)?.[1]?.slice(0, 300);
