/** Parameters of a fusion plan, checked against the catalog. */
import type { CatalogEntry, CatalogParameter } from '../catalog.ts';
import { badInput } from '../errors.ts';
import { type FusionGranularity, fusionCatalog, fusionGranularities } from './catalog.ts';
import type { DeltaGuided } from './delta-guided.ts';

type Given = Readonly<Record<string, number | string>>;

export function readDeltaGuided(given: Given): DeltaGuided {
  const entry: CatalogEntry = fusionCatalog.find(({ name }) => name === 'delta-guided')!;
  const names = entry.parameters.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw badInput(`Delta-guided fusion has no parameter ${unknown}`, { field: unknown, expected: names.join(', ') });
  }
  const value = (name: string) => checkedValue(entry.parameters.find((row) => row.name === name)!, given[name]);
  return {
    granularity: value('granularity') as FusionGranularity,
    power: value('power') as number,
    lambda: value('lambda') as number,
  };
}

function checkedValue(row: CatalogParameter, given: number | string | undefined): number | string | boolean {
  if (given === undefined) return row.default;
  if (row.type === 'choice') {
    if (typeof given === 'string' && row.choices.includes(given)) return given;
    throw badInput(`${row.name} is ${JSON.stringify(given)}`, {
      field: row.name,
      expected: fusionGranularities.join(', '),
    });
  }
  const { min = -Infinity, max = Infinity } = row.type === 'boolean' ? {} : row;
  if (typeof given === 'number' && given >= min && given <= max) return given;
  throw badInput(`${row.name} is ${given}`, { field: row.name, expected: `a number from ${min} to ${max}` });
}
