/** createModel: random weights and a vocabulary trained on imported text. */

import { totalmem } from 'node:os';
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import type { DatasetRow } from '../../db/schema.ts';
import { badInput, limitExceeded } from '../../errors.ts';
import { type EncoderFamily, encoderCatalog } from '../../model/families/catalog.ts';
import type { ArchitectureValues, Heads, PoolingMode, PromptTemplates } from '../../model/types.ts';
import { requireRow } from '../common/rows.ts';
import { checkLength, checkList } from '../embedding/texts.ts';
import { type Work, workOf } from '../jobs/work.ts';
import type { Tandem } from '../tandem.ts';

export interface CreateModelRequest {
  readonly name: string;
  readonly family: EncoderFamily;
  readonly architecture?: GivenParameters | null;
  /** Keys of data sets. */
  readonly vocabularyFrom: readonly string[];
  readonly vocabularySize: number;
  readonly pooling: PoolingMode;
  readonly heads: Heads;
  readonly includePrompt?: boolean | null;
  readonly templates: PromptTemplates;
  readonly maxLength: number;
  readonly seed: number;
  readonly idempotencyKey?: string | null;
}

export async function createModel(tandem: Tandem, request: CreateModelRequest): Promise<Work<'create-model'>> {
  const sources = await sourcesOf(tandem, request);
  const spec = specOf(tandem, request);
  const name = request.name.trim();
  const vocabularyFrom = sources.map(({ digest }) => digest);
  const datasetIds = sources.map((row) => row.id);
  const input = { name, ...spec, vocabularyFrom, datasetIds };
  return workOf('create-model', { input, idempotencyKey: request.idempotencyKey });
}

async function sourcesOf(tandem: Tandem, { vocabularyFrom }: CreateModelRequest): Promise<DatasetRow[]> {
  checkList(vocabularyFrom, tandem.config.limits, 'input.vocabularyFrom');
  const rows: DatasetRow[] = [];
  for (const [i, id] of vocabularyFrom.entries()) {
    const field = `input.vocabularyFrom.${i}`;
    const row = await requireRow(tandem.database.db, 'datasets', id, field);
    if (row.counts.train === 0) {
      throw badInput(`Data set "${row.name}" has no train split`, {
        field,
        expected: 'a data set with training records',
        remedy: 'Name another data set.',
      });
    }
    rows.push(row);
  }
  return rows;
}

function specOf(tandem: Tandem, request: CreateModelRequest) {
  const { family, pooling, heads, templates, vocabularySize, maxLength, seed } = request;
  for (const [role, template] of Object.entries(templates)) {
    checkLength(template, tandem.config.limits, `input.templates.${role}`);
  }
  const row = rowOf(encoderCatalog, family, 'input.family');
  const architecture: ArchitectureValues = readParameters(row, request.architecture ?? {}, 'input.architecture');
  checkSizes(architecture, maxLength);
  checkFits(architecture, vocabularySize);
  const includePrompt = request.includePrompt ?? poolsOneToken([pooling]);
  return { family, architecture, vocabularySize, pooling, heads, includePrompt, templates, maxLength, seed };
}

/** Whether a mode is among them that takes one token, which would else be the prompt's neighbour. */
export const poolsOneToken = (pooling: readonly PoolingMode[]): boolean =>
  pooling.includes('cls') || pooling.includes('lasttoken');

function checkSizes(architecture: ArchitectureValues, maxLength: number): void {
  const { width, heads, maxPositions } = architecture;
  const headSize = 'headSize' in architecture ? architecture.headSize : 0;
  if (!headSize && width % heads !== 0) {
    throw badInput(`${heads} heads do not divide the width ${width}`, {
      field: 'input.architecture.heads',
      expected: 'a divisor of the width',
      remedy: 'Change heads or width.',
    });
  }
  if (maxLength > maxPositions) {
    throw badInput(`maxLength is ${maxLength}, the encoder has ${maxPositions} positions`, {
      field: 'input.maxLength',
      expected: `at most ${maxPositions}`,
      remedy: 'Lower maxLength or raise architecture.maxPositions.',
    });
  }
}

/**
 * Refuses an encoder whose weights could never be held, before its file fills the disk. Counts the matrices of a
 * transformer block (4 C^2 + 2 C F) and the tables; biases and norms are small beside them.
 */
function checkFits(architecture: ArchitectureValues, vocabularySize: number): void {
  const { layers, width, innerWidth, maxPositions } = architecture;
  const limit = totalmem();
  const bytes = 4 * width * (vocabularySize + maxPositions + layers * (4 * width + 2 * innerWidth));
  if (bytes <= limit) return;
  throw limitExceeded(`The weights would take about ${bytes} bytes`, {
    field: 'input.architecture',
    expected: `at most ${limit} bytes, this machine's memory`,
    remedy: 'Choose fewer layers, a smaller width, or a smaller vocabulary.',
  });
}
