/** Starts the worker threads from dist/ and makes typed calls of them. The only place that makes a Worker for compute. */
import { Worker } from 'node:worker_threads';
import type { CpuCommands, DeviceCommands } from '../../workers/protocol.ts';
import { type CallOptions, type CommandSet, type Connection, connect } from '../../workers/runtime.ts';
import { workerEntry } from '../assets.ts';
import type { AdapterReport } from '../device/types.ts';
import type { TandemError } from '../errors.ts';
import { createLogger } from '../log.ts';

type Part<C, Key extends 'input' | 'output' | 'event'> = C extends { readonly [K in Key]: infer P } ? P : never;

/** Typed calls of one thread's commands; `storageRoot` is added here. */
export interface Thread<C> {
  /** Why every call is refused: the thread has died, or was closed. Undefined = it lives. */
  readonly death: TandemError | undefined;
  call<K extends keyof C & string>(
    name: K,
    input: Omit<Part<C[K], 'input'>, 'storageRoot'>,
    options?: CallOptions<Part<C[K], 'event'>>,
  ): Promise<Part<C[K], 'output'>>;
}

export interface ThreadSettings {
  /** <dataDir>: root of storage/. */
  readonly storageRoot: string;
  readonly adapter: 'auto' | 'software';
  /** Entry points; other ones only in tests. */
  readonly entries?: { readonly cpu?: string; readonly device?: string };
}

export interface Threads {
  readonly cpu: Thread<CpuCommands>;
  readonly device: Thread<DeviceCommands>;
  /** What the device thread said at start. */
  readonly adapter: AdapterReport;
  close(graceMs: number): Promise<void>;
}

/** Best effort: a device thread that has ended holds nothing warm, and a model it cannot drop keeps no file. */
export async function forgetModel({ device }: Pick<Threads, 'device'>, model: string): Promise<void> {
  await device.call('forget', { model }).catch((error: unknown) => {
    createLogger('jobs').debug({ error, model }, 'the device thread could not forget a model');
  });
}

/** Resolves once the device has told its adapter; rejects, with no thread left, where there is none. */
export async function startThreads({ storageRoot, adapter, entries }: ThreadSettings): Promise<Threads> {
  const start = <C extends CommandSet<C>>(name: 'cpu' | 'device'): Connection<C> =>
    connect<C>(new Worker(entries?.[name] ?? workerEntry(name), { workerData: { adapter } }), name);
  const cpu = start<CpuCommands>('cpu');
  const device = start<DeviceCommands>('device');
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all([cpu.close({ graceMs }), device.close({ graceMs })]);
  };
  try {
    const report = await device.call('describe', {});
    return { cpu: withStorage(cpu, storageRoot), device: withStorage(device, storageRoot), adapter: report, close };
  } catch (error) {
    await close(1_000);
    throw error;
  }
}

/** The one cast of this layer: a command's input is its caller's part and `storageRoot`, by the protocol's types. */
function withStorage<C>(connection: Connection<C>, storageRoot: string): Thread<C> {
  const call = connection.call as (name: string, input: object, options?: unknown) => Promise<unknown>;
  const withRoot = (name: string, input: object, options?: unknown) => call(name, { ...input, storageRoot }, options);
  return {
    call: withRoot as Thread<C>['call'],
    get death() {
      return connection.death;
    },
  };
}
