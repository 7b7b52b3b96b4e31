/**
 * BEIR folders: corpus.jsonl, queries.jsonl, qrels/<split>.tsv (Thakur et al. 2021; reading rules of its data loader).
 * The corpus is read twice: once to keep and check it, then by place for the texts of the positives, so it never sits
 * in memory.
 */
import { type FileHandle, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../../errors.ts';
import { RandomStream } from '../../random/keyed.ts';
import { readExactly } from '../../storage/files.ts';
import { openText, readLines, requireTextFile } from '../lines.ts';
import { describe, whyBadText } from '../record-codec.ts';
import type { Split, TextTriple } from '../types.ts';
import { type Qrels, readQrels } from './beir-qrels.ts';
import type { ImportContext, Imported, ImportedRecord, Importer, ImporterOptions } from './importer.ts';

/** Position of a document's line in corpus.jsonl. */
interface Place {
  readonly id: string;
  readonly offset: number;
  readonly bytes: number;
}

interface Corpus {
  readonly places: readonly Place[];
  readonly byId: ReadonlyMap<string, number>;
}

export const importBeir: Importer<'beir'> = async function* (context) {
  const qrelFiles = await findQrels(context.path);
  for (const name of ['corpus.jsonl', 'queries.jsonl']) await requireTextFile(join(context.path, name));
  const corpus = await openText(join(context.path, 'corpus.jsonl'));
  try {
    yield* readFolder(context, qrelFiles, corpus);
  } finally {
    await corpus.close();
  }
};

async function* readFolder(
  context: ImportContext<ImporterOptions<'beir'>>,
  qrelFiles: readonly QrelsFile[],
  corpus: FileHandle,
): AsyncGenerator<Imported> {
  const splits = qrelFiles.map(({ split }) => split);
  const places: Place[] = [];
  const byId = new Map<string, number>();
  const textOf = async (id: string) => {
    const document = byId.get(id);
    return document === undefined ? undefined : (await readTexts(corpus, [document], { places, byId }))[0]![2];
  };
  for await (const entry of readEntries(context, 'corpus.jsonl', textOf)) {
    byId.set(entry.id, byId.size);
    // Not the entry itself: it carries the text.
    places.push({ id: entry.id, offset: entry.offset, bytes: entry.bytes });
    yield { kind: 'document', splits, id: entry.id, text: ['', '', entry.text] };
  }
  const queries = new Map<string, string>();
  for await (const { id, text } of readEntries(context, 'queries.jsonl', async (known) => queries.get(known))) {
    queries.set(id, text);
  }
  // Judgements of a document that was refused would only add noise to what is wrong already.
  if (context.notes.hasProblems) return;
  for (const { split, path } of qrelFiles) {
    const qrels = await readQrels(path, context, queries, byId);
    if (!context.notes.hasProblems) yield* records(split, qrels, queries, { places, byId }, corpus, context);
  }
}

interface QrelsFile {
  readonly split: Split;
  readonly path: string;
}

const splitNames: readonly [string, Split][] = [
  ['train', 'train'],
  ['dev', 'dev'],
  ['validation', 'dev'],
  ['test', 'test'],
];

/** The usual ending first; the others are those of files of trec_eval. */
const qrelNames = ['.tsv', '.txt', '.qrels', '.trec'].flatMap((ending) =>
  splitNames.map(([name, split]) => [name + ending, split] as const),
);

async function findQrels(path: string): Promise<QrelsFile[]> {
  const folder = join(path, 'qrels');
  const present = await readdir(folder).catch((): string[] => []);
  const found = qrelNames.filter(([name]) => present.includes(name));
  const unique = found.filter(([, split], index) => found.findIndex(([, other]) => other === split) === index);
  if (unique.length > 0) return unique.map(([name, split]) => ({ split, path: join(folder, name) }));
  throw badInput('The path is no BEIR folder', {
    field: 'source.path',
    expected: 'a folder with corpus.jsonl, queries.jsonl and qrels/train.tsv, dev.tsv or test.tsv (or .txt, .qrels)',
    remedy: 'Give the folder that holds these files.',
  });
}

/**
 * Lines {_id, title?, text}: the text a model reads is title and text joined by a space, trimmed. `textOf` gives the
 * text of an id that was yielded before.
 */
async function* readEntries(
  context: ImportContext<ImporterOptions<'beir'>>,
  file: string,
  textOf: (id: string) => Promise<string | undefined>,
): AsyncGenerator<Place & { text: string }> {
  const { notes, limits, signal, onLine } = context;
  for await (const line of readLines(join(context.path, file), notes, signal)) {
    onLine();
    if (line.text.trim() === '') continue;
    const problem = (message: string, field?: string) =>
      notes.problem({ file, line: line.number, message, ...(field === undefined ? {} : { field }) });
    const entry = parseEntry(line.text, problem);
    if (entry === null) continue;
    const why = whyBadText(entry.text, limits.textCodePoints, file === 'queries.jsonl');
    const before = await textOf(entry.id);
    if (why !== null) problem(why, 'text');
    else if (before === entry.text) notes.warn(`lines of ${file} that repeat an id and its text dropped`);
    else if (before !== undefined) problem(`repeats the id "${entry.id}" with another text`, '_id');
    else {
      // Public corpora have some; they count among the documents that are ranked, here as elsewhere.
      if (entry.text === '') notes.warn('documents without title and text kept as empty texts');
      yield { ...entry, offset: line.offset, bytes: line.bytes };
    }
  }
}

function parseEntry(json: string, problem: (message: string, field?: string) => void) {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    problem(`is not JSON: ${(error as Error).message.slice(0, 120)}`);
    return null;
  }
  if (typeof value !== 'object' || value === null) {
    problem(`is ${describe(value)}, expected an object with _id and text`);
    return null;
  }
  const { _id: id, title = '', text } = value as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') problem(`is ${describe(id)}, expected a string`, '_id');
  else if (typeof title !== 'string' && title !== null) problem(`is ${describe(title)}, expected a string`, 'title');
  else if (typeof text !== 'string') problem(`is ${describe(text)}, expected a string`, 'text');
  else return { id, text: joinTitle(title ?? '', text) };
  return null;
}

