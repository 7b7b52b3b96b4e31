/** Makes a model of another one's weights, with other heads or another pooling. */
import { z } from 'zod';
import { requireRow } from '../../db/rows.ts';
import { type PoolingMode, poolingModes } from '../../model/types.ts';
import { defineJob, type JobContext } from '../define.ts';
import { heads } from './common/heads.ts';
import { recordModel } from './common/record-model.ts';
import { kindOf } from './entry.ts';

const mode = z.custom<PoolingMode>((value) => poolingModes.some((known) => known === value));

export const deriveModel = defineJob({
  entry: kindOf('derive-model'),
  input: z.object({
    name: z.string(),
    modelId: z.uuid(),
    /** The model's own checkpoint, which keeps its folder. */
    checkpointId: z.uuid(),
    heads,
    /** One mode, or several whose vectors are joined in this order. */
    pooling: z.array(mode),
    includePrompt: z.boolean(),
  }),
  uses: ({ checkpointId }) => [{ kind: 'checkpoint', id: checkpointId }],
  subject: ({ modelId }) => modelId,
  async run(context: JobContext<Record<never, never>>, { name, modelId, pooling: [first, ...others], ...given }) {
    const { db, cpu, retention, signal, progress, succeed } = context;
    const source = await requireRow(db, 'models', modelId);
    const { checkpointId: _, ...changes } = given;
    const pooling = others.length === 0 ? (first as PoolingMode) : [first as PoolingMode, ...others];
    return retention.publishing(async () => {
      const onEvent = (event: { done: number; total: number }) => progress({ stage: 'tensors', ...event });
      const input = { model: source.digest, ...changes, pooling };
      const summary = await cpu.call('deriveModel', input, { signal, onEvent });
      const values = { name, summary, seed: source.seed, source: `model:${source.name}` };
      return retention.recording(() => succeed((tx) => recordModel(tx, values)));
    });
  },
});
