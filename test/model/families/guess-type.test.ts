/** config.json without a model_type, with the tensors of small models of every family. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModelSpec } from '../../../src/formats/model-folder.ts';
import { guessModelType } from '../../../src/model/families/guess-type.ts';
import { modelParameters } from '../../../src/model/pipeline.ts';
import { pipelinePath } from '../../formats/pipelines.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const namesOf = async (pipeline: string): Promise<string[]> =>
  modelParameters({ ...(await readModelSpec(pipelinePath(pipeline))), dense: [] }).map(({ name }) => name);
const guess = (tensors: readonly string[], architectures?: unknown): string =>
  guessModelType({ path: 'config.json', fields: { architectures } }, tensors);

describe('the model_type of a config.json without one', () => {
  it.each([
    ['BertModel', 'bert'],
    ['XLMRobertaForMaskedLM', 'xlm-roberta'],
    ['RobertaModel', 'roberta'],
    ['CamembertModel', 'camembert'],
    ['ModernBertForMaskedLM', 'modernbert'],
    ['LlamaForCausalLM', 'llama'],
    ['MiniCPMModel', 'minicpm'],
    ['Qwen3ForCausalLM', 'qwen3'],
  ])('follows from the architecture %s', (architecture, type) => {
    expect(guess([], [architecture])).toBe(type);
  });

  it('else from the tensors, where no two families have the same', async () => {
    expect(guess(await namesOf('modernbert-mean-dense'))).toBe('modernbert');
    expect(guess(await namesOf('qwen3-lasttoken'))).toBe('qwen3');
    const bert = await namesOf('cls-half');
    expect(guess(bert.map((name) => `bert.${name}`))).toBe('bert');
    expect(guess([...bert.map((name) => `roberta.${name}`), 'lm_head.bias'], ['OwnModel'])).toBe('xlm-roberta');
  });

  it('else is asked for, with the types that it may be', async () => {
    const [bert, llama] = [await namesOf('cls-half'), await namesOf('llama-weightedmean')];
    const asked = (types: string) => ({
      code: 'BAD_USER_INPUT',
      details: { field: 'model_type', expected: types },
    });
    const errorOf = (tensors: readonly string[]) => {
      try {
        return guess(tensors);
      } catch (error) {
        return error;
      }
    };
    expect(errorOf(bert)).toMatchObject(asked('bert, xlm-roberta, roberta, camembert'));
    expect(errorOf(llama)).toMatchObject(asked('llama, minicpm'));
    const unknown = errorOf(bert.slice(1)) as Error & { details: { expected: string } };
    expect(unknown.message).toBe(
      'config.json: model_type is missing, architectures is missing, and the tensors are of no known family',
    );
    expect(unknown.details.expected).toContain('modernbert');
    expect(errorOf([...llama, 'layers.0.pre_feedforward_layernorm.weight'])).toMatchObject({
      details: { field: 'model_type' },
    });
  });

  it('is read from the folder', async () => {
    const path = join(folder(), 'model');
    await cp(pipelinePath('qwen3-lasttoken'), path, { recursive: true });
    const {
      model_type: _,
      architectures: __,
      ...config
    } = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(join(path, 'config.json'), JSON.stringify(config));
    expect(await readModelSpec(path)).toEqual(await readModelSpec(pipelinePath('qwen3-lasttoken')));
  });
});

const folder = temporaryFolder();
