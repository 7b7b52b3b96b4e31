/** What a search for a fusion has found, for people: its candidates, the front, and the figures on the test sets. */
import {
  FusionSearchDocument,
  type FusionSearchQuery,
  type SearchedSetFragment,
  type TandemClient,
} from '../client/index.ts';
import { notFound } from '../errors.ts';
import { formatScore, formatTable } from './output.ts';
import { scatter } from './scatter.ts';

type Search = NonNullable<FusionSearchQuery['fusionSearch']>;
type Candidate = Search['candidates']['nodes'][number];

/** A search with all of its candidates, page by page. */
export async function readSearch(client: TandemClient, id: string): Promise<Search> {
  const found = await readPage(client, id);
  const nodes = [...found.candidates.nodes];
  for (let page = found.candidates; page.pageInfo.hasNextPage; ) {
    page = (await readPage(client, id, page.pageInfo.endCursor)).candidates;
    nodes.push(...page.nodes);
  }
  return { ...found, candidates: { ...found.candidates, nodes } };
}

async function readPage(client: TandemClient, id: string, after: string | null = null): Promise<Search> {
  const { fusionSearch } = await client.execute(FusionSearchDocument, { id, after });
  if (!fusionSearch) throw notFound(`there is no search ${id}`);
  return fusionSearch;
}

export function showSearch(search: Search): string {
  const { job, budget, candidates } = search;
  const ended = `${job.state}: ${candidates.totalCount} of ${budget} candidates`;
  return [ended, candidateTable(search), frontPlot(search), testTable(search)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The winner is marked by `W`, the others of the front by `*`. */
function candidateTable({ candidates, front, winner }: Search): string {
  const rows = candidates.nodes.map((row) => [
    row.number,
    markOf(row, { front, winner }),
    row.text,
    row.origin,
    formatScore(row.ir),
    formatScore(row.sts),
    formatScore(row.score),
    row.sameAs === null ? (row.failure ?? '') : `same as ${row.sameAs}`,
  ]);
  return formatTable(['number', '', 'candidate', 'origin', 'IR', 'STS', 'dev score', ''], rows);
}

/** Only where both tasks were measured. */
function frontPlot({ candidates, front, winner }: Search): string {
  const points = candidates.nodes
    .flatMap((row) => {
      const mark = markOf(row, { front, winner });
      return row.ir === null || row.sts === null ? [] : [{ x: row.ir, y: row.sts, mark: mark === '' ? '.' : mark }];
    })
    .sort((a, b) => rank(a.mark) - rank(b.mark));
  return scatter(points, { xTitle: 'IR (W winner, * front, . other)', yTitle: 'STS' });
}

/** What is seen where several candidates fall into one place. */
const rank = (mark: string): number => ['.', '*', 'W'].indexOf(mark);

function markOf({ number }: Candidate, { front, winner }: Pick<Search, 'front' | 'winner'>): string {
  if (winner?.number === number) return 'W';
  return front.some((row) => row.number === number) ? '*' : '';
}

function testTable({ test }: Search): string {
  if (!test) return '';
  const nameOf = ({ dataset, split, pooled }: SearchedSetFragment): string =>
    `${dataset} ${split.toLowerCase()}${pooled ? ' (pooled)' : ''}`;
  const rows = test.winner.map((set, i) => [
    nameOf(set),
    set.main.name,
    formatScore(set.main.value),
    formatScore(test.single[i]?.main.value),
  ]);
  return formatTable(['test set', 'metric', 'winner', 'best single checkpoint'], rows);
}
