/**
 * What is wrong or odd in an import: problems refuse it (collected, so that a user sees several at once), warnings are
 * counted.
 */
import { badInput, type InputProblem, type TandemError } from '../errors.ts';

/** No more problems than these are collected; reading stops there. */
const problemLimit = 20;

export class ImportNotes {
  readonly #problems: InputProblem[] = [];
  readonly #warnings = new Map<string, number>();

  /** Notes a problem; throws once the limit is reached. */
  problem(problem: InputProblem): void {
    this.#problems.push(problem);
    if (this.#problems.length >= problemLimit) throw this.error('or more');
  }

  warn(message: string, count = 1): void {
    this.#warnings.set(message, (this.#warnings.get(message) ?? 0) + count);
  }

  get hasProblems(): boolean {
    return this.#problems.length > 0;
  }

  get problemCount(): number {
    return this.#problems.length;
  }

  get warnings(): { message: string; count: number }[] {
    return [...this.#warnings].map(([message, count]) => ({ message, count }));
  }

  /** Throws if anything was wrong. */
  throwIfAny(): void {
    if (this.hasProblems) throw this.error();
  }

  error(more = ''): TandemError {
    const first = this.#problems[0]!;
    const count = `${this.#problems.length}${more === '' ? '' : ` ${more}`}`;
    const where = [first.file, first.line === undefined ? undefined : `line ${first.line}`, first.field]
      .filter((part) => part !== undefined)
      .join(', ');
    return badInput(`Import refused, ${count} problem(s). First: ${where === '' ? '' : `${where}: `}${first.message}`, {
      field: first.field ?? 'source',
      expected: 'records of one task with texts and grades, as the importer and the declared scale say',
      remedy: 'Correct the lines listed under problems and import again; nothing was stored.',
      problems: this.#problems,
    });
  }
}

/** Notes that are discarded, for a first pass over lines that a second pass will check. */
export class UnheardNotes extends ImportNotes {
  override problem(): void {}
  override warn(): void {}
}
