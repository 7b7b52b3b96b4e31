/**
 * Reads the worked examples of docs/extending.md and makes them in a copy of the tree. An example is what follows a
 * comment `<!-- example: NAME -->`: code blocks whose info string names a file. A `diff` block adds lines to that file
 * beside the lines that it shows unchanged; any other block is a new file; an `sh` block without a file is run.
 */
import { exec } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { promisify } from 'node:util';

interface Block {
  readonly language: string;
  /** Path from the root; absent for commands. */
  readonly file?: string | undefined;
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
    file,
    text: text!,
  }));

/** What a copy of the tree needs to build and to test itself. */
const sources = ['src', 'workers', 'shaders', 'test', 'docs'];
const settings = [
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json', 'vitest.config.ts', 'drizzle.config.ts', 'biome.json'],
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'LICENSE'],
  // What was built before: the template of new databases takes the longest.
  'dist',
];

/** Copies the tree into an empty folder. The packages are shared by links, the caches beside them are not. */
export function copyTree(root: string, folder: string): void {
  const filter = (path: string): boolean => basename(path) !== 'node_modules';
  for (const name of [...sources, ...settings])
    cpSync(join(root, name), join(folder, name), { recursive: true, filter });
  mkdirSync(join(folder, 'node_modules'));
  const packages = readdirSync(join(root, 'node_modules')).filter((name) => name === '.bin' || !name.startsWith('.'));
  for (const name of packages) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
}

/** Writes the files of an example into a copy of the tree; throws where {@link fileAfter} does. */
export function applyExample(folder: string, { blocks }: WorkedExample): void {
  for (const block of blocks) {
    if (block.file === undefined) continue;
    const [path, text] = [join(folder, block.file), fileAfter(folder, block)];
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** A block's file as it makes it. Throws for a new file that is there, and for a diff whose lines are not. */
export function fileAfter(folder: string, { language, file = '', text }: Block): string {
  const path = join(folder, file);
  if (language === 'diff') return withAdditions(readFileSync(path, 'utf8'), text, file);
  if (existsSync(path)) throw new Error(`${file} is there already`);
  return text;
}

/** A text with the lines of a diff that begin with `+`, put where its other lines stand, which must stand once. */
function withAdditions(before: string, diff: string, file: string): string {
  return hunksOf(diff).reduce((text, { shown, after }) => {
    const parts = text.split(shown);
    if (shown === '' || parts.length !== 2) {
      throw new Error(`${file} holds these lines ${parts.length - 1} times, not once:\n${shown}`);
    }
    return parts.join(after);
  }, before);
}

/** The parts of a diff, which lines of `@@` separate: the lines it shows, those with the additions, the additions. */
export function hunksOf(diff: string): { shown: string; after: string; added: string }[] {
  return diff.split(/^@@.*\n/m).map((hunk) => {
    const lines = hunk.split('\n').slice(0, -1);
    const joined = (chosen: readonly string[]) => chosen.map((line) => `${line.slice(1)}\n`).join('');
    const isAdded = (line: string) => line.startsWith('+');
    return {
      shown: joined(lines.filter((line) => !isAdded(line))),
      after: joined(lines),
      added: joined(lines.filter(isAdded)),
    };
  });
}

/** The commands of an example, in order. */
export const commandsOf = ({ blocks }: WorkedExample): string[] =>
  blocks.filter(({ file }) => file === undefined).flatMap(({ text }) => text.trim().split('\n'));

/** Runs a command in a copy of the tree; rejects with what it printed where it fails. */
export async function run(folder: string, command: string): Promise<void> {
  const { VITEST: _, ...env } = process.env;
  await promisify(exec)(command, { cwd: folder, env, maxBuffer: 2 ** 26 }).catch((error) => {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${command}\n${stdout}\n${stderr}`);
  });
}

/** Source files that differ between two trees, in order. */
export function changedFiles(before: string, after: string): string[] {
  const list = (root: string): string[] =>
    sources.flatMap((name) =>
      readdirSync(join(root, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
        // What a folder of tests has installed for itself is not copied.
        .filter((path) => !path.split(sep).includes('node_modules')),
    );
  const read = (root: string, name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name)) : null);
  return [...new Set([...list(before), ...list(after)])]
    .filter((name) => {
      const [one, other] = [read(before, name), read(after, name)];
      return one === null || other === null || !one.equals(other);
    })
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}
