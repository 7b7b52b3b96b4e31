/** Makes a model of random weights, with a vocabulary trained on imported text. */
import { z } from 'zod';
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import { type EncoderFamily, encoderCatalog } from '../../model/families/catalog.ts';
import { noHeads, type PoolingMode } from '../../model/types.ts';
import { defineJob, type JobContext } from '../define.ts';
import { heads } from './common/heads.ts';
import { parameters } from './common/parameters.ts';
import { recordModel } from './common/record-model.ts';
import { kindOf } from './entry.ts';

export const createModel = defineJob({
  entry: kindOf('create-model'),
  input: z.object({
    name: z.string(),
    family: z.custom<EncoderFamily>((value) => typeof value === 'string'),
    architecture: parameters,
    vocabularySize: z.number(),
    pooling: z.custom<PoolingMode>((value) => typeof value === 'string'),
    /** Absent of jobs of before 0.3.0. */
    heads: heads.default(noHeads),
    includePrompt: z.boolean(),
    /** In the order of the API's input: model folders and their digests keep it. */
    templates: z.object({ passage: z.string(), query: z.string(), sts: z.string() }),
    maxLength: z.number(),
    seed: z.number(),
    /** Digests of the data sets that the vocabulary is trained on, and their ids. */
    vocabularyFrom: z.array(z.string()),
    datasetIds: z.array(z.uuid()),
  }),
  uses: ({ datasetIds }) => datasetIds.map((id) => ({ kind: 'dataset', id })),
  subject: () => null,
  run({ cpu, retention, signal, progress, succeed }: JobContext<Record<never, never>>, given) {
    const { name, datasetIds: _, ...spec } = given;
    const row = rowOf(encoderCatalog, spec.family, 'family');
    const architecture = readParameters(row, spec.architecture, 'architecture');
    return retention.publishing(async () => {
      const onEvent = ({ stage }: { stage: string }) => progress({ stage, done: 0, total: null });
      const summary = await cpu.call('createModel', { ...spec, architecture }, { signal, onEvent });
      const values = { name, summary, seed: spec.seed, source: 'scratch' };
      return retention.recording(() => succeed((tx) => recordModel(tx, values)));
    });
  },
});
