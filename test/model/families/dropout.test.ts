/** Rates of dropout in config.json, both ways, and as a run has them. */
import { describe, expect, it } from 'vitest';
import { readConfig, writeConfig } from '../../../src/model/families/config-json.ts';
import { dropoutKeysOf } from '../../../src/model/families/index.ts';
import { modelDropout } from '../../../src/model/families/shared/dropout-config.ts';
import { configOf, newModel } from './describe-family.ts';

type Fields = Readonly<Record<string, unknown>>;

const read = async (golden: string, changes: Fields) =>
  readConfig({ path: 'config.json', fields: { ...(await configOf(golden)), ...changes } });

describe('rates of dropout', () => {
  it.each<[string, Fields, object]>([
    ['bert', { hidden_dropout_prob: 0.3, attention_probs_dropout_prob: 0 }, { dropout: 0.3, attentionDropout: 0 }],
    [
      'bert',
      { hidden_dropout_prob: null, attention_probs_dropout_prob: null },
      { dropout: 0.1, attentionDropout: 0.1 },
    ],
    [
      'xlm-roberta',
      { attention_probs_dropout_prob: 0.2, hidden_dropout_prob: 0.1 },
      { dropout: 0.1, attentionDropout: 0.2 },
    ],
    [
      'modernbert',
      { embedding_dropout: 0.2, mlp_dropout: 0.2, attention_dropout: 0.1 },
      { dropout: 0.2, attentionDropout: 0.1 },
    ],
    ['modernbert', { embedding_dropout: 0.2, mlp_dropout: 0 }, { dropout: null, attentionDropout: 0 }],
    ['llama', { attention_dropout: 0.05, hidden_dropout_prob: 0.7 }, { dropout: 0, attentionDropout: 0.05 }],
    ['minicpm', { attention_dropout: 0.1 }, { dropout: 0, attentionDropout: 0.1 }],
    ['qwen3', { attention_dropout: null }, { dropout: 0, attentionDropout: 0 }],
  ])('of %s with %j are kept, and are those of its runs', async (golden, changes, expected) => {
    const { family, architecture } = await read(golden, changes);
    expect(modelDropout(architecture, dropoutKeysOf(family))).toEqual(expected);
    const written = writeConfig(family, architecture) as Fields;
    const keys = dropoutKeysOf(family);
    for (const name of [...keys.activations, keys.attention]) expect(written[name]).toBe(changes[name] ?? keys.usual);
    expect(readConfig({ path: 'config.json', fields: written }).architecture).toEqual(architecture);
  });

  it.each(['bert', 'xlm-roberta', 'modernbert', 'llama', 'qwen3'] as const)(
    'of a new %s are those of transformers',
    (family) => {
      const { usual, activations } = dropoutKeysOf(family);
      const dropout = activations.length === 0 ? 0 : usual;
      expect(modelDropout(newModel(family), dropoutKeysOf(family))).toEqual({ dropout, attentionDropout: usual });
    },
  );

  it.each([1, -0.1, '0.1'])('cannot be %j', async (rate) => {
    await expect(read('bert', { hidden_dropout_prob: rate })).rejects.toThrow(/hidden_dropout_prob is /);
  });
});
