import {
  Button,
  Card,
  CardContent,
  List,
  ListItem,
  ListItemText,
  MenuItem,
  Stack,
  TextField,
  Typography,
} from '@mui/material';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Title, useGetList } from 'react-admin';
import { client } from './tandem';

interface Hit {
  readonly rank: number;
  readonly score: number;
  readonly document: { readonly id: string; readonly key: string; readonly text: string };
}

const document = Object(`query Search($collection: ID!, $query: String!) {
  search(collection: $collection, query: $query, k: 10) { hits { rank score document { id key text } } }
}`);

export const SearchPage = () => {
  const { data: collections = [] } = useGetList('collections', { pagination: { page: 1, perPage: 100 } });
  const [chosen, setChosen] = useState('');
  const [query, setQuery] = useState('');
  const collection = chosen || String(collections[0]?.id ?? '');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () =>
      client.execute<{ search: { hits: readonly Hit[] } }, { collection: string; query: string }>(document, {
        collection,
        query,
      }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <Card sx={{ mt: 2 }}>
      <Title title="Search" />
      <CardContent>
        <Stack component="form" direction="row" spacing={2} onSubmit={submit}>
          <TextField
            select
            label="Collection"
            value={collection}
            onChange={({ target }) => setChosen(target.value)}
            fullWidth={false}
            sx={{ width: 240, flexShrink: 0 }}
          >
            {collections.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
          <TextField label="Query" required fullWidth value={query} onChange={({ target }) => setQuery(target.value)} />
          <Button type="submit" variant="contained" sx={{ px: 4 }} disabled={isPending || collection === ''}>
            Search
          </Button>
        </Stack>
        {error && <Typography color="error">{error.message}</Typography>}
        {data && <Hits hits={data.search.hits} />}
      </CardContent>
    </Card>
  );
};

const Hits = ({ hits }: { readonly hits: readonly Hit[] }) =>
  hits.length === 0 ? (
    <Typography color="text.secondary" sx={{ mt: 2 }}>
      The collection has no documents yet.
    </Typography>
  ) : (
    <List>
      {hits.map(({ rank, score, document: { id, key, text } }) => (
        <ListItem key={id} divider>
          <ListItemText primary={text} secondary={`${rank}. ${key}, score ${score.toFixed(3)}`} />
        </ListItem>
      ))}
    </List>
  );
