/** Runs with a teacher: whose texts it reads, what it takes, and that a run goes on to the same bits. */
import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../src/authoring/initial-parameters.ts';
import { readModelFolder, writeModelFolder } from '../../src/formats/model-folder.ts';
import { publishStaged, type Storage } from '../../src/storage/storage.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { tokenizeDataset } from '../../src/tokens/tokenize-dataset.ts';
import { loadTrainingData } from '../../src/train/data.ts';
import { drawBatch } from '../../src/train/draw.ts';
import { planTraining } from '../../src/train/loop.ts';
import { readState } from '../../src/train/state.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { expectClose, testGpu } from '../device.ts';
import { tinySpec, tinyTokenizerJson, writeTinyModel } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { tolerances } from '../tolerances.ts';
import { prepareTinyRun, publishTinyModel, tinySettings } from './fixture.ts';
import { teacherSpec, withTeacher } from './taught.ts';
import { lastCheckpoint, only, run } from './whole-run.ts';

const folder = temporaryFolder();

const settings = tinySettings({
  ...{ maxBatches: 7, checkpointEverySteps: 2, positives: 2, negatives: 2 },
  losses: {
    ir: [
      { loss: 'guided-infonce', weight: 1, parameters: {} },
      { loss: 'teacher-matching', weight: 0.5, parameters: {} },
    ],
    sts: [{ loss: 'teacher-matching', weight: 1, parameters: {} }],
  },
});

const prepare = async () => withTeacher(await prepareTinyRun(folder(), settings), ['ir', 'sts']);

const endless = Number.POSITIVE_INFINITY;

describe('a run with a teacher', () => {
  it.each([
    ['whole batches', endless],
    ['batches in pieces', 40],
  ])('of %s goes on after a stop and after a kill to the very bits of an undisturbed run', async (_, pieceTokens) => {
    const { input, storage } = await prepare();
    const whole = await run(storage, input, endless, pieceTokens);
    const last = lastCheckpoint(whole.events);
    const first = await run(storage, input, 2, pieceTokens);
    // Of a run that was killed, the checkpoint before the stop is the latest.
    for (const { model, state } of only(first.events, 'checkpoint').slice(-2)) {
      expect((await readState(storage, state)).teacher).toBe(input.teacher);
      const second = await run(storage, { ...input, resume: { model, state } }, endless, pieceTokens);
      expect(lastCheckpoint(second.events)).toMatchObject({ step: 7, model: last.model, state: last.state });
    }
    expect(only(whole.events, 'step').some(({ components }) => 'guided-infonce' in components)).toBe(true);
  });

  it('computes the same in pieces as in whole batches', async () => {
    const { input, storage } = await prepare();
    const still = { ...input, settings: { ...settings, maxBatches: 4, microBatchTokens: 64 } };
    const losses = async (pieceTokens: number) =>
      only((await run(storage, still, endless, pieceTokens)).events, 'step').map(({ loss }) => loss);
    expectClose(await losses(30), await losses(endless), tolerances.trajectory);
  });

  it('leaves no memory behind', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const { persistent } = gpu.memory();
    await run(storage, input, 1);
    const { teacher: _, ...untaught } = input;
    await expect(run(storage, untaught)).rejects.toThrow('teacher');
    expect(gpu.memory()).toMatchObject({ persistent });
  });

  it('names a teacher that gives no finite vectors', async () => {
    const { input, storage } = await prepare();
    const { spec, tokenizerSettings, close } = await readModelFolder(storage.path('models', input.teacher!));
    await close();
    const tensors = [...initialParameters(spec, 5)].map(({ name, ...tensor }) => ({
      ...{ name, ...tensor },
      data: name === 'norm.weight' ? tensor.data.map(() => 3e38) : tensor.data,
    }));
    const tokenizerJson = tinyTokenizerJson;
    const { digest: teacher } = await publishStaged(storage, 'models', (path) =>
      writeModelFolder(path, { spec, tokenizerJson, tokenizerSettings, tensors }),
    );
    await expect(run(storage, { ...input, teacher })).rejects.toMatchObject({
      message: expect.stringMatching(/^Step 1 gave a value that is not finite: .*first in the teacher vectors/),
    });
  });

  it('does not go on with another teacher', async () => {
    const { input, storage } = await prepare();
    const { model, state } = lastCheckpoint((await run(storage, input, 1)).events);
    const teacher = await publishTinyModel(storage, teacherSpec, 6);
    await expect(run(storage, { ...input, teacher, resume: { model, state } })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'The run cannot be resumed: the teacher is not the one it was started with',
    });
  });

  it('is refused where one binding cannot hold what the teacher computes', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const bound = (largestBinding: number) =>
      planTraining({ traits: gpu.traits, mostMemory: gpu.mostMemory, largestBinding }, storage, input);
    await expect(bound(8_000)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { field: 'teacher', expected: "at most 8000 bytes, the adapter's limit" },
    });
  });

  it('counts what the teacher takes, and is refused where that is too much', async () => {
    const gpu = await testGpu();
    const { input, storage } = await prepare();
    const { memory } = await planTraining(gpu, storage, input);
    const without = { ...input, settings: tinySettings({ positives: 2, negatives: 2 }) };
    const { teacher: _, ...untaught } = without;
    const datasets = input.datasets.map(({ teacherTokens: __, ...dataset }) => dataset);
    const alone = (await planTraining(gpu, storage, { ...untaught, datasets })).memory;
    expect(alone.teacher).toBe(0);
    expect(memory.teacher).toBeGreaterThan(61 * 20 * 4);
    expect(memory.total).toBe(alone.total + memory.teacher);
    const small = { traits: gpu.traits, largestBinding: gpu.largestBinding, mostMemory: memory.teacher };
    await expect(planTraining(small, storage, input)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { remedy: expect.stringContaining('a teacher that is smaller') },
    });
  });
});

