/** What triggers and indexes cost writers, in transactions that are rolled back. Used by lists.mjs. */

const rows = 20_000;

const ofBaseline = `insert into evaluations (evaluator, dataset_id, split, task, main, metrics, undefined_reasons, count,
  documents, tokens, seconds) select 'bag-of-words', dataset_id, split, task, main, metrics, '{}', count, documents,
  tokens, seconds from evaluations limit ${rows}`;
const ofCheckpoints = `insert into evaluations (evaluator, checkpoint_id, dataset_id, split, task, main, metrics,
  undefined_reasons, count, documents, tokens, seconds) select 'checkpoint', checkpoint_id, dataset_id, split, task,
  main, metrics, '{}', count, documents, tokens, seconds from evaluations limit ${rows}`;
const progress = `update runs set step = step + 1, loss = random(), tokens_per_second = 3000 * random(), seconds_left = 9
  where id in (select id from runs limit ${rows})`;
const states = `update jobs set state = 'RUNNING', attempt = attempt + 1 where id in (select id from runs limit ${rows})`;

const kinds = {
  'evaluations of the baseline inserted': ['evaluations', ofBaseline],
  'evaluations of checkpoints inserted': ['evaluations', ofCheckpoints],
  "runs' progress updated": ['runs', progress],
  "jobs' state updated": ['jobs', states],
};

/** Microseconds a row, with triggers and without. */
export async function measureWrites(pool, tell) {
  const figures = {};
  const client = await pool.connect();
  const timed = async (table, statement, isTriggered) => {
    await client.query('begin');
    try {
      if (!isTriggered) await client.query(`alter table ${table} disable trigger user`);
      const begun = performance.now();
      const { rowCount } = await client.query(statement);
      return ((performance.now() - begun) * 1000) / rowCount;
    } finally {
      await client.query('rollback');
    }
  };
  try {
    for (const [name, [table, statement]] of Object.entries(kinds)) {
      await timed(table, statement, true);
      const [all, plain] = [await timed(table, statement, true), await timed(table, statement, false)];
      figures[name] = { all, plain };
      tell(`${name}: ${all.toFixed(0)} us a row, ${plain.toFixed(0)} us without triggers`);
    }
  } finally {
    client.release();
  }
  return figures;
}
