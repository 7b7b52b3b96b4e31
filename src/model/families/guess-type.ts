/**
 * The model_type of a config.json that has none: by the first of its architectures, else by the names of the tensors.
 * Where both leave several types whose configurations are read in different ways, it is asked for.
 */
import { badInput, type TandemError } from '../../errors.ts';
import { type JsonFile, shortened } from '../json-fields.ts';
import { parameterName } from '../tensor-names.ts';
import { type EncoderFamily, encoderCatalog } from './catalog.ts';
import type { ParameterRow } from './family.ts';
import { familyOf } from './index.ts';

const families = encoderCatalog.map(({ name }) => name);

const typesOf = (family: EncoderFamily): readonly string[] => Object.keys(familyOf(family).configReaders);

/** `tensors` are the names of all tensors of the weights. Throws where the type cannot be told. */
export function guessModelType(file: JsonFile, tensors: readonly string[]): string {
  const [architecture] = [file.fields['architectures']].flat();
  const byName = typeof architecture === 'string' ? typeOfArchitecture(architecture) : undefined;
  if (byName !== undefined) return byName;
  const fitting = families.filter((family) => fits(family, tensors));
  const prefixed = fitting.filter((family) => hasPrefix(family, tensors));
  const [family, ...others] = prefixed.length > 0 ? prefixed : fitting;
  // Types of one family whose configurations are read alike are the same model.
  const readers = family === undefined ? [] : Object.values(familyOf(family).configReaders);
  if (family !== undefined && others.length === 0 && new Set(readers).size === 1) return typesOf(family)[0]!;
  throw unknownType(file, fitting.flatMap(typesOf));
}

/** XLMRobertaForMaskedLM is an xlm-roberta. */
function typeOfArchitecture(name: string): string | undefined {
  const stem = name.replace(/(Model|For[A-Z]\w*)$/, '').toLowerCase();
  return families.flatMap(typesOf).find((type) => type.replaceAll('-', '') === stem);
}

/** Whether all tensors are the family's, and all that each of its models has are there. */
function fits(family: EncoderFamily, tensors: readonly string[]): boolean {
  const { embeddings, block, blockPrefix, final } = familyOf(family).parameters;
  const [before, after] = blockPrefix.split('{i}') as [string, string];
  const inBlock = (name: string): string => {
    const number = name.startsWith(before) ? /^\d+/.exec(name.slice(before.length))?.[0] : undefined;
    return number === undefined ? name : `${before}{i}${name.slice(before.length + number.length)}`;
  };
  const names = new Set(tensors.flatMap((name) => parameterName(family, name) ?? []).map(inBlock));
  const namesOf = (rows: readonly ParameterRow[], prefix: string) =>
    rows.map(([name, , , when]) => ({ name: prefix + name, always: when === undefined }));
  const table = [...namesOf(embeddings, ''), ...namesOf(block, `${before}{i}${after}`), ...namesOf(final, '')];
  const known = new Set(table.map(({ name }) => name));
  return [...names].every((name) => known.has(name)) && table.every(({ name, always }) => !always || names.has(name));
}

/** Whether the names begin with a prefix that only this family's files have. */
const hasPrefix = (family: EncoderFamily, tensors: readonly string[]): boolean =>
  familyOf(family).tensorNames.prefixes.some((prefix) => tensors.some((name) => name.startsWith(prefix)));

function unknownType({ path, fields }: JsonFile, types: readonly string[]): TandemError {
  const given = fields['architectures'] === undefined ? 'missing' : shortened(JSON.stringify(fields['architectures']));
  const tensors =
    types.length > 0 ? `the tensors are those of ${types.join(', ')}` : 'the tensors are of no known family';
  return badInput(`${path}: model_type is missing, architectures is ${given}, and ${tensors}`, {
    field: 'model_type',
    expected: (types.length > 0 ? types : families.flatMap(typesOf)).join(', '),
    remedy: 'Write "model_type" with one of these into config.json: the one that the model was made with.',
  });
}
