/** Ids that are none never reach the database. */
import { describe, expect, it } from 'vitest';
import { TandemError } from '../../src/errors.ts';
import { decodeId, encodeId, keyOf } from '../../src/graphql/ids.ts';

const key = '0b0e7ad4-8f0b-4b6e-9d3e-0f4ab0f5a001';

describe('global ids', () => {
  it('come back as they went', () => {
    expect(decodeId(encodeId('Dataset', key))).toEqual({ typename: 'Dataset', id: key });
    expect(keyOf(encodeId('Model', key), ['Checkpoint', 'Model'], 'x')).toEqual({ type: 'Model', key });
  });

  it.each([
    '',
    'x',
    '%%%',
    `Dataset:${key}`,
    encodeId('Dataset', "1'; drop table runs"),
    encodeId('Nothing', key),
    encodeId('Dataset', `${key}0`),
    encodeId('Dataset', key.toUpperCase()),
    `${encodeId('Dataset', key)}=`,
    `${encodeId('Dataset', key)}A`,
    encodeId('Dataset', key).replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
    'A'.repeat(100_000),
  ])('refuses %s', (id) => {
    const attempt = () => keyOf(id, 'Dataset', 'input.dataset');
    expect(attempt).toThrow(TandemError);
    expect(attempt).toThrow('is not a global id');
  });

  it('refuses an id of another type and says which it is', () => {
    expect(() => keyOf(encodeId('Run', key), 'Dataset', 'x')).toThrow('is the id of a Run');
  });
});
