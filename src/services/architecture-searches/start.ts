/** startArchitectureSearch: checks everything, says which models the candidates need, and hands the search over. */
import { randomUUID } from 'node:crypto';
import { samplingOf } from '../../data/samplers/index.ts';
import { type ArchitectureSearchRow, architectureCandidates, architectureSearches } from '../../db/schema.ts';
import { badInput, limitExceeded } from '../../errors.ts';
import { rungSizes } from '../../jobs/architecture-search/halving.ts';
import type { SubmitInput } from '../../jobs/jobs.ts';
import type { SearchKeep } from '../../train/architecture-search/catalog.ts';
import type { ArchitectureConfiguration, ArchitectureSpace } from '../../train/architecture-search/types.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import { deriveModel, headsOf } from '../models/derive-model.ts';
import { initialCheckpoint } from '../models/models.ts';
import { originOf } from '../runs/origin.ts';
import { type ReadyRun, type RunContent, readyRun } from '../runs/run-request.ts';
import type { Tandem } from '../tandem.ts';
import { drawConfigurations, spaceSize } from './draw.ts';
import { defaultConfiguration, type SpaceRequest, spaceOf } from './space.ts';

export interface SearchRequest extends RunContent {
  readonly modelId: string;
  readonly space: SpaceRequest;
  /** Of the first rung, the default one among them. */
  readonly configurations: number;
  readonly eta: number;
  readonly seed: number;
  readonly keep: SearchKeep;
  readonly idempotencyKey?: string | null;
}

/** The rows of a search. */
interface ReadySearch {
  readonly ready: ReadyRun;
  readonly values: Omit<typeof architectureSearches.$inferInsert, 'id' | 'createdAt' | 'idempotencyKey'>;
  readonly configurations: readonly ArchitectureConfiguration[];
}

