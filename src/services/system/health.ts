/** Whether this process works: what supervisors and load balancers ask. */
import { sql } from 'drizzle-orm';
import { postgresErrorIn } from '../../db/errors.ts';
import { databaseError } from '../../db/refusals.ts';
import { type TandemError, unavailable } from '../../errors.ts';
import { endsWithin } from '../../within.ts';
import type { Tandem } from '../tandem.ts';

/** A part that does not work, and why. */
export interface Ailment {
  readonly part: 'cpu thread' | 'device thread' | 'database thread' | 'database' | 'server';
  readonly message: string;
  readonly remedy: string;
}

export interface Probes {
  /** What is broken for good: only another start mends it. */
  health(): readonly Ailment[];
  /** What keeps it from taking work now. */
  readiness(): Promise<readonly Ailment[]>;
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
    async readiness() {
      const dead = deadThreads(tandem);
      if (dead.some(({ part }) => part === 'database thread')) return dead;
      const asking = ask();
      return [...dead, ...((await endsWithin(patienceMs, asking)) ? await asking : [silent()])];
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
    await db.execute(sql`select 1`);
    return [];
  } catch (error) {
    // The error's own message holds the statement.
    const why = postgresErrorIn(error)?.code ?? 'for an unknown reason';
    return [ailment('database', databaseError(error) ?? unavailable(`The database fails (${why})`))];
  }
}

const silent = (): Ailment =>
  ailment('database', unavailable(`The database has not answered within ${patienceMs / 1_000} s`));

const ailment = (part: Ailment['part'], { message, details }: TandemError): Ailment => ({
  part,
  message,
  remedy: details.remedy ?? 'Look at the database and its log; Tandem goes on by itself when it answers again.',
});
