/** Whether this process works: what supervisors and load balancers ask. */
import { postgresErrorIn } from '../../db/errors.ts';
import { foreseenFailure, readOnly } from '../../db/refusals.ts';
import { takesWrites } from '../../db/takes-writes.ts';
import { diskFull, hasTooLittleRoom } from '../../disk-full.ts';
import { type TandemError, unavailable } from '../../errors.ts';
import { endsWithin } from '../../within.ts';
import type { Tandem } from '../tandem.ts';
import { metricsText } from './metrics.ts';

/** A part that does not work, and why. */
export interface Ailment {
  readonly part: 'cpu thread' | 'device thread' | 'database thread' | 'database' | 'disk' | 'jobs' | 'server';
  readonly message: string;
  readonly remedy: string;
}

export interface Probes {
  /** What is broken for good: only another start mends it. */
  health(): readonly Ailment[];
  /** What keeps it from taking work now. */
  readiness(): Promise<readonly Ailment[]>;
  /** What it counted, in Prometheus' text format. */
  metrics(): Promise<string>;
}

/** A large write of documents may keep the embedded database for seconds. */
const patienceMs = 5_000;

export function probesOf(tandem: Tandem): Probes {
  let asked: Promise<Ailment[]> | undefined;
  /** One question at a time: a database that does not answer is not asked ever more. */
  const ask = (): Promise<Ailment[]> => {
    asked ??= askDatabase(tandem).finally(() => {
      asked = undefined;
    });
    return asked;
  };
  return {
    health: () => deadThreads(tandem),
    metrics: () => metricsText(tandem),
    async readiness() {
      const dead = deadThreads(tandem);
      if (dead.some(({ part }) => part === 'database thread')) return dead;
      const asking = ask();
      const told = (await endsWithin(patienceMs, asking)) ? await asking : [silent()];
      const full = (await hasTooLittleRoom(tandem.config.dataDir)) ? [ailment('disk', diskFull(fullDisk))] : [];
      return [...dead, ...told, ...full, ...troublesOf(tandem)];
    },
  };
}

function deadThreads({ jobs, database }: Tandem): Ailment[] {
  const deaths = {
    'cpu thread': jobs.cpu.death,
    'device thread': jobs.device.death,
    'database thread': database.death,
  } as const;
  return Object.entries(deaths).flatMap(([part, death]) =>
    death ? [ailment(part as keyof typeof deaths, death)] : [],
  );
}

async function askDatabase({ database: { db } }: Tandem): Promise<Ailment[]> {
  try {
    return (await takesWrites(db)) ? [] : [ailment('database', readOnly())];
  } catch (error) {
    // The error's own message holds the statement.
    const why = postgresErrorIn(error)?.code ?? 'for an unknown reason';
    return [ailment('database', foreseenFailure(error) ?? unavailable(`The database fails (${why})`))];
  }
}

/** Work whose end, or begin, the database does not take. */
function troublesOf({ jobs }: Tandem): Ailment[] {
  return jobs.troubles().map(({ jobId, error }) => {
    const what = jobId ? `The end of job ${jobId} is not written yet` : 'No queued job is begun';
    const known = foreseenFailure(error);
    return ailment('jobs', unavailable(`${what}: ${known?.message ?? messageOf(error)}`, known?.details));
  });
}

/** Of the driver: the error around it quotes the statement and its parameters. */
function messageOf(error: unknown): string {
  for (let current = error; ; current = current.cause) {
    if (!(current instanceof Error)) return String(current);
    if (!(current.cause instanceof Error)) return current.message;
  }
}

const fullDisk = {
  field: 'TANDEM_DATA',
  remedy: 'Free some space on the disk of the data folder; Tandem goes on by itself.',
};

const silent = (): Ailment =>
  ailment('database', unavailable(`The database has not answered within ${patienceMs / 1_000} s`));

const ailment = (part: Ailment['part'], { message, details }: TandemError): Ailment => ({
  part,
  message,
  remedy: details.remedy ?? 'Look at the database and its log; Tandem goes on by itself when it answers again.',
});
