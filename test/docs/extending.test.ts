/**
 * The examples of docs/extending.md are whole: each touches only what an addition may touch and applies to the tree as
 * it is, and a copy of the tree with all of them compiles and passes their tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyExample,
  changedFiles,
  commandsOf,
  copyTree,
  fileAfter,
  hunksOf,
  readExamples,
  run,
  type WorkedExample,
} from './worked-examples.ts';

const root = join(import.meta.dirname, '../..');
const examples = readExamples(readFileSync(join(root, 'docs/extending.md'), 'utf8'));

const filesOf = ({ blocks }: WorkedExample): string[] =>
  blocks.flatMap(({ file }) => (file === undefined ? [] : [file]));
const testsOf = (example: WorkedExample): string[] => filesOf(example).filter((file) => file.endsWith('.test.ts'));

/** How many rows of a catalog, lines of a record, and imports or exports an example adds to files of the tree. */
function additionsOf({ blocks }: WorkedExample): { rows: number; lines: number; imports: number } {
  const found = { rows: 0, lines: 0, imports: 0 };
  for (const { file = '', text } of blocks.filter(({ language }) => language === 'diff')) {
    for (const { added } of hunksOf(text)) {
      const isRow = file.endsWith('/catalog.ts') && /^ {2}\{\n(?: {3,}.*\n)+ {2}\},\n$/.test(added);
      if (isRow) found.rows += 1;
      else
        for (const line of added.trimEnd().split('\n')) found[/^(import|export) /.test(line) ? 'imports' : 'lines']++;
    }
  }
  return found;
}

/** The command that runs an example's test. */
const testCommand = (example: WorkedExample): string | undefined =>
  commandsOf(example).find((command) => command.startsWith('npx vitest run '));

/** What is wrong with an example's form; empty if nothing is. */
function faultsOf(example: WorkedExample): string[] {
  const { rows, lines, imports } = additionsOf(example);
  const generating = commandsOf(example).filter((command) => command !== testCommand(example));
  return [
    rows <= 1 && lines === 1 ? '' : `adds ${rows} rows and ${lines} lines`,
    imports <= 2 ? '' : `adds ${imports} imports`,
    testsOf(example).length === 1 ? '' : 'has not one test',
    testsOf(example).every((file) => testCommand(example)?.includes(file)) ? '' : 'does not run its test',
    ...generating.map((command) => (/^npm run (schema|migrations)$/.test(command) ? '' : `runs ${command}`)),
  ].filter((fault) => fault !== '');
}

it('has an example of every kind', () => {
  const kinds = ['importer', 'fusion-method', 'loss', 'kernel', 'encoder-family', 'noun', 'job-kind'];
  expect(examples.map(({ name }) => name)).toEqual(kinds);
});

describe.each(examples.map((example) => [example.name, example] as const))('the example of: %s', (_, example) => {
  it('touches new files, a row, a line of a record, and a test', () => {
    expect(faultsOf(example)).toEqual([]);
  });

  it('applies to the tree without the others', () => {
    for (const block of example.blocks.filter(({ file }) => file !== undefined)) fileAfter(root, block);
  });
});

describe('a copy of the tree with the examples', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-extending-'));
    copyTree(root, folder);
    for (const example of examples) applyExample(folder, example);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('compiles, passes their tests, and differs in nothing else', { timeout: 600_000 }, async () => {
    const commands = examples.flatMap(commandsOf);
    const generated = ['npm run migrations', 'npm run schema'].filter((command) => commands.includes(command));
    for (const command of [...generated, 'npx tsc -p tsconfig.json']) await run(folder, command);
    await run(folder, `npx biome check ${examples.flatMap(filesOf).filter(isNewSource).join(' ')}`);
    const tests = commands.flatMap((command) => command.match(/test\/\S+\.test\.ts/g) ?? []);
    await run(folder, `npx vitest run --maxWorkers 1 ${[...new Set([...tests, ...ofTheTree])].join(' ')}`);
    const known = examples.flatMap(filesOf);
    expect(changedFiles(root, folder).filter((file) => !known.includes(file) && !isGenerated(file))).toEqual([]);
  });

  it('fails where a command fails, with what it printed', async () => {
    await expect(run(folder, 'node no-such-file.mjs')).rejects.toThrow('no-such-file.mjs');
  });
});

/** Tests of the tree that hold for whatever is added. */
const ofTheTree = [
  ...['test/graphql/schema.test.ts', 'test/graphql/descriptions.test.ts', 'test/boundaries.test.ts'],
  ...['test/kernels/compile.test.ts', 'test/lengths.test.ts'],
];

const isNewSource = (file: string): boolean => file.endsWith('.ts') && examples.every((one) => !isDiffOf(one, file));
const isDiffOf = ({ blocks }: WorkedExample, name: string): boolean =>
  blocks.some(({ language, file }) => language === 'diff' && file === name);

const generatedFiles = [
  ...['docs/schema.graphql', 'docs/catalogs.md', 'src/client/generated/operations.ts'],
  'src/adapters/common/generated/resources.ts',
];
const isGenerated = (file: string): boolean => generatedFiles.includes(file) || file.startsWith('src/db/migrations/');

describe('a wrong example', () => {
  const wrong = (language: string, file: string | undefined, text: string): WorkedExample => ({
    name: 'wrong',
    blocks: [{ language, file, text }],
  });

  it.each([
    ['shows lines that are not there', 'diff', 'src/catalog.ts', ' no such line\n+another\n', 'these lines 0 times'],
    ['shows lines that stand twice', 'diff', 'src/catalog.ts', ' }\n+another\n', 'not once'],
    ['shows nothing beside its additions', 'diff', 'src/catalog.ts', '+another\n', 'not once'],
    ['makes a file that is there', 'ts', 'src/catalog.ts', 'export {};\n', 'is there already'],
  ])('does not apply where it %s', (_, language, file, text, message) => {
    const example = wrong(language, file, text);
    expect(() => fileAfter(root, example.blocks[0]!)).toThrow(message);
  });

  it('is found where it touches more', () => {
    const lines = ' a\n+  one: one,\n+  two: two,\n';
    expect(faultsOf(wrong('diff', 'src/nn/losses/registry.ts', lines))).toContain('adds 0 rows and 2 lines');
    expect(faultsOf(wrong('sh', undefined, 'npm run format\n'))).toContain('runs npm run format');
  });
});
