/**
 * The device thread: one long-lived thread that owns one device, its kernels, the warm models and the resident
 * segments. Started by jobs/ with ThreadData as worker data; it answers DeviceCommands and opens no database.
 */
import { workerData } from 'node:worker_threads';
import { openDevice } from '../src/device/open.ts';
import type { Gpu } from '../src/device/types.ts';
import { startTracing } from '../src/observe/otel.ts';
import { DeviceServer } from '../src/serve/server.ts';
import { openStorage } from '../src/storage/storage.ts';
import { evaluateSets, jointFigures } from '../src/train/dev.ts';
import { planTraining, train } from '../src/train/loop.ts';
import type { DeviceCommands, ThreadData } from './protocol.ts';
import { answer } from './runtime.ts';

const { adapter, threads, simd, storageRoot } = workerData as ThreadData;
const storage = openStorage(storageRoot);
const stopTracing = await startTracing('device');

/** The device is opened once. Where there is no adapter, every command rejects with the reason, `describe` first. */
const opening: Promise<{ gpu: Gpu; server: DeviceServer }> = openDevice({ adapter, threads, simd }).then((gpu) => {
  const server = new DeviceServer(gpu, storage);
  server.compile();
  return { gpu, server };
});
/**
 * Ends the thread when its device is lost: then no command is sent to it, queued runs wait, and GET /health says why.
 */
async function endIfLost({ gpu }: { readonly gpu: Gpu }): Promise<never> {
  const error = await gpu.lost;
  await gpu.destroy().catch(() => {});
  throw error;
}

// The unhandled rejection ends the thread.
void opening.then(endIfLost, () => {});

/** Runs every command as a task of its own, so that an error of one on the device does not reach the others. */
async function onDevice<T>(work: (gpu: Gpu, server: DeviceServer) => Promise<T>): Promise<T> {
  const { gpu, server } = await opening;
  return gpu.task(() => work(gpu, server));
}

answer<DeviceCommands>(
  {
    describe: async () => (await opening).gpu.adapter,
    plan: (input) => onDevice((gpu) => planTraining(gpu, storage, input)),
    train: (input, { emit, signal }) =>
      onDevice((gpu, server) =>
        train(gpu, storage, input, {
          ...{ emit, signal, turn: server.scheduler.turn },
          evaluate: (encoder, set, turn) => server.evaluateInPlace(encoder, set, turn),
        }),
      ),
    encode: async (input, { signal, transfer }) => {
      const vectors = await onDevice((_gpu, server) => server.encode(input, signal));
      transfer(vectors.data.buffer as ArrayBuffer);
      return vectors;
    },
    evaluate: (input, { emit, signal }) =>
      onDevice((_gpu, server) => server.evaluate(input, { signal, onEncoded: (progress) => emit(progress) })),
    measureGeometry: (input, { signal }) => onDevice((_gpu, server) => server.measureGeometry(input, signal)),
    evaluateWeights: ({ sets, weights, ...given }, { signal }) =>
      onDevice(async (_gpu, server) => {
        const turn = async (): Promise<void> => {
          await server.scheduler.turn();
          signal.throwIfAborted();
        };
        const evaluate = server.evaluateInPlace.bind(server);
        const figures = await server.withWeights(given, (encoder) => evaluateSets(encoder, sets, evaluate, turn));
        return jointFigures(figures, weights);
      }),
    search: async (input, { signal, transfer }) => {
      const found = await onDevice((_gpu, server) => server.search(input, signal));
      transfer(found.rows.buffer as ArrayBuffer, found.scores.buffer as ArrayBuffer);
      return found;
    },
    memory: async () => {
      const { gpu } = await opening;
      return { ...gpu.memory(), most: Number.isFinite(gpu.mostMemory) ? gpu.mostMemory : null };
    },
    forget: (input) => onDevice((_gpu, server) => server.forget(input)),
  },
  {
    onClose: async () => {
      const opened = await opening.catch(() => undefined);
      await opened?.gpu.destroy();
      await stopTracing();
    },
  },
);
