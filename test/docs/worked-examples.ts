/**
 * Reads the worked examples of docs/extending.md and makes one of them in a copy of the tree. An example is what
 * follows a comment `<!-- example: NAME -->`: code blocks whose info string names a file. A `diff` block adds lines to
 * that file beside the lines that it shows unchanged; any other block is a new file; an `sh` block without a file is
 * run.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Block {
  readonly language: string;
  /** Path from the root; absent for commands. */
  readonly file?: string;
  readonly text: string;
}

export interface WorkedExample {
  readonly name: string;
  readonly blocks: readonly Block[];
}

/** The examples of a document, in order. */
export function readExamples(markdown: string): WorkedExample[] {
  const [, ...sections] = markdown.split(/^<!-- example: ([a-z-]+) -->$/m);
  return Array.from({ length: sections.length / 2 }, (_, i) => ({
    name: sections[2 * i]!,
    blocks: blocksOf(sections[2 * i + 1]!),
  }));
}

const blocksOf = (section: string): Block[] =>
  [...section.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
    language: language!,
    ...(file !== undefined && { file }),
    text: text!,
  }));

/** What a copy of the tree needs to build and to test itself. */
const copied = ['src', 'workers', 'shaders', 'test', 'docs', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const settings = ['vitest.config.ts', 'drizzle.config.ts', 'biome.json'];

/** Copies the tree into an empty folder; the packages are shared by a link. */
export function copyTree(root: string, folder: string): void {
  for (const name of [...copied, ...settings]) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

/**
 * Writes the files of an example into a copy of the tree. Throws where a line that it shows is not there, or not once.
 */
export function applyExample(folder: string, { blocks }: WorkedExample): void {
  for (const { language, file, text } of blocks) {
    if (file === undefined) continue;
    const path = join(folder, file);
    if (language !== 'diff' && existsSync(path)) throw new Error(`${file} is there already`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, language === 'diff' ? withAdditions(readFileSync(path, 'utf8'), text, file) : text);
  }
}

/**
 * A file's text with the lines of a diff that begin with `+`, put where its other lines stand, which must stand once.
 */
export function withAdditions(before: string, diff: string, file: string): string {
  return diff.split(/^@@.*\n/m).reduce((text, hunk) => {
    const lines = hunk.split('\n').slice(0, -1);
    const shown = lines.filter((line) => !line.startsWith('+')).map((line) => `${line.slice(1)}\n`);
    const after = lines.map((line) => `${line.slice(1)}\n`);
    const parts = text.split(shown.join(''));
    if (shown.length === 0 || parts.length !== 2) {
      throw new Error(`${file} holds these lines ${parts.length - 1} times, not once:\n${shown.join('')}`);
    }
    return parts.join(after.join(''));
  }, before);
}

/** Runs the commands of an example in its copy of the tree; a failure throws with what was printed. */
export function runCommands(folder: string, { blocks }: WorkedExample): void {
  for (const { text } of blocks.filter(({ file }) => file === undefined)) {
    for (const command of text.trim().split('\n')) {
      try {
        execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
        throw new Error(`${command}\n${stdout}\n${stderr}`);
      }
    }
  }
}

/** Removes a copy; the packages behind its link stay. */
export function removeTree(folder: string): void {
  rmSync(join(folder, 'node_modules'));
  rmSync(folder, { recursive: true });
}
