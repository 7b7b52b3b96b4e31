/** What a form sends of a record, and what it shows of an error. */
import { describe, expect, it } from 'vitest';
import { editOf, isUnchanged } from '../../src/adapters/common/edits.ts';
import { DataProviderError } from '../../src/adapters/react-admin/errors.ts';
import { DataProviderError as RefineError } from '../../src/adapters/refine/errors.ts';
import { ApiError } from '../../src/client/index.ts';
import { noun } from './noun.ts';

const row = { id: 'x', __typename: 'Thing', name: 'a', notes: 'n', tags: ['t'], step: 3, updatedAt: '2026-01-01' };

describe('an edit', () => {
  it('holds what the person changed, on the condition that nobody else did', () => {
    expect(editOf(noun, 'x', { ...row, name: 'b' }, row)).toEqual({ id: 'x', name: 'b', ifUpdatedAt: '2026-01-01' });
    expect(editOf(noun, 'x', { ...row, tags: ['t', 'u'] }, row)).toMatchObject({ tags: ['t', 'u'] });
  });

  it('changes nothing where nothing was changed', () => {
    expect(isUnchanged(editOf(noun, 'x', { ...row, tags: ['t'] }, row))).toBe(true);
    expect(isUnchanged(editOf(noun, 'x', { ...row, notes: '' }, row))).toBe(false);
  });

  it('empties what a form sends as null', () => {
    const emptied = { ...row, notes: null, tags: null, expiresAt: null };
    const before = { ...row, expiresAt: '2027-01-01' };
    expect(editOf(noun, 'x', emptied, before)).toMatchObject({ notes: '', tags: [], expiresAt: null });
  });

  it('takes the condition from the values where there is no record before', () => {
    expect(editOf(noun, 'x', { name: 'b', updatedAt: '2026-01-01' })).toEqual({
      ...{ id: 'x', name: 'b', ifUpdatedAt: '2026-01-01' },
    });
    expect(editOf(noun, 'x', { name: 'b' })).toEqual({ id: 'x', name: 'b' });
  });

  it('is refused by the name of what nobody can change', () => {
    expect(() => editOf(noun, 'x', { ...row, step: 4 }, row)).toThrow('"step" of things cannot be changed');
  });
});

describe('an error', () => {
  const failure = (field: string) =>
    new ApiError([
      {
        message: 'The name is taken',
        extensions: { code: 'CONFLICT', field, expected: 'another name', remedy: 'Choose one.' },
      },
    ]);

  it('is told at the field of the form that it is about', () => {
    const error = new DataProviderError(failure('input.name'), { name: 'a' });
    expect(error).toMatchObject({
      status: 409,
      message: 'The name is taken. Choose one.',
      body: {
        errors: {
          name: 'The name is taken: expected another name',
          root: { serverError: 'The name is taken. Choose one.' },
        },
      },
    });
    expect(new RefineError(failure('input.items.3.name'), { name: 'a' })).toMatchObject({
      statusCode: 409,
      errors: { name: 'The name is taken: expected another name' },
    });
    const nested = new DataProviderError(failure('input.architecture.layers'), { architecture: {} });
    expect(Object.keys(nested.body.errors ?? {})).toEqual(['architecture.layers', 'root']);
  });

  it('is told for the whole form where it is about none of its fields', () => {
    expect(new DataProviderError(failure('input.name'), { notes: '' }).body).toEqual({});
    expect(new DataProviderError(failure('id')).body).toEqual({});
    expect(new RefineError(failure('id')).errors).toBeUndefined();
  });
});
