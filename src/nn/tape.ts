/**
 * Reverse-mode differentiation. Ops run at once and record how to go back; `backward` runs the records in reverse.
 *
 * Memory: every activation is leased from the device's pool. With `recording` it lives until its record has run;
 * without, `drop` gives it back as soon as the forward pass has no more use for it. So it does, recording or not,
 * with what depends on no trained parameter: nothing goes back there, and an op that needs such a value holds it. A
 * second contribution to a gradient is added into a new buffer, because one dispatch may not bind one buffer to read
 * and to write; matrix products, whose kernel adds to what it writes, save that pass. A part of the forward pass can
 * be recomputed on the way back, so that nothing of it is held meanwhile (Chen et al. 2016, arXiv 1604.06174).
 */

import type { DType, Gpu, Tensor } from '../device/types.ts';
import { invariant } from '../errors.ts';
import { add } from '../kernels/elementwise.ts';

/** A tensor on the tape and, while going back, its gradient. */
export interface Value {
  readonly tensor: Tensor;
  gradient: Tensor | undefined;
  /** Whether it depends on a trained parameter, so that a gradient goes back to it. */
  readonly tracked: boolean;
  /** Tensors of its inputs that only its own record keeps. */
  readonly held: readonly Tensor[];
}

/** What an op reads: values of the tape, and parameters, which are tracked if they are trained. */
export type Source = Value | (Pick<Value, 'tracked'> & { readonly tensor?: undefined });

/** How to go back through an op, or the part of the forward pass to run again first. */
type Entry = Op | Segment;

interface Op {
  readonly output: Value;
  /** Other leased tensors that `backward` needs. */
  readonly kept: readonly Tensor[];
  readonly backward: (dOut: Tensor) => void;
}

interface Segment {
  readonly output: Value;
  readonly held: readonly Tensor[];
  readonly run: () => Value;
}

/** Sees every op's result, forward (`value`) and backward (`gradient`); for the diagnosis of non-finite values. */
export type TapeObserver = (kind: 'value' | 'gradient', tensor: Tensor) => void;

export class Tape {
  readonly gpu: Gpu;
  #recording: boolean;
  readonly #observer: TapeObserver | undefined;
  readonly #entries: Entry[] = [];
  /** How many owners each leased tensor has. */
  readonly #owners = new Map<Tensor, number>();

  constructor(gpu: Gpu, recording: boolean, observer?: TapeObserver) {
    this.gpu = gpu;
    this.#recording = recording;
    this.#observer = observer;
  }

  get recording(): boolean {
    return this.#recording;
  }

  /** Leases a tensor that the tape owns. */
  lease(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    const tensor = this.gpu.lease(label, shape, dtype);
    this.#owners.set(tensor, 1);
    return tensor;
  }

  /** Leases the result of an op on `sources`. */
  output(label: string, shape: readonly number[], sources: readonly (Source | undefined)[]): Value {
    const tracked = sources.some((source) => source?.tracked === true);
    const held = tracked && this.#recording ? this.#hold(sources) : [];
    return { tensor: this.lease(label, shape), gradient: undefined, tracked, held };
  }

  /** Leases a value that is no op's result. It has a gradient if `tracked`. */
  input(label: string, shape: readonly number[], tracked: boolean): Value {
    return { tensor: this.lease(label, shape), gradient: undefined, tracked, held: [] };
  }

