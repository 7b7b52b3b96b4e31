/**
 * Makes the token file of a data set version for a model: every distinct (role, text) once, as ids, and per split the
 * records, documents and judgements by number; similarity pairs without a grade are left out, as neither a loss nor a
 * correlation can use them. An existing file of equal inputs is reused if it is whole. It is below its data set version
 * and its model, and is deleted with either.
 */

import { createHash } from 'node:crypto';
import { compareUtf8 } from '../data/code-points.ts';
import { growingF32, growingI32, growingU32 } from '../data/growing.ts';
import { HashIndex } from '../data/hash-index.ts';
import { noGrade } from '../data/record-codec.ts';
import { type Dataset, openDataset } from '../data/record-file.ts';
import { relevanceByPosition } from '../data/relevance.ts';
import { type Split, splits, type TextTriple } from '../data/types.ts';
import { TandemError } from '../errors.ts';
import { readModelSpec, readTokenizerJson } from '../formats/model-folder.ts';
import { createLogger } from '../log.ts';
import type { PromptTemplates, TextRole } from '../model/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { TextToEncode, Tokenizer } from '../tokenizer/tokenizer.ts';
import type { MissingNegatives } from './catalog.ts';
import { buildText } from './text.ts';
import { publishTokenFile, readTokenCounts, type TokenCounts, tokenFileVersion } from './token-file.ts';
import type { Lists, TokenFile, TokenFileReport, TokenizeDatasetInput, TokenizedSplit } from './types.ts';

/** The part of a key that covers everything the ids depend on, independent of the file's folder. */
export const tokenContent = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** Tokenises a data set version with the model's tokenizer. An abort takes effect between chunks and leaves no file. */
export async function tokenizeDataset(
  storage: Storage,
  request: TokenizeDatasetInput,
  tokenizer: Tokenizer,
  signal?: AbortSignal,
): Promise<TokenFileReport> {
  const { model } = request;
  const { templates, includePrompt, maxLength: modelLength } = await readOwn(storage, 'models', model, readModelSpec);
  const maxLength = Math.min(request.maxLength, modelLength);
  const json = await readOwn(storage, 'models', model, readTokenizerJson);
  const missingNegatives = request.missingNegatives ?? 'masked';
  const content = contentKey(request.dataset, json, { templates, includePrompt, maxLength }, missingNegatives);
  const key = `${request.dataset}/${request.model}/${content}`;
  const found = await countsOf(storage, key);
  if (found !== undefined) return { key, ...found };
  const dataset = await openDataset(storage, request.dataset);
  const table = new TextTable(tokenizer, { templates, includePrompt, maxLength }, signal);
  await publishTokenFile(storage, key, await tokenize(dataset, table, missingNegatives));
  return { key, ...(await readTokenCounts(storage, key)) };
}

/** Undefined = there is no token file, or a damaged one, which is made again. */
async function countsOf(storage: Storage, key: string): Promise<TokenCounts | undefined> {
  if (!(await storage.exists('tokens', key))) return undefined;
  try {
    return await readTokenCounts(storage, key);
  } catch (error) {
    if (!(error instanceof TandemError) || error.details.reason !== 'damaged-file') throw error;
    createLogger('tokens').warn({ error }, 'a token file is damaged; it is made again');
    return undefined;
  }
}

interface EncodeSettings {
  readonly templates: PromptTemplates;
  readonly includePrompt: boolean;
  readonly maxLength: number;
}

/** A digest of everything that the ids depend on. Weights are not, so all checkpoints of a run share the file. */
function contentKey(
  dataset: string,
  tokenizerJson: string,
  settings: EncodeSettings,
  missingNegatives: MissingNegatives,
): string {
  const { templates, includePrompt, maxLength } = settings;
  const { query, sts, passage } = templates;
  const tokenizer = createHash('sha256').update(tokenizerJson).digest('hex');
  const parts = [tokenFileVersion, dataset, tokenizer, [query, sts, passage], includePrompt, maxLength];
  // Masked negatives need no text: their files are those from before there was a choice.
  const withChoice = missingNegatives === 'masked' ? parts : [...parts, missingNegatives];
  return createHash('sha256').update(JSON.stringify(withChoice)).digest('hex');
}

async function tokenize(dataset: Dataset, table: TextTable, missing: MissingNegatives): Promise<TokenFile> {
  const bySplit = {} as Record<Split, TokenizedSplit>;
  for (const split of splits) bySplit[split] = await tokenizeSplit(dataset, split, table, missing);
  return { task: dataset.summary.task, ...(await table.finish()), splits: bySplit };
}

/** Stands for the negatives of a training record that has none, where it is asked for. */
const nothing: TextTriple = ['', '', 'nothing'];

