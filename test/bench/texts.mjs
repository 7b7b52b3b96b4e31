/**
 * The texts that encoders are measured on: real ones where the data and a tokenizer are given, else texts of the same
 * lengths, whose ids mean nothing.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textsOf } from './setup.mjs';

/** Tokens of all-MiniLM-L6-v2 at most, special tokens included. */
export const maxLength = 256;

/**
 * Lengths in tokens of all-MiniLM-L6-v2, special tokens included, cut at 256: of the sentences of the test split of
 * STS-B and of the passages of Cranfield, title and text. Each list has the 0, 5, 10, ... 100 % quantiles.
 */
const quantiles = {
  sts: [5, 8, 8, 9, 9, 9, 10, 10, 11, 11, 12, 12, 13, 14, 15, 16, 18, 21, 24, 31, 46],
  cranfield: [30, 69, 83, 98, 109, 122, 131, 141, 154, 165, 175, 190, 204, 221, 239, 256, 256, 256, 256, 256, 256],
};

/** What people call them. */
export const mixNames = { sts: 'STS-B', cranfield: 'Cranfield' };

/** `count` lengths that are spread as the mix's are, in a fixed order that is not sorted. */
function lengthsOf(mix, count) {
  const list = quantiles[mix];
  return Array.from({ length: count }, (_, i) => {
    const at = (((i * 0.618034) % 1) + 0.5 / count) * (list.length - 1);
    const below = Math.min(Math.floor(at), list.length - 2);
    return Math.round(list[below] + (at - below) * (list[below + 1] - list[below]));
  });
}

async function rowsOfTable(path) {
  const [header, ...lines] = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  if (header !== 'sentence1\tsentence2\tscore') throw new Error(`${path} begins with "${header}"`);
  return lines.map((line) => {
    const [one, two, score] = line.split('\t');
    return { pair: [one, two], grade: Number(score) / 5 };
  });
}

async function realTexts(data, mix) {
  if (mix === 'sts') return (await rowsOfTable(join(data, 'stsb-en', 'test.tsv'))).flatMap(({ pair }) => pair);
  const lines = (await readFile(join(data, 'cranfield', 'corpus.jsonl'), 'utf8')).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ title, text }) => `${title} ${text}`.trim());
}

/** Items spread evenly over a list. */
const spread = (list, count) => {
  const taken = Math.min(count, list.length);
  return Array.from({ length: taken }, (_, i) => list[Math.floor((i * list.length) / taken)]);
};

/** One text after the other, without padding. */
function packed(encoded) {
  const lengths = encoded.map(({ ids }) => ids.length);
  const texts = textsOf(lengths, 1);
  encoded.forEach(({ ids }, i) => {
    texts.ids.set(ids, texts.cumulative[i]);
  });
  return texts;
}

export class Texts {
  #data;
  #tokenizer;

  /** Texts of a data folder, tokenised by a model folder's tokenizer; both may be undefined. */
  static async open({ data, model }) {
    const texts = new Texts();
    texts.#data = data;
    if (model === undefined) return texts;
    const { loadTokenizer } = await import('../../dist/src/tokenizer/open.js');
    texts.#tokenizer = await loadTokenizer(join(model, 'tokenizer.json'));
    return texts;
  }

  /** Whether there are texts, and not only lengths. */
  get areReal() {
    return this.#data !== undefined && this.#tokenizer !== undefined;
  }

  /** `count` texts of a mix as strings. */
  async strings(mix, count) {
    return spread(await realTexts(this.#data, mix), count);
  }

  async tokenise(strings) {
    const inputs = strings.map((text) => ({ prompt: '', text }));
    return packed(await this.#tokenizer.encode(inputs, { maxLength, includePrompt: true }));
  }

  /** `count` packed texts of a mix. */
  async packed(mix, count, vocabularySize) {
    if (!this.areReal) return textsOf(lengthsOf(mix, count), vocabularySize);
    return this.tokenise(await this.strings(mix, count));
  }

  /** Batches of `size` pairs of STS-B's train split, as training takes them: queries, then their partners. */
  async pairBatches(count, size, vocabularySize) {
    if (!this.areReal) {
      const grades = Float32Array.from({ length: size }, (_, i) => (i % 6) / 5);
      return Array.from({ length: count }, () => ({
        ...{ grades, size, texts: textsOf(lengthsOf('sts', 2 * size), vocabularySize) },
      }));
    }
    const rows = spread(await rowsOfTable(join(this.#data, 'stsb-en', 'train.tsv')), count * size);
    return Promise.all(
      Array.from({ length: count }, async (_, batch) => {
        // Neighbours in the file are alike, so a batch takes every count-th row.
        const own = rows.filter((_row, i) => i % count === batch);
        const strings = [0, 1].flatMap((side) => own.map(({ pair }) => pair[side]));
        const grades = Float32Array.from(own, ({ grade }) => grade);
        return { grades, size: own.length, pairs: own, texts: await this.tokenise(strings) };
      }),
    );
  }
}
