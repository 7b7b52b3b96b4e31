/** What runs here. */
import { packageVersion } from '../../assets.ts';
import type { AdapterReport } from '../../device/types.ts';
import { invariant } from '../../errors.ts';
import type { Tandem } from '../tandem.ts';

export const devices = ({ jobs }: Tandem): readonly AdapterReport[] => jobs.devices();

const durability = {
  pglite:
    'A killed process loses nothing that was acknowledged. A power cut or a crash of the operating system may lose the last seconds, because the embedded database does not force its files to disk: set DATABASE_URL to a Postgres server where that matters.',
  postgres:
    'As the Postgres server is set up; with its defaults neither a killed process nor a power cut loses anything that was acknowledged.',
} as const;

function noticeOf({ software, name, notice }: AdapterReport): string | null {
  if (!software) return null;
  const why = notice ? ` (${notice})` : '';
  return `Everything is computed on the CPU by ${name}${why}. A GPU is faster: install its driver, or run Tandem on a machine with one.`;
}

export function describe(tandem: Tandem) {
  const { config, database, startedAt } = tandem;
  const [adapter] = devices(tandem);
  invariant(adapter, 'no device thread runs');
  return {
    version: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    pid: process.pid,
    startedAt,
    uptimeSeconds: (Date.now() - startedAt.getTime()) / 1000,
    adapter,
    softwareNotice: noticeOf(adapter),
    database: {
      kind: database.kind,
      version: database.version.server,
      vectorVersion: database.version.vector,
      durability: durability[database.kind],
    },
    dataFolder: config.dataDir,
    importFolder: config.importDir,
    limits: Object.entries(config.limits).map(([name, value]) => ({ name, value: Number(value) })),
  };
}