async function tokenizeSplit(
  dataset: Dataset,
  split: Split,
  table: TextTable,
  missing: MissingNegatives,
): Promise<TokenizedSplit> {
  const { documents, byId } = await addDocuments(dataset, split, table);
  const retrieval = dataset.summary.task === 'ir';
  const standIn = retrieval && split === 'train' && missing === 'nothing' ? [nothing] : [];
  const query = growingU32();
  const identical = growingI32();
  const positives = new ListBuilder();
  const negatives = new ListBuilder();
  const judgements = new ListBuilder();
  for await (const record of dataset.records(split)) {
    if (!retrieval && (record.positiveScores[0] ?? noGrade) === noGrade) continue;
    query.push(await table.add(retrieval ? 'query' : 'sts', record.query));
    const role = retrieval ? 'passage' : 'sts';
    const teacher = record.teacherScores ?? [];
    const behind = record.positives.length;
    positives.addList(await table.addAll(role, record.positives), record.positiveScores, teacher.slice(0, behind));
    const others = record.negatives.length > 0 ? record.negatives : standIn;
    negatives.addList(await table.addAll(role, others), record.negativeScores, teacher.slice(behind));
    const judged = retrieval ? relevanceByPosition(record, byId, documents.length) : new Map<number, number>();
    judgements.addList([...judged.keys()], [...judged.values()]);
    identical.push(dataset.summary.ignoreIdenticalIds ? (byId.get(record.id) ?? -1) : -1);
  }
  return {
    query: query.view(),
    positives: positives.finish(),
    negatives: negatives.finish(),
    documents,
    judgements: judgements.finish(),
    identical: identical.view(),
  };
}

/** Documents in ascending byte order of their ids, so that their position decides ties of scores. */
async function addDocuments(dataset: Dataset, split: Split, table: TextTable) {
  const ids: string[] = [];
  const texts = growingU32();
  for await (const document of dataset.documents(split)) {
    ids.push(document.id);
    texts.push(await table.add('passage', document.text));
  }
  const order = ids.map((_, index) => index).sort((a, b) => compareUtf8(ids[a]!, ids[b]!));
  const byId = new Map(order.map((index, position) => [ids[index]!, position]));
  return { documents: Uint32Array.from(order, (index) => texts.view()[index]!), byId };
}

class ListBuilder {
  readonly #starts = growingU32();
  readonly #values = growingU32();
  readonly #scores = growingF32();
  readonly #teacher = growingF32();
  #hasTeacher = false;

  /** One score per value, or none at all; the same of a teacher's, where null is none. */
  addList(values: readonly number[], scores: readonly number[], teacher: readonly (number | null)[] = []): void {
    this.#starts.push(this.#values.length);
    this.#values.pushAll(values);
    this.#scores.pushAll(values.map((_, index) => scores[index] ?? noGrade));
    this.#teacher.pushAll(values.map((_, index) => teacher[index] ?? Number.NaN));
    this.#hasTeacher ||= teacher.some((score) => score !== null);
  }

  finish(): Lists {
    this.#starts.push(this.#values.length);
    const lists = { starts: this.#starts.view(), values: this.#values.view(), scores: this.#scores.view() };
    return this.#hasTeacher ? { ...lists, teacher: this.#teacher.view() } : lists;
  }
}

/** Number of texts that are encoded at once. */
const encodeChunk = 512;

/** Numbers distinct (role, text) and encodes them in chunks. */
class TextTable {
  readonly #tokenizer: Tokenizer;
  readonly #settings: EncodeSettings;
  readonly #known = new HashIndex();
  readonly #ids = growingU32();
  readonly #cumulative = growingU32();
  readonly #poolStart = growingU32();
  #waiting: TextToEncode[] = [];
  readonly #signal: AbortSignal | undefined;
  #truncated = 0;

  constructor(tokenizer: Tokenizer, settings: EncodeSettings, signal?: AbortSignal) {
    this.#signal = signal;
    this.#tokenizer = tokenizer;
    this.#settings = settings;
    this.#cumulative.push(0);
  }

  async add(role: TextRole, triple: TextTriple): Promise<number> {
    const built = buildText(this.#settings.templates, role, triple);
    // The key is what the encoder reads, so roles with equal templates share texts.
    const { index, isNew } = this.#known.add(built.prompt, built.text);
    if (isNew) this.#waiting.push(built);
    if (this.#waiting.length >= encodeChunk) await this.#encode();
    return index;
  }

  async addAll(role: TextRole, triples: readonly TextTriple[]): Promise<number[]> {
    const numbers: number[] = [];
    for (const triple of triples) numbers.push(await this.add(role, triple));
    return numbers;
  }

  async finish(): Promise<Pick<TokenFile, 'texts' | 'truncated'>> {
    await this.#encode();
    return {
      texts: { ids: this.#ids.view(), cumulative: this.#cumulative.view(), poolStart: this.#poolStart.view() },
      truncated: this.#truncated,
    };
  }

  async #encode(): Promise<void> {
    this.#signal?.throwIfAborted();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { ids, poolStart, truncated } of await this.#tokenizer.encode(waiting, this.#settings)) {
      this.#ids.pushAll(ids);
      this.#cumulative.push(this.#ids.length);
      this.#poolStart.push(poolStart);
      if (truncated) this.#truncated++;
    }
  }
}
