/**
 * Evaluates the candidates of one search: the CPU thread merges their tensors, the device thread puts them into one
 * encoder and evaluates it. Nothing is written to disk. Equal weights are evaluated once.
 */
import type { FusionCandidateRow } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';
import type { Candidate, CandidateInput, CandidateWeights } from '../../fusion/search/types.ts';
import type { DevSet, JointFigures } from '../../train/types.ts';
import type { JobTools } from '../define.ts';
import { forgetModel } from '../threads/threads.ts';

type Tools = Pick<JobTools, 'cpu' | 'device'> & { readonly signal: AbortSignal };

/** What a candidate got. */
export type Evaluated = Pick<
  FusionCandidateRow,
  'digest' | 'sameAs' | 'score' | 'ir' | 'sts' | 'figures' | 'failure' | 'seconds'
>;

export interface EvaluatorOptions {
  /** Of the search; names the encoder on the device. */
  readonly place: string;
  readonly lineage: Omit<CandidateInput, 'candidate'>;
  readonly sets: readonly DevSet[];
  readonly weights: Readonly<Record<'ir' | 'sts', number>>;
}

/** Whether it is the weights of the candidate that cannot be scored; anything else ends the search. */
const hasNoScore = (error: unknown): error is TandemError =>
  error instanceof TandemError &&
  (error.details.reason === 'unusable-weights' || error.details.reason === 'undefined-figure');

export class CandidateEvaluator {
  readonly #tools: Tools;
  readonly #options: EvaluatorOptions;

  constructor(tools: Tools, options: EvaluatorOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  /** `before`: the candidates so far; one of the same weights gives its figures. */
  async evaluate(candidate: Candidate, before: readonly FusionCandidateRow[]): Promise<Evaluated> {
    const began = performance.now();
    const found = await this.#try(candidate, before);
    return { ...found, seconds: (performance.now() - began) / 1000 };
  }

  async #try(candidate: Candidate, before: readonly FusionCandidateRow[]): Promise<Omit<Evaluated, 'seconds'>> {
    let digest: string | null = null;
    try {
      const { cpu, signal } = this.#tools;
      const merged = await cpu.call('candidateWeights', { ...this.#options.lineage, candidate }, { signal });
      digest = merged.digest;
      const same = before.find((row) => row.digest === digest);
      if (!same) return { digest, sameAs: null, ...(await this.#onDevice(merged)), failure: null };
      const { score, ir, sts, figures, failure } = same;
      return { digest, sameAs: same.number, score, ir, sts, figures, failure };
    } catch (error) {
      if (!hasNoScore(error)) throw error;
      return { digest, sameAs: null, score: null, ir: null, sts: null, figures: [], failure: error.message };
    }
  }

  #onDevice({ tensors }: CandidateWeights): Promise<JointFigures> {
    const { device, signal } = this.#tools;
    const { place, lineage, sets, weights } = this.#options;
    const transfer = tensors.map(({ data }) => data.buffer as ArrayBuffer);
    const input = { place, model: lineage.initial, tensors, sets, weights };
    return device.call('evaluateWeights', input, { signal, transfer });
  }

  /** Frees the encoder on the device. */
  close(): Promise<void> {
    return forgetModel(this.#tools, this.#options.place);
  }
}
