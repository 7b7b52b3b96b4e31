/**
 * The presets of runs, one row each: settings that belong together. What a run is given goes before its preset, and the
 * preset before the defaults of ../catalog.ts.
 */
import type { CatalogEntry } from '../../catalog.ts';
import type { SamplerName } from '../../data/samplers/catalog.ts';
import { type LossName, type LossSet, type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';

/** What a preset may set. What it leaves out has the default of every run. */
export interface PresetSettings {
  readonly sampler: SamplerName;
  /** Positives (P) and hard negatives (N) drawn per IR query. */
  readonly positives?: number;
  readonly negatives?: number;
  /** Largest global gradient norm; null = no clipping. */
  readonly clipNorm: number | null;
  readonly losses: LossSet;
}

export interface PresetEntry extends CatalogEntry {
  /** Tasks that the data of a run may have at most. With 1, the set of the other task is left empty. */
  readonly tasks: 1 | 2;
  readonly settings: PresetSettings;
}

/** A term with the default parameters of its row. */
function term(loss: LossName, weight: number): LossTerm {
  const row = lossCatalog.find(({ name }) => name === loss)!;
  return {
    loss,
    weight,
    parameters: Object.fromEntries(row.parameters.map(({ name, default: value }) => [name, value])),
  };
}

/** The loss set of CoDiEmb: docs/method.md, section 2. */
const codiemb: LossSet = {
  ir: [term('infonce', 1)],
  sts: [term('pearson', 2), term('pro', 0.5), term('rank-kl', 5), term('inner-infonce', 1)],
};

/** What the presets for comparison share. */
const compared = { sampler: 'dynamic', clipNorm: 1 } as const;

export const presetCatalog = [
  {
    name: 'codiemb',
    title: 'CoDiEmb',
    description: 'InfoNCE on IR; Pearson, PRO, Rank KL and inner-layer InfoNCE on STS; no clipping.',
    source: 'arXiv 2508.11442',
    parameters: [],
    tasks: 2,
    settings: { sampler: 'dynamic', positives: 2, negatives: 4, clipNorm: null, losses: codiemb },
  },
  {
    name: 'infonce-joint',
    title: 'Joint InfoNCE',
    description: 'InfoNCE on both tasks.',
    source: 'Tandem, docs/method.md, section 4',
    parameters: [],
    tasks: 2,
    settings: { ...compared, losses: { ir: codiemb.ir, sts: [term('pair-infonce', 1)] } },
  },
  {
    name: 'cosent-joint',
    title: 'Joint InfoNCE and CoSENT',
    description: 'InfoNCE on IR, CoSENT on STS.',
    source: 'Tandem, docs/method.md, section 4',
    parameters: [],
    tasks: 2,
    settings: { ...compared, losses: { ir: codiemb.ir, sts: [term('cosent', 1)] } },
  },
  {
    name: 'single-task',
    title: 'Single task',
    description: 'The losses of CoDiEmb on data of one task; refused for data of two.',
    source: 'Tandem, docs/method.md, section 4',
    parameters: [],
    tasks: 1,
    settings: { ...compared, losses: codiemb },
  },
] as const satisfies readonly PresetEntry[];

export type PresetName = (typeof presetCatalog)[number]['name'];
