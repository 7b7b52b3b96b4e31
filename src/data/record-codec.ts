/**
 * The unified record of CoDiEmb as JSON (docs/method.md section 1): from outside with every check, and as canonical
 * text. Checks never throw: they report (field, why), so that an importer can add file and line.
 */
import { codePointLength } from './code-points.ts';
import type { DataRecord, Task, TextTriple } from './types.ts';

export interface RecordLimits {
  /** Longest text, in code points. */
  readonly textCodePoints: number;
  /** Most positives (or negatives) of one record. */
  readonly listItems: number;
}

export interface RecordRules extends RecordLimits {
  /** Declared scale of raw STS grades. */
  readonly scale: readonly [low: number, high: number];
  readonly problem: (field: string, message: string) => void;
  readonly warn: (message: string, count?: number) => void;
}

/** Warnings that an import counts. */
export const warnings = {
  stsNegatives: 'negatives of STS records ignored',
  stsUngraded: 'STS pairs without a grade kept, but used by no training and no evaluation',
  stsSplit: 'STS records with several positives split into one record each',
  stsTeacher: 'teacher scores of STS records ignored: a pair has one candidate',
} as const;

/** "No grade". */
export const noGrade = -1;

/**
 * Decodes one parsed JSON value. Returns the records that it describes: one, or for an STS record with several
 * positives one each; none if anything was wrong (then `rules.problem` was called).
 */
export function decodeRecord(value: unknown, rules: RecordRules): DataRecord[] {
  let wrong = 0;
  const check: Check = {
    ...rules,
    problem: (field, message) => {
      wrong++;
      rules.problem(field, message);
    },
  };
  const records = decode(value, check);
  return wrong > 0 ? [] : records;
}

type Check = RecordRules;
type Fields = Readonly<Record<string, unknown>>;

function decode(value: unknown, check: Check): DataRecord[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    check.problem('', `is ${describe(value)}, expected an object with task_type, query, positives`);
    return [];
  }
  const fields = value as Fields;
  const task = fields['task_type'];
  if (task !== 'ir' && task !== 'sts') {
    check.problem('task_type', `is ${describe(task)}, expected "ir" or "sts"`);
    return [];
  }
  const query = decodeTriple(fields['query'], 'query', check);
  const positives = decodeList(fields['positives'], 'positives', check);
  const negatives = decodeList(fields['negatives'] ?? [], 'negatives', check);
  if (positives?.length === 0) check.problem('positives', 'is empty, expected at least one text');
  const grade = task === 'sts' ? gradeScale(check) : relevanceGrade;
  const positiveScores = decodeScores(fields['positive_scores'], 'positive_scores', positives, grade, check);
  const plain = task === 'sts' ? finiteGrade : relevanceGrade;
  const negativeScores = decodeScores(fields['negative_scores'], 'negative_scores', negatives, plain, check);
  const teacherScores = decodeTeacherScores(fields['teacher_scores'], positives, negatives, check);
  if (query === null || positives === null || negatives === null) return [];
  const record: DataRecord = { task, query, positives, negatives, positiveScores, negativeScores, ...teacherScores };
  return task === 'ir' ? [record] : pairs(record, check);
}

/** An STS record has exactly one positive, its partner. */
function pairs(record: DataRecord, check: Check): DataRecord[] {
  if (record.negatives.length > 0) check.warn(warnings.stsNegatives, record.negatives.length);
  if (record.positives.length > 1) check.warn(warnings.stsSplit);
  if (record.teacherScores) check.warn(warnings.stsTeacher);
  return record.positives.map((positive, index) => ({
    task: 'sts',
    query: record.query,
    positives: [positive],
    negatives: [],
    positiveScores: [record.positiveScores[index] ?? noGrade],
    negativeScores: [],
  }));
}

function decodeList(value: unknown, field: string, check: Check): TextTriple[] | null {
  if (!Array.isArray(value)) {
    check.problem(field, `is ${describe(value)}, expected a list of [task instruction, instance instruction, text]`);
    return null;
  }
  if (value.length > check.listItems) {
    check.problem(field, `has ${value.length} texts, more than the limit of ${check.listItems}`);
    return null;
  }
  const triples = value.map((item, index) => decodeTriple(item, `${field}[${index}]`, check));
  return triples.every((triple) => triple !== null) ? triples : null;
}

function decodeTriple(value: unknown, field: string, check: Check): TextTriple | null {
  if (!Array.isArray(value) || value.length !== 3) {
    check.problem(field, `is ${describe(value)}, expected [task instruction, instance instruction, text]`);
    return null;
  }
  const names = ['task instruction', 'instance instruction', 'text'] as const;
  const fine = value.map((part, index) => checkString(part, `${field}[${index}]`, names[index]!, check));
  return fine.every(Boolean) ? (value as unknown as TextTriple) : null;
}

