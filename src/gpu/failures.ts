/** Collects what the device reports on the side, so that it is thrown at the next call and never swallowed. */
import { limitExceeded, unavailable } from '../errors.ts';

export class Failures {
  #first: GPUError | undefined;
  #lost: string | undefined;
  #closed = false;

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.#first ??= event.error;
    });
    void device.lost.then((info) => {
      if (info.reason !== 'destroyed') this.#lost = info.message;
    });
  }

  /** From here on every call is refused. */
  close(): void {
    this.#closed = true;
  }

  /** The message of the first error since the last take, which is then forgotten. */
  take(): string | undefined {
    const message = this.#first?.message;
    this.#first = undefined;
    return message;
  }

  /** Throws what was reported since the last check. The device stays usable after a validation error. */
  check(doing: string): void {
    if (this.#lost !== undefined) {
      throw unavailable(`the GPU device was lost: ${this.#lost}`, { remedy: 'restart the service and resume the run' });
    }
    if (this.#closed) throw new Error(`${doing}: the GPU device is already destroyed`);
    if (this.#first === undefined) return;
    const outOfMemory = this.#first.constructor.name === 'GPUOutOfMemoryError';
    const message = `${doing}: ${this.take()}`;
    if (!outOfMemory) throw new Error(message);
    throw limitExceeded(`the GPU is out of memory (${message})`, { remedy: 'use a smaller batch, length or model' });
  }
}
