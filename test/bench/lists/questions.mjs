/** What lists.mjs asks: lists of each noun by every order, by filters, by pages of both kinds, and nested. */

const globalId = (type, key) => Buffer.from(`${type}:${key}`).toString('base64url');

const shown = {
  runs: 'id name state step steps loss bestScore tags createdAt updatedAt startedAt finishedAt model { id name }',
  checkpoints: 'id name alias reason step epoch bytes createdAt updatedAt run { id name }',
  evaluations: 'id task split metrics { name value } createdAt dataset { id name }',
  jobs: 'id kind state stage attempt createdAt startedAt finishedAt',
};
const types = { runs: 'Run', checkpoints: 'Checkpoint', evaluations: 'Evaluation', jobs: 'Job' };

const page = (list) => `query($filter: ${types[list]}Filter, $orderBy: [${types[list]}Order!], $first: Int, $last: Int,
  $after: String, $before: String, $offset: Int) {
  ${list}(filter: $filter, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before,
    offset: $offset) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { ${shown[list]} } } }`;

const asked = (name, list, variables = {}) => ({ name, document: page(list), variables });

/** A page by every column and in both directions. */
async function orders(list, ask) {
  const { data } = await ask(`{ __type(name: "${types[list]}OrderField") { enumValues { name } } }`, {});
  const fields = data.__type.enumValues.map(({ name }) => name).filter((name) => name !== 'EVALUATION');
  return fields.flatMap((field) =>
    ['ASC', 'DESC'].map((direction) =>
      asked(`${list} by ${field} ${direction}`, list, { orderBy: [{ field, direction }] }),
    ),
  );
}

/** `keys`: of a model, a data set that one run in fifty trains on, and one that half of all evaluations are on. */
function filters({ model, dataset, evaluated, run }, since) {
  const best = [{ field: 'BEST_SCORE', direction: 'DESC' }];
  const figure = (on) => ({
    ...{ field: 'EVALUATION', direction: 'DESC', evaluation: { dataset: on, metric: 'spearman' } },
  });
  const range = { gte: since(40), lt: since(30) };
  return [
    asked('runs in a state', 'runs', { filter: { state: 'FAILED' } }),
    asked('runs in two states', 'runs', { filter: { stateIn: ['FAILED', 'INTERRUPTED'] } }),
    asked('runs in a state that none has', 'runs', { filter: { state: 'QUEUED' } }),
    asked('runs of a name', 'runs', { filter: { name: 'law sweep 5' } }),
    asked('runs with a part of a name that many have', 'runs', { filter: { q: 'Sweep' } }),
    asked('runs with a part of a name that one has', 'runs', { filter: { q: ' 4321' } }),
    asked('runs with a text that none has', 'runs', { filter: { q: 'nowhere' } }),
    asked('runs with a tag', 'runs', { filter: { tags: ['law'] } }),
    asked('runs with two tags, by the joint score', 'runs', { filter: { tags: ['law', 'base'] }, orderBy: best }),
    asked('runs of ten days', 'runs', { filter: { createdAt: range } }),
    asked('runs of ten days, by the joint score', 'runs', { filter: { createdAt: range }, orderBy: best }),
    asked('runs of a data set', 'runs', { filter: { dataset } }),
    asked('runs of a data set, by the joint score', 'runs', { filter: { dataset }, orderBy: best }),
    asked('runs of a model', 'runs', { filter: { model } }),
    asked('runs of a model, by the joint score', 'runs', { filter: { model }, orderBy: best }),
    asked('checkpoints of a run', 'checkpoints', { filter: { run } }),
    asked('checkpoints with a part of a name', 'checkpoints', { filter: { q: 'medicine' } }),
    asked('checkpoints with a text that none has', 'checkpoints', { filter: { q: 'nowhere' } }),
    asked('checkpoints of a model by a figure', 'checkpoints', { filter: { model }, orderBy: [figure(evaluated)] }),
    asked('checkpoints of a run by a figure', 'checkpoints', { filter: { run }, orderBy: [figure(evaluated)] }),
    asked('all checkpoints by a figure that one in 600 has', 'checkpoints', { orderBy: [figure(dataset)] }),
    asked('all checkpoints by a figure that a third has', 'checkpoints', { orderBy: [figure(evaluated)] }),
    asked('evaluations by the model', 'evaluations', { filter: { model } }),
    asked('evaluations of a run', 'evaluations', { filter: { run } }),
    asked('evaluations on a data set, by the figure', 'evaluations', {
      filter: { dataset: evaluated },
      orderBy: [{ field: 'MAIN', direction: 'DESC' }],
    }),
    asked('jobs of a kind', 'jobs', { filter: { kind: 'EVALUATE' } }),
    asked('jobs of a kind in a state', 'jobs', { filter: { kind: 'TRAIN', state: 'INTERRUPTED' } }),
  ];
}

/** Pages far behind the first, by a cursor and by a number. */
async function pages(ask, deep) {
  const byScore = [{ field: 'BEST_SCORE', direction: 'DESC' }];
  const cursorAt = async (orderBy) => {
    const { data } = await ask(page('runs'), { offset: deep, first: 1, orderBy });
    return data.runs.pageInfo.endCursor;
  };
  const [byTime, scored] = [await cursorAt(null), await cursorAt(byScore)];
  return [
    asked(`runs behind a cursor at ${deep}`, 'runs', { after: byTime }),
    asked(`runs before a cursor at ${deep}`, 'runs', { before: byTime, last: 50 }),
    asked(`runs behind a cursor at ${deep}, by the joint score`, 'runs', { after: scored, orderBy: byScore }),
    asked(`runs from number ${deep}`, 'runs', { offset: deep }),
    asked(`runs from number ${deep}, by the joint score`, 'runs', { offset: deep, orderBy: byScore }),
    asked('the last runs', 'runs', { last: 50 }),
    asked('the last checkpoints', 'checkpoints', { last: 50 }),
  ];
}

const nested = (run) => [
  {
    name: 'runs, each with 5 checkpoints',
    document: `{ runs(first: 50) { nodes { ${shown.runs} datasets { dataset { name } }
      checkpoints(first: 5) { nodes { step alias evaluations { metrics { name value } } } } } } }`,
    variables: {},
  },
  {
    name: 'runs, each with its last 5 events',
    document: '{ runs(first: 50) { nodes { name events(first: 5) { seq at } } } }',
    variables: {},
  },
  {
    name: 'events of a run',
    document: 'query($id: ID!) { run(id: $id) { events { seq at ... on RunStep { step loss } } } }',
    variables: { id: run },
  },
];

/** Everything; `ask` sends a document with variables, `keys` are those of rows that there are. */
export async function questionsOf(ask, keys, runs) {
  const since = (days) => new Date(Date.now() - days * 864e5).toISOString();
  const ids = {
    ...{ model: globalId('Model', keys.model), dataset: globalId('Dataset', keys.dataset) },
    ...{ evaluated: globalId('Dataset', keys.evaluated), run: globalId('Run', keys.run) },
  };
  const lists = Object.keys(types);
  const plain = lists.map((list) => asked(`newest ${list}`, list));
  const ordered = (await Promise.all(lists.map((list) => orders(list, ask)))).flat();
  return [...plain, ...ordered, ...filters(ids, since), ...(await pages(ask, runs / 2)), ...nested(ids.run)];
}