function checkString(value: unknown, field: string, name: string, check: Check): value is string {
  const why = whyBadText(value, check.textCodePoints, name === 'text');
  if (why !== null) check.problem(field, `${name} ${why}`);
  return why === null;
}

/** Why a text cannot be stored, or null. */
export function whyBadText(value: unknown, limit: number, required: boolean): string | null {
  if (typeof value !== 'string') return `is ${describe(value)}, expected a string`;
  if (required && value.trim() === '') return 'is empty';
  if (value.length > limit && codePointLength(value) > limit) {
    return `has ${codePointLength(value)} code points, more than the limit of ${limit}`;
  }
  if (/\p{Surrogate}/u.test(value)) return 'holds half a surrogate pair, which is no Unicode text';
  if (value.includes('\0')) return 'holds the character U+0000';
  return null;
}

type Grade = (raw: number) => number | string;

/** Answers the grade, or why it is none. */
const relevanceGrade: Grade = (raw) =>
  raw === noGrade || raw >= 0 ? finiteGrade(raw) : `is ${raw}, expected a relevance of 0 or more, or -1 for no grade`;
/** Grades are kept as f32, where 1e39 is infinite. */
const finiteGrade: Grade = (raw) =>
  Number.isFinite(Math.fround(raw)) ? raw : `is ${raw}, expected a number of a magnitude below 3.4e38`;

/** y = (raw - lo) / (hi - lo), 0..1; -1 stays "no grade". */
export function gradeScale({ scale: [low, high] }: Pick<RecordRules, 'scale'>): Grade {
  return (raw) => {
    if (raw === noGrade && low > noGrade) return noGrade;
    const grade = (raw - low) / (high - low);
    return grade >= 0 && grade <= 1
      ? grade
      : `is ${raw}, expected ${low} to ${high} (the declared scale) or -1 for no grade`;
  };
}

/** One score per text; nothing where the texts themselves are wrong. */
function decodeScores(
  value: unknown,
  field: string,
  texts: readonly unknown[] | null,
  grade: Grade,
  check: Check,
): number[] {
  const list = value ?? [];
  if (!Array.isArray(list)) {
    check.problem(field, `is ${describe(list)}, expected a list of numbers`);
    return [];
  }
  if (texts === null) return [];
  if (list.length === 0) return texts.map(() => noGrade);
  if (list.length !== texts.length) {
    check.problem(field, `has ${list.length} scores for ${texts.length} texts, expected none or one per text`);
    return [];
  }
  return list.map((raw: unknown, index) => {
    const result =
      typeof raw === 'number' && Number.isFinite(raw) ? grade(raw) : `is ${describe(raw)}, expected a number`;
    if (typeof result === 'number') return result;
    check.problem(`${field}[${index}]`, result);
    return noGrade;
  });
}

/** A number or null for each text, the positives' first; nothing where no text has a number. */
function decodeTeacherScores(
  value: unknown,
  positives: readonly unknown[] | null,
  negatives: readonly unknown[] | null,
  check: Check,
): Pick<DataRecord, 'teacherScores'> {
  const field = 'teacher_scores';
  const list = value ?? [];
  if (!Array.isArray(list)) {
    check.problem(field, `is ${describe(list)}, expected a list of numbers and nulls`);
    return {};
  }
  if (positives === null || negatives === null || list.length === 0) return {};
  const texts = positives.length + negatives.length;
  if (list.length !== texts) {
    check.problem(
      field,
      `has ${list.length} scores for ${texts} texts, expected none or one per text, those of the positives first`,
    );
    return {};
  }
  list.forEach((raw: unknown, index) => {
    if (raw === null || (typeof raw === 'number' && typeof finiteGrade(raw) === 'number')) return;
    check.problem(`${field}[${index}]`, `is ${describe(raw)}, expected null or a number of a magnitude below 3.4e38`);
  });
  return list.some((score) => score !== null) ? { teacherScores: list as (number | null)[] } : {};
}

/** The record as the unified format's JSON (grades already on the scale 0..1). */
export const encodeRecord = (record: DataRecord) => ({
  task_type: record.task,
  query: record.query,
  positives: record.positives,
  negatives: record.negatives,
  positive_scores: record.positiveScores,
  negative_scores: record.negativeScores,
  ...(record.teacherScores && { teacher_scores: record.teacherScores }),
});

/** What a message says of a wrong value. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return value.length > 40 ? `the text "${value.slice(0, 40)}..."` : `the text "${value}"`;
  return String(value);
}

/** Same task in every record of a data set. */
export const mixedTasks = (first: Task, other: Task) =>
  `is "${other}" in a data set that began with "${first}"; a data set has one task: split the file`;
