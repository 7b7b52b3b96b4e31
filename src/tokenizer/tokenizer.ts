/**
 * From texts to token ids by any tokenizer.json (WordPiece, BPE of both kinds, Unigram): a small interface over the
 * native binding of Hugging Face's tokenizers. Encoding runs on the binding's own threads, never on the device's. Used
 * for token files and for the texts of requests.
 */
import native from '@anush008/tokenizers';
import { badInput, invariant } from '../errors.ts';

/** A text of the text builder (tokens/text.ts). The encoder reads prompt + text without a separator. */
export interface TextToEncode {
  readonly prompt: string;
  readonly text: string;
}

export interface EncodeOptions {
  /** Longest result in tokens, special tokens included; a longer text is truncated and keeps its special tokens. */
  readonly maxLength: number;
  /** True: every token is pooled. False: the prompt's tokens are not. */
  readonly includePrompt: boolean;
  /** Number of the first text, for errors; absent = 0. */
  readonly first?: number;
}

export interface EncodedText {
  /** [t] token ids with special tokens. */
  readonly ids: Uint32Array;
  /** First pooled token, counted from the text's own first; always below t. */
  readonly poolStart: number;
  readonly truncated: boolean;
}

export interface TokensWithOffsets {
  readonly ids: Uint32Array;
  /** [start, end) in code points of the text; [0, 0] for special tokens that the template adds. */
  readonly offsets: readonly (readonly [start: number, end: number])[];
}

export interface Tokenizer {
  /** Ids are below this number; added tokens count. */
  readonly vocabularySize: number;
  /** Number of special tokens that the template adds to a text (2 for BERT's [CLS] and [SEP]). */
  readonly specialTokens: number;
  /** Encodes texts, in their order. Rejects if truncation leaves a text no token to pool. */
  encode(texts: readonly TextToEncode[], options: EncodeOptions): Promise<EncodedText[]>;
  /** Ids and offsets without truncation. */
  tokenize(texts: readonly string[]): Promise<TokensWithOffsets[]>;
}

/** Most texts, and UTF-16 units, in one call of the binding: bounds memory, and how long other calls wait. */
const chunkSize = { texts: 512, units: 250_000 };
/** Most prompts in the cache of prompt lengths; beyond this number it is emptied. */
const mostPrompts = 10_000;

/**
 * A tokenizer from the text of a tokenizer.json; its own truncation and padding are overridden. `label` names it in
 * errors. It encodes in this process: files of other programs are opened by open.ts.
 */
export async function parseTokenizer(json: string, label = 'tokenizer.json'): Promise<Tokenizer> {
  const { tokenizer, specialIds } = parse(json, label);
  tokenizer.disablePadding();
  const serial = new Serial();
  const specialTokens = countSpecial((await encodeAll(['']))[0]);
  const prompts = new PromptLengths(specialIds);

  function encodeAll(texts: readonly string[]): Promise<native.JsEncoding[]> {
    return tokenizer.encodeBatch([...texts]).catch((error: Error) => {
      throw badInput(`The tokenizer ${label} cannot encode a text: ${error.message}`, {
        field: label,
        expected: 'an unknown token of its own where its vocabulary has not every piece of a text',
      });
    });
  }

  function truncatedBatch(texts: readonly string[], maxLength: number): Promise<native.JsEncoding[]> {
    tokenizer.setTruncation(maxLength);
    return encodeAll(texts);
  }

  async function encode(texts: readonly TextToEncode[], { maxLength, includePrompt, first = 0 }: EncodeOptions) {
    if (!Number.isInteger(maxLength) || maxLength <= specialTokens) {
      throw badInput(`A maximum length of ${maxLength} tokens leaves no room for text`, {
        field: 'maxLength',
        expected: `a whole number above the tokenizer's ${specialTokens} special tokens`,
      });
    }
    return inChunks(
      serial,
      texts,
      ({ text }) => text.length,
      async (chunk, begin) => {
        if (!includePrompt) await prompts.learn(chunk, maxLength, truncatedBatch);
        const encodings = await truncatedBatch(
          chunk.map(({ prompt, text }) => prompt + text),
          maxLength,
        );
        return encodings.map((encoding, i) => {
          const poolStart = includePrompt ? 0 : prompts.length(chunk[i].prompt, maxLength);
          return result(encoding, poolStart, maxLength, chunk[i], first + begin + i);
        });
      },
    );
  }

  return {
    vocabularySize: highestId(tokenizer.getVocab(true)) + 1,
    specialTokens,
    encode,
    tokenize: (texts) =>
      inChunks(
        serial,
        texts,
        ({ length }) => length,
        async (chunk) => {
          tokenizer.disableTruncation();
          const encodings = await encodeAll(chunk);
          return encodings.map((encoding) => ({
            ids: Uint32Array.from(encoding.getIds()),
            offsets: encoding.getOffsets() as [number, number][],
          }));
        },
      ),
  };
}

