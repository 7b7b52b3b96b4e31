import type { CrudFilter } from '@refinedev/core';

interface SearchProps {
  onSearch(filters: CrudFilter[]): void;
}

/** Finds a part of any visible text. */
export const Search = ({ onSearch }: SearchProps) => (
  <input
    type="search"
    placeholder="Search"
    aria-label="Search"
    onChange={({ target }) => onSearch([{ field: 'q', operator: 'contains', value: target.value || undefined }])}
  />
);
