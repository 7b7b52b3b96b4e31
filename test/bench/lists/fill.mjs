/**
 * Fills an empty database with as much as a group of people leaves behind in years, by statements that draw from the
 * rows' numbers, so that every fill is the same. `runs` runs (100,000 by default) have 3 checkpoints, 10 events, 2
 * evaluations of the last checkpoint and an evaluation on a dev set each. Used by lists.mjs.
 */
import { plainPipeline } from '../../../dist/src/model/types.js';
import { defaultRunSettings } from '../../../dist/src/train/catalog.js';

const models = 20;
export const datasets = 200;
const suites = 20;

/** A key of a row by its number, and a number of [0, 1) that it draws. */
export const keyOf = (noun, number) => `md5('${noun} ' || (${number}))::uuid`;
const draw = (salt, number) => `(('x' || left(md5('${salt} ' || ${number}), 7))::bit(28)::int / 268435456.0)`;
const pick = (salt, number, values) =>
  `(array[${values.map((value) => `'${value}'`)}])[1 + floor(${draw(salt, number)} * ${values.length})::int]`;

const text = (value) => `'${JSON.stringify(value).replaceAll("'", "''")}'::jsonb`;
const digest = (noun, number) => `encode(sha256(('${noun} ' || ${number})::bytea), 'hex')`;
/** The first run was asked for two years ago, the last a minute ago. */
const timeOf = (number, runs) => `now() - interval '1 minute' - (${runs} - ${number}) * interval '${63e6 / runs} s'`;

const states = ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED'];
const words = ['sweep', 'baseline', 'law', 'medicine', 'mixed', 'matryoshka', 'teacher', 'ablation', 'final', 'try'];
const error = { name: 'TandemError', message: 'The loss is not finite', code: 'INTERNAL' };

