/** Folders with changed settings, and what sentence-transformers makes of them (test/fixtures/make_settings.py). */
import { existsSync, readFileSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipelinePath } from './pipelines.ts';

/** A file's fields to set, with those to take out as `$remove`; null = the file is taken away. */
type Changes = Readonly<Record<string, unknown>> | null;

interface Outcome {
  /** Of every text. */
  readonly ids: readonly (readonly number[])[];
  /** Of the first two texts. */
  readonly vectors: readonly (readonly number[])[];
}

export interface SettingsCase extends Partial<Outcome> {
  readonly name: string;
  readonly base: string;
  readonly files: Readonly<Record<string, Changes>>;
  /** The field by whose name the folder is refused. */
  readonly refused?: string;
}

const root = join(import.meta.dirname, '../fixtures/settings');

const golden = JSON.parse(readFileSync(join(root, 'cases.json'), 'utf8')) as {
  readonly texts: readonly string[];
  readonly bases: Readonly<Record<string, Outcome>>;
  readonly cases: readonly SettingsCase[];
};

export const { texts: settingsTexts, cases: settingsCases } = golden;

/** What the original gives: the base's own where the setting has no effect. */
export const outcomeOf = ({ base, ids, vectors }: SettingsCase): Outcome => ({
  ids: ids ?? golden.bases[base]!.ids,
  vectors: vectors ?? golden.bases[base]!.vectors,
});

/** Copies the case's base to `path` and changes its files. */
export async function writeCase(path: string, { base, files }: Pick<SettingsCase, 'base' | 'files'>): Promise<void> {
  const own = join(root, base);
  await cp(existsSync(own) ? own : pipelinePath(base), path, { recursive: true });
  for (const [name, changes] of Object.entries(files)) {
    const file = join(path, name);
    if (changes === null) {
      await rm(file);
      continue;
    }
    const { $remove: removed = [], ...set } = changes;
    const found = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>) : {};
    for (const key of removed as readonly string[]) delete found[key];
    await writeFile(file, JSON.stringify({ ...found, ...set }));
  }
}
