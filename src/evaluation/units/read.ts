/** Reads the units of an evaluation. */
import { setImmediate } from 'node:timers/promises';
import { damagedFile, isStoredObject, parseStored } from '../../storage/damaged-file.ts';
import { readOwn } from '../../storage/own-files.ts';
import type { Storage } from '../../storage/storage.ts';
import { type PairLine, type QueryLine, type UnitLine, unitsFile, unitsVersion } from './line.ts';
import { byFigure } from './query-list.ts';
import { type PairUnits, type QueryFigure, type QueryUnits, queryFigures, type Units } from './types.ts';

/** Lines parsed before other work of the thread has its turn: about 2 ms. */
const linesAtOnce = 1000;

/** Units by the digest that an evaluation names. UNAVAILABLE if they are damaged or gone. */
export const readUnits = (storage: Storage, digest: string): Promise<Units> =>
  readOwn(storage, 'units', digest, async (path, files) => {
    const text = (await files.read(unitsFile)).toString('utf8');
    const lines: unknown[] = [];
    for (let begin = 0, end = text.indexOf('\n'); end >= 0; begin = end + 1, end = text.indexOf('\n', begin)) {
      lines.push(parseStored('units', path, text.slice(begin, end)));
      if (lines.length % linesAtOnce === 0) await setImmediate();
    }
    const [header, ...units] = lines;
    if (!isHeader(header)) throw damagedFile('units', path, 'it holds no units of this version');
    // Compared with the manifest, the lines are as publishUnits wrote them.
    return header.task === 'ir' ? queriesOf(units as QueryLine[], header.figures) : pairsOf(units as PairLine[]);
  });

interface Header {
  readonly version: number;
  readonly task: Units['task'];
  /** Order of the figures in each line. */
  readonly figures: readonly QueryFigure[];
}

const isHeader = (value: unknown): value is Header =>
  isStoredObject(value) &&
  value['version'] === unitsVersion &&
  Array.isArray(value['figures']) &&
  queryFigures.every((figure) => (value['figures'] as unknown[]).includes(figure));

const named = (lines: readonly UnitLine[]) => ({
  ids: lines.map(([id]) => id),
  records: Uint32Array.from(lines, ([, record]) => record),
});

function queriesOf(lines: readonly QueryLine[], figures: Header['figures']): QueryUnits {
  const values = byFigure((figure) => {
    const at = figures.indexOf(figure);
    return Float64Array.from(lines, ([, , row]) => row[at]!);
  });
  const hits = lines.map(([, , , found]) =>
    found.map(([id, document, score, grade]) => ({ id, document, score, grade })),
  );
  return { task: 'ir', ...named(lines), values, hits };
}

const pairsOf = (lines: readonly PairLine[]): PairUnits => ({
  task: 'sts',
  ...named(lines),
  cosines: Float64Array.from(lines, ([, , cosine]) => cosine),
  grades: Float64Array.from(lines, ([, , , grade]) => grade),
});
