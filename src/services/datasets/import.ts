/** importDataset: from a path in the import folder, from records in the request, or from the sample generator. */
import { mkdir } from 'node:fs/promises';
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import { type ImporterName, importerCatalog } from '../../data/importers/catalog.ts';
import type { Task } from '../../data/types.ts';
import { badInput, invariant } from '../../errors.ts';
import { checkSplits, type InlineRecord } from '../../jobs/kinds/common/inline-records.ts';
import { type Payload, payloadOf } from '../../jobs/kinds/common/payload.ts';
import { confine } from '../../storage/import-path.ts';
import { privateMode } from '../../storage/private-folders.ts';
import { checkList } from '../embedding/texts.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';

export interface ImportRequest {
  readonly name: string;
  readonly source: {
    readonly path?: string | null;
    readonly records?: readonly InlineRecord[] | null;
    readonly sample?: { readonly task: Task; readonly seed: number } | null;
  };
  readonly importer: ImporterName;
  readonly options?: GivenParameters | null;
  readonly scaleLow: number;
  readonly scaleHigh: number;
  readonly domain?: string | null;
  readonly language?: string | null;
  readonly derivedFrom?: readonly string[] | null;
  readonly idempotencyKey?: string | null;
}

/** Checks the request. An equal version of the name that is there already is reused. */
export async function importDataset(tandem: Tandem, request: ImportRequest): Promise<Work<'import-dataset'>> {
  const { idempotencyKey } = request;
  const plan = planOf(request);
  const { payload, ...source } = await sourceOf(tandem, request);
  const input = {
    name: request.name.trim(),
    ...source,
    content: payload?.digest ?? null,
    ...plan,
    ...labelsOf(request),
  };
  return workOf('import-dataset', { input, payload, idempotencyKey });
}

/** What is said of the data set; what is not said is left out. */
function labelsOf({ domain, language, derivedFrom }: ImportRequest) {
  const labels = {
    ...(domain && { domain }),
    ...(language && { language }),
    ...(derivedFrom && { derivedFrom: [...derivedFrom] }),
  };
  return Object.keys(labels).length > 0 ? { labels } : {};
}

function planOf({ source, importer: named, options: given, scaleLow, scaleHigh }: ImportRequest) {
  if (!(Number.isFinite(scaleLow) && Number.isFinite(scaleHigh) && scaleLow < scaleHigh)) {
    throw badInput(`The scale goes from ${scaleLow} to ${scaleHigh}`, {
      field: 'input.scaleHigh',
      expected: 'scaleLow < scaleHigh',
      remedy: 'Give the lowest and the highest raw grade, for example 0 and 5.',
    });
  }
  const importer = source.records ? 'codiemb-jsonl' : named;
  const options = readParameters(rowOf(importerCatalog, importer, 'input.importer'), given ?? {}, 'input.options');
  const scale: [low: number, high: number] = [scaleLow, scaleHigh];
  return { importer, options, scale };
}

interface Source {
  /** For people; the path of a file or folder. */
  readonly source: string;
  readonly sample: { readonly task: Task; readonly seed: number } | null;
  readonly payload?: Payload;
}

async function sourceOf(tandem: Tandem, { source: { path, records, sample } }: ImportRequest): Promise<Source> {
  if (typeof path === 'string') {
    const { importDir } = tandem.config;
    await mkdir(importDir, { recursive: true, mode: privateMode });
    await confine(importDir, path);
    return { source: path, sample: null };
  }
  if (records) {
    checkList(records, tandem.config.limits, 'input.source.records');
    checkSplits(records);
    return { source: 'inline', sample: null, payload: payloadOf(records) };
  }
  invariant(sample, 'a one-of input without a member');
  const { task, seed } = sample;
  return { source: `sample ${task} seed ${seed}`, sample: { task, seed } };
}
