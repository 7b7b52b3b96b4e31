/** Files that the native library ends its process over are refused by a process of their own. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import { trialFailure, tryTokenizer } from '../../src/tokenizer/trial.ts';
import type { CpuCommands, ThreadData } from '../../workers/protocol.ts';
import { connect } from '../../workers/runtime.ts';
import { tinyTokenizerJson } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

type Json = Record<string, unknown>;

const tiny = JSON.parse(tinyTokenizerJson) as Json & { readonly added_tokens: readonly Json[] };
const begin = { SpecialToken: { id: '[CLS]', type_id: 0 } };
const template = {
  type: 'TemplateProcessing',
  single: [begin, { Sequence: { id: 'A', type_id: 0 } }, begin],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] } },
};
const added = (id: number, content: string, sides: Json): Json => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...sides,
});
const merges = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'], continuing_subword_prefix: '##' };

const broken: Readonly<Record<string, Json>> = {
  'no base64 as the character map': { normalizer: { type: 'Precompiled', precompiled_charsmap: '!!' } },
  'a character map that is cut off': { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAAAA==' } },
  'merges without the prefix of the model': { model: merges },
  'a template upon a template': { post_processor: { type: 'Sequence', processors: [template, template] } },
  'added tokens that take the same blank': {
    added_tokens: [...tiny.added_tokens, added(17, '<r>', { rstrip: true }), added(18, '\n', { lstrip: true })],
  },
};

describe('the trial of a tokenizer.json', () => {
  const folder = temporaryFolder();
  beforeAll(() => writeFile(join(folder(), 'tokenizer.json'), tinyTokenizerJson));

  it('passes what works, and what loading refuses by name', async () => {
    const path = join(folder(), 'tokenizer.json');
    await tryTokenizer(path);
    const other = join(folder(), 'other.json');
    await writeFile(other, '{"version":"1.0"}');
    await tryTokenizer(other);
    const { tokenizer } = JSON.parse(
      await readFile(join(import.meta.dirname, '../fixtures/tokenizer/unigram.json'), 'utf8'),
    ) as { tokenizer: unknown };
    await writeFile(other, JSON.stringify(tokenizer));
    await tryTokenizer(other);
  });

  it.each(Object.entries(broken))('refuses %s', async (name, change) => {
    const path = join(folder(), `${name}.json`);
    await writeFile(path, JSON.stringify({ ...tiny, ...change }));
    await expect(tryTokenizer(path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^The tokenizer .* cannot be used: \S/),
      details: { field: path, remedy: expect.any(String) },
    });
  });

  it('refuses a vocabulary that would fill the thread, and a file too long to read', async () => {
    const path = join(folder(), 'large.json');
    const vocab = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`w${i}`, i]));
    await writeFile(path, JSON.stringify({ ...tiny, model: { type: 'WordLevel', vocab, unk_token: 'w0' } }));
    await expect(tryTokenizer(path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: `The tokenizer ${path} cannot be used: it has 1000005 tokens`,
      details: { field: path, expected: 'at most 1000000 tokens in 134217728 bytes' },
    });
    await truncate(path, 2 ** 30);
    await expect(tryTokenizer(path)).rejects.toThrow('it has 1073741824 bytes');
  });

  it('keeps the CPU thread from such a file, and sees that a file was changed', async () => {
    const workerData: ThreadData = { storageRoot: folder(), adapter: 'auto' };
    const cpu = connect<CpuCommands>(new Worker(workerEntry('cpu'), { workerData }), 'CPU');
    const tokenize = async (): Promise<number[]> => {
      const input = { source: { folder: folder() }, texts: ['oil leak'] };
      return [...(await cpu.call('tokenizeWhole', input)).ids];
    };
    const path = join(folder(), 'tokenizer.json');
    try {
      expect(await tokenize()).toEqual([2, 7, 6, 3]);
      await writeFile(path, JSON.stringify({ ...tiny, ...broken['a template upon a template'] }));
      await expect(tokenize()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await writeFile(path, JSON.stringify({ ...tiny, post_processor: template }));
      expect(await tokenize()).toEqual([2, 7, 6, 2]);
    } finally {
      await cpu.close();
    }
  });
});

/** Its processes, by what /proc says of them. */
async function trialsOf(path: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return ids.filter((_id, i) => lines[i].split('\0').includes(path)).map(Number);
}

const onceStarted = (path: string): Promise<number> =>
  vi.waitFor(async () => {
    const [id] = await trialsOf(path);
    expect(id).toBeGreaterThan(0);
    return id;
  }, 20_000);

describe.runIf(process.platform === 'linux')('a trial that does not end by itself', () => {
  const folder = temporaryFolder();
  let count = 0;
  /** Nobody ever writes to it: who opens it waits. */
  const endless = (): string => {
    const path = join(folder(), `endless-${count++}.json`);
    execFileSync('mkfifo', [path]);
    return path;
  };
  const isGone = (path: string) => vi.waitFor(async () => expect(await trialsOf(path)).toEqual([]), 20_000);

  it('is no fault of the file', async () => {
    const path = endless();
    const trial = tryTokenizer(path);
    process.kill(await onceStarted(path), 'SIGKILL');
    await expect(trial).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `The tokenizer ${path} could not be checked: its process was ended by SIGKILL`,
      details: { field: path, remedy: expect.any(String) },
    });
    await expect(tryTokenizer(path, { longestMs: 50 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/took too long$/),
    });
  });

  it('ends at once where nobody wants it any more, and not by a Ctrl+C that is meant for its parent', async () => {
    const path = endless();
    const stop = new AbortController();
    const trial = tryTokenizer(path, { signal: stop.signal });
    const id = await onceStarted(path);
    // It has the library before it says what it does with signals, and waits for the file after that.
    await vi.waitFor(async () => expect(await readFile(`/proc/${id}/maps`, 'utf8')).toContain('.node'), 20_000);
    await pause(1_000);
    process.kill(id, 'SIGINT');
    await pause(200);
    expect(await trialsOf(path)).toEqual([id]);
    stop.abort(new Error('enough'));
    await expect(trial).rejects.toThrow('enough');
    await isGone(path);
    await expect(tryTokenizer(path, { signal: stop.signal })).rejects.toThrow('enough');
    expect(await trialsOf(path)).toEqual([]);
  });

  it('ends with the thread that waits for it', async () => {
    const path = endless();
    const module = workerEntry('tokenizer-trial').replace('trial-process', 'trial');
    const code = `import(${JSON.stringify(module)}).then((trial) => trial.tryTokenizer(${JSON.stringify(path)}))`;
    const thread = new Worker(code, { eval: true });
    await onceStarted(path);
    await thread.terminate();
    await isGone(path);
  });
});

describe('the end of a trial', () => {
  const told = (end: object) => trialFailure('x.json', Object.assign(new Error('spawn node EAGAIN'), end)).code;

  it.each([
    ['a crash', { signal: 'SIGSEGV' }, 'BAD_USER_INPUT'],
    ['an abort', { signal: 'SIGABRT' }, 'BAD_USER_INPUT'],
    ['a panic', { code: 101, stderr: "thread 'a' panicked at x.rs:1:2:\nno\n" }, 'BAD_USER_INPUT'],
    ['no process', { code: 'EAGAIN' }, 'UNAVAILABLE'],
    ['no memory', { signal: 'SIGABRT', stderr: 'memory allocation of 64 bytes failed\n' }, 'UNAVAILABLE'],
    ['a damaged installation', { code: 1, stderr: 'Cannot find module' }, 'UNAVAILABLE'],
  ])('by %s', (_name, end, code) => expect(told(end)).toBe(code));
});
