/** What fusion searches gain on test, as tables of Markdown: means over the seeds with Student's t intervals. */
import { tInterval } from '../../dist/src/evaluation/statistics/t-interval.js';

const joint = ({ ndcgAt10, spearman }) => (ndcgAt10 + spearman) / 2;

function shown(values) {
  const found = tInterval(values);
  if (found === null) return '-';
  return `${found.mean.toFixed(4)}${found.half === null ? '' : ` ± ${found.half.toFixed(4)}`}`;
}

/** `results`: of each seed {seed, checkpoints, systems: {name: scores | null}, searches: {strategy: search}}. */
export function fusionTable(results) {
  const names = Object.keys(results[0]?.systems ?? {});
  const found = (name) => results.filter(({ systems }) => systems[name]);
  const rows = names.map((name) => {
    const scores = found(name).map(({ systems }) => systems[name]);
    const gains = found(name).map(({ systems }) => joint(systems['coordinate search']) - joint(systems[name]));
    const figures = [scores.map(({ ndcgAt10 }) => ndcgAt10), scores.map(({ spearman }) => spearman), scores.map(joint)];
    const gain = name === 'coordinate search' ? '' : shown(gains);
    return `| ${name} | ${scores.length} | ${figures.map(shown).join(' | ')} | ${gain} |`;
  });
  return [
    '| system | seeds | nDCG@10 (IR test) | Spearman (STS test) | joint (test) | gain of coordinate search over it |',
    '|---|---:|---|---|---|---|',
    ...rows,
    '',
    '| seed | strategy | checkpoints | candidates | distinct | front | dev score | winner |',
    '|---:|---|---:|---:|---:|---:|---:|---|',
    ...results.flatMap(searchRows),
  ].join('\n');
}

const searchRows = ({ seed, checkpoints, searches }) =>
  Object.entries(searches).map(([strategy, { candidates, front, winner }]) => {
    const distinct = candidates.filter(({ sameAs }) => sameAs === null).length;
    const counts = [checkpoints, candidates.length, distinct, front.length, winner.score.toFixed(4)];
    return `| ${seed} | ${strategy.toLowerCase().replace('_', ' ')} | ${counts.join(' | ')} | ${winner.text} |`;
  });