/** Each with the number of its rows and the statement that inserts them. */
function fills(runs) {
  const of = (table, count, columns) => {
    const names = Object.keys(columns).map((name) => `"${name}"`);
    return { table, count, statement: `insert into ${table} (${names}) select ${Object.values(columns)} from n` };
  };
  const perRun = `((i - 1) / 10 + 1)`;
  const evaluated = `((i - 1) / 2 + 1)`;
  const trained = `((i - 1) / 3 + 1)`;
  return [
    of('models', models, {
      ...{ id: keyOf('model', 'i'), name: `'encoder ' || i`, family: `'bert'`, digest: digest('model', 'i') },
      ...{ bytes: '90000000', architecture: text({ layers: 6, width: 384, heads: 12 }), dimension: '384', layers: '6' },
      ...{ parameters: '22000000', vocabulary_size: '30522', max_length: '256', pooling: `'{mean}'` },
      ...{ include_prompt: 'true', pipeline: text({ ...plainPipeline, prompts: {} }), seed: 'i', source: `'scratch'` },
      templates: text({ query: '', sts: '', passage: '' }),
    }),
    of('datasets', datasets, {
      ...{ id: keyOf('dataset', 'i'), name: `'set ' || i`, version: '1', task: pick('task', 'i', ['ir', 'sts']) },
      ...{ digest: digest('dataset', 'i'), bytes: '1000 * i', counts: text({ train: 10, dev: 5, test: 5 }) },
      ...{ document_counts: text({ train: 9, dev: 9, test: 9 }), scale: text([0, 1]), warnings: text([]) },
      ...{ importer: `'codiemb-jsonl'`, import_options: text({}), source: `'inline'`, domain: `'law'` },
    }),
    of('suites', suites, { id: keyOf('suite', 'i'), name: `'suite ' || i` }),
    of('suite_entries', suites * 10, {
      ...{ suite_id: keyOf('suite', perRun), position: '(i - 1) % 10', dataset_id: keyOf('dataset', 'i') },
      ...{ split: `'test'`, pooled: 'false' },
    }),
    of('jobs', runs, {
      ...{ id: keyOf('run', 'i'), kind: `'train'`, state: pick('state', 'i', states), created_at: timeOf('i', runs) },
      ...{ updated_at: `date_trunc('milliseconds', ${timeOf('i', runs)} + interval '1 hour')`, attempt: '1' },
      ...{ input: `jsonb_build_object('runId', ${keyOf('run', 'i')})`, last_seq: '10' },
      ...{ progress: text({ stage: 'train', done: 100, total: 100 }), started_at: timeOf('i', runs) },
      finished_at: `case when ${pick('state', 'i', states)} <> 'INTERRUPTED' then ${timeOf('i', runs)} + interval '1 hour' end`,
      error: `case ${pick('state', 'i', states)} when 'FAILED' then ${text(error)} end`,
      answer: `case when i % 50 = 0 then ${text({ cause: 'EARLY_STOPPED' })} end`,
    }),
    of('runs', runs, {
      ...{ id: keyOf('run', 'i'), created_at: timeOf('i', runs), model_id: keyOf('model', `1 + i % ${models}`) },
      name: `${pick('word', 'i', words)} || ' ' || ${pick('second', 'i', words)} || ' ' || i`,
      tags: `array[${pick('tag', 'i', words)}, ${pick('size', 'i', ['small', 'base', 'large'])}]`,
      notes: `case when i % 10 = 0 then 'To be repeated with another seed, see run ' || i / 2 else '' end`,
      ...{ settings: text(defaultRunSettings), step: '100', steps: '100', epoch: `1 + (i % 5)` },
      ...{ loss: `case when i % 20 > 0 then ${draw('loss', 'i')} end`, best_step: '50' },
      ...{ best_score: `case when i % 3 > 0 then ${draw('score', 'i')} end`, parameters: '22000000 + i % 7' },
      ...{ tokens_per_second: `1e4 * ${draw('pace', 'i')}`, memory_bytes: '1000000000 + i' },
    }),
    of('run_datasets', runs * 2, {
      ...{ run_id: keyOf('run', evaluated), position: 'i % 2', weight: '1' },
      dataset_id: keyOf('dataset', `1 + (i % 2) * ${datasets / 2} + floor(${draw('set', 'i')} * ${datasets / 2})::int`),
    }),
    of('job_attempts', runs, {
      ...{ job_id: keyOf('run', 'i'), number: '1', process: keyOf('process', 'i / 100'), host: `'tandem'`, pid: '1' },
      ...{ lease_until: timeOf('i', runs), ended_at: timeOf('i', runs), outcome: `'SUCCEEDED'` },
    }),
    of('job_events', runs * 10, {
      ...{ job_id: keyOf('run', perRun), seq: '1 + (i - 1) % 10', attempt: '1', created_at: timeOf(perRun, runs) },
      type: `'step'`,
      data: `jsonb_build_object('type', 'step', 'task', 'sts', 'step', 1 + (i - 1) % 10, 'steps', 100, 'epoch', 1,
        'loss', ${draw('loss', 'i')}, 'learningRate', 0.0001, 'gradientNorm', ${draw('norm', 'i')}, 'tokens', 4096,
        'tokensPerSecond', 3000, 'secondsLeft', 60, 'components', jsonb_build_object('pearson', ${draw('p', 'i')}))`,
    }),
    of('checkpoints', runs * 3, {
      ...{ id: keyOf('checkpoint', 'i'), created_at: timeOf(trained, runs), run_id: keyOf('run', trained) },
      ...{ reason: pick('reason', 'i', ['interval', 'epoch', 'best']), attempt: '1', step: '50 * ((i - 1) % 3)' },
      ...{ model_id: keyOf('model', `1 + ${trained} % ${models}`), digest: digest('checkpoint', 'i') },
      ...{ bytes: '90000000 + i % 1000', epoch: '1 + i % 3', alias: `case when i % 3000 = 0 then 'alias-' || i end` },
      name: `case when i % 100 = 0 then ${pick('word', 'i', words)} || ' ' || i else '' end`,
    }),
    of('evaluations', runs * 2, {
      ...{ id: keyOf('evaluation', 'i'), created_at: timeOf(evaluated, runs), evaluator: `'checkpoint'` },
      ...{ checkpoint_id: keyOf('checkpoint', `3 * ${evaluated}`), split: `'test'`, task: `'sts'`, main: `'spearman'` },
      dataset_id: keyOf('dataset', `case i % 2 when 0 then 1 else 2 + ${evaluated} % ${datasets - 1} end`),
      metrics: `jsonb_build_object('spearman', ${draw('spearman', 'i')}, 'pearson', ${draw('pearson', 'i')})`,
      ...{ undefined_reasons: text({}), count: '1000', documents: '0', tokens: '30000 + i % 100', seconds: '1.5' },
    }),
    of('dev_evaluations', runs, {
      ...{ run_id: keyOf('run', 'i'), step: '50', epoch: '1', attempt: '1', score: draw('score', 'i'), seconds: '2' },
      figures: text([{ dataset: 'set 1', split: 'dev', pooled: false, task: 'sts', metrics: { spearman: 0.5 } }]),
    }),
    of('run_starts', runs / 10, {
      ...{ run_id: keyOf('run', '10 * i'), checkpoint_id: keyOf('checkpoint', '3 * (10 * i - 5)') },
    }),
    of('jobs', runs / 2, {
      ...{ id: keyOf('job', 'i'), kind: `'evaluate'`, state: `'SUCCEEDED'`, created_at: timeOf('2 * i', runs) },
      ...{ updated_at: `date_trunc('milliseconds', ${timeOf('2 * i', runs)})`, attempt: '1', input: text({}) },
      ...{ result_id: keyOf('evaluation', 'i'), started_at: timeOf('2 * i', runs), finished_at: timeOf('2 * i', runs) },
      part_of: `case when i <= 1000 then ${keyOf('run', 'i')} end`,
    }),
  ];
}

/** Portions, because one statement over a million rows holds the embedded database for minutes. */
const portion = 50_000;

/** Inserts all rows and tells of each table how long that took. */
export async function fill(pool, runs, tell) {
  for (const { table, count, statement } of fills(runs)) {
    const begun = performance.now();
    for (let first = 1; first <= count; first += portion) {
      const last = Math.min(count, first + portion - 1);
      await pool.query(`with n as (select i from generate_series(${first}, ${last}) i) ${statement}`);
    }
    tell(`${table}: ${count} rows in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
}
