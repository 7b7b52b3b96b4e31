/** What searches over architectures find, as tables of Markdown: on test with Student's t intervals over the seeds. */
import { tInterval } from '../../dist/src/evaluation/statistics/t-interval.js';

const joint = ({ ndcgAt10, spearman }) => (ndcgAt10 + spearman) / 2;

function shown(values) {
  const found = tInterval(values);
  if (found === null) return '-';
  return `${found.mean.toFixed(4)}${found.half === null ? '' : ` ± ${found.half.toFixed(4)}`}`;
}

/** `results`: of each seed {seed, rungs, winner, candidates, test: {winner, default}}. */
export const architectureTable = (results) =>
  [...testRows(results), '', ...results.flatMap((result) => [...candidateRows(result), ''])].join('\n').trimEnd();

function testRows(results) {
  const figures = [({ ndcgAt10 }) => ndcgAt10, ({ spearman }) => spearman, joint];
  const rows = ['winner', 'default'].map((name) => {
    const cells = figures.map((of) => shown(results.map(({ test }) => of(test[name]))));
    return `| ${name} | ${results.length} | ${cells.join(' | ')} |`;
  });
  const gains = figures.map((of) => shown(results.map(({ test }) => of(test.winner) - of(test.default))));
  return [
    '| configuration | seeds | nDCG@10 (IR test) | Spearman (STS test) | joint (test) |',
    '|---|---:|---|---|---|',
    ...rows,
    `| winner - default | ${results.length} | ${gains.join(' | ')} |`,
  ];
}

function candidateRows({ seed, rungs, winner, candidates }) {
  const scores = ({ trials }) =>
    rungs.map(({ number }) => {
      const trial = trials.find(({ rung }) => rung === number);
      return trial === undefined ? '' : (trial.score?.toFixed(4) ?? trial.outcome);
    });
  const rows = candidates.map((one) => {
    const weights = one.lossWeights.map(({ loss, weight }) => `${loss} ${weight}`).join(', ');
    const mark = `${one.number}${one.number === 0 ? ' (default)' : ''}${one.number === winner ? ' (winner)' : ''}`;
    const heads = `${one.heads.ir}, ${one.heads.sts}`.toLowerCase();
    const cells = [mark, one.innerLayer, one.pooling.join(' '), heads, weights, ...scores(one)];
    return `| ${cells.join(' | ')} |`;
  });
  const updates = rungs.map(({ steps }) => `dev at ${steps} updates`);
  return [
    `| seed ${seed} | inner layer | pooling | heads (IR, STS) | loss weights | ${updates.join(' | ')} |`,
    `|---|---:|---|---|---|${rungs.map(() => '---:|').join('')}`,
    ...rows,
  ];
}
