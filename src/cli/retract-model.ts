/** Deletes a command's temporary model from a running service, in whatever state its import is. */
import {
  CancelJobDocument,
  createClient,
  DeleteModelDocument,
  JobsOfKeyDocument,
  ModelsDocument,
} from '../client/index.ts';

/** `name` is the model's name and the import's idempotency key. */
export async function retractModel({ url, name }: { readonly url: string; readonly name: string }): Promise<void> {
  const client = createClient({ url });
  const { jobs } = await client.execute(JobsOfKeyDocument, { key: name });
  for (const { id, state } of jobs.nodes) {
    // A job that has ended meanwhile cannot be cancelled; its model is deleted below.
    if (state === 'QUEUED' || state === 'RUNNING') await client.execute(CancelJobDocument, { id }).catch(() => {});
  }
  const { models } = await client.execute(ModelsDocument, { filter: { name } });
  for (const { id } of models.nodes) await client.execute(DeleteModelDocument, { id });
}
