/** A foreign model folder in a running service: placed below its import folder, and imported as a temporary model. */
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, SystemDocument } from '../client/index.ts';
import { badInput } from '../errors.ts';
import { clientOf, type Server } from './connect.ts';
import { lendFolder, type Part } from './lend-folder.ts';
import { retractModel } from './retract-model.ts';
import { startRemover } from './start-remover.ts';
import type { Session } from './types.ts';

interface Lent {
  readonly folder: string;
  /** Name and idempotency key of the temporary model. */
  readonly guest: string;
  readonly part: Part;
}

/**
 * Runs `work` with the folder as the service sees it. Folder and temporary model are removed, even if the command is
 * killed.
 */
export async function withRunning<T>(
  server: Server,
  { folder, guest, part }: Lent,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = clientOf(server);
  const { system } = await client.execute(SystemDocument, {});
  const name = guest.replace(' ', '-');
  const lent = join(
    await realpath(system.importFolder).catch(() => {
      throw notHere(client.url, system.importFolder);
    }),
    name,
  );
  const model = { url: client.url, name: guest };
  const remover = startRemover({ folder: lent, ...(part === 'model' && { guest: model }) }, server.key);
  try {
    await mkdir(lent, { recursive: true });
    await lendFolder(folder, lent, part);
    return await work({ client, folder: name, guest });
  } catch (error) {
    throw inTermsOf(folder, lent, error);
  } finally {
    await rm(lent, { recursive: true, force: true });
    const isClear =
      part === 'tokenizer' ||
      (await retractModel(model, server.key).then(
        () => true,
        () => false,
      ));
    // Otherwise the remover tries again when this process has ended.
    if (isClear) remover.kill();
  }
}

/** The error with the user's path in place of the service's copy, which the user has never seen. */
function inTermsOf(folder: string, lent: string, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const failures = JSON.stringify(error.errors).replaceAll(
    JSON.stringify(lent).slice(1, -1),
    JSON.stringify(folder).slice(1, -1),
  );
  return new ApiError(JSON.parse(failures), { cause: error, unreachable: error.unreachable });
}

const notHere = (url: string, importFolder: string) =>
  badInput(`the service at ${url} reads models from ${importFolder}, which is not on this machine`, {
    field: '--model',
    expected: 'a service of this machine, or the id, alias or name of one of its checkpoints',
    remedy: 'copy the folder to its machine and run `tandem import-model` there',
  });
