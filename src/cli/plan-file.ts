/**
 * The file of `tandem fuse --plan`: a plan as YAML or JSON. It is the API's FusionPlanInput, with names as the command
 * line has them: methods and choices in lower case, checkpoints by id, alias or name.
 */
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { enumValueOf } from '../catalog.ts';
import type { FusionMethod, FusionParametersInput, FusionPlanInput } from '../client/index.ts';
import { badInput, type TandemError } from '../errors.ts';
import { fusionCatalog } from '../fusion/catalog.ts';

/** `base` is what the file names as such, by id, alias or name. */
export interface PlanFile {
  readonly base?: string;
  readonly plan: FusionPlanInput;
}

/** `idOf` looks a checkpoint up. Throws a BAD_USER_INPUT that names the file and the place in it. */
export async function readPlanFile(path: string, idOf: (name: string) => Promise<string>): Promise<PlanFile> {
  const { base, ...root } = mapOf(await readYaml(path), path, '');
  return {
    plan: await nodeOf(root, { path, idOf }, ''),
    ...(base !== undefined && { base: textOf(base, path, 'base') }),
  };
}

/** The text of a file of YAML or JSON. */
async function readYaml(path: string): Promise<unknown> {
  const document = parseDocument(await readText(path));
  const [fault] = document.errors;
  if (fault === undefined) return document.toJS({ maxAliasCount: 100 });
  throw wrong(path, '', `is no YAML: ${fault.message.split('\n')[0]}`, 'YAML or JSON');
}

/** Refuses what cannot be read, and bytes that are not UTF-8 instead of replacing them. */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw wrong(path, '', `cannot be read: ${cause.message}`, 'a text file');
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wrong(path, '', 'is not UTF-8', 'a UTF-8 text file');
  }
}

interface Reading {
  readonly path: string;
  readonly idOf: (name: string) => Promise<string>;
}

async function nodeOf(value: unknown, reading: Reading, at: string): Promise<FusionPlanInput> {
  const { path } = reading;
  const { method, parameters, inputs, ...others } = mapOf(value, path, at);
  const given = Object.entries(others).filter(([name]) => name === 'weights' || name === 'only');
  if (given.length < Object.keys(others).length) {
    const other = Object.keys(others).find((name) => name !== 'weights' && name !== 'only')!;
    throw wrong(path, join(at, other), 'is not read', 'method, parameters, weights, only and inputs');
  }
  if (!Array.isArray(inputs)) throw wrong(path, join(at, 'inputs'), 'is no list', 'checkpoints and plans');
  const read: FusionPlanInput['inputs'][number][] = [];
  for (const [i, input] of inputs.entries()) read.push(await inputOf(input, reading, join(at, `inputs.${i}`)));
  return {
    method: enumValueOf(textOf(method, path, join(at, 'method'))) as FusionMethod,
    ...(parameters !== undefined && { parameters: parametersOf(mapOf(parameters, path, join(at, 'parameters'))) }),
    ...(Object.fromEntries(given) as Pick<FusionPlanInput, 'weights' | 'only'>),
    inputs: read,
  };
}

/** `- my-alias`, `- checkpoint: my-alias` or `- plan: {...}`. */
async function inputOf(value: unknown, reading: Reading, at: string): Promise<FusionPlanInput['inputs'][number]> {
  const { path, idOf } = reading;
  if (typeof value === 'string') return { checkpoint: { id: await idOf(value) } };
  const { checkpoint, plan, ...others } = mapOf(value, path, at);
  if (Object.keys(others).length > 0 || (checkpoint === undefined) === (plan === undefined)) {
    throw wrong(path, at, 'is neither a checkpoint nor a plan', '`checkpoint` or `plan`, and nothing else');
  }
  if (plan !== undefined) return { plan: await nodeOf(plan, reading, join(at, 'plan')) };
  return { checkpoint: { id: await idOf(textOf(checkpoint, path, join(at, 'checkpoint'))) } };
}

/** Choices become enum values; everything else is the service's to check. */
const parametersOf = (given: Readonly<Record<string, unknown>>): FusionParametersInput =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isChoice(name) ? enumValueOf(String(value)) : value]),
  );

const isChoice = (name: string): boolean =>
  fusionCatalog.some(({ parameters }) =>
    parameters.some((parameter) => parameter.name === name && parameter.type === 'choice'),
  );

const join = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);

function mapOf(value: unknown, path: string, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(path, at, 'holds no keys', 'keys with values');
}

function textOf(value: unknown, path: string, at: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(path, at, value === undefined ? 'is missing' : 'is no name', 'a name as text');
}

const wrong = (path: string, at: string, message: string, expected: string): TandemError =>
  badInput(`${at === '' ? path : `${at} in ${path}`} ${message}`, {
    field: at === '' ? 'file' : at,
    expected,
    remedy: 'Correct the file; docs/fusion.md has examples.',
  });
