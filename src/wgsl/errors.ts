/** What the compiler cannot compile: the construct and its line (from 1) in the text that it was given. */
export class WgslError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(`line ${line}: ${message}`);
    this.name = 'WgslError';
    this.line = line;
  }
}
