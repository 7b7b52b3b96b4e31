import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/keyed.ts';
import { parseTokenizer } from '../../src/tokenizer/tokenizer.ts';
import { trainWordPiece } from '../../src/tokenizer/train-wordpiece.ts';
import { processorMs } from '../processor-time.ts';

const vocabularyOf = async (texts: readonly string[], size: number): Promise<string[]> => {
  const { vocab } = (await trainWordPiece(texts, size)).model;
  const entries = Object.entries(vocab).sort(([, i], [, j]) => i - j);
  expect(entries.map(([, id]) => id)).toEqual(entries.map((_, i) => i));
  return entries.map(([piece]) => piece);
};

/** Merges pairs by counting everything anew at every step: what the trainer must equal. */
function slowVocabulary(words: ReadonlyMap<string, number>, alphabet: readonly string[], size: number): string[] {
  const pieces = [...alphabet];
  const spelled = [...words].map(([word, count]) => ({ count, parts: [...word].map((c, i) => (i ? `##${c}` : c)) }));
  while (pieces.length < size) {
    const counts = new Map<string, number>();
    for (const { count, parts } of spelled) {
      for (let i = 0; i + 1 < parts.length; i++) {
        const pair = `${pieces.indexOf(parts[i])} ${pieces.indexOf(parts[i + 1])}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    const ranked = [...counts].map(([pair, count]) => ({ count, pair: pair.split(' ').map(Number) }));
    ranked.sort((x, y) => y.count - x.count || x.pair[0] - y.pair[0] || x.pair[1] - y.pair[1]);
    if (ranked.length === 0) break;
    const [left, right] = ranked[0].pair.map((number) => pieces[number]);
    const joined = left + right.slice(2);
    if (!pieces.includes(joined)) pieces.push(joined);
    for (const word of spelled) {
      const parts: string[] = [];
      for (let i = 0; i < word.parts.length; i++) {
        const isPair = word.parts[i] === left && word.parts[i + 1] === right;
        parts.push(isPair ? joined : word.parts[i]);
        if (isPair) i++;
      }
      word.parts = parts;
    }
  }
  return pieces;
}

describe('WordPiece training', () => {
  it('joins the most frequent pair first; equal counts go to the smaller pieces', async () => {
    const texts = ['hug hug hug hug hug pug pug pug pug pug', 'bun bun bun bun pun pun'];
    const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
    const alphabet = ['b', 'g', 'h', 'n', 'p', 'u', '##g', '##n', '##u'];
    expect(await vocabularyOf(texts, 18)).toEqual([...special, ...alphabet, '##ug', '##un', 'hug', 'pug']);
    // No more pairs: a smaller vocabulary, not an error.
    const all = await vocabularyOf(texts, 1000);
    expect(all.slice(18)).toEqual(['bun', 'pun']);
  });

  it('equals merging by recounting, on words with repeated letters', async () => {
    const random = new RandomStream(5);
    const words = Array.from({ length: 300 }, () =>
      Array.from({ length: 1 + random.below(7) }, () => random.pick([...'aabc'])).join(''),
    );
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const size = 90;
    const found = await vocabularyOf([words.join(' ')], size);
    const alphabet = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'c', '##a', '##b', '##c'];
    expect(found).toEqual(slowVocabulary(counts, alphabet, size));
    expect(found).toHaveLength(size);
  });

  /** What the tokenizer trained on `texts` makes of a text, without the special tokens around it. */
  const pieceMaker = async (texts: readonly string[], size: number) => {
    const json = await trainWordPiece(texts, size);
    const pieces = Object.keys(json.model.vocab);
    const tokenizer = await parseTokenizer(JSON.stringify(json));
    expect(tokenizer.vocabularySize).toBe(pieces.length);
    return async (text: string) => {
      const [{ ids }] = await tokenizer.tokenize([text]);
      return [...ids].slice(1, -1).map((id) => pieces[id]);
    };
  };

  it('lower-cases, keeps accents, and splits as encoding does', async () => {
    const cut = await pieceMaker(['Überfluß, ÜBERFLUß! 中文中文 ﬁ', 'überfluß'], 200);
    expect(await cut('ÜBERFLUß, 中')).toEqual(['überfluß', ',', '中']);
    expect(await cut('U\u0308berfluß')).toEqual(['überfluß']);
    expect(await cut('UBERFLUß')).not.toEqual(['überfluß']);
  });

  it('knows the accents that it never saw, once it saw one', async () => {
    const cut = await pieceMaker(['the café in zurich', 'the cafe'], 1000);
    expect(await cut('Zürich')).not.toContain('[UNK]');
    expect(await cut('Zurich')).toEqual(['zurich']);
  });

  it('folds accents of a reader where the texts have none, by the tokenizer of plain BERT', async () => {
    const json = await trainWordPiece(['cafe 中文 cafe'], 100);
    expect(json.normalizer).toMatchObject({ type: 'BertNormalizer', strip_accents: null });
    expect(json.pre_tokenizer).toEqual({ type: 'BertPreTokenizer' });
    expect(await (await pieceMaker(['cafe 中文 cafe'], 100))('Café')).toEqual(['cafe']);
    expect(Object.keys(json.model.vocab)).not.toContain('é');
  });

  it('keeps voiced kana apart from others, however they are encoded', async () => {
    const cut = await pieceMaker(['ボード ボード ボード ホート がが かか'], 100);
    expect(await cut('ボード')).toEqual(['ボード']);
    expect(await cut('ボード'.normalize('NFD'))).toEqual(['ボード']);
    expect(await cut('ホート')).not.toContain('ボード');
    expect(await cut('が')).toEqual(['が']);
  });

  it('learns the words of kana, not whole sentences of them', async () => {
    const sentences = [
      'テーブルのうえにサラダがあります',
      'テーブルのしたにねこがいます',
      'ねこがサラダをたべています',
    ];
    const found = await vocabularyOf(Array.from({ length: 9 }, () => sentences).flat(), 1000);
    expect(found).toEqual(expect.arrayContaining(['テーブル', 'サラダ', 'の', '##ます']));
    expect(found.filter((piece) => /^(##)?[ぁ-ヿ]{6,}$/.test(piece))).toEqual([]);
  });

  it.each([
    ['hiragana', 'ゐかもしれないので', 'ぬ'],
    ['katakana', 'サーフボードデモヰ', 'ヌ'],
    ['Thai', 'ฉันชอบแมวมาก', 'ฒ'],
    ['Burmese', 'မြန်မာဘာသာ', 'ဏ'],
  ])('gives no unknown token for a long run of %s, nor for a letter that it never saw', async (_, text, unseen) => {
    const cut = await pieceMaker([text, text], 1000);
    for (const run of [text.repeat(60), text + unseen.repeat(3) + text, unseen + text]) {
      const pieces = await cut(run);
      expect(pieces).not.toContain('[UNK]');
      expect(pieces.map((piece) => piece.replace('##', '')).join('')).toBe(run);
    }
  });

  it('never makes more tokens than asked for, and leaves the rarest characters out if they do not fit', async () => {
    const text = 'aaaa aaab aaac aaa';
    for (const size of [6, 7, 8, 9, 10, 50])
      expect((await vocabularyOf([text], size)).length).toBeLessThanOrEqual(size);
    expect((await vocabularyOf([text], 7)).slice(5)).toEqual(['a', '##a']);
    const tokenizer = await parseTokenizer(JSON.stringify(await trainWordPiece([text], 7)));
    expect([...(await tokenizer.tokenize(['aab aa']))[0].ids]).toEqual([2, 1, 5, 6, 3]);
  });

  it('gives a usable tokenizer even without text, and refuses sizes that hold nothing', async () => {
    expect(await vocabularyOf([], 100)).toHaveLength(5);
    expect(await vocabularyOf(['', '\0 \t'], 100)).toHaveLength(5);
    for (const size of [5, 0, -1, 2.5, Number.NaN]) {
      await expect(trainWordPiece([], size)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'vocabularySize' },
      });
    }
  });

  it('lets other work in while it merges, and stops there', async () => {
    const random = new RandomStream(6);
    const letters = [...'abcdefghijklmnopqrst'];
    const word = () => Array.from({ length: 4 + random.below(9) }, () => random.pick(letters)).join('');
    const text = Array.from({ length: 12_000 }, word).join(' ');
    const stop = new AbortController();
    // Counting words is one text's work; the timer can only come while pairs are merged.
    const timer = setTimeout(() => stop.abort(new Error('enough')), 1);
    const training = trainWordPiece([text], 60_000, { signal: stop.signal });
    const taken = await processorMs(() => expect(training).rejects.toThrow('enough'));
    clearTimeout(timer);
    expect(taken).toBeLessThan(5_000);
  });

  it('learns from words of up to 100 characters, however they are written', async () => {
    const word = '𐐨'.repeat(60);
    expect(await vocabularyOf([`${word} ${word}`], 12)).toContain('##𐐨𐐨');
    expect(await vocabularyOf(['𐐨'.repeat(101)], 12)).toHaveLength(5);
  });

  it('cuts long texts without spaces between characters', async () => {
    const found = await vocabularyOf([`a${'中'.repeat(99_998)}𐐨`.repeat(3)], 40);
    expect(found).toContain('𐐨');
    expect(found.some((piece) => piece.includes('\ufffd'))).toBe(false);
  });

  it('takes very long texts and words, and stops when told', async () => {
    const found = await vocabularyOf([`${'x'.repeat(300_000)} pump pump`, 'pump '.repeat(60_000)], 40);
    expect(found).toContain('pump');
    expect(found.some((piece) => piece.includes('xx'))).toBe(false);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(trainWordPiece(['a'], 10, { signal })).rejects.toThrow('enough');
  });
});
