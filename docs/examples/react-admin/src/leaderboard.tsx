import {
  Card,
  CardContent,
  MenuItem,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableRow,
  TextField,
  Typography,
} from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Title, useGetList } from 'react-admin';
import { client } from './tandem';

interface Row {
  readonly evaluator: string;
  readonly mean: { readonly value: number | null; readonly undefinedReason: string | null };
  readonly cells: readonly { readonly evaluation: { readonly main: { readonly name: string } } | null }[];
  readonly checkpoint: {
    readonly id: string;
    readonly alias: string | null;
    readonly step: number;
    readonly run: { readonly name: string } | null;
    readonly model: { readonly name: string };
  } | null;
}

const document = Object(`query Leaderboard($dataset: ID!) {
  leaderboard(of: { entries: [{ dataset: $dataset, split: TEST }] }, first: 20) {
    nodes {
      evaluator mean { value undefinedReason } cells { evaluation { main { name } } }
      checkpoint { id alias step run { name } model { name } }
    }
  }
}`);

/** Checkpoints by their main figure on one data set. New evaluations show by themselves: the key begins with them. */
export const LeaderboardPage = () => {
  const { data: datasets = [] } = useGetList('datasets', { pagination: { page: 1, perPage: 100 } });
  const [chosen, setChosen] = useState('');
  const dataset = chosen || String(datasets[0]?.id ?? '');
  const { data, error } = useQuery({
    queryKey: ['evaluations', 'leaderboard', dataset],
    queryFn: ({ signal }) =>
      client.execute<{ leaderboard: { nodes: readonly Row[] } }, { dataset: string }>(
        document,
        { dataset },
        { signal },
      ),
    enabled: dataset !== '',
  });
  return (
    <Card sx={{ mt: 2 }}>
      <Title title="Leaderboard" />
      <CardContent>
        <TextField
          select
          label="Data set"
          value={dataset}
          onChange={({ target }) => setChosen(target.value)}
          fullWidth={false}
          sx={{ width: 320 }}
        >
          {datasets.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {error && <Typography color="error">{error.message}</Typography>}
        <Board rows={data?.leaderboard.nodes ?? []} />
      </CardContent>
    </Card>
  );
};

const nameOf = ({ evaluator, checkpoint }: Row): string =>
  checkpoint
    ? (checkpoint.alias ?? `${checkpoint.run?.name ?? checkpoint.model.name}, step ${checkpoint.step}`)
    : evaluator;

const Board = ({ rows }: { readonly rows: readonly Row[] }) =>
  rows.length === 0 ? (
    <Typography color="text.secondary" sx={{ mt: 2 }}>
      Nothing was evaluated on its test split yet.
    </Typography>
  ) : (
    <Table size="small" sx={{ mt: 2 }}>
      <TableHead>
        <TableRow>
          <TableCell>Place</TableCell>
          <TableCell>Checkpoint</TableCell>
          <TableCell align="right">{rows[0]?.cells[0]?.evaluation?.main.name}</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row, place) => (
          <TableRow key={row.checkpoint?.id ?? row.evaluator}>
            <TableCell>{place + 1}</TableCell>
            <TableCell>{nameOf(row)}</TableCell>
            <TableCell align="right">{row.mean.value?.toFixed(4) ?? row.mean.undefinedReason}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
