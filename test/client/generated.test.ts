/** The generated operations are those of the schema and of operations/*.graphql. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('are fresh', () => {
  const codegen = ['src/build/codegen.mjs', '--check'];
  expect(() => execFileSync(process.execPath, codegen, { stdio: 'pipe' })).not.toThrow();
});
