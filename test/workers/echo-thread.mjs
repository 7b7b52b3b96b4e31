// A thread for runtime.test.ts: small commands over the compiled runtime.
import { TandemError } from '../../dist/src/errors.js';
import { answer } from '../../dist/workers/runtime.js';

let refuseToClose = false;

answer(
  {
    refuseToClose: () => {
      refuseToClose = true;
    },
    echo: (input) => input,
    slow: ({ ms, value }) => new Promise((resolve) => setTimeout(() => resolve(value), ms)),
    count: ({ to }, { emit }) => {
      for (let n = 1; n <= to; n++) emit(n);
      return to;
    },
    untilAborted: (_, { signal, emit }) =>
      new Promise((resolve) => {
        const stop = () => resolve(`stopped: ${signal.reason?.message}`);
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop);
        emit('waiting');
      }),
    rejectOnAbort: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    fail: ({ kind }) => {
      if (kind === 'defect') throw new RangeError('a defect');
      throw new TandemError('CONFLICT', 'in use', {
        field: 'x',
        expected: 'y',
        problems: [{ line: 3, message: 'bad' }],
      });
    },
    ones: ({ length }, { transfer }) => {
      const data = new Float32Array(length).fill(1);
      transfer(data.buffer);
      return data;
    },
    notCloneable: () => () => 1,
    exit: ({ code }) => process.exit(code),
    fill: () => {
      for (const kept = []; ; ) kept.push(new Array(100_000).fill(kept.length));
    },
    crash: () => {
      setTimeout(() => {
        throw new Error('the thread broke');
      });
      return new Promise(() => undefined);
    },
    hang: () => {
      for (;;);
    },
  },
  {
    onClose: async () => {
      if (refuseToClose) throw new Error('cannot close');
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log('closed');
    },
  },
);
