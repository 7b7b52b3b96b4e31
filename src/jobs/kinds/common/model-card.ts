/**
 * README.md of an exported model: a model card as the Hugging Face hub reads it, with the evaluations of the checkpoint
 * as `model-index` metadata (https://huggingface.co/docs/hub/model-cards).
 */
import { and, desc, eq, isNull } from 'drizzle-orm';
import type { Task } from '../../../data/types.ts';
import type { Executor } from '../../../db/open.ts';
import { requireRow } from '../../../db/rows.ts';
import {
  type CheckpointRow,
  type DatasetRow,
  datasets,
  type EvaluationRow,
  evaluations,
  type ModelRow,
} from '../../../db/schema.ts';
import { type Training, trainingOf } from './training-of.ts';

/** What a card tells. */
export interface CardFacts {
  /** What a model with heads is exported for; null = it has none. */
  readonly task: Task | null;
  readonly model: Pick<ModelRow, 'name' | 'family' | 'dimension' | 'maxLength' | 'pooling' | 'parameters'>;
  readonly training: Training;
  readonly evaluations: readonly CardEvaluation[];
}

interface CardEvaluation {
  readonly evaluation: Pick<EvaluationRow, 'task' | 'split' | 'main' | 'metrics' | 'count'>;
  readonly dataset: Pick<DatasetRow, 'name' | 'digest'>;
}

/** Metrics that a card shows beside the main one; the result files have all. */
const shown: Readonly<Record<EvaluationRow['task'], readonly string[]>> = {
  ir: ['ndcg_at_10', 'mrr_at_10', 'map_at_100', 'recall_at_100'],
  sts: ['cosine_spearman', 'cosine_pearson'],
};

/** What the hub calls the tasks, and what mteb does. */
const tasks: Readonly<Record<EvaluationRow['task'], { readonly type: string; readonly name: string }>> = {
  ir: { type: 'text-retrieval', name: 'Retrieval' },
  sts: { type: 'sentence-similarity', name: 'STS' },
};

/** `task`: what it is exported for, whose figures alone are those of the folder; null = all tasks. */
export async function cardFacts(db: Executor, checkpoint: CheckpointRow, task: Task | null): Promise<CardFacts> {
  const { id, modelId } = checkpoint;
  const found = await db
    .select({ evaluation: evaluations, dataset: datasets })
    .from(evaluations)
    .innerJoin(datasets, eq(datasets.id, evaluations.datasetId))
    .where(
      and(
        eq(evaluations.checkpointId, id),
        eq(evaluations.evaluator, 'checkpoint'),
        // Of whole vectors among all documents, as mteb's own figures are.
        and(isNull(evaluations.dimension), eq(evaluations.pooled, false)),
        task === null ? undefined : eq(evaluations.task, task),
      ),
    )
    .orderBy(desc(evaluations.createdAt), desc(evaluations.id));
  const keyOf = ({ evaluation, dataset }: CardEvaluation) => `${dataset.digest} ${evaluation.split}`;
  const newest = found.filter((row, i) => found.findIndex((other) => keyOf(other) === keyOf(row)) === i);
  const order = ({ evaluation, dataset }: CardEvaluation) => `${evaluation.task} ${dataset.name} ${evaluation.split}`;
  return {
    task,
    model: plainModel(await requireRow(db, 'models', modelId), task),
    training: await trainingOf(db, checkpoint),
    evaluations: newest.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
  };
}

/** The model as it is exported: of its heads with that of the task alone. */
const plainModel = (model: ModelRow, task: Task | null): ModelRow => {
  const others = Object.entries(model.pipeline.heads ?? {}).filter(([of, kind]) => of !== task && kind === 'dense');
  return task === null ? model : { ...model, parameters: model.parameters - others.length * model.dimension ** 2 };
};

export function modelCard(facts: CardFacts): string {
  return `---\n${metadata(facts)}---\n\n${body(facts)}`;
}

// ---- metadata: YAML, every text in double quotes -----------------------------------------------------------------

