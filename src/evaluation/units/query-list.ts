/** Gathers what is kept of each query while a split is searched. */
import { growingF32, growingF64, growingU32 } from '../../data/growing.ts';
import { type MeasuredQueries, type QueryFigure, queryFigures } from './types.ts';

/** A document of a ranking, by its position among those that are searched. */
interface RankedDocument {
  readonly document: number;
  readonly score: number;
  readonly grade: number;
}

export class QueryList {
  readonly #values = byFigure(() => growingF64());
  readonly #starts = growingU32();
  readonly #documents = growingU32();
  readonly #scores = growingF32();
  readonly #grades = growingF32();

  /** `metrics` of the query by name, and its best documents in order. */
  add(metrics: Readonly<Record<string, number>>, hits: readonly RankedDocument[]): void {
    for (const figure of queryFigures) this.#values[figure].push(metrics[figure]!);
    this.#starts.push(this.#documents.length);
    for (const { document, score, grade } of hits) {
      this.#documents.push(document);
      this.#scores.push(score);
      this.#grades.push(grade);
    }
  }

  finish(): MeasuredQueries {
    this.#starts.push(this.#documents.length);
    const hits = {
      starts: this.#starts.view(),
      documents: this.#documents.view(),
      scores: this.#scores.view(),
      grades: this.#grades.view(),
    };
    return { task: 'ir', values: byFigure((figure) => this.#values[figure].view()), hits };
  }
}

export const byFigure = <T>(make: (figure: QueryFigure) => T): Record<QueryFigure, T> =>
  Object.fromEntries(queryFigures.map((figure) => [figure, make(figure)])) as Record<QueryFigure, T>;
