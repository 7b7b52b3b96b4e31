/**
 * The device thread: one long-lived thread that owns one GPU device, its pipelines, the warm models and the resident
 * segments. Started by jobs/ with `{ adapter }` as worker data; it answers DeviceCommands and opens no database.
 */
import { workerData } from 'node:worker_threads';
import { openGpu } from '../src/gpu/open.ts';
import type { Gpu } from '../src/gpu/types.ts';
import { DeviceServer } from '../src/serve/server.ts';
import { planTraining, train } from '../src/train/loop.ts';
import type { DeviceCommands } from './protocol.ts';
import { answer } from './runtime.ts';

interface DeviceThreadData {
  readonly adapter: 'auto' | 'software';
}

const { adapter } = workerData as DeviceThreadData;

/** Opened once. A machine without an adapter is told by every answer, first of all by `describe`. */
const opening: Promise<{ gpu: Gpu; server: DeviceServer }> = openGpu({ adapter, label: 'tandem' }).then((gpu) => {
  const server = new DeviceServer(gpu);
  server.compile();
  return { gpu, server };
});
opening.catch(() => {});

answer<DeviceCommands>(
  {
    describe: async () => (await opening).gpu.adapter,
    plan: async (input) => planTraining((await opening).gpu, input),
    train: async (input, { emit, signal }) => {
      const { gpu, server } = await opening;
      return train(gpu, input, { emit, signal, turn: server.scheduler.turn });
    },
    encode: async (input, { signal, transfer }) => {
      const vectors = await (await opening).server.encode(input, signal);
      transfer(vectors.data.buffer as ArrayBuffer);
      return { vectors };
    },
    evaluate: async (input, { emit, signal }) =>
      (await opening).server.evaluate(input, { signal, onEncoded: (progress) => emit(progress) }),
    search: async (input, { transfer }) => {
      const found = await (await opening).server.search(input);
      transfer(found.rows.buffer as ArrayBuffer, found.scores.buffer as ArrayBuffer);
      return found;
    },
    forget: async (input) => (await opening).server.forget(input),
  },
  {
    onClose: async () => {
      const opened = await opening.catch(() => undefined);
      await opened?.gpu.destroy();
    },
  },
);
