/**
 * The rates of dropout in config.json, both ways. No vector depends on them: they are what a run drops where it is told
 * nothing else, and what transformers finds in an export.
 */
import { type JsonFile, wrongField } from '../../json-fields.ts';
import type { Architecture, ModelDropout } from '../../types.ts';
import type { DropoutKeys } from '../catalog.ts';

const namesOf = ({ activations, attention }: DropoutKeys): readonly string[] => [...activations, attention];

/** The rates that are not the family's usual ones, by their keys in config.json. */
export function readDropout({ path, fields }: JsonFile, keys: DropoutKeys): Pick<Architecture, 'dropout'> {
  const rates = namesOf(keys).flatMap((name): [string, number][] => {
    const rate = fields[name] ?? keys.usual;
    if (typeof rate !== 'number' || !(rate >= 0 && rate < 1)) {
      throw wrongField(path, name, rate, 'a number from 0 to below 1');
    }
    return rate === keys.usual ? [] : [[name, rate]];
  });
  return rates.length === 0 ? {} : { dropout: Object.fromEntries(rates) };
}

/** Every rate by its key in config.json. */
export const dropoutConfig = ({ dropout }: Architecture, keys: DropoutKeys): Readonly<Record<string, number>> =>
  Object.fromEntries(namesOf(keys).map((name) => [name, dropout?.[name] ?? keys.usual]));

/** The rates in the words of a run. */
export function modelDropout(architecture: Architecture, keys: DropoutKeys): ModelDropout {
  const rates = dropoutConfig(architecture, keys);
  const [first = 0, ...others] = keys.activations.map((name) => rates[name]!);
  return {
    dropout: others.every((rate) => rate === first) ? first : null,
    attentionDropout: rates[keys.attention]!,
  };
}
