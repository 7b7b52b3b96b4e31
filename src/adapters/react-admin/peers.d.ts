/** What is used of the peer packages, by its shape: they are installed where the adapter is used, not here. */
declare module 'react' {
  export function useEffect(effect: () => (() => void) | undefined, dependencies: readonly unknown[]): void;
}

declare module '@tanstack/react-query' {
  export interface QueryClient {
    invalidateQueries(filters: { predicate(query: { readonly queryKey: readonly unknown[] }): boolean }): Promise<void>;
  }
  export function useQueryClient(): QueryClient;
}
