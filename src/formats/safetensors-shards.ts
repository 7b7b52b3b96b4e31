/**
 * Weights in several safetensors files under one index (`model.safetensors.index.json`): a reader of all of them that
 * opens every file, checks that index and files agree, and reads one tensor at a time. Source of the layout:
 * huggingface/transformers, sharded checkpoints.
 */
import { dirname, join } from 'node:path';
import { badInput, TandemError } from '../errors.ts';
import { isObject, type JsonFile, shortened, wrongField } from '../model/json-fields.ts';
import { readJson } from './json-file.ts';
import { openSafetensors, type TensorReader } from './safetensors.ts';
import type { TensorInfo } from './safetensors-header.ts';

/** All are open at once. The largest published models have fewer than 200. */
const mostFiles = 512;

/** Opens an index and its files. The caller closes the reader. */
export async function openShards(indexPath: string): Promise<TensorReader> {
  const index = await readJson(indexPath);
  const fileOf = weightMap(index);
  const shards = new Map<string, TensorReader>();
  const close = async (): Promise<void> => void (await Promise.all([...shards.values()].map((shard) => shard.close())));
  try {
    for (const [tensor, file] of fileOf) {
      if (!shards.has(file)) shards.set(file, await openShard(indexPath, file, tensor));
    }
    const tensors = checkTensors(indexPath, fileOf, shards);
    checkSize(index, tensors);
    const shardOf = (name: string): TensorReader | undefined => shards.get(fileOf.get(name) ?? '');
    return {
      path: indexPath,
      tensors,
      fileOf: (name) => shardOf(name)?.path ?? indexPath,
      async read(name, expectedShape) {
        const shard = shardOf(name);
        if (!shard) throw disagreement(indexPath, name, 'is missing', 'a tensor of this name in weight_map');
        return shard.read(name, expectedShape);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The file of every tensor. Files are in the folder of their index. */
function weightMap({ path, fields }: JsonFile): ReadonlyMap<string, string> {
  const { weight_map: map } = fields;
  if (!isObject(map) || Object.keys(map).length === 0) {
    throw wrongField(path, 'weight_map', map, 'a map from tensor to file');
  }
  const files = new Set(Object.values(map));
  if (files.size > mostFiles) throw wrongField(path, 'weight_map', `${files.size} files`, `at most ${mostFiles} files`);
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file)) {
      throw wrongField(path, `weight_map.${tensor}`, file, 'the name of a .safetensors file beside the index');
    }
  }
  return new Map(Object.entries(map)) as ReadonlyMap<string, string>;
}

async function openShard(indexPath: string, file: string, tensor: string): Promise<TensorReader> {
  try {
    return await openSafetensors(join(dirname(indexPath), file));
  } catch (error) {
    if (error instanceof TandemError && error.code !== 'BAD_USER_INPUT') throw error;
    const { message } = error as Error;
    throw badInput(`${message} (${indexPath} says that tensor ${tensor} is in it)`, {
      field: tensor,
      expected: 'every file that the index names',
      remedy: 'Copy or download the missing or broken file again.',
    });
  }
}

/** Checks that every tensor is in the file that the index names, and in no other. */
function checkTensors(
  indexPath: string,
  fileOf: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorReader>,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const [file, shard] of shards) {
    for (const [name, info] of shard.tensors) {
      const named = fileOf.get(name);
      if (named === undefined) {
        throw disagreement(indexPath, name, `lies in ${file} and not in weight_map`, 'every tensor in weight_map');
      }
      if (named !== file && shards.get(named)?.tensors.has(name)) {
        throw disagreement(indexPath, name, `lies in ${named} and in ${file}`, 'each tensor in one file');
      }
      if (named !== file) {
        throw disagreement(indexPath, name, `lies in ${file}`, `${named}, as weight_map says`);
      }
      tensors.set(name, info);
    }
  }
  for (const [name, file] of fileOf) {
    if (!tensors.has(name))
      throw disagreement(indexPath, name, `is not in ${file}`, 'the tensor in the file that weight_map names');
  }
  return tensors;
}

function checkSize({ path, fields }: JsonFile, tensors: ReadonlyMap<string, TensorInfo>): void {
  const total = isObject(fields['metadata']) ? fields['metadata']['total_size'] : undefined;
  if (total === undefined) return;
  let bytes = 0;
  for (const { begin, end } of tensors.values()) bytes += end - begin;
  if (total !== bytes) throw wrongField(path, 'metadata.total_size', total, `${bytes}, the bytes of all tensors`);
}

const disagreement = (indexPath: string, name: string, message: string, expected: string): TandemError =>
  badInput(`${indexPath}: tensor ${shortened(name)} ${message}`, {
    field: shortened(name),
    expected,
    remedy: 'Copy or download index and files again, all of one revision.',
  });
