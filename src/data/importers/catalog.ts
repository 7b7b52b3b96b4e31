/** The importers, one row each. The code behind a name is `<name>.ts` beside this file. */
import type { CatalogEntry } from '../../catalog.ts';

const seed = {
  name: 'seed',
  description: 'Seed of every draw.',
  type: 'int',
  default: 1,
  min: 0,
  max: 4_294_967_295,
} as const;

/** A share of records, drawn where a data set comes without splits. */
const share = { type: 'float', default: 0.1, min: 0, max: 0.5 } as const;

/** The parameters of importers that draw the splits of a single file (splits.ts). */
const splitShares = [
  { name: 'devShare', description: 'Share of records drawn into dev where splits are not given.', ...share },
  { name: 'testShare', description: 'Share of records drawn into test where splits are not given.', ...share },
  seed,
] as const;

export const importerCatalog = [
  {
    name: 'codiemb-jsonl',
    title: 'CoDiEmb JSONL',
    description: 'One unified record per line; one file, or a folder with train.jsonl, dev.jsonl, test.jsonl.',
    source: 'TencentCloudADP/youtu-embedding; arXiv 2508.11442',
    parameters: splitShares,
  },
  {
    name: 'beir',
    title: 'BEIR folder',
    description: 'corpus.jsonl, queries.jsonl and qrels/<split>.tsv, or .txt, .qrels, .trec in four columns.',
    source: 'Thakur et al. 2021, arXiv 2104.08663',
    parameters: [
      {
        name: 'randomNegatives',
        description: 'Non-relevant documents drawn per query and stored as negatives.',
        type: 'int',
        default: 0,
        min: 0,
        max: 100,
      },
      {
        name: 'ignoreIdenticalIds',
        description: "Drop a document whose id equals the query's in evaluation.",
        type: 'boolean',
        default: false,
      },
      seed,
    ],
  },
  {
    name: 'sts-table',
    title: 'STS table',
    description: 'TSV or CSV with sentence1, sentence2, score; one file, or a folder with train, dev, test.',
    source: 'Cer et al. 2017, arXiv 1708.00055 (STS benchmark)',
    parameters: splitShares,
  },
] as const satisfies readonly CatalogEntry[];

export type ImporterName = (typeof importerCatalog)[number]['name'];

/** Reads a path where no importer is named. */
export const defaultImporter: ImporterName = 'codiemb-jsonl';