/** The same idempotency key returns the first search. Models that candidates need are derived by its job. */
export async function startArchitectureSearch(
  tandem: Tandem,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<ArchitectureSearchRow> {
  const search = await readySearch(tandem, request, signal);
  const { db } = tandem.database;
  const { idempotencyKey = null } = request;
  const before = await byIdempotencyKey(db, 'architectureSearches', idempotencyKey);
  if (before) return sameSearch(before, search);
  const input = await inputOf(tandem, search);
  const own = variantOf(search.ready.model);
  const id = await db.transaction(async (tx) => {
    const meanwhile = await byIdempotencyKey(tx, 'architectureSearches', idempotencyKey);
    if (meanwhile) return sameSearch(meanwhile, search).id;
    const searchId = randomUUID();
    await tandem.jobs.submitArchitectureSearch(tx, searchId, { searchId, ...input });
    await tx.insert(architectureSearches).values({ id: searchId, idempotencyKey, ...search.values });
    await tx.insert(architectureCandidates).values(
      search.configurations.map((configuration, number) => {
        const modelId = nameOf(configuration) === nameOf(own) ? search.values.modelId : null;
        return { searchId, number, configuration, modelId };
      }),
    );
    return searchId;
  });
  return requireRow(db, 'architectureSearches', id);
}

async function readySearch(tandem: Tandem, request: SearchRequest, signal: AbortSignal): Promise<ReadySearch> {
  const { modelId, space: spaceRequest, configurations: count, eta, seed, keep } = request;
  const origin = await originOf(tandem, { modelId });
  const ready = await readyRun(tandem, origin, request, signal);
  checkRun(ready);
  const space = spaceOf(spaceRequest, ready);
  const standard = defaultConfiguration(ready, space);
  checkSize(space, standard);
  const configurations = drawConfigurations(space, standard, { count, seed });
  const steps = updatesOf(ready);
  checkRungs(steps, { candidates: configurations.length, eta });
  const datasets = ready.datasets.map(({ row, weight }) => ({ datasetId: row.id, weight }));
  const devSets = ready.devSets.map(({ row, split, pooled }) => ({ datasetId: row.id, split, pooled }));
  const name = request.name?.trim() || `${ready.model.name} architectures`;
  const { settings, teacher } = ready;
  const teacherId = teacher?.checkpoint.id ?? null;
  return {
    ready,
    values: {
      name,
      modelId,
      settings,
      datasets,
      devSets,
      teacherId,
      space,
      configurations: count,
      seed,
      eta,
      steps,
      keep,
    },
    configurations,
  };
}

function checkRun({ devSets, datasets, settings }: ReadyRun): void {
  if (devSets.length === 0) {
    throw badInput('The search names no dev sets, so nothing says which configuration is the better', {
      field: 'input.devSets',
      expected: 'at least one dev set',
      remedy: 'Name dev sets.',
    });
  }
  const own = datasets.findIndex(({ losses }) => losses !== null);
  if (own >= 0) {
    throw badInput(`Data set "${datasets[own]?.row.name}" has losses of its own, which a search does not vary`, {
      field: `input.datasets.${own}.losses`,
      expected: 'no losses',
      remedy: 'Give the losses of each task in the settings.',
    });
  }
  if (settings.optimizerState === 'fresh') return;
  throw badInput('Each run of a search begins anew, from a model that has no optimizer state to keep', {
    field: 'input.settings.optimizerState',
    expected: 'FRESH',
    remedy: 'Leave optimizerState out.',
  });
}

const mostConfigurations = 2 ** 32;

function checkSize(space: ArchitectureSpace, standard: ArchitectureConfiguration): void {
  const size = spaceSize(space, standard);
  if (size <= mostConfigurations) return;
  throw limitExceeded(`The space has ${size} configurations`, {
    field: 'input.space',
    expected: `at most ${mostConfigurations}`,
    remedy: 'Name fewer values.',
  });
}

/** T of the run: as planRun says. */
function updatesOf({ settings, datasets }: ReadyRun): number {
  const sampled = datasets.map(({ row: { name, task, counts }, weight }) => ({ name, task, weight, n: counts.train }));
  const { updatesPerEpoch } = samplingOf(settings, sampled);
  return Math.min(updatesPerEpoch * settings.epochs, settings.maxBatches ?? Number.POSITIVE_INFINITY);
}

/** Rungs of less than one update would be equal to others. */
function checkRungs(steps: number, plan: { readonly candidates: number; readonly eta: number }): void {
  const least = plan.eta ** (rungSizes(plan).length - 1);
  if (steps >= least) return;
  throw badInput(
    `The run has ${steps} updates, the first of ${rungSizes(plan).length} rungs would have less than one`,
    {
      field: 'input.settings.epochs',
      expected: `at least ${least} updates`,
      remedy: 'Raise epochs, add data, or search fewer configurations.',
    },
  );
}

function sameSearch(before: ArchitectureSearchRow, { values }: ReadySearch): ArchitectureSearchRow {
  const names = Object.keys(values) as (keyof typeof values)[];
  const asked = Object.fromEntries(names.map((name) => [name, before[name]]));
  requireSameRequest(asked, values);
  return before;
}

type Variant = Pick<ArchitectureConfiguration, 'pooling' | 'heads'>;
type SearchInput = SubmitInput<'search-architecture'>;

const variantOf = (model: ReadyRun['model']): Variant => ({ pooling: model.pooling, heads: headsOf(model) });

/** What the job of the search needs to know besides its rows. */
async function inputOf(tandem: Tandem, search: ReadySearch): Promise<Omit<SearchInput, 'searchId'>> {
  const { modelId, teacherId, datasets, devSets } = search.values;
  return {
    datasetIds: [...new Set([...datasets, ...devSets].map(({ datasetId }) => datasetId))],
    checkpointIds: [await initialCheckpoint(tandem, modelId), ...(teacherId ? [teacherId] : [])],
    derivations: await derivationsOf(tandem, search),
  };
}

/** Of the configurations that differ from the model by pooling or heads, each pair of these once. */
async function derivationsOf(
  tandem: Tandem,
  { ready: { model }, configurations }: ReadySearch,
): Promise<SearchInput['derivations']> {
  const variants = new Map(
    configurations.map(({ pooling, heads }) => [nameOf({ pooling, heads }), { pooling, heads }]),
  );
  variants.delete(nameOf(variantOf(model)));
  const works = await Promise.all(
    [...variants].map(([variant, changes]) =>
      deriveModel(tandem, { name: `${model.name}, ${variant}`, modelId: model.id, ...changes }),
    ),
  );
  return works.flatMap(({ requests }) => requests.map(({ input }) => input));
}

const nameOf = ({ pooling, heads }: Variant): string =>
  `${pooling.join(' and ')}, heads ${heads.ir} (ir) and ${heads.sts} (sts)`;