/** Works chunk by chunk; chunks of other calls run in between. */
export async function inChunks<T, R>(
  serial: Serial,
  items: readonly T[],
  unitsOf: (item: T) => number,
  work: (chunk: readonly T[], begin: number) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: (readonly R[])[] = [];
  for (let begin = 0; begin < items.length; ) {
    const end = endOfChunk(items, begin, unitsOf);
    const [chunk, at] = [items.slice(begin, end), begin];
    results.push(await serial.run(() => work(chunk, at)));
    begin = end;
  }
  return results.flat();
}

/** End of the next chunk: at least one item, and no more units than a chunk may have unless the first has more. */
function endOfChunk<T>(items: readonly T[], begin: number, unitsOf: (item: T) => number): number {
  const most = Math.min(items.length, begin + chunkSize.texts);
  let units = unitsOf(items[begin]);
  for (let end = begin + 1; end < most; end++) {
    units += unitsOf(items[end]);
    if (units > chunkSize.units) return end;
  }
  return most;
}

/** Number of tokens that the template adds; Metaspace may make a token even of an empty text. */
const countSpecial = (encoding: native.JsEncoding): number =>
  encoding.getSpecialTokensMask().reduce((sum, special) => sum + special, 0);

function result(
  encoding: native.JsEncoding,
  poolStart: number,
  maxLength: number,
  source: TextToEncode,
  index: number,
): EncodedText {
  const ids = Uint32Array.from(encoding.getIds());
  // The binding copies overflowing pieces, so truncation is enabled only where there can be any.
  const truncated = ids.length >= maxLength && encoding.getOverflowing().length > 0;
  if (poolStart >= ids.length) throw nothingPooled(source, poolStart, ids.length, index);
  return { ids, poolStart, truncated };
}

const nothingPooled = ({ prompt, text }: TextToEncode, poolStart: number, length: number, index: number) =>
  badInput(`No token is left to pool of text ${index}, ${quote(text)}`, {
    field: `texts[${index}]`,
    expected: `more than the ${poolStart} tokens of its prompt ${quote(prompt)}; there are ${length}`,
    remedy: 'Give a longer text, a shorter prompt or a larger maximum length, or a model that pools its prompt.',
  });

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);

/**
 * Number of tokens of a text that belong to its prompt: those of the prompt tokenised alone, the beginning token
 * included, without a trailing special token. Source: sentence-transformers, Transformer and encode(), with which
 * exports agree.
 */
class PromptLengths {
  readonly #specialIds: ReadonlySet<number>;
  readonly #known = new Map<string, number>();

  constructor(specialIds: ReadonlySet<number>) {
    this.#specialIds = specialIds;
  }

  async learn(
    texts: readonly TextToEncode[],
    maxLength: number,
    encode: (texts: readonly string[], maxLength: number) => Promise<native.JsEncoding[]>,
  ): Promise<void> {
    // Empty the cache before, not after: all prompts of these texts must be in it at the end.
    if (this.#known.size > mostPrompts) this.#known.clear();
    const isNew = (prompt: string): boolean => prompt !== '' && !this.#known.has(key(prompt, maxLength));
    const prompts = [...new Set(texts.map(({ prompt }) => prompt))].filter(isNew);
    if (prompts.length === 0) return;
    const encodings = await encode(prompts, maxLength);
    encodings.forEach((encoding, i) => {
      const ids = encoding.getIds();
      const trailing = this.#specialIds.has(ids[ids.length - 1]) ? 1 : 0;
      this.#known.set(key(prompts[i], maxLength), ids.length - trailing);
    });
  }

  /** Length of a cached prompt; 0 without a prompt. */
  length(prompt: string, maxLength: number): number {
    if (prompt === '') return 0;
    const length = this.#known.get(key(prompt, maxLength));
    invariant(length !== undefined, 'A prompt was asked for that was not learned');
    return length;
  }
}

const key = (prompt: string, maxLength: number): string => `${maxLength} ${prompt}`;

/** A mutex: the binding's truncation is a setting of the tokenizer, not of the call. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

interface TokenizerFile {
  readonly added_tokens?: readonly { readonly id: number; readonly special: boolean }[];
}

function parse(json: string, label: string): { tokenizer: native.Tokenizer; specialIds: ReadonlySet<number> } {
  try {
    const file = JSON.parse(json) as TokenizerFile;
    const special = (file.added_tokens ?? []).filter((token) => token.special);
    return { tokenizer: native.Tokenizer.fromString(json), specialIds: new Set(special.map((token) => token.id)) };
  } catch (error) {
    throw unreadable(label, (error as Error).message);
  }
}

export const unreadable = (path: string, reason: string) =>
  badInput(`The tokenizer ${path} cannot be read: ${reason}`, {
    field: path,
    expected: "a tokenizer.json of Hugging Face's tokenizers",
  });

const highestId = (vocabulary: Readonly<Record<string, number>>): number =>
  Object.values(vocabulary).reduce((highest, id) => Math.max(highest, id), -1);
