/** transformers' config.json: which family a model_type is, and its reading and writing. */
import { badInput, type TandemError } from '../../errors.ts';
import type { JsonFile } from '../json-fields.ts';
import type { Architecture } from '../types.ts';
import { type EncoderFamily, encoderCatalog } from './catalog.ts';
import { dropoutKeysOf, familyOf } from './index.ts';
import { dropoutConfig, readDropout } from './shared/dropout-config.ts';
import { readPadding } from './shared/padding-config.ts';

const modelTypes = new Map(
  encoderCatalog.flatMap(({ name: family }) =>
    Object.entries(familyOf(family).configReaders).map(([type, read]) => [type, { family, read }]),
  ),
);

/** Throws for an unknown model_type, and for whatever the family's forward pass would not honour. */
export function readConfig(file: JsonFile): { family: EncoderFamily; architecture: Architecture } {
  const type = file.fields['model_type'];
  const found = typeof type === 'string' ? modelTypes.get(type) : undefined;
  if (found === undefined) throw unknownFamily(file, type);
  const { family } = found;
  const architecture = found.read(file);
  const padding = readPadding(file, familyOf(family).defaultPadTokenId, architecture.vocabularySize);
  return { family, architecture: { ...architecture, ...padding, ...readDropout(file, dropoutKeysOf(family)) } };
}

const unknownFamily = ({ path }: JsonFile, type: unknown): TandemError =>
  badInput(`${path}: the model family ${JSON.stringify(type)} is not known`, {
    field: 'model_type',
    expected: [...modelTypes.keys()].join(', '),
    remedy: 'Choose a model of a known family.',
  });

/** config.json of an encoder. */
export const writeConfig = (family: EncoderFamily, architecture: Architecture): object =>
  familyOf(family).writeConfig(architecture, dropoutConfig(architecture, dropoutKeysOf(family)));
