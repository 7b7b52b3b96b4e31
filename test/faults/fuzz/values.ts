/** Values for the arguments of a schema: such as a client means, and such as only an attacker or a defect sends. */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { between, type Draws, pick } from '../draws.ts';
import { textOf } from '../texts.ts';
import { type Pool, type PoolType, poolTypes } from './pool.ts';

export interface Mood {
  readonly draw: Draws;
  readonly pool: Pool;
  /** Share of values that are hostile. */
  readonly hostile: number;
  /** What ids of an argument that is only called `id` are of. */
  readonly subject: PoolType | undefined;
}

const idTypes: Readonly<Record<string, PoolType>> = {
  ...{ collection: 'Collection', checkpoint: 'Checkpoint', checkpoints: 'Checkpoint', model: 'Model', run: 'Run' },
  ...{ dataset: 'Dataset', datasets: 'Dataset', vocabularyFrom: 'Dataset', runId: 'Run', jobId: 'Job' },
};

/** Numbers with which work is short. */
const smallNumbers: Readonly<Record<string, number>> = {
  ...{ layers: 1, width: 32, heads: 2, keyValueHeads: 2, innerWidth: 64, maxPositions: 64, headSize: 16 },
  ...{ vocabularySize: 128, maxLength: 32, epochs: 1, maxBatches: 2, checkpointEverySteps: 1, k: 5, dimensions: 16 },
  ...{ irBatchSize: 8, stsBatchSize: 8, microBatchTokens: 512, scaleHigh: 1, scaleLow: 0, globalEvery: 1 },
};

/** A value of a type, for the argument or the field of that name. */
export function drawValue(type: GraphQLInputType, name: string, mood: Mood, depth = 0): unknown {
  const { draw, hostile } = mood;
  if (draw() < hostile / (depth + 1)) return hostileValue(mood);
  if (isNonNullType(type)) return drawValue(type.ofType, name, mood, depth);
  if (isListType(type))
    return Array.from({ length: between(draw, 1, 3) }, () => drawValue(type.ofType, name, mood, depth + 1));
  if (isInputObjectType(type)) return objectOf(type, mood, depth);
  if (isEnumType(type)) return pick(draw, type.getValues())!.name;
  return scalarOf(type.name, name, mood);
}

/** Levels of a value below which it does not branch. */
const deepest = 100;

function objectOf(type: GraphQLInputObjectType, mood: Mood, depth: number): Record<string, unknown> {
  const { draw, hostile } = mood;
  const fields = Object.values(type.getFields());
  const share = depth > 3 ? 0 : 0.35;
  // The first is what holds no other: plans would grow without end.
  const given = type.isOneOf
    ? [depth > deepest ? fields[0]! : pick(draw, fields)!]
    : fields.filter((field) => isRequiredInputField(field) || draw() < share || field.name in smallNumbers);
  const entries = given.map((field): [string, unknown] => [
    field.name,
    drawValue(field.type, field.name, mood, depth + 1),
  ]);
  if (draw() < hostile / 4)
    entries.push([pick(draw, ['nothing', '__proto__', 'constructor', ''])!, hostileValue(mood)]);
  if (draw() < hostile / 4) entries.splice(Math.floor(draw() * entries.length), 1);
  return Object.fromEntries(entries);
}

function scalarOf(type: string, name: string, { draw, pool, subject }: Mood): unknown {
  switch (type) {
    case 'ID':
      return idOf(idTypes[name] ?? subject ?? pick(draw, poolTypes)!, draw, pool);
    case 'Boolean':
      return draw() < 0.5;
    case 'Int':
    case 'Int64':
      return smallNumbers[name] ?? between(draw, 0, 12);
    case 'Float':
      return smallNumbers[name] ?? Math.round(draw() * 1000) / 1000;
    case 'JSON':
      return pick<unknown>(draw, [{ a: [1, 'b', null] }, 'text', 3, [], {}]);
    default:
      return stringOf(name, draw, pool);
  }
}

