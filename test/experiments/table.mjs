/** Means over the seeds with Student's t intervals, as a table of Markdown. */

/** Quantiles 0.975 of Student's t by degrees of freedom, from 1. */
const quantiles = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216];

/** Mean and half width of the 95 % interval; null with fewer than two values. */
export function intervalOf(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const quantile = quantiles[n - 2];
  if (n < 2 || quantile === undefined) return { n, mean, half: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { n, mean, half: (quantile * deviation) / Math.sqrt(n) };
}

const shown = ({ mean, half }) => `${mean.toFixed(4)}${half === null ? '' : ` ± ${half.toFixed(4)}`}`;
const cell = (values) => (values.length === 0 ? '-' : shown(intervalOf(values)));

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
