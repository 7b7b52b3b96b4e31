/** What a result was measured with. Only results of one commit and of today's settings stand in one table. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { atWidths, configurations, settingsOf, widths } from './plan.mjs';

const digestOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The commit of the working tree, and a digest of what was changed since where something was. */
export function commitOf(folder) {
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', maxBuffer: 1e9 });
  const changes = git('diff', 'HEAD');
  return `${git('rev-parse', 'HEAD').trim()}${changes === '' ? '' : `+${digestOf(changes)}`}`;
}

/** {name, seed, commit, settings}; `settings` is a digest of all runs of the configuration, empty of a baseline. */
export function identityOf(name, seed, commit) {
  const runs = (configurations[name] ?? []).map((run) => ({ ...run, settings: settingsOf(seed, run.settings) }));
  const settings = digestOf(JSON.stringify([runs, atWidths.includes(name) ? widths : []]));
  return { name, seed, commit, settings };
}

export const isOf = (result, identity) => Object.entries(identity).every(([key, value]) => result[key] === value);