describe('texts of a teacher', () => {
  const ir = (query: string, positive: string, ...negatives: string[]) => ({
    task_type: 'ir',
    query: ['', '', query],
    positives: [['', '', positive]],
    negatives: negatives.map((text) => ['', '', text]),
  });

  /** A model with the templates, and its token file of the data set. */
  async function tokenized(storage: Storage, dataset: string, templates: typeof tinySpec.templates) {
    const staged = await storage.stage();
    await writeTinyModel(staged, { spec: { ...tinySpec, templates } });
    const { digest: model } = await storage.publish('models', staged);
    const tokenizer = await parseTokenizer(tinyTokenizerJson);
    const { key } = await tokenizeDataset(storage, { dataset, model, maxLength: 12 }, tokenizer);
    const { spec, close } = await readModelFolder(storage.path('models', model));
    await close();
    return { key, spec };
  }

  it('are those of the batch, though one text of the model is two of the teacher', async () => {
    const { storage, ...work } = workspace(folder());
    // Record 0 asks for what record 1 answers; record 2 has no negative.
    const records = lines(ir('oil pump', 'leak', 'pump'), ir('leaks', 'oil pump', 'leak'), ir('pump', 'oil'));
    const { summary } = await work.open(await work.files({ 'train.jsonl': records }));
    const plain = { query: '', sts: '', passage: '' };
    const own = await tokenized(storage, summary.digest, plain);
    const taught = await tokenized(storage, summary.digest, { ...plain, query: 'leak ', passage: 'oil ' });
    const dataset = { name: 'x', task: 'ir', weight: 1, digest: summary.digest } as const;
    const datasets = [{ ...dataset, tokens: own.key, teacherTokens: taught.key }];
    const data = await loadTrainingData(storage, datasets, own.spec, taught.spec);
    expect(data[0]!.file.texts.poolStart.length).toBeLessThan(data[0]!.teacher!.texts.poolStart.length);
    const drawn = drawBatch(
      { settings: { ...settings, positives: 1, negatives: 1 }, epoch: 0, data },
      { dataset: 0, records: Uint32Array.of(2, 0, 1), pass: 0 },
    );
    const shown = ['pump', 'oil pump', 'leaks', 'oil', 'leak', 'oil pump', 'pump', 'pump', 'leak'];
    const tokenizer = await parseTokenizer(tinyTokenizerJson);
    // A query stands in the place of a negative that it has not.
    const prompts = shown.map((_, at) => (at < 3 || at === 6 ? 'leak ' : 'oil '));
    const encoded = await tokenizer.encode(
      shown.map((text, at) => ({ prompt: prompts[at]!, text })),
      { maxLength: 12, includePrompt: taught.spec.includePrompt },
    );
    expect([...drawn.teacherTexts!.ids]).toEqual(encoded.flatMap(({ ids }) => [...ids]));
    expect([...drawn.teacherTexts!.poolStart]).toEqual(encoded.map(({ poolStart }) => poolStart));
  });

  it('are not read where no term on the data needs a teacher', async () => {
    const tiny = await prepareTinyRun(folder(), {
      ...settings,
      losses: { ...settings.losses, ir: tinySettings().losses.ir },
    });
    const { storage, input } = await withTeacher(tiny, ['sts']);
    const { events, output } = await run(storage, input);
    expect(output.outcome).toBe('finished');
    expect(only(events, 'step').some(({ task }) => task === 'ir')).toBe(true);
  });
});
