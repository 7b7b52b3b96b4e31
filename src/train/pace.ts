/** Speed of a run over its latest steps. */
const windowSteps = 20;

export class Pace {
  readonly #marks: { readonly at: number; readonly tokens: number }[] = [];

  /** `now` in milliseconds: when the attempt began. */
  constructor(now: number) {
    this.#marks.push({ at: now, tokens: 0 });
  }

  /** Records a finished step. Returns the speed, and the seconds that `stepsLeft` more steps will take. */
  note(now: number, tokens: number, stepsLeft: number): { tokensPerSecond: number; secondsLeft: number } {
    this.#marks.push({ at: now, tokens });
    if (this.#marks.length > windowSteps + 1) this.#marks.shift();
    const seconds = Math.max(1e-3, (now - this.#marks[0]!.at) / 1000);
    const steps = this.#marks.slice(1);
    return {
      tokensPerSecond: steps.reduce((sum, mark) => sum + mark.tokens, 0) / seconds,
      secondsLeft: (seconds / steps.length) * stepsLeft,
    };
  }
}
