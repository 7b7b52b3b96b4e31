/** Means over the seeds with Student's t intervals, as a table of Markdown. */
import { tInterval } from '../../dist/src/evaluation/statistics/t-interval.js';

const shown = ({ mean, half }) => `${mean.toFixed(4)}${half === null ? '' : ` ± ${half.toFixed(4)}`}`;
const cell = (values) => (values.length === 0 ? '-' : shown(tInterval(values)));

/** `results`: {name, seed, steps, scores, refused?, at?: {width: scores}} of every configuration and seed. */
export function tableOf(results) {
  const names = [...new Set(results.map(({ name }) => name))];
  const rows = names.flatMap((name) => {
    const own = results.filter((result) => result.name === name);
    const done = own.filter(({ scores }) => scores);
    if (done.length === 0) return [`| ${name} | refused: ${own[0].refused} | | | |`];
    const at = Object.keys(done[0].at ?? {}).toSorted((a, b) => b - a);
    const figures = (of) => ['ndcgAt10', 'spearman'].map((metric) => cell(done.map((result) => of(result)[metric])));
    return [
      row(
        name,
        done,
        figures((result) => result.scores),
      ),
      ...at.map((width) =>
        row(
          `${name}, first ${width} components`,
          done,
          figures((result) => result.at[width]),
        ),
      ),
    ];
  });
  return [
    '| configuration | seeds | updates | nDCG@10 (IR test) | Spearman (STS test) |',
    '|---|---:|---:|---|---|',
    ...rows,
  ].join('\n');
}

const row = (name, done, figures) => `| ${name} | ${done.length} | ${done[0].steps} | ${figures.join(' | ')} |`;
