/**
 * Rotary angles in config.json, both ways: base and scaling, in the places where transformers 4 and 5 put them. A
 * scaling that config.json alone does not determine (dynamic, longrope) is refused.
 */

import { booleanField, integerField, isObject, type JsonFile, positiveField, wrongField } from '../../json-fields.ts';
import type { Architecture, RopeScaling } from '../../types.ts';

/** transformers' default of every family that reads this. */
const defaultTheta = 10_000;

/** Readers by rope_type. `positions` is max_position_embeddings. Source: transformers, modeling_rope_utils.py. */
const scalings: Readonly<Record<string, (settings: JsonFile, positions: number) => RopeScaling | undefined>> = {
  default: () => undefined,
  linear: (settings) => ({ type: 'linear', factor: positiveField(settings, 'factor') }),
  llama3: (settings, positions) => ({
    type: 'llama3',
    factor: positiveField(settings, 'factor'),
    lowFrequencyFactor: positiveField(settings, 'low_freq_factor'),
    highFrequencyFactor: positiveField(settings, 'high_freq_factor'),
    originalPositions: integerField(settings, 'original_max_position_embeddings', 1, positions),
  }),
  yarn: readYarn,
};

function readYarn(settings: JsonFile, positions: number): RopeScaling {
  const originalPositions = integerField(settings, 'original_max_position_embeddings', 1, positions);
  const factor = positiveField(settings, 'factor', positions / originalPositions);
  return {
    type: 'yarn',
    factor,
    originalPositions,
    betaFast: positiveField(settings, 'beta_fast', 32),
    betaSlow: positiveField(settings, 'beta_slow', 1),
    attentionFactor: positiveField(settings, 'attention_factor', attentionFactor(settings, factor)),
    truncate: booleanField(settings, 'truncate', true),
  };
}

/** YaRN's default factor on cosines and sines (Peng et al. 2023, arXiv 2309.00071, section 3.4). */
function attentionFactor({ fields }: JsonFile, factor: number): number {
  const scaleOf = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const [scale, allChannels] = [fields['mscale'], fields['mscale_all_dim']];
  const both = typeof scale === 'number' && typeof allChannels === 'number' && scale !== 0 && allChannels !== 0;
  return both ? scaleOf(scale) / scaleOf(allChannels) : scaleOf(1);
}

/** Decoders: one base, one scaling. rope_scaling takes precedence over rope_parameters, as in transformers. */
export function readRope(file: JsonFile): Pick<Architecture, 'ropeTheta' | 'ropeScaling'> {
  const { path, fields } = file;
  checkWholeHeads(file, '');
  const isScaled = Object.keys(settingsOf(file, 'rope_scaling')).length > 0;
  const name = isScaled ? 'rope_scaling' : 'rope_parameters';
  const given = settingsOf(file, name);
  checkWholeHeads({ path, fields: given }, `${name}.`);
  // The length of pretraining beside the settings (Phi's place for it) takes precedence over the one within them.
  const settings = { ...given, ...pick(fields, 'original_max_position_embeddings') };
  const type = typeOf(settings);
  const read = typeof type === 'string' && Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (read === undefined) throw wrongField(path, `${name}.rope_type`, type, Object.keys(scalings).join(', '));
  const ropeScaling = read(
    { path: `${path}, ${name}`, fields: settings },
    integerField(file, 'max_position_embeddings'),
  );
  const ropeTheta = positiveField(
    { path, fields: { ...pick(fields, 'rope_theta'), ...given } },
    'rope_theta',
    defaultTheta,
  );
  return { ropeTheta, ...(ropeScaling && { ropeScaling }) };
}

/** ModernBERT's two bases: {global,local}_rope_theta, or rope_parameters by kind of attention. A scaling is refused. */
export function readRopeByKind(file: JsonFile): Pick<Architecture, 'ropeTheta' | 'localRopeTheta'> {
  const { path, fields } = file;
  checkDefault(file, 'rope_scaling', settingsOf(file, 'rope_scaling'));
  const kinds = { path, fields: settingsOf(file, 'rope_parameters') };
  const thetaOf = (kind: string, name: string, fallback: number): number => {
    const settings = settingsOf(kinds, kind, 'rope_parameters.');
    checkDefault(file, `rope_parameters.${kind}`, settings);
    checkWholeHeads({ path, fields: settings }, `rope_parameters.${kind}.`);
    return settings['rope_theta'] === undefined
      ? positiveField(file, name, fallback)
      : positiveField({ path, fields: settings }, 'rope_theta');
  };
  const ropeTheta = thetaOf('full_attention', 'global_rope_theta', 160_000);
  // Null means the global base, an absent field the default, as in transformers 4.
  const localDefault = fields['local_rope_theta'] === null ? ropeTheta : 10_000;
  return { ropeTheta, localRopeTheta: thetaOf('sliding_attention', 'local_rope_theta', localDefault) };
}

type Fields = JsonFile['fields'];

function settingsOf({ path, fields }: JsonFile, name: string, prefix = ''): Fields {
  const settings = fields[name] ?? {};
  if (!isObject(settings)) throw wrongField(path, prefix + name, settings, 'an object or null');
  return settings;
}

const typeOf = (settings: Fields): unknown => settings['rope_type'] ?? settings['type'] ?? 'default';

const pick = (fields: Fields, name: string): Fields => (fields[name] == null ? {} : { [name]: fields[name] });

function checkDefault({ path }: JsonFile, name: string, settings: Fields): void {
  const type = typeOf(settings);
  if (type !== 'default') throw wrongField(path, `${name}.rope_type`, type, 'default: no stretched angles');
}

function checkWholeHeads({ path, fields }: JsonFile, prefix: string): void {
  const share = fields['partial_rotary_factor'] ?? 1;
  if (share !== 1) throw wrongField(path, `${prefix}partial_rotary_factor`, share, '1: whole heads are turned');
}

/** As transformers 4 writes them; 5 reads them too. */
export const ropeConfig = ({ ropeTheta = defaultTheta, ropeScaling }: Architecture) => ({
  rope_scaling: ropeScaling === undefined ? null : scalingConfig(ropeScaling),
  rope_theta: ropeTheta,
});

function scalingConfig(scaling: RopeScaling): object {
  const common = { rope_type: scaling.type, factor: scaling.factor };
  switch (scaling.type) {
    case 'linear':
      return common;
    case 'llama3':
      return {
        ...common,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalPositions,
      };
    case 'yarn':
      return {
        ...common,
        original_max_position_embeddings: scaling.originalPositions,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
  }
}
