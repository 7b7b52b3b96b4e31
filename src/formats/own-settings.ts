/** tandem.json: what of a model's settings only Tandem knows, which are its templates, its lineage and its heads. */
import { join } from 'node:path';
import type { Task } from '../data/types.ts';
import { hasHeads, headLayer, headTasks } from '../model/heads.ts';
import { isObject, type JsonFile, wrongField } from '../model/json-fields.ts';
import { dimensionOf } from '../model/pipeline.ts';
import { type HeadKind, type Heads, type ModelSpec, noHeads, type PromptTemplates } from '../model/types.ts';
import { headFolders } from './dense-files.ts';
import { readJson, readJsonIfPresent } from './json-file.ts';
import { readDenseConfig } from './pipeline/dense-config.ts';
import { type DenseModule, type Pipeline, templatesOf } from './sentence-transformers.ts';

/** With heads it is another one: a version that knows none would take the head of IR for a layer of both tasks. */
const formats = { plain: 1, heads: 2 } as const;

export type OwnSettings = Pick<ModelSpec, 'templates' | 'initialisation' | 'heads'>;

export function ownSettingsJson({ templates, initialisation, ...spec }: ModelSpec): object {
  if (!hasHeads(spec.heads)) return { format: formats.plain, templates, initialisation };
  return { format: formats.heads, templates, initialisation, heads: headFolders(spec) };
}

export async function readOwnSettings(path: string, { prompts }: Pipeline): Promise<OwnSettings> {
  const file = await readJsonIfPresent(join(path, 'tandem.json'));
  if (!file) return { templates: templatesOf(prompts), initialisation: null, heads: noHeads };
  const { format, templates, initialisation = null } = file.fields;
  if (format !== formats.plain && format !== formats.heads) {
    throw wrongField(file.path, 'format', format, `${formats.plain} or ${formats.heads}, this version's formats`);
  }
  if (!isTemplates(templates)) throw wrongField(file.path, 'templates', templates, 'query, sts and passage as texts');
  if (initialisation !== null && typeof initialisation !== 'string') {
    throw wrongField(file.path, 'initialisation', initialisation, 'a digest or null');
  }
  return { templates, initialisation, heads: format === formats.heads ? readHeads(file) : noHeads };
}

const isTemplates = (value: unknown): value is PromptTemplates =>
  isObject(value) && ['query', 'sts', 'passage'].every((role) => typeof value[role] === 'string');

function readHeads({ path, fields: { heads } }: JsonFile): Heads {
  const kindOf = (task: Task): HeadKind => {
    const folder = isObject(heads) ? heads[task] : undefined;
    if (folder === null || typeof folder === 'string') return folder === null ? 'none' : 'dense';
    throw wrongField(path, 'heads', heads, 'the folders of ir and sts, or null');
  };
  return { ir: kindOf('ir'), sts: kindOf('sts') };
}

/** The dense layers of a pipeline that the tasks share: all but the head of IR, which is its last. */
export const sharedLayers = (layers: readonly DenseModule[], { ir }: Heads): readonly DenseModule[] =>
  ir === 'dense' ? layers.slice(0, -1) : layers;

/** Throws where the heads of tandem.json are not in the folders, or not of the form, in which they are written. */
export async function checkHeads(path: string, { dense }: Pipeline, spec: ModelSpec): Promise<void> {
  if (!hasHeads(spec.heads)) return;
  const file = await readJson(join(path, 'tandem.json'));
  const folders = headFolders(spec);
  if (headTasks.some((task) => (file.fields['heads'] as Record<Task, unknown>)[task] !== folders[task])) {
    throw wrongField(file.path, 'heads', file.fields['heads'], JSON.stringify(folders));
  }
  if (folders.ir !== null && dense.at(-1)?.folder !== join(path, folders.ir)) {
    throw wrongField(join(path, 'modules.json'), 'path', dense.at(-1)?.folder, `${folders.ir} as the last Dense`);
  }
  const layer = headLayer(dimensionOf(spec));
  for (const folder of Object.values(folders)) {
    if (folder === null) continue;
    const config = await readJson(join(path, folder, 'config.json'));
    const found = readDenseConfig(config);
    const wrong = (Object.keys(layer) as (keyof typeof layer)[]).find((key) => found[key] !== layer[key]);
    if (wrong) throw wrongField(config.path, wrong, found[wrong], `${layer[wrong]} of a task's head`);
  }
}
