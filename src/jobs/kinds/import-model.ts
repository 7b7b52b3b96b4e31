/** Takes over a model that another program made, from a folder in the import folder or from a Hugging Face hub. */
import { z } from 'zod';
import type { Transaction } from '../../db/open.ts';
import type { HubProgress } from '../../hub/types.ts';
import { type Confined, confine } from '../../storage/import-path.ts';
import { defineJob, type JobContext } from '../define.ts';
import { heads } from './common/heads.ts';
import { recordModel } from './common/record-model.ts';
import { kindOf } from './entry.ts';

const input = z.object({
  name: z.string(),
  /** For people; the path in the import folder where `hub` is null. */
  source: z.string(),
  hub: z.object({ repository: z.string(), revision: z.string() }).nullable(),
  /** Absent = those of the folder. */
  heads: heads.optional(),
});
type Input = z.infer<typeof input>;
/** `warnings` is absent of jobs of before 0.3.0. */
type Context = JobContext<{ readonly warnings?: readonly string[] }>;

export const importModel = defineJob({
  entry: kindOf('import-model'),
  input,
  uses: () => [],
  subject: () => null,
  async run(context: Context, given) {
    const { cpu, retention, signal, progress, succeed } = context;
    const { label, ...folder } = await fetchFolder(context, given);
    return retention.publishing(async () => {
      const onEvent = (event: { done: number; total: number }) => progress({ stage: 'tensors', ...event });
      const { warnings, ...summary } = await cpu.call(
        'importModel',
        { ...folder, heads: given.heads },
        { signal, onEvent },
      );
      const values = { name: given.name, summary, seed: null, source: label };
      const record = async (tx: Transaction) => ({ ...(await recordModel(tx, values)), answer: { warnings } });
      return retention.recording(() => succeed(record));
    });
  },
});

/** The folder, and where exactly it came from: a branch of a hub may move, so its label names the commit. */
async function fetchFolder(
  { cpu, config, signal, progress }: Context,
  { source, hub }: Input,
): Promise<Partial<Confined> & { readonly path: string; readonly label: string }> {
  if (hub === null) {
    return { ...(await confine(config.importDir, source, 'input.source.folder')), label: source };
  }
  const onEvent = ({ file, doneBytes, totalBytes }: HubProgress) =>
    progress({ stage: `download ${file}`, done: doneBytes, total: totalBytes });
  const request = { reference: hub, settings: config.hub };
  const { folder, repository, commit } = await cpu.call('downloadModel', request, { signal, onEvent });
  return { path: folder, label: `hub:${repository}@${commit}` };
}
