/** tokenizer_config.json and special_tokens_map.json, derived from tokenizer.json. */
import { isObject, parseObject, wrongField } from './json-file.ts';

/** Roles by the texts that the five families give them. */
const roles: Readonly<Record<string, readonly string[]>> = {
  cls_token: ['[CLS]', '<s>'],
  mask_token: ['[MASK]', '<mask>'],
  pad_token: ['[PAD]', '<pad>'],
  sep_token: ['[SEP]', '</s>'],
  unk_token: ['[UNK]', '<unk>'],
};

export interface TokenizerFiles {
  readonly config: Readonly<Record<string, unknown>>;
  readonly specialTokens: Readonly<Record<string, string>>;
  readonly padTokenId: number;
}

/** `maxLength` becomes model_max_length, which text-embeddings-inference and transformers read. */
export function tokenizerFiles(path: string, tokenizerJson: string, maxLength: number): TokenizerFiles {
  const added = addedTokens(path, tokenizerJson);
  const specialTokens: Record<string, string> = {};
  for (const [role, contents] of Object.entries(roles)) {
    const content = contents.find((text) => added.has(text));
    if (content !== undefined) specialTokens[role] = content;
  }
  return {
    config: {
      clean_up_tokenization_spaces: true,
      model_max_length: maxLength,
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...specialTokens,
    },
    specialTokens,
    padTokenId: added.get(specialTokens['pad_token'] ?? '') ?? 0,
  };
}

function addedTokens(path: string, tokenizerJson: string): ReadonlyMap<string, number> {
  const { added_tokens: tokens = [] } = parseObject(path, tokenizerJson);
  if (!Array.isArray(tokens)) throw wrongField(path, 'added_tokens', tokens, 'a list');
  return new Map(
    tokens.map((token: unknown, i) => {
      if (!isObject(token) || typeof token['content'] !== 'string' || typeof token['id'] !== 'number') {
        throw wrongField(path, `added_tokens[${i}]`, token, 'an object with content and id');
      }
      return [token['content'], token['id']];
    }),
  );
}
