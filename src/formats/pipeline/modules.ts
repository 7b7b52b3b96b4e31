/** modules.json, the modules of a pipeline, in every form that sentence-transformers has written since version 2. */
import { isObject, wrongField } from '../../model/json-fields.ts';
import { parseJson, readTextIfPresent, wrongFile } from '../json-file.ts';

type ModuleKind = 'Transformer' | 'Pooling' | 'Dense' | 'Dropout' | 'Normalize';

export interface PipelineModule {
  readonly kind: ModuleKind;
  /** Folder below the model's; '' for the model's own. */
  readonly path: string;
}

/** Packages of the modules: `models` (until 5.3), `sentence_transformer.modules`, `base.modules`. */
const packages = 'models|(?:base|sentence_transformer)\\.modules';
/** Python class with its package, for example `sentence_transformers.models.Pooling`. */
const knownType = new RegExp(
  `^sentence_transformers\\.(?:${packages})(?:\\.\\w+)?\\.(Transformer|Pooling|Dense|Dropout|Normalize)$`,
);

/** Published pipelines have at most five. */
const mostModules = 64;

/** The modules in order; undefined if the file does not exist. Throws for kinds and orders that are not supported. */
export async function readModules(path: string): Promise<PipelineModule[] | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const items = parseJson(path, text);
  if (!Array.isArray(items)) throw wrongFile(path, 'it holds no JSON array');
  if (items.length > mostModules) throw wrongField(path, 'length', items.length, `at most ${mostModules} modules`);
  const modules = items.map((item: unknown, i) => readModule(path, item, i));
  const order = modules.map(({ kind }) => kind).join(' ');
  if (!/^Transformer Pooling( Dense| Dropout)*( Normalize)?( Dropout)*$/.test(order)) {
    throw wrongField(
      path,
      'type',
      modules.map(({ kind }) => kind),
      'Transformer, Pooling, any number of Dense and at most one Normalize, in this order, with Dropout after Pooling anywhere',
    );
  }
  return modules;
}

function readModule(path: string, item: unknown, i: number): PipelineModule {
  if (!isObject(item) || typeof item['type'] !== 'string' || typeof item['path'] !== 'string') {
    throw wrongField(path, `[${i}]`, item, 'an object with type and path');
  }
  if (item['path'].split(/[\\/]/).includes('..') || /^([\\/]|[A-Za-z]:)/.test(item['path'])) {
    throw wrongField(path, `[${i}].path`, item['path'], 'a folder below the model');
  }
  const kind = knownType.exec(item['type'])?.[1];
  if (kind === undefined) {
    const known = 'a Transformer, Pooling, Dense, Dropout or Normalize of sentence_transformers';
    throw wrongField(path, `[${i}].type`, item['type'], known);
  }
  return { kind: kind as ModuleKind, path: item['path'] };
}

/** The form that sentence-transformers 5 and 6 and text-embeddings-inference all read. */
export const modulesJson = (modules: readonly PipelineModule[]) =>
  modules.map(({ kind, path }, idx) => ({
    idx,
    name: String(idx),
    path,
    type: `sentence_transformers.models.${kind}`,
  }));
