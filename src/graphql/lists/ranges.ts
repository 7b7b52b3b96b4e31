/** Inputs for ranges of numbers and of times. */
import { builder, type ExtendedTypes } from '../builder.ts';

type RangeScalar = 'Int' | 'Int64' | 'Float' | 'DateTime';

/** Bounds by name, each with what it asks of a value. */
const bounds = {
  eq: 'Only values equal to this',
  gt: 'Only values greater than this',
  gte: 'Only values of at least this',
  lt: 'Only values less than this',
  lte: 'Only values of at most this',
} as const;

const range = (scalar: RangeScalar, description: string) =>
  builder.inputType(`${scalar}Range`, {
    description: `${description} Its fields are joined by and; absent or null ones do not restrict.`,
    fields: (t: PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>) => ({
      ...(Object.fromEntries(
        Object.entries(bounds).map(([name, says]) => [name, t.field({ type: scalar, description: `${says}.` })]),
      ) as object),
      in: t.field({ type: [scalar], description: 'Only values equal to one of these; an empty list matches none.' }),
      isNull: t.boolean({
        description: 'Only values that are null, or only others. A field that is never null has no null values.',
      }),
    }),
  });

export const ranges = {
  int: range('Int', 'A range of whole numbers.'),
  int64: range('Int64', 'A range of whole numbers beyond 32 bits.'),
  float: range('Float', 'A range of numbers.'),
  date: range('DateTime', 'A range of times, which are compared to the millisecond.'),
};
