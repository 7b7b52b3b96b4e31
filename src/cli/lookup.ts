/**
 * Ids from names on the command line: an id is returned as it is, a name is looked up. Where several things have the
 * name the newest is taken, and that is said.
 */
import type { TandemClient } from '../client/index.ts';
import {
  CheckpointsDocument,
  CollectionsDocument,
  DatasetsDocument,
  ModelsDocument,
  RunsDocument,
  SuitesDocument,
} from '../client/index.ts';
import { notFound } from '../errors.ts';

/** Relay ids are base64 of `Type:key`. */
export const isIdOf = (type: string, text: string): boolean =>
  Buffer.from(text, 'base64').toString('utf8').startsWith(`${type}:`);

export async function datasetId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Dataset', text)) return text;
  const { datasets } = await client.execute(DatasetsDocument, { filter: { name: text }, first: 1 });
  const { totalCount, nodes } = datasets;
  if (totalCount > 1) tell(`data set "${text}" has ${totalCount} versions; version ${nodes[0]?.version} is taken`);
  return firstOf(nodes, 'data set', text);
}

export async function modelId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Model', text)) return text;
  const { models } = await client.execute(ModelsDocument, { filter: { name: text }, first: 1 });
  const { totalCount, nodes } = models;
  if (totalCount > 1) tell(`${totalCount} models have the name "${text}"; the newest is taken: ${nodes[0]?.id}`);
  return firstOf(nodes, 'model', text);
}

export async function runId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Run', text)) return text;
  const { runs } = await client.execute(RunsDocument, { filter: { name: text }, first: 1 });
  const { totalCount, nodes } = runs;
  if (totalCount > 1) tell(`${totalCount} runs have the name "${text}"; the newest is taken: ${nodes[0]?.id}`);
  return firstOf(nodes, 'run', text);
}

export async function collectionId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Collection', text)) return text;
  const { collections } = await client.execute(CollectionsDocument, { filter: { name: text }, first: 1 });
  return firstOf(collections.nodes, 'collection', text);
}

export async function suiteId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Suite', text)) return text;
  const { suites } = await client.execute(SuitesDocument, { filter: { name: text }, first: 1 });
  return firstOf(suites.nodes, 'suite', text);
}

/** A checkpoint by id or alias, or a model's untrained weights by its id. */
export async function checkpointId(client: TandemClient, text: string): Promise<string> {
  if (isIdOf('Checkpoint', text) || isIdOf('Model', text)) return text;
  const { checkpoints } = await client.execute(CheckpointsDocument, { filter: { alias: text }, first: 1 });
  return firstOf(checkpoints.nodes, 'checkpoint', text, 'alias');
}

const tell = (what: string): void => void process.stderr.write(`note: ${what}\n`);

function firstOf(nodes: readonly { readonly id: string }[], noun: string, text: string, label = 'name'): string {
  const [first] = nodes;
  if (first === undefined)
    throw notFound(`there is no ${noun} "${text}"`, { field: text, expected: `the id or ${label} of a ${noun}` });
  return first.id;
}
