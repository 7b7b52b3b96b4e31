/**
 * Tells of the errors that Dawn reports by events. It validates and reports within the call (seen with webgpu 0.6.2),
 * so an error belongs to the task whose call is in progress.
 */
import type { Failures } from '../failures.ts';

export function watchDevice(device: GPUDevice, failures: Failures): void {
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    const { error } = event;
    failures.report({ message: error.message, outOfMemory: error.constructor.name === 'GPUOutOfMemoryError' });
  });
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') failures.lose(message);
  });
}
