/** Choices and defaults of a search over architectures (docs/method.md section 5). */

/** Whose checkpoints stay: those of the last rung, or of all runs. */
export const searchKeeps = ['winner', 'all'] as const;
export type SearchKeep = (typeof searchKeeps)[number];

export const defaultArchitectureSearch = { configurations: 9, eta: 3, seed: 49, keep: 'winner' } as const;
