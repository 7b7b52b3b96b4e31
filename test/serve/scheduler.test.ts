import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../src/serve/scheduler.ts';

function gate() {
  let resolve = (): void => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

describe('turns', () => {
  it('wait for every interactive task', async () => {
    const scheduler = new Scheduler(200);
    const order: string[] = [];
    const gates = [gate(), gate()];
    const tasks = gates.map(({ promise }, index) =>
      scheduler.interactive(async () => {
        await promise;
        order.push(`task ${index}`);
      }),
    );
    const turn = scheduler.turn().then(() => order.push('turn'));
    gates[1]!.resolve();
    await tasks[1];
    await new Promise((resume) => setTimeout(resume, 5));
    gates[0]!.resolve();
    await Promise.all([...tasks, turn]);
    expect(order).toEqual(['task 1', 'task 0', 'turn']);
  });

  it('come after a bounded wait, however many interactive tasks overlap', async () => {
    const scheduler = new Scheduler(200);
    const { promise, resolve } = gate();
    const endless = scheduler.interactive(() => promise);
    const began = performance.now();
    await scheduler.turn();
    expect(performance.now() - began).toBeGreaterThan(150);
    resolve();
    await endless;
  });

  it('come after the search that follows a query within the time for it', async () => {
    const scheduler = new Scheduler(2_000, 50);
    const order: string[] = [];
    const task = (name: string) => scheduler.interactive(async () => order.push(name));
    const encoded = task('encode');
    const turn = scheduler.turn().then(() => order.push('turn'));
    await encoded;
    await new Promise((resume) => setTimeout(resume, 10));
    await task('search');
    await turn;
    expect(order).toEqual(['encode', 'search', 'turn']);
  });

  it('come at once when nothing interactive is under way, also after a task that failed', async () => {
    const scheduler = new Scheduler(200);
    await scheduler.turn();
    await expect(scheduler.interactive(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await scheduler.turn();
  });
});
