/** Which results of an earlier run of the experiment stand for one of now. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { commitOf, identityOf, isOf } from './identity.mjs';

const folder = temporaryFolder();

it('is of one configuration, seed, commit and of the same settings', () => {
  const identity = identityOf('joint, codiemb', 1, 'a');
  const result = { ...identity, steps: 3, scores: { ndcgAt10: 0.5, spearman: 0.5 } };
  expect(isOf(result, identityOf('joint, codiemb', 1, 'a'))).toBe(true);
  expect(isOf(result, identityOf('joint, codiemb', 2, 'a'))).toBe(false);
  expect(isOf(result, identityOf('joint, codiemb', 1, 'b'))).toBe(false);
  expect(isOf({ ...result, settings: identityOf('IR only', 1, 'a').settings }, identity)).toBe(false);
  // As results were written before they told either.
  expect(isOf({ name: 'joint, codiemb', seed: 1, scores: result.scores }, identity)).toBe(false);
});

it('has other settings for each configuration and seed', () => {
  const names = ['IR only', 'STS only', 'joint, codiemb', 'Matryoshka, codiemb', 'tf-idf'];
  const digests = names.flatMap((name) => [1, 2].map((seed) => identityOf(name, seed, 'a').settings));
  // The baseline has none.
  expect(new Set(digests).size).toBe(digests.length - 1);
});

it('names the commit, and what was changed since', async () => {
  const git = (...args: string[]) => execFileSync('git', ['-C', folder(), ...args], { encoding: 'utf8' });
  git('init', '-q');
  await writeFile(join(folder(), 'file'), 'one\n');
  git('add', 'file');
  git('-c', 'commit.gpgsign=false', '-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '-qm', 'one');
  const head = git('rev-parse', 'HEAD').trim();
  expect(commitOf(folder())).toBe(head);
  await writeFile(join(folder(), 'file'), 'two\n');
  const changed = commitOf(folder());
  expect(changed).toMatch(new RegExp(`^${head}\\+[0-9a-f]{16}$`));
  await writeFile(join(folder(), 'file'), 'three\n');
  expect(commitOf(folder())).not.toBe(changed);
});
