/** A lost device, which no test can bring about on a real one. */
import { describe, expect, it } from 'vitest';
import { Failures } from '../../src/device/failures.ts';
import { watchDevice } from '../../src/device/webgpu/watch.ts';

/** The part of a device that failures listen to; `lose` is how it ends. */
function fakeDevice() {
  let lose = (_info: { reason: string; message: string }): void => {};
  const lost = new Promise((resolve) => {
    lose = resolve;
  });
  const device = Object.assign(new EventTarget(), { lost }) as unknown as GPUDevice;
  return { device, lose };
}

describe('a device that is lost', () => {
  it('says so once and for all, and to whoever waits for it', async () => {
    const { device, lose } = fakeDevice();
    const failures = new Failures();
    watchDevice(device, failures);
    failures.check('before');
    lose({ reason: 'unknown', message: 'pulled out' });
    const error = await failures.lost;
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('pulled out') });
    failures.close();
    for (let i = 0; i < 2; i++) expect(() => failures.check('after')).toThrow(error);
  });

  it('is not one that was destroyed', async () => {
    const { device, lose } = fakeDevice();
    const failures = new Failures();
    watchDevice(device, failures);
    lose({ reason: 'destroyed', message: '' });
    const first = await Promise.race([failures.lost, new Promise((resolve) => setTimeout(resolve, 20, 'nothing'))]);
    expect(first).toBe('nothing');
    failures.check('after');
  });
});
