/**
 * Watches every statement that this process sends to its database, PGlite or Postgres, by wrapping the client of `pg`:
 * counts them, and says when the row of a run or a job was committed as waiting and as RUNNING. Used by dispatch.mjs.
 */
import pg from 'pg';
import * as tables from '../../dist/src/db/schema.js';

/** Before there were attempts of jobs, a job's row was inserted as RUNNING. */
const jobsHaveAttempts = 'jobAttempts' in tables;

/** What a statement tells of a run or job, once it is committed. */
function meaningOf(text, values) {
  if (/^insert into "(run|job)_attempts"/i.test(text)) return 'running';
  if (/^update "(runs|jobs)" set/i.test(text) && values.includes('RUNNING')) return 'running';
  if (/^insert into "jobs"/i.test(text)) return jobsHaveAttempts ? 'queued' : 'running';
  return /^insert into "runs"/i.test(text) ? 'queued' : undefined;
}

const textOf = (query) => (typeof query === 'string' ? query : (query?.text ?? ''));

/** Wraps the client; statements are counted from now on. `queued` and `running` are times by performance.now(). */
export function watchStatements() {
  const seen = { count: 0, queued: undefined, running: undefined, texts: new Map() };
  const send = pg.Client.prototype.query;
  const open = new WeakMap();

  function committed(meanings) {
    const now = performance.now();
    for (const meaning of meanings) seen[meaning] ??= now;
  }

  function noteEnd(client, text, values) {
    if (/^begin/i.test(text)) return void open.set(client, new Set());
    const transaction = open.get(client);
    if (/^(commit|rollback)\b/i.test(text) && transaction) {
      open.delete(client);
      if (/^commit/i.test(text)) committed(transaction);
      return;
    }
    const meaning = meaningOf(text, values);
    if (meaning === undefined) return;
    if (transaction) transaction.add(meaning);
    else committed([meaning]);
  }

  pg.Client.prototype.query = function query(config, values, ...rest) {
    const text = textOf(config).trim();
    const given = (Array.isArray(values) ? values : config?.values) ?? [];
    seen.count += 1;
    seen.texts.set(text, (seen.texts.get(text) ?? 0) + 1);
    const answer = send.call(this, config, values, ...rest);
    answer?.then?.(
      () => noteEnd(this, text, given),
      () => {},
    );
    return answer;
  };
  return seen;
}
