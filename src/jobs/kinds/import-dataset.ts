/** Imports a data set version from the import folder, from records of the request, or makes a sample. */
import { and, eq, max } from 'drizzle-orm';
import { z } from 'zod';
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import { type ImporterName, importerCatalog } from '../../data/importers/catalog.ts';
import type { DatasetSummary, ImportRequest } from '../../data/types.ts';
import type { Transaction } from '../../db/open.ts';
import { datasets } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { confine } from '../../storage/import-path.ts';
import { defineJob, type JobContext } from '../define.ts';
import { type InlineRecord, pointAtRecords, writeInlineRecords } from './common/inline-records.ts';
import { parameters } from './common/parameters.ts';
import { readPayload } from './common/payload.ts';
import { kindOf } from './entry.ts';

const input = z.object({
  name: z.string(),
  /** For people; the path in the import folder where `content` and `sample` are null. */
  source: z.string(),
  /** The payload of the request's records. */
  content: z.string().nullable(),
  sample: z.object({ task: z.enum(['ir', 'sts']), seed: z.number() }).nullable(),
  importer: z.custom<ImporterName>((value) => typeof value === 'string'),
  options: parameters,
  scale: z.tuple([z.number(), z.number()]),
  /** Those that were given. Versions up to 0.3.0 wrote none. */
  labels: z
    .object({
      domain: z.string().optional(),
      language: z.string().optional(),
      derivedFrom: z.array(z.string()).optional(),
    })
    .optional(),
});
type Input = z.infer<typeof input>;
/** `reused` = an equal version of this name was there already. */
type Context = JobContext<{ readonly reused: boolean }>;

export const importDataset = defineJob({
  entry: kindOf('import-dataset'),
  input,
  uses: ({ content }) => (content === null ? [] : [{ kind: 'payload', id: content }]),
  subject: () => null,
  run(context: Context, given) {
    const { retention, succeed } = context;
    return retention.publishing(async () => {
      const summary = await read(context, given);
      return retention.recording(() => succeed((tx) => record(tx, given, summary)));
    });
  },
});

async function read(context: Context, given: Input): Promise<DatasetSummary> {
  const { storage, config } = context;
  const { sample, content, source } = given;
  if (sample) return parse(context, given, { kind: 'sample', ...sample });
  if (content === null) return parse(context, given, { kind: 'path', ...(await confine(config.importDir, source)) });
  const written = await writeInlineRecords(storage, await readPayload<InlineRecord[]>(storage, content));
  try {
    return await parse(context, given, { kind: 'path', path: written.path });
  } catch (error) {
    throw pointAtRecords(error);
  } finally {
    await storage.discard(written.folder);
  }
}

function parse(
  { cpu, signal, progress }: Context,
  { importer, options: stored, scale }: Input,
  source: ImportRequest['source'],
): Promise<DatasetSummary> {
  const options = readParameters(rowOf(importerCatalog, importer, 'importer'), stored, 'options');
  const onEvent = ({ lines }: { lines: number }) => progress({ stage: 'lines', done: lines, total: null });
  return cpu.call('importDataset', { source, importer, options, scale }, { signal, onEvent });
}

/** The equal version of this name, which takes the labels that are given, or the next version. */
async function record(
  tx: Transaction,
  { name, source, importer, options, labels = {} }: Input,
  summary: DatasetSummary,
) {
  const [equal] = await tx
    .select({ id: datasets.id })
    .from(datasets)
    .where(and(eq(datasets.name, name), eq(datasets.digest, summary.digest)));
  if (equal) {
    if (Object.keys(labels).length > 0) await tx.update(datasets).set(labels).where(eq(datasets.id, equal.id));
    return { resultId: equal.id, answer: { reused: true } };
  }
  const [last] = await tx
    .select({ version: max(datasets.version) })
    .from(datasets)
    .where(eq(datasets.name, name));
  const { digest, task, bytes, counts, documentCounts, scale, ignoreIdenticalIds, warnings } = summary;
  const [made] = await tx
    .insert(datasets)
    .values({
      ...{ name, digest, task, bytes, counts, documentCounts, scale, ignoreIdenticalIds, warnings },
      ...{ version: (last?.version ?? 0) + 1, importer, importOptions: options, source },
      ...labels,
    })
    .returning({ id: datasets.id });
  invariant(made, 'an insert returned nothing');
  return { resultId: made.id, answer: { reused: false } };
}
