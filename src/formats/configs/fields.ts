/** What the readers of config.json share: fields by name, and refusals of what an encoder would not honour. */
import { largestHeadSize } from '../../nn/encoders/catalog.ts';
import { isObject, type JsonFile, wrongField } from '../json-file.ts';

/** A number above 0; `fallback` where the field is absent. */
export function positiveField({ path, fields }: JsonFile, name: string, fallback?: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw wrongField(path, name, value, 'a number above 0');
  }
  return value;
}

/** A norm's epsilon. */
export function epsilonField(file: JsonFile, name: string, fallback: number): number {
  const value = positiveField(file, name, fallback);
  if (value >= 1) throw wrongField(file.path, name, value, 'a number between 0 and 1');
  return value;
}

export function booleanField({ path, fields }: JsonFile, name: string, fallback: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'boolean') throw wrongField(path, name, value, 'true or false');
  return value;
}

/** Refuses weights that are stored in another form than the family's. */
export function refuseQuantized({ path, fields }: JsonFile): void {
  const value = fields['quantization_config'] ?? null;
  if (value !== null) throw wrongField(path, 'quantization_config', value, 'no quantised weights');
}

/** Refuses numbers of heads that do not divide `width`, and heads that no kernel holds. */
export function checkHeads({ path }: JsonFile, heads: number, width: number): void {
  if (width % heads !== 0) throw wrongField(path, 'num_attention_heads', heads, `a divisor of hidden_size, ${width}`);
  if (width / heads <= largestHeadSize) return;
  const expected = `at least ${Math.ceil(width / largestHeadSize)}: a head has at most ${largestHeadSize} channels`;
  throw wrongField(path, 'num_attention_heads', heads, expected);
}

/** Rotary angles turn channels in pairs. `name` is the field that decides the head size. */
export function checkRotary({ path, fields }: JsonFile, name: string, size: number): void {
  if (size % 2 === 0) return;
  throw wrongField(path, name, fields[name], `heads with an even number of channels, not ${size}`);
}

/** The keys that say how rotary angles are stretched; everything but `default` changes the angles. */
const stretched = 'default: no stretched angles';

function refuseStretched(file: JsonFile, name: string, settings: unknown): void {
  if (settings === undefined || settings === null) return;
  if (!isObject(settings)) throw wrongField(file.path, name, settings, 'an object or null');
  const type = settings['rope_type'] ?? settings['type'] ?? 'default';
  if (type !== 'default') throw wrongField(file.path, `${name}.rope_type`, type, stretched);
  const share = settings['partial_rotary_factor'] ?? 1;
  if (share !== 1) throw wrongField(file.path, `${name}.partial_rotary_factor`, share, '1: whole heads are turned');
}

/** rope_theta, top level as transformers 4 writes it or within rope_parameters as 5 does. Other kinds of angles are refused. */
export function ropeTheta(file: JsonFile, fallback: number): number {
  const { path, fields } = file;
  refuseStretched(file, 'rope_scaling', fields['rope_scaling']);
  const parameters = fields['rope_parameters'];
  refuseStretched(file, 'rope_parameters', parameters);
  const share = fields['partial_rotary_factor'] ?? 1;
  if (share !== 1) throw wrongField(path, 'partial_rotary_factor', share, '1: whole heads are turned');
  if (isObject(parameters) && parameters['rope_theta'] !== undefined) {
    return positiveField({ path, fields: parameters }, 'rope_theta');
  }
  return positiveField(file, 'rope_theta', fallback);
}

/** The two bases of ModernBERT: {global,local}_rope_theta, or rope_parameters by kind of attention. */
export function ropeThetas(file: JsonFile): { ropeTheta: number; localRopeTheta: number } {
  const { path, fields } = file;
  refuseStretched(file, 'rope_scaling', fields['rope_scaling']);
  const kinds = fields['rope_parameters'] ?? {};
  if (!isObject(kinds)) throw wrongField(path, 'rope_parameters', kinds, 'an object');
  const thetaOf = (kind: string, name: string, fallback: number): number => {
    const settings = kinds[kind];
    refuseStretched(file, `rope_parameters.${kind}`, settings);
    if (isObject(settings) && settings['rope_theta'] !== undefined) {
      return positiveField({ path, fields: settings }, 'rope_theta');
    }
    return positiveField(file, name, fallback);
  };
  return {
    ropeTheta: thetaOf('full_attention', 'global_rope_theta', 160_000),
    localRopeTheta: thetaOf('sliding_attention', 'local_rope_theta', 10_000),
  };
}
