/** Files that clients send, for the imports that read them: who may, and the entry of the audit log of each. */
import { TandemError } from '../../errors.ts';
import { fileNames, folderName } from '../../storage/upload-names.ts';
import { type Announced, openUploads, type Received, uploadsFolder } from '../../storage/uploads.ts';
import { audited } from '../access/audit.ts';
import { requireRole } from '../access/roles.ts';
import type { Caller } from '../access/types.ts';
import { foreseen } from '../common/foreseen.ts';
import type { Tandem } from '../tandem.ts';

interface Uploaded extends Received {
  /** In the import folder: what imports take as the path of a source. */
  readonly path: string;
}

export interface Uploads {
  /** Removes what a killed process left. */
  clean(): Promise<void>;
  /** `path` is FOLDER/FILE or FOLDER/FOLDER/FILE as it stands in an address. */
  put(caller: Caller, path: string, body: AsyncIterable<Uint8Array>, announced: Announced): Promise<Uploaded>;
  /** Removes an uploaded folder; resolves with its path in the import folder. */
  remove(caller: Caller, folder: string): Promise<string>;
}

export function createUploads({ config, database }: Pick<Tandem, 'config' | 'database'>): Uploads {
  const { importDir, uploadBytes } = config;
  const files = openUploads(importDir, database.owner.folder);

  /** Runs a change that a caller asks for; refused ones are in the audit log as well. */
  function change<T>(caller: Caller, mutation: string, given: Given, work: (most: number) => Promise<T>): Promise<T> {
    const record = { caller, connection: 'http', mutation, operation: null, arguments: given, touched: [] } as const;
    return audited(
      database,
      record,
      async () => {
        requireRole(caller, 'editor', mutation);
        if (uploadBytes === null) throw uploadsOff();
        return work(uploadBytes);
      },
      { codeOf: (error) => foreseen(error)?.code ?? 'INTERNAL_SERVER_ERROR', idsOf: () => [] },
    );
  }

  return {
    clean: () => files.clean(),
    async put(caller, address, body, announced) {
      const names = fileNames(address);
      const path = [uploadsFolder, ...names].join('/');
      return change(caller, 'upload', { path, bytes: announced.bytes ?? null }, async (most) => ({
        path,
        ...(await files.receive(names, body, { announced, most })),
      }));
    },
    async remove(caller, address) {
      const name = folderName(address);
      const path = `${uploadsFolder}/${name}`;
      await change(caller, 'deleteUpload', { path }, () => files.remove(name));
      return path;
    },
  };
}

/** Paths name what is changed, as ids do elsewhere. */
type Given = Readonly<Record<string, string | number | null>>;

const uploadsOff = (): TandemError =>
  new TandemError('FORBIDDEN', 'This server takes no uploads', {
    field: 'TANDEM_UPLOAD',
    expected: 'a server whose TANDEM_UPLOAD is the size of the largest file',
    remedy: 'Copy the folder into the import folder, or set TANDEM_UPLOAD.',
  });
