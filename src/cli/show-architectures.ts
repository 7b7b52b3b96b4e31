/** What a search over architectures has found, for people: its configurations with their scores at each rung. */
import {
  ArchitectureSearchDocument,
  type ArchitectureSearchPartsFragment,
  type TandemClient,
} from '../client/index.ts';
import { notFound } from '../errors.ts';
import { formatScore, formatTable } from './output.ts';

type Candidate = ArchitectureSearchPartsFragment['candidates'][number];

export async function readArchitectures(client: TandemClient, id: string): Promise<ArchitectureSearchPartsFragment> {
  const { architectureSearch } = await client.execute(ArchitectureSearchDocument, { id });
  if (!architectureSearch) throw notFound(`there is no architecture search ${id}`);
  return architectureSearch;
}

/** The winner is marked by `W`, the default configuration by `D`. */
export function showArchitectures({
  name,
  state,
  candidates,
  rungs,
  winner,
  checkpoint,
}: ArchitectureSearchPartsFragment): string {
  const rows = candidates.map((candidate) => [
    candidate.number,
    `${candidate.number === winner?.number ? 'W' : ''}${candidate.number === 0 ? 'D' : ''}`,
    ...configurationOf(candidate),
    ...rungs.map(({ number }) => scoreOf(candidate, number)),
  ]);
  const headers = ['number', '', 'inner layer', 'pooling', 'heads', 'loss weights'];
  const table = formatTable([...headers, ...rungs.map(({ steps }) => `${steps} updates`)], rows);
  const won = checkpoint ? `\n\nbest checkpoint of the winner: ${checkpoint.id}` : '';
  return `${name}: ${state}\n\n${table}${won}`;
}

const configurationOf = ({ innerLayer, pooling, heads, lossWeights }: Candidate): (string | number)[] => [
  innerLayer ?? '-',
  pooling.join(' '),
  `${heads.ir} ${heads.sts}`,
  lossWeights.map(({ loss, weight }) => `${loss} ${weight}`).join(', ') || '-',
];

/** The score of the run at a rung, its state until all runs of the rung have ended; empty where it has none. */
function scoreOf({ trials }: Candidate, rung: number): string {
  const trial = trials.find((one) => one.rung === rung);
  if (!trial) return '';
  return trial.outcome === 'SUCCEEDED' ? formatScore(trial.score) : (trial.outcome ?? trial.run?.state ?? '-');
}