  /** Becomes an owner of what would otherwise go back to the pool when it is dropped. */
  #hold(sources: readonly (Source | undefined)[]): Tensor[] {
    return sources.flatMap((source) => (source?.tensor && !source.tracked ? [this.retain(source.tensor)] : []));
  }

  /** Adds an owner, so that one gradient buffer can serve two inputs. */
  retain(tensor: Tensor): Tensor {
    const owners = this.#owners.get(tensor);
    invariant(owners !== undefined, `Tape: ${tensor.label} is retained after its release`);
    this.#owners.set(tensor, owners + 1);
    return tensor;
  }

  /** Gives up one ownership; the last gives the buffer back to the pool. */
  release(tensor: Tensor): void {
    const owners = this.#owners.get(tensor);
    invariant(owners !== undefined, `Tape: ${tensor.label} is released twice`);
    if (owners > 1) {
      this.#owners.set(tensor, owners - 1);
      return;
    }
    this.#owners.delete(tensor);
    this.gpu.release(tensor);
  }

  /** Notes how to go back through an op whose result is `output`. `kept` tensors belong to the record. */
  record(output: Value, backward: (dOut: Tensor) => void, kept: readonly Tensor[] = []): Value {
    this.#observer?.('value', output.tensor);
    if (this.#recording && output.tracked) this.#entries.push({ output, kept: [...kept, ...output.held], backward });
    else for (const tensor of kept) this.release(tensor);
    return output;
  }

  /**
   * Runs a part of the forward pass and keeps its result alone: the way back runs it again, which gives the same bits,
   * and goes on through what that records. `run` reads `sources` from before it, which it must not drop, and returns a
   * value of its own.
   */
  recompute(sources: readonly Value[], run: () => Value): Value {
    if (!this.#recording) return run();
    this.#recording = false;
    try {
      const output = run();
      if (output.tracked) this.#entries.push({ output, held: this.#hold(sources), run });
      return output;
    } finally {
      this.#recording = true;
    }
  }

  /** Says that the forward pass needs `value` no more. */
  drop(value: Value): void {
    if (!this.#recording || !value.tracked) this.release(value.tensor);
  }

  /** Adds a contribution to a value's gradient, if it has one, and takes over the tensor that holds it. */
  give(value: Value, contribution: Tensor): void {
    if (!value.tracked) {
      this.release(contribution);
      return;
    }
    if (value.gradient === undefined) {
      value.gradient = contribution;
      return;
    }
    const sum = this.lease(value.gradient.label, value.gradient.shape);
    add(this.gpu, { a: value.gradient, b: contribution, out: sum });
    this.release(value.gradient);
    this.release(contribution);
    value.gradient = sum;
  }

  /**
   * Adds a contribution to a value's gradient by an op that can add to what it writes: `write` gets the gradient's own
   * buffer if nothing else reads that, or a new one that it must fill. A value that is not tracked needs no `write`.
   */
  addInto(value: Value, write: (out: Tensor, accumulate: boolean) => void): void {
    if (!value.tracked) return;
    const { gradient } = value;
    if (gradient !== undefined && this.#owners.get(gradient) === 1) {
      write(gradient, true);
      return;
    }
    const out = this.lease(`${value.tensor.label}.gradient`, value.tensor.shape);
    write(out, false);
    this.give(value, out);
  }

  /** Goes back through everything recorded, giving back each record's buffers as soon as it has run. */
  backward(): void {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      if ('run' in entry) this.#runAgain(entry);
      else this.#goBack(entry);
    }
  }

  #goBack({ output, kept, backward }: Op): void {
    if (output.gradient !== undefined) {
      this.#observer?.('gradient', output.gradient);
      backward(output.gradient);
      this.release(output.gradient);
      output.gradient = undefined;
    }
    for (const tensor of kept) this.release(tensor);
    this.release(output.tensor);
  }

  /** What it records comes next; the new result takes the gradient over, so that nothing is added in another order. */
  #runAgain({ output, held, run }: Segment): void {
    this.release(output.tensor);
    if (output.gradient !== undefined) {
      run().gradient = output.gradient;
      output.gradient = undefined;
    }
    for (const tensor of held) this.release(tensor);
  }

  /** Gives back whatever is still held: after the last use of the results, or when a step is given up. */
  dispose(): void {
    this.#entries.length = 0;
    for (const tensor of this.#owners.keys()) this.gpu.release(tensor);
    this.#owners.clear();
  }
}