/** (title + ' ' + text).strip() where there is a title, else text.strip(). */
const joinTitle = (title: string, text: string): string => (title === '' ? text : `${title} ${text}`).trim();

async function* records(
  split: Split,
  qrels: Qrels,
  queries: ReadonlyMap<string, string>,
  corpus: Corpus,
  file: FileHandle,
  context: ImportContext<ImporterOptions<'beir'>>,
): AsyncGenerator<ImportedRecord> {
  const random = context.options.randomNegatives;
  const seed = context.options.seed;
  let position = 0;
  for (const [id, grades] of qrels) {
    const relevant = [...grades].filter(([, grade]) => grade > 0);
    const positives = relevant.filter(([document]) => corpus.byId.has(document));
    const absentScores = relevant.filter(([document]) => !corpus.byId.has(document)).map(([, grade]) => grade);
    const stream = new RandomStream(seed, purposeOfNegatives, ['train', 'dev', 'test'].indexOf(split), position++);
    if (positives.length === 0 && split === 'train') {
      context.notes.warn('train queries without a relevant document left out');
      continue;
    }
    const judged = [...grades].flatMap(([document, grade]) => (grade <= 0 ? (corpus.byId.get(document) ?? []) : []));
    const drawn = drawNegatives(random, grades, corpus, stream);
    if (drawn.length < random)
      context.notes.warn('queries with fewer random negatives than asked: the corpus is too small');
    const negatives = [...judged, ...drawn];
    yield {
      kind: 'record',
      split,
      id,
      positiveDocuments: positives.map(([document]) => document),
      absentScores,
      record: {
        task: 'ir',
        query: ['', '', queries.get(id)!],
        positives: await readTexts(
          file,
          positives.map(([document]) => corpus.byId.get(document)!),
          corpus,
        ),
        negatives: await readTexts(file, negatives, corpus),
        positiveScores: positives.map(([, grade]) => grade),
        negativeScores: [...judged.map(() => 0), ...drawn.map(() => -1)],
      },
    };
  }
}

const purposeOfNegatives = 22;

/** `count` documents that are not judged for the query. */
function drawNegatives(
  count: number,
  grades: ReadonlyMap<string, number>,
  corpus: Corpus,
  random: RandomStream,
): number[] {
  if (count === 0) return [];
  return random
    .sample(corpus.places.length, count + grades.size)
    .filter((document) => !grades.has(corpus.places[document]!.id))
    .slice(0, count);
}

const fileChanged = () =>
  badInput('corpus.jsonl became shorter while it was read', {
    field: 'source.path',
    expected: 'files that nobody writes to during the import',
    remedy: 'Import again once the file is complete.',
  });

async function readTexts(file: FileHandle, documents: readonly number[], corpus: Corpus): Promise<TextTriple[]> {
  const texts: TextTriple[] = [];
  for (const document of documents) {
    const { offset, bytes } = corpus.places[document]!;
    const buffer = await readExactly(file, offset, bytes, fileChanged);
    const { title = '', text } = JSON.parse(buffer.toString('utf8')) as { title?: string | null; text: string };
    texts.push(['', '', joinTitle(title ?? '', text)]);
  }
  return texts;
}
