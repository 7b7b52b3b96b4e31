/**
 * The commands that were recorded and not sent yet. They belong to one task: commands of two tasks never share a
 * command buffer, because one bad command spoils the whole of it.
 */

import { alignment } from '../alignment.ts';
import type { Failures, Task } from '../failures.ts';
import type { CompiledKernel } from './pipelines.ts';
import type { Timing } from './timing.ts';
import { UniformRing } from './uniform-ring.ts';

/** A dispatch that was checked. */
export interface BoundDispatch {
  readonly name: string;
  readonly kernel: CompiledKernel;
  /** Of the storage bindings. */
  readonly entries: readonly GPUBindGroupEntry[];
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

export class Commands {
  /** While set, every dispatch is a pass of its own and is timed. */
  timing: Timing | undefined;
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #onSubmitted: () => void;
  readonly #ring: UniformRing;
  #encoder: GPUCommandEncoder | undefined;
  /** The task whose commands the encoder holds. */
  #owner: Task | undefined;
  #pass: GPUComputePassEncoder | undefined;

  /** `onSubmitted` is called whenever recorded commands were sent. */
  constructor(device: GPUDevice, failures: Failures, onSubmitted: () => void) {
    this.#device = device;
    this.#failures = failures;
    this.#onSubmitted = onSubmitted;
    this.#ring = new UniformRing(device);
  }

  get isEmpty(): boolean {
    return this.#encoder === undefined;
  }

  /** Must come before anything is recorded: what another task has recorded is sent first, by itself. */
  takeOver(): void {
    const { current } = this.#failures;
    if (this.#owner !== current) this.#flush();
    this.#owner = current;
  }

  /** The encoder for a command outside of passes. */
  encoder(): GPUCommandEncoder {
    this.takeOver();
    this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  dispatch({ name, kernel, entries, params, workgroups }: BoundDispatch): void {
    if (this.#ring.full || this.timing?.full === true) this.submit();
    const bindings = [...entries];
    const offsets: number[] = [];
    if (kernel.params.length > 0) {
      offsets.push(this.#ring.push(name, kernel.params, params));
      bindings.push({ binding: 0, resource: { buffer: this.#ring.buffer, size: alignment } });
    }
    const pass = this.#computePass(name);
    pass.setPipeline(kernel.pipeline);
    const group = this.#device.createBindGroup({ label: name, layout: kernel.layout, entries: bindings });
    pass.setBindGroup(0, group, offsets);
    pass.dispatchWorkgroups(...workgroups);
    this.#throwFailure(`dispatch ${name}`);
  }

  /** Sends what was recorded. Throws what the device reports to the caller's task. */
  submit(): void {
    this.#throwFailure('submit');
    this.#flush();
    this.#failures.check('submit');
  }

  /** Sends what the task has recorded, if it is the last that recorded anything. */
  flushOf(task: Task): void {
    if (this.#owner === task) this.#flush();
  }

  /** Drops what was recorded. */
  abandon(): void {
    this.#pass = undefined;
    this.#encoder = undefined;
    this.#owner = undefined;
    this.#ring.reset();
  }

  /** Throws what the device reported, and drops the commands that it spoilt. */
  #throwFailure(doing: string): void {
    try {
      this.#failures.check(doing);
    } catch (error) {
      if (this.#owner === this.#failures.current) this.abandon();
      throw error;
    }
  }

  /** Sends what was recorded in the name of the task that recorded it. */
  #flush(): void {
    const [encoder, owner] = [this.#encoder, this.#owner];
    this.#owner = undefined;
    if (encoder === undefined || owner === undefined) return;
    this.#failures.inNameOf(owner, () => {
      this.#endPass();
      const collect = this.timing?.finish(encoder);
      this.#encoder = undefined;
      this.#ring.upload();
      this.#device.queue.submit([encoder.finish()]);
      collect?.();
      this.#onSubmitted();
    });
  }

  #computePass(kernel: string): GPUComputePassEncoder {
    if (this.timing !== undefined) this.#endPass();
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass(this.timing?.next(kernel));
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}
