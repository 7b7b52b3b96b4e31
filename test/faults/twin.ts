/**
 * Servers that cannot be told apart by hostname, path of the data folder and pid: each runs in namespaces of its own,
 * as in containers. There it is process 1 of the host `tandem`, and its data folder is mounted at the same path. Linux
 * only; where namespaces are not allowed to this user the first start says so.
 */
import { type Server, startServer } from './server.ts';

const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--uts', '--mount-proc'];
const script = 'hostname tandem && mount --bind "$0" "$1" && shift && exec "$@"';

export interface TwinOptions {
  /** The data folder as it lies here. */
  readonly folder: string;
  /** An empty folder at which every twin finds its own. */
  readonly mountedAt: string;
  readonly databaseUrl: string;
}

export const startTwin = ({ folder, mountedAt, databaseUrl }: TwinOptions): Promise<Server> =>
  startServer(mountedAt, {
    databaseUrl,
    log: 'error',
    through: ['unshare', ...namespaces, 'sh', '-c', script, folder, mountedAt],
  });
