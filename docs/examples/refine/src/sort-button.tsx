import type { CrudSort } from '@refinedev/core';

interface SortButtonProps {
  readonly field: string;
  readonly title: string;
  readonly sorters: readonly CrudSort[];
  setSorters(sorters: CrudSort[]): void;
}

/** Sorts by a field, the other way round at the next click. */
export const SortButton = ({ field, title, sorters, setSorters }: SortButtonProps) => {
  const current = sorters.find((sorter) => sorter.field === field)?.order;
  const mark = current === undefined ? '' : current === 'asc' ? ' ▲' : ' ▼';
  return (
    <button type="button" onClick={() => setSorters([{ field, order: current === 'asc' ? 'desc' : 'asc' }])}>
      {title + mark}
    </button>
  );
};
