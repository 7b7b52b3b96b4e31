/** Takes back a model that a command gave a running service for a moment, whatever had become of its import. */
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
    // One that has ended meanwhile is refused, and its model found below.
    if (state === 'RUNNING') await client.execute(CancelJobDocument, { id }).catch(() => {});
  }
  const { models } = await client.execute(ModelsDocument, { filter: { name } });
  for (const { id } of models.nodes) await client.execute(DeleteModelDocument, { id });
}
