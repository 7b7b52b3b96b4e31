/**
 * Lengths that keep the tree readable: of files, functions and lines of text. Generated files do not count. There are
 * no exceptions: a file or a function that grows too long is split.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { root } from './import-graph.ts';

const longestFile = 300;
const longestFunction = 80;
const longestLine = 120;

interface Source {
  readonly path: string;
  readonly text: string;
}

const read = (path: string): Source => ({ path, text: readFileSync(join(root, path), 'utf8') });
const filesBelow = (folder: string, names: RegExp): Source[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split('\\').join('/')}`)
    .filter((path) => names.test(path) && !/\/(generated|node_modules)\//.test(path))
    .sort()
    .map(read);
const linesOf = (text: string): string[] => text.trimEnd().split('\n');

/** Modules that are longer, as "path: lines". */
const longFiles = (sources: readonly Source[]): string[] =>
  sources
    .map(({ path, text }) => ({ path, lines: linesOf(text).length }))
    .filter(({ lines }) => lines > longestFile)
    .map(({ path, lines }) => `${path}: ${lines} lines`);

interface Span {
  readonly start: number;
  readonly end: number;
}

/** First and last line (from 1) of a part of the text. */
const placeOf = (text: string, { start, end }: Span): { first: number; last: number } => ({
  first: text.slice(0, start).split('\n').length,
  last: text.slice(0, end).split('\n').length,
});

/** Functions of a script that are longer, as "path:line: lines". */
function longFunctions({ path, text }: Source): string[] {
  const spans = path.endsWith('.wgsl') ? shaderFunctions(text) : scriptFunctions(path, text);
  return spans
    .map((span) => placeOf(text, span))
    .map(({ first, last }) => ({ first, lines: last - first + 1 }))
    .filter(({ lines }) => lines > longestFunction)
    .map(({ first, lines }) => `${path}:${first}: a function of ${lines} lines`);
}

function scriptFunctions(path: string, text: string): Span[] {
  const found: Span[] = [];
  const add = (node: Span): void => void found.push(node);
  const visitor = new Visitor({ FunctionDeclaration: add, FunctionExpression: add, ArrowFunctionExpression: add });
  visitor.visit(parseSync(path, text).program);
  return found;
}

/** From `fn` to the brace in the first column that ends it. */
const shaderFunctions = (text: string): Span[] =>
  [...text.matchAll(/^.*\bfn \w+[\s\S]*?^\}/gm)].map(({ index, 0: body }) => ({
    start: index,
    end: index + body.length,
  }));

/** Lines of comments that are longer, as "path:line". */
function longComments({ path, text }: Source): string[] {
  const comments = path.endsWith('.wgsl')
    ? [...text.matchAll(/\/\/.*/g)].map(({ index, 0: body }) => ({ start: index, end: index + body.length }))
    : parseSync(path, text).comments;
  const lines = linesOf(text);
  const numbers = comments.flatMap((comment) => {
    const { first, last } = placeOf(text, comment);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(numbers)]
    .filter((number) => (lines[number - 1] ?? '').length > longestLine)
    .map((number) => `${path}:${number}`);
}

/** Lines of prose that are longer, as "path:line". Tables, code and a single word (a link) cannot be wrapped. */
function longProse({ path, text }: Source): string[] {
  let code = false;
  return linesOf(text).flatMap((line, i) => {
    if (line.trimStart().startsWith('```')) code = !code;
    const fixed = code || line.startsWith('|') || !/\s\S*\s/.test(line.trim());
    return !fixed && line.length > longestLine ? [`${path}:${i + 1}`] : [];
  });
}

describe('lengths', () => {
  const sources = ['src', 'workers', 'shaders'].flatMap((folder) => filesBelow(folder, /\.(ts|mjs|wgsl)$/));
  const tests = filesBelow('test', /\.(ts|mjs)$/);
  const documents = [
    ...readdirSync(root)
      .filter((name) => name.endsWith('.md'))
      .map(read),
    ...filesBelow('docs', /\.md$/),
    ...filesBelow('src', /\.md$/),
  ];

  it('reads the whole tree', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(documents.length).toBeGreaterThanOrEqual(7);
  });

  it(`has no file of more than ${longestFile} lines`, () => {
    expect(longFiles(sources)).toEqual([]);
  });

  it('has modules of 67 lines in the median, or less', () => {
    const sizes = filesBelow('src', /\.ts$/)
      .map(({ text }) => linesOf(text).length)
      .sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(67);
  });

  it(`has no function of more than ${longestFunction} lines`, () => {
    expect(sources.flatMap(longFunctions)).toEqual([]);
  });

  it(`has no line of a comment with more than ${longestLine} characters`, () => {
    expect([...sources, ...tests].flatMap(longComments)).toEqual([]);
  });

  it(`has no line of prose with more than ${longestLine} characters`, () => {
    expect(documents.flatMap(longProse)).toEqual([]);
  });

  it('finds what is planted', () => {
    const long = 'x '.repeat(61);
    expect(longFiles([{ path: 'a.ts', text: 'let a;\n'.repeat(301) }])).toEqual(['a.ts: 301 lines']);
    const script = `\nexport const f = () => {\n${'f();\n'.repeat(80)}};\n`;
    expect(longFunctions({ path: 'a.ts', text: script })).toEqual(['a.ts:2: a function of 82 lines']);
    const shader = `// A kernel.\n@compute\nfn main() {\n${'  a();\n'.repeat(80)}}\n`;
    expect(longFunctions({ path: 'a.wgsl', text: shader })).toEqual(['a.wgsl:3: a function of 82 lines']);
    expect(longComments({ path: 'a.ts', text: `f();\n/**\n * ${long}\n */\nf('${long}');\n` })).toEqual(['a.ts:3']);
    expect(longComments({ path: 'a.wgsl', text: `// short\n// ${long}\n` })).toEqual(['a.wgsl:2']);
    const text = `${long}\n| ${long} |\n\`\`\`\n${long}\n\`\`\`\n[1]: ${'x'.repeat(130)}\n`;
    expect(longProse({ path: 'a.md', text })).toEqual(['a.md:1']);
  });
});
