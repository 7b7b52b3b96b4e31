/** What the suite experiment found, as Markdown. */

const figure = (value) => (value === null || value === undefined ? '-' : value.toFixed(4));

const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** `systems`: {name: result of the suite}, the same cells each. */
function figures(systems) {
  const results = Object.values(systems);
  const [first] = results;
  const row = (name, of) => [name, ...results.map((result) => figure(of(result)))];
  return table(
    ['test split', ...Object.keys(systems)],
    [
      ...first.cells.map(({ dataset, task }, i) =>
        row(`${dataset.name} (${task})`, ({ cells }) => cells[i].figure.value),
      ),
      ...first.tasks.map(({ task, sets }, i) => row(`${task}, mean of ${sets}`, ({ tasks }) => tasks[i].figure.value)),
      ...first.domains.map(({ domain }, i) => row(`${domain}, mean`, ({ domains }) => domains[i].mean.value)),
      row('macro mean', ({ mean }) => mean.value),
    ],
  );
}

const overlaps = (cells) =>
  table(
    ['test split', 'unseen', 'texts', 'shared', 'pairs', 'shared', 'trained on it or a relative'],
    cells.map(({ dataset, overlap }) => [
      ...[dataset.name, overlap.unseen ? 'yes' : 'no', overlap.texts, overlap.sharedTexts],
      ...[overlap.pairs, overlap.sharedPairs],
      [...overlap.same, ...overlap.related].map(({ name }) => name).join(', ') || '-',
    ]),
  );

const tests = (compared) =>
  table(
    ['test split', 'units', 'difference', '95 % interval', 'p', 'detectable', 'verdict'],
    compared.map((row) => [
      ...[row.dataset.name, row.units, figure(row.difference)],
      row.low === null ? '-' : `${figure(row.low)} to ${figure(row.high)}`,
      ...[figure(row.p), figure(row.detectable), row.verdict.toLowerCase()],
    ]),
  );

const measures = ['alignment', 'uniformity', 'meanCosine', 'tokenCosine', 'effectiveRank', 'conditionNumber'];

const geometry = (cells) =>
  table(
    ['test split', ...measures],
    cells.map(({ dataset, evaluation }) => [
      dataset.name,
      ...measures.map((name) => figure(evaluation.geometry?.[name])),
    ]),
  );

export function suiteTable({ systems, overlap, comparisons, geometries, notes }) {
  const sections = [
    figures(systems),
    ...Object.entries(comparisons).map(([name, rows]) => `${name}:\n\n${tests(rows)}`),
    `Overlaps of the trained checkpoint:\n\n${overlaps(overlap)}`,
    ...Object.entries(geometries).map(([name, cells]) => `Geometry, ${name}:\n\n${geometry(cells)}`),
    ...notes,
  ];
  return sections.join('\n\n');
}
