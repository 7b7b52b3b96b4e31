/** Deletes a command's temporary model from a running service, in whatever state its import is. */
import { CancelJobDocument, DeleteModelDocument, JobsOfKeyDocument, ModelsDocument } from '../client/index.ts';
import { clientOf } from './connect.ts';

/** `name` is the model's name and the import's idempotency key. */
export async function retractModel(
  { url, name }: { readonly url: string; readonly name: string },
  key: string | undefined,
): Promise<void> {
  const client = clientOf({ url, key });
  const { jobs } = await client.execute(JobsOfKeyDocument, { key: name });
  for (const { id, state } of jobs.nodes) {
    // A job that has ended meanwhile cannot be cancelled; its model is deleted below.
    if (state === 'QUEUED' || state === 'RUNNING') await client.execute(CancelJobDocument, { id }).catch(() => {});
  }
  const { models } = await client.execute(ModelsDocument, { filter: { name } });
  for (const { id } of models.nodes) await client.execute(DeleteModelDocument, { id });
}
