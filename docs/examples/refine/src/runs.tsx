import { type BaseRecord, useTable } from '@refinedev/core';
import { Link } from 'react-router';
import { Pages } from './pages';
import { Search } from './search';
import { SortButton } from './sort-button';

interface Run extends BaseRecord {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly steps: number | null;
  readonly loss: number | null;
}

const columns = [
  { field: 'name', title: 'Name' },
  { field: 'step', title: 'Step' },
  { field: 'loss', title: 'Loss' },
];

export const Runs = () => {
  const { result, sorters, setSorters, filters, setFilters, tableQuery, ...paging } = useTable<Run>({
    resource: 'runs',
    pagination: { pageSize: 10 },
    sorters: { initial: [{ field: 'createdAt', order: 'desc' }] },
    syncWithLocation: true,
  });
  return (
    <>
      <h1>Runs</h1>
      <Search filters={filters} onSearch={setFilters} />
      {tableQuery.error && <p role="alert">{tableQuery.error.message}</p>}
      <table>
        <thead>
          <tr>
            {columns.map(({ field, title }) => (
              <th key={field}>
                <SortButton field={field} title={title} sorters={sorters} setSorters={setSorters} />
              </th>
            ))}
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {result.data.map(({ id, name, state, step, steps, loss }) => (
            <tr key={id}>
              <td>
                <Link to={`/runs/${id}`}>{name}</Link>
              </td>
              <td>
                {step} of {steps ?? '?'}
              </td>
              <td>{loss?.toFixed(4) ?? '-'}</td>
              <td>
                <span className={`state ${state.toLowerCase()}`}>{state}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Pages {...paging} total={result.total ?? 0} />
    </>
  );
};