function metadata({ model, evaluations: found }: CardFacts): string {
  const results = found.flatMap(resultLines);
  const index = results.length === 0 ? [] : ['model-index:', `- name: ${quoted(model.name)}`, '  results:', ...results];
  return [
    'library_name: sentence-transformers',
    'pipeline_tag: sentence-similarity',
    'tags:',
    ...['sentence-transformers', 'sentence-similarity', 'feature-extraction', 'tandem'].map((tag) => `- ${tag}`),
    ...index,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function resultLines({ evaluation, dataset }: CardEvaluation): string[] {
  const { type, name } = tasks[evaluation.task];
  const metrics = figuresOf(evaluation);
  if (metrics.length === 0) return [];
  return [
    '  - task:',
    `      type: ${type}`,
    `      name: ${name}`,
    '    dataset:',
    `      type: ${quoted(dataset.name)}`,
    `      name: ${quoted(dataset.name)}`,
    '      config: default',
    `      split: ${evaluation.split}`,
    `      revision: ${quoted(dataset.digest)}`,
    '    metrics:',
    ...metrics.flatMap(([metric, value]) => [`    - type: ${metric}`, `      value: ${value}`]),
  ];
}

/** Metrics that are defined, the main one first. */
function figuresOf({ task, main, metrics }: CardEvaluation['evaluation']): [string, number][] {
  const names = [main, ...shown[task].filter((name) => name !== main)];
  return names.flatMap((name): [string, number][] => {
    const value = metrics[name];
    return typeof value === 'number' ? [[name, Number(value.toFixed(5))]] : [];
  });
}

/** A scalar of YAML in double quotes, which are those of JSON where nothing but printable characters stands raw. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

// ---- text --------------------------------------------------------------------------------------------------------

function body({ task, model, training, evaluations: found }: CardFacts): string {
  const rows = found.flatMap(({ evaluation, dataset }) =>
    figuresOf(evaluation).map(
      ([metric, value]) =>
        `| ${inline(dataset.name)} | ${evaluation.split} | ${evaluation.count} | ${metric} | ${value} |`,
    ),
  );
  const results =
    rows.length === 0
      ? 'This checkpoint was not evaluated before it was exported.'
      : `| data set | split | queries or pairs | metric | value |\n| --- | --- | ---: | --- | ---: |\n${rows.join('\n')}`;
  return `# ${inline(model.name)}

A sentence-transformers model that maps texts to vectors, for ${purposes[task ?? 'all']}.
${originOf(training)}

## Model details

- Encoder: ${model.family}, ${model.parameters} parameters
- Pooling: ${model.pooling.join(', ')}
- Longest text: ${model.maxLength} tokens
- Dimensions: ${model.dimension}
${fusionOf(training)}
## Usage

\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
${usage(task)}
\`\`\`

## Evaluation

Figures of Tandem, by the definitions of mteb and trec_eval, as fractions of 1.

${results}
`;
}

const purposes: Readonly<Record<Task | 'all', string>> = {
  all: 'search and for similarity of meaning',
  ir: 'search alone: its last layer is the head of that task',
  sts: 'similarity of meaning alone: its last layer is the head of that task',
};

function usage(task: Task | null): string {
  const search = [
    'queries = model.encode_query(["a question"])',
    'documents = model.encode_document(["a text that may answer it"])',
  ];
  const similarity = ['pairs = model.encode(["a sentence", "another sentence"], prompt_name="sts")'];
  return [...(task === 'sts' ? [] : search), ...(task === 'ir' ? [] : similarity)].join('\n');
}

/** The plan, as code: names in it are nothing but text. */
const fusionOf = ({ fusion }: Training): string =>
  fusion === null ? '' : `\n## Fusion\n\n${fusion.text.replace(/^/gm, '    ')}\n`;

function originOf({ fusion, stages }: Training): string {
  const on = fusion?.datasets.length ? ` on ${fusion.datasets.map(inline).join(', ')}` : '';
  const fused = fusion === null ? [] : [`fused from checkpoints of training${on} (${fusion.method})`];
  const trained = stages.map(
    ({ datasets: names, step, epoch }) =>
      `trained by Tandem on ${names.map(inline).join(', ')}: ${step} updates, epoch ${epoch}`,
  );
  const told = [...fused, ...trained];
  return told.length === 0 ? 'It was not trained by Tandem.' : `It was ${told.join('; then ')}.`;
}

/** A name inside a line of Markdown, where it is nothing but text. */
const inline = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>()#!|~$&]/g, (character) => `&#${character.charCodeAt(0)};`);
