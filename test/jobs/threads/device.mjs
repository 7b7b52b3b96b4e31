/**
 * A device thread without a device: it speaks the protocol through the compiled runtime, keeps real checkpoints in
 * storage and "trains" a chain of hashes, so that every update depends on all before it. <dataDir>/behaviour.json says
 * how fast it goes and where it fails.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { TandemError } from '../../../dist/src/errors.js';
import { parseStored } from '../../../dist/src/storage/damaged-file.js';
import { readOwn } from '../../../dist/src/storage/own-files.js';
import { openStorage } from '../../../dist/src/storage/storage.js';
import { answer } from '../../../dist/workers/runtime.js';

const adapter = {
  name: 'hash chain',
  vendor: 'test',
  architecture: '',
  driver: '1',
  backend: 'none',
  type: 'software',
  software: true,
  features: [],
  limits: {},
};

const hash = (text) => createHash('sha256').update(text).digest('hex');

async function behaviourOf(storageRoot) {
  const text = await readFile(join(storageRoot, 'behaviour.json'), 'utf8').catch(() => '{}');
  return { stepMs: 2, ...JSON.parse(text) };
}

const untilAborted = (signal) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', resolve, { once: true });
  });

async function publish(storage, kind, value, name) {
  const folder = await storage.stage();
  await writeFile(join(folder, 'value.json'), JSON.stringify(value));
  return storage.publish(kind, folder, name && { name });
}

async function train({ model, start, settings, resume }, { signal, emit }) {
  const { storageRoot } = workerData;
  const storage = openStorage(storageRoot);
  const behaviour = await behaviourOf(storageRoot);
  const perEpoch = 10;
  const steps = settings.maxBatches ?? settings.epochs * perEpoch;
  const initial = start?.model ?? model;
  let { value, step } = { value: hash(`${initial}${settings.seed}`), step: 0 };
  if (resume) {
    if (behaviour.otherVersion && !resume.allowDifferentAdapter) {
      throw new TandemError('CONFLICT', 'The run cannot be resumed: it ran with another version', { field: 'resume' });
    }
    ({ value, step } = await readOwn(storage, 'states', resume.state, async (folder) => {
      const path = join(folder, 'value.json');
      return parseStored('states', path, await readFile(path, 'utf8'));
    }));
  }
  const epochOf = (at) => Math.floor(at / perEpoch);
  const checkpoint = async (reason) => {
    const weights = await publish(storage, 'models', { value, step }, step === 0 ? initial : undefined);
    const state = await publish(storage, 'states', { value, step });
    const bytes = weights.bytes + state.bytes;
    emit({ type: 'checkpoint', reason, step, epoch: epochOf(step), model: weights.digest, state: state.digest, bytes });
  };
  const shape = { steps, epochs: settings.epochs, batches: { set: perEpoch }, parameters: 1, memoryBytes: 32 };
  emit({ type: 'started', adapter, ...shape });
  if (step === 0) await checkpoint('initial');
  while (step < steps) {
    if (behaviour.deafMs) await sleep(behaviour.deafMs);
    if (behaviour.holdAt === step) await untilAborted(signal);
    if (signal.aborted) {
      await checkpoint('stop');
      return { outcome: 'stopped', step, epoch: epochOf(step) };
    }
    await sleep(behaviour.stepMs);
    if (behaviour.failAt === step) {
      throw new TandemError('BAD_USER_INPUT', 'The loss is not finite', { field: 'learningRate', remedy: 'Lower it.' });
    }
    if (behaviour.exitAt === step) process.exit(7);
    value = hash(value);
    step++;
    emit({
      type: 'step',
      step,
      steps,
      epoch: epochOf(step),
      task: 'ir',
      dataset: 'set',
      loss: Number.parseInt(value.slice(0, 8), 16) / 2 ** 32,
      components: {},
      learningRate: 1,
      gradientNorm: 1,
      tokens: 10,
      tokensPerSecond: 100,
      secondsLeft: steps - step,
    });
    if (step % perEpoch === 0 || step === steps) await checkpoint('epoch');
    else if (settings.checkpointEverySteps && step % settings.checkpointEverySteps === 0) await checkpoint('interval');
  }
  return { outcome: 'finished', step, epoch: epochOf(step) };
}

answer({ describe: () => adapter, train, forget: () => null });