const idOf = (type: PoolType, draw: Draws, pool: Pool): string => pick(draw, pool.ids[type]) ?? unknownId(type);

/** The id of a row that is not there. */
const unknownId = (type: string): string =>
  Buffer.from(`${type}:00000000-0000-4000-8000-000000000000`).toString('base64url');

function stringOf(name: string, draw: Draws, pool: Pool): string | null {
  const text = textOf(between(draw, 0, 500), between(draw, 1, 12));
  switch (name) {
    case 'after':
    case 'before':
      return pick(draw, pool.cursors) ?? null;
    case 'path':
      return pick(draw, ['.', 'lines.jsonl', 'model', 'missing'])!;
    case 'folder':
      return pick(draw, ['model', `out-${between(draw, 0, 5_000)}`, '.'])!;
    case 'alias':
      return `alias-${between(draw, 0, 20)}`;
    case 'key':
    case 'keys':
      return `key ${between(draw, 0, 40)}`;
    case 'idempotencyKey':
      return `fuzz ${between(draw, 0, 400)}`;
    case 'repository':
      return 'someone/something';
    default:
      return text;
  }
}

const nested = (levels: number, open: string, close: string): unknown =>
  JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`);

const texts: readonly string[] = [
  ...['', ' ', '\0', 'a\0b', '\ud83d', '\ude00\ud83d', 'a\ud800b', '\u202e\u2066', '\ufeff', '\uffff', '\r\n\t', '💥'],
  ...["'; drop table jobs; --", '" or 1=1', '$1', '%s%n', '#{1+1}', '{{7*7}}', '<script>', '\\u0000', 'null', 'NaN'],
  ...['/etc/passwd', '../../..', '..\\..', '.', 'con', '~', 'a/../../b', '\\\\host\\share', 'file:///etc/passwd'],
  ...[
    'TW9kZWw6',
    'TW9kZWw6eA',
    'Model:1',
    '=',
    '____',
    '-1',
    '1e999',
    '9223372036854775808',
    '0x10',
    '٣',
    'é',
    'e\u0301',
  ],
  ...['12345678901234567890', 'constructor', '__proto__', 'toString', 'a'.repeat(101), 'é'.repeat(300)],
];

const numbers: readonly number[] = [
  ...[-1, 0, -0, 1, 2, 7, 0.5, 1.5, -1e-320, 1e-9, 255, 65_536, 99_999, 1_000_000, 2 ** 31 - 1, 2 ** 31, -(2 ** 31)],
  ...[2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21, 1e308, -1e308],
];

/** Values that no client means. */
function hostileValue({ draw, pool }: Pick<Mood, 'draw' | 'pool'>): unknown {
  const kinds: readonly (() => unknown)[] = [
    () => pick(draw, texts),
    () => pick(draw, texts),
    () => pick(draw, numbers),
    () => pick(draw, numbers),
    () => idOf(pick(draw, poolTypes)!, draw, pool),
    () => unknownId(pick(draw, [...poolTypes, 'Document', 'Nothing', 'constructor'])!),
    () => pick<unknown>(draw, [null, true, false, [], {}, [[]], [null], { length: 3 }, { __proto__: null }]),
    () => pick(draw, ['x', 'ab ', '\ud83d', '{'])!.repeat(between(draw, 1_000, 30_000)),
    () => (draw() < 0.1 ? 'word '.repeat(210_000) : 'word '.repeat(5_000)),
    () => nested(between(draw, 2, 1_000), '[', ']'),
    () => nested(between(draw, 2, 1_000), '{"a":', '}'),
    () => Array.from({ length: draw() < 0.2 ? 10_001 : 500 }, () => pick<unknown>(draw, ['a', 1, null])),
    () => Array.from({ length: 3 }, () => pick(draw, texts)),
  ];
  return pick(draw, kinds)!();
}
