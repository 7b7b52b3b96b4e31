/** The generated operations are those of the schema and of operations/*.graphql. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('are fresh', () => {
  expect(() => execFileSync(process.execPath, ['codegen.mjs', '--check'], { stdio: 'pipe' })).not.toThrow();
});
