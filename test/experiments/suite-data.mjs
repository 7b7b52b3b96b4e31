/** The data sets of the suite experiment: folders of other people's data, with what is said of them. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CreateSuiteDocument, ImportDatasetDocument, SuitesDocument } from '../../dist/src/client/index.js';

const search = { importer: 'BEIR' };
const pairs = { importer: 'STS_TABLE', scaleLow: 0, scaleHigh: 5 };
/** The pairs of a year that the STS benchmark was not drawn from. */
const year = (number) => ({
  ...{ ...pairs, name: `sts${number}`, domain: 'mixed', language: 'en' },
  file: `sts12-16/sts${number}/test-no-stsb-overlap.tsv`,
});

const known = [
  { ...search, name: 'cranfield', domain: 'aerodynamics', language: 'en' },
  { ...search, name: 'cisi', domain: 'library science', language: 'en' },
  { ...search, name: 'cmrc2018-ir-zh', domain: 'encyclopedia', language: 'zh' },
  { ...pairs, name: 'stsb-en', domain: 'news, captions, forums', language: 'en' },
  { ...pairs, name: 'stsb-zh', domain: 'news, captions, forums', language: 'zh', derivedFrom: ['stsb-en'] },
  ...[12, 13, 14, 15, 16].map(year),
  { ...pairs, name: 'jsts', domain: 'captions', language: 'ja' },
];

/** Those of the known sets that the folder has: their ids by name. `work` takes copies of single files. */
export async function importAll(client, folder, work) {
  const ids = {};
  for (const { name, file, ...rest } of known) {
    if (!existsSync(join(folder, file ?? name))) continue;
    const path = file ? await asTestSplit(join(folder, file), join(work, name)) : join(folder, name);
    const input = { name, ...rest, source: { path: resolve(path) }, idempotencyKey: `data ${name}` };
    ids[name] = (await client.execute(ImportDatasetDocument, { input })).importDataset.dataset.id;
  }
  return ids;
}

/** A single file would be cut into splits: in a folder it is the test split. */
async function asTestSplit(file, folder) {
  await mkdir(folder, { recursive: true });
  await copyFile(file, join(folder, 'test.tsv'));
  return folder;
}

/** The suite of the test splits of these data sets, made once. */
export async function suiteOf(client, name, datasets) {
  const { suites } = await client.execute(SuitesDocument, { filter: { name } });
  if (suites.nodes.length > 0) return suites.nodes[0].id;
  const entries = datasets.map((dataset) => ({ dataset }));
  return (await client.execute(CreateSuiteDocument, { input: { name, entries } })).createSuite.suite.id;
}
