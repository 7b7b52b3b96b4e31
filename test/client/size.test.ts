/** What the client's package weighs for a page: a bundle holds the client and those documents that the page uses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { afterAll, expect, it } from 'vitest';
import { root } from '../import-graph.ts';

const built = join(root, 'dist/packages/client/index.js');
const folder = mkdtempSync(join(tmpdir(), 'tandem-size-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The program as one minified module. */
async function bundle(program: string): Promise<string> {
  const entry = join(folder, 'program.js');
  writeFileSync(entry, program);
  const result = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: { write: false, minify: 'esbuild', lib: { entry, formats: ['es'], fileName: 'program' } },
  });
  const [{ output }] = result as Rollup.RollupOutput[];
  expect(output).toHaveLength(1);
  return output[0].code;
}

it('is a few kB, and carries only the documents that a program uses', async () => {
  const code = await bundle(
    `import { createClient, SystemDocument } from '${built}';\nconsole.log(createClient, SystemDocument);`,
  );
  expect(code).toContain('query System');
  expect(code).not.toMatch(/(query|mutation) (?!System)\w/);
  // Of imports, not of the address to which files are sent.
  expect(code).not.toMatch(/\bimport\b(?!\/)|\bexport\b|\brequire\(/);
  expect(gzipSync(code).length).toBeLessThan(5_000);
});

it('is small with all of its documents as well', () => {
  const files = ['index.js', 'generated/operations.js'].map((name) => readFileSync(join(built, '..', name)));
  expect(gzipSync(Buffer.concat(files)).length).toBeLessThan(12_000);
});
