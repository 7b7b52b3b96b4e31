/** The run of a candidate at a rung: what the search was asked for, with the candidate's configuration. */
import type { Task } from '../../data/types.ts';
import type { ArchitectureCandidateRow, ArchitectureSearchRow } from '../../db/schema.ts';
import type { LossTerm } from '../../nn/losses/catalog.ts';
import type { ArchitectureConfiguration } from '../../train/architecture-search/types.ts';
import type { RunRecord } from '../training/run-record.ts';

/** A candidate whose model is there. */
type ReadyCandidate = Omit<ArchitectureCandidateRow, 'searchId' | 'modelId'> & { readonly modelId: string };

type Asked = Pick<ArchitectureSearchRow, 'name' | 'settings' | 'datasets' | 'devSets' | 'teacherId'>;

export function configuredRun(
  { name, settings, datasets, devSets, teacherId }: Asked,
  { number, modelId, configuration }: ReadyCandidate,
  rung: { readonly number: number; readonly steps: number },
): RunRecord {
  const terms = (task: Task) => settings.losses[task].map((term) => configuredTerm(term, task, configuration));
  return {
    name: `${name}, rung ${rung.number + 1}, candidate ${number}`,
    ...{ modelId, devSets, teacherId, startId: null, from: null },
    datasets: datasets.map((dataset) => ({ ...dataset, losses: null })),
    settings: { ...settings, maxBatches: rung.steps, losses: { ir: terms('ir'), sts: terms('sts') } },
  };
}

function configuredTerm(term: LossTerm, task: Task, { lossWeights, innerLayer }: ArchitectureConfiguration): LossTerm {
  const own = lossWeights.find((candidate) => candidate.task === task && candidate.loss === term.loss);
  const layer = term.loss === 'inner-infonce' && innerLayer !== null ? { layer: innerLayer } : {};
  return { ...term, weight: own?.weight ?? term.weight, parameters: { ...term.parameters, ...layer } };
}
