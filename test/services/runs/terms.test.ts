/** Loss terms that a model cannot have. */
import { describe, expect, it } from 'vitest';
import type { ModelRow } from '../../../src/db/schema.ts';
import { readTerms, requireLayer } from '../../../src/services/runs/terms.ts';

describe('the inner layer', () => {
  const model = { name: 'small', layers: 3 } as ModelRow;
  const check = (layer: number) => () => {
    const terms = readTerms('sts', [{ loss: 'pearson' }, { loss: 'inner-infonce', parameters: { layer } }], 'losses');
    requireLayer(terms, model, 'losses');
  };

  it.each([0, 1, 3])('may be block %i of three', (layer) => {
    expect(check(layer)).not.toThrow();
  });

  it.each([4, -1, 1.5])('may not be block %d of three', (layer) => {
    const details = expect.objectContaining({ field: 'losses.1.parameters.layer' });
    expect(check(layer)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', details }));
  });
});
