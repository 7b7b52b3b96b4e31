/** Every mutation whose work jobs do has one form: `wait`, `jobs`, and results that are null where `wait` is false. */
import { getNamedType, isNonNullType, isObjectType, isUnionType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { jobKindCatalog } from '../../src/jobs/kinds/catalog.ts';

const mutations = Object.values(schema.getMutationType()!.getFields());
const fieldsOf = ({ type }: (typeof mutations)[number]) => {
  const payload = getNamedType(type);
  return isObjectType(payload) ? Object.values(payload.getFields()) : [];
};
const hasWait = ({ args }: (typeof mutations)[number]) => args.some(({ name }) => name === 'wait');
/** Deletions have what was deleted. */
const hasJobs = (mutation: (typeof mutations)[number]) =>
  !mutation.name.startsWith('delete') && fieldsOf(mutation).some(({ name }) => name === 'jobs');
const long = mutations.filter(hasWait);

/** Their work is begun and followed by a node of its own. */
const ofNodes = ['train', 'search-fusion', 'search-architecture'];

describe('mutations that wait for jobs', () => {
  it('are those whose payloads have jobs, and no other', () => {
    expect(long.map(({ name }) => name).sort()).toEqual(
      mutations
        .filter(hasJobs)
        .map(({ name }) => name)
        .sort(),
    );
    expect(long.length).toBeGreaterThan(10);
  });

  it.each(long.map((mutation) => [mutation.name, mutation] as const))('%s has the form of all', (_name, mutation) => {
    const wait = mutation.args.find(({ name }) => name === 'wait')!;
    expect([String(wait.type), wait.defaultValue]).toEqual(['Boolean!', true]);
    for (const { name, type, description } of fieldsOf(mutation)) {
      const isMade = name !== 'jobs' && name !== 'job';
      expect([name, isNonNullType(type)]).toEqual([name, !isMade]);
      if (isMade) expect(description).toMatch(/; null exactly where `wait` is false\.$/);
    }
  });

  it('are answered again by `answer` of their jobs, for every kind of work that is no run or search', () => {
    const answer = schema.getType('JobAnswer');
    const payloads = isUnionType(answer) ? answer.getTypes().map(({ name }) => name) : [];
    expect(payloads.sort()).toEqual([...new Set(long.map(({ type }) => getNamedType(type).name))].sort());
    expect(payloads).toHaveLength(jobKindCatalog.filter(({ name }) => !ofNodes.includes(name)).length);
  });
});
