interface Scores {
  readonly ndcgAt10: number;
  readonly spearman: number;
}

export function tableOf(
  results: readonly {
    readonly name: string;
    readonly seed: number;
    readonly steps?: number;
    readonly scores?: Scores;
    readonly refused?: string;
    readonly at?: Readonly<Record<number, Scores>>;
  }[],
): string;
