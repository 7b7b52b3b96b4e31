/**
 * Starts the worker threads from dist/ and makes typed calls of them. The only place that makes a Worker for compute. A
 * CPU thread that dies is started again; a device thread is not, since the driver under it may be in any state.
 */
import { Worker } from 'node:worker_threads';
import type { CpuCommands, DeviceCommands, ThreadData } from '../../../workers/protocol.ts';
import { type CommandSet, type Connection, connect } from '../../../workers/runtime.ts';
import { workerEntry } from '../../assets.ts';
import type { AdapterReport } from '../../device/types.ts';
import { createLogger } from '../../log.ts';
import { observedCalls } from './observed.ts';
import { restarted } from './restarted.ts';

/** Typed calls of one thread's commands. */
export type Thread<C> = Pick<Connection<C>, 'call' | 'death'>;

export interface ThreadSettings extends ThreadData {
  /** Entry points; other ones only in tests. */
  readonly entries?: { readonly cpu?: string; readonly device?: string };
}

export interface Threads {
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** What the device thread reported at start. */
  readonly adapter: AdapterReport;
  close(graceMs: number): Promise<void>;
}

/** Best effort: a device thread that has ended holds nothing warm, and a model it cannot drop keeps no file. */
export async function forgetModel({ device }: Pick<Threads, 'device'>, model: string): Promise<void> {
  await device.call('forget', { model }).catch((error: unknown) => {
    createLogger('jobs').debug({ error, model }, 'the device thread could not forget a model');
  });
}

const sendAgain =
  'It is started again: send the request again. If the same request ends it again, look at what it brings.';

/** Resolves once the device thread has reported its adapter; rejects, with all threads ended, if there is none. */
export async function startThreads({ entries, ...workerData }: ThreadSettings): Promise<Threads> {
  const start = <C extends CommandSet<C>>(name: 'cpu' | 'device', remedy?: string): Connection<C> =>
    connect<C>(new Worker(entries?.[name] ?? workerEntry(name), { workerData }), name, remedy);
  const cpu = observedCalls(
    'cpu',
    restarted(() => start<CpuCommands>('cpu', sendAgain), createLogger('jobs')),
  );
  const device = observedCalls('device', start<DeviceCommands>('device'));
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all([cpu.close({ graceMs }), device.close({ graceMs })]);
  };
  try {
    const report = await device.call('describe', {});
    return { cpu, device, adapter: report, close };
  } catch (error) {
    await close(1_000);
    throw error;
  }
}
