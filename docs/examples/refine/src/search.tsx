import type { CrudFilter } from '@refinedev/core';

interface SearchProps {
  /** Those that the list has, for example from its address. */
  readonly filters: readonly CrudFilter[];
  onSearch(filters: CrudFilter[]): void;
}

/** Finds a part of any visible text. */
export const Search = ({ filters, onSearch }: SearchProps) => (
  <input
    type="search"
    placeholder="Search"
    aria-label="Search"
    defaultValue={filters.find((filter) => 'field' in filter && filter.field === 'q')?.value ?? ''}
    onChange={({ target }) => onSearch([{ field: 'q', operator: 'contains', value: target.value || undefined }])}
  />
);
