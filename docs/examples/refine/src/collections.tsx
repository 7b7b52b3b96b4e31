import { type BaseRecord, useDelete, useMany, useTable } from '@refinedev/core';
import { Link } from 'react-router';
import { Pages } from './pages';
import { Search } from './search';
import { SortButton } from './sort-button';

interface Collection extends BaseRecord {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly checkpoint: { readonly id: string };
}

interface Checkpoint extends BaseRecord {
  readonly id: string;
  readonly alias: string | null;
  readonly step: number;
}

export const Collections = () => {
  const { result, tableQuery, sorters, setSorters, filters, setFilters, ...paging } = useTable<Collection>({
    resource: 'collections',
    pagination: { pageSize: 3 },
    sorters: { initial: [{ field: 'createdAt', order: 'desc' }] },
    syncWithLocation: true,
  });
  const ids = [...new Set(result.data.map(({ checkpoint }) => checkpoint.id))];
  const { result: checkpoints } = useMany<Checkpoint>({
    resource: 'checkpoints',
    ids,
    queryOptions: { enabled: ids.length > 0 },
  });
  const { mutate: remove, mutation } = useDelete();
  const nameOf = (id: string): string => {
    const found = checkpoints.data?.find((checkpoint) => checkpoint.id === id);
    return found ? (found.alias ?? `step ${found.step}`) : '';
  };
  const error = tableQuery.error ?? mutation.error;
  return (
    <>
      <h1>Collections</h1>
      <Search filters={filters} onSearch={setFilters} />
      {error && <p role="alert">{error.message}</p>}
      <table>
        <thead>
          <tr>
            <th>
              <SortButton field="name" title="Name" sorters={sorters} setSorters={setSorters} />
            </th>
            <th>Checkpoint</th>
            <th>Notes</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {result.data.map(({ id, name, notes, checkpoint }) => (
            <tr key={id}>
              <td>
                <Link to={`/collections/${id}`}>{name}</Link>
              </td>
              <td>{nameOf(checkpoint.id)}</td>
              <td>{notes}</td>
              <td className="end">
                <button
                  type="button"
                  onClick={() =>
                    window.confirm(`Delete "${name}" and its documents?`) && remove({ resource: 'collections', id })
                  }
                >
                  Delete
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Pages {...paging} total={result.total ?? 0} />
    </>
  );
};
