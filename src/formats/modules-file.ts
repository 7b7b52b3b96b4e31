/** modules.json: the list of a pipeline's modules. */
import { readFile } from 'node:fs/promises';
import { isObject, parseJson, wrongField, wrongFile } from './json-file.ts';

export interface PipelineModule {
  /** Python class, with its package. */
  readonly type: string;
  /** Folder below the model's; '' for the first. */
  readonly path: string;
}

export async function readModules(path: string): Promise<PipelineModule[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw wrongFile(path, error.message);
  });
  const items = parseJson(path, text);
  if (!Array.isArray(items)) throw wrongFile(path, 'it holds no JSON array');
  return items.map((item: unknown, i) => {
    if (!isObject(item) || typeof item['type'] !== 'string' || typeof item['path'] !== 'string') {
      throw wrongField(path, `[${i}]`, item, 'an object with type and path');
    }
    if (item['path'].split(/[\\/]/).includes('..')) {
      throw wrongField(path, `[${i}].path`, item['path'], 'a folder below the model');
    }
    return { type: item['type'], path: item['path'] };
  });
}
