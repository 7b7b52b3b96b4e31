/** Metrics and their text, read back by a strict reader. */
import { describe, expect, it } from 'vitest';
import { BoundedNames, Counter, exposition, Gauge, Histogram } from '../../src/observe/registry.ts';
import { readExposition } from './exposition.ts';

describe('the text of metrics', () => {
  it('has counters and gauges by their labels, with every character escaped', () => {
    const counter = new Counter<'name'>('x_total', 'Counts "x", with a \\ and\na second line.');
    const odd = 'a "quoted" \\ line\nand {another}, é';
    counter.add({ name: odd });
    counter.add({ name: odd }, 2);
    counter.add({ name: '' });
    const gauge = new Gauge('y', 'Goes up and down.');
    gauge.add({}, 3);
    gauge.add({}, -5);
    const read = readExposition(exposition([counter.family(), gauge.family()]));
    expect(read.get('x_total')).toEqual({
      type: 'counter',
      help: 'Counts "x", with a \\\\ and\\na second line.',
      samples: [
        { name: 'x_total', labels: { name: odd }, value: 3 },
        { name: 'x_total', labels: { name: '' }, value: 1 },
      ],
    });
    expect(read.get('y')).toEqual({
      type: 'gauge',
      help: 'Goes up and down.',
      samples: [{ name: 'y', labels: {}, value: -2 }],
    });
  });

  it('has cumulative buckets, with bounds that count as inside', () => {
    const histogram = new Histogram<'kind'>('z_seconds', 'Takes time.', [0.5, 1]);
    for (const value of [0.25, 0.5, 0.75, 1, 4]) histogram.observe({ kind: 'a' }, value);
    histogram.observe({ kind: 'b' }, 2);
    const { samples, type } = readExposition(exposition([histogram.family()])).get('z_seconds')!;
    expect(type).toBe('histogram');
    expect(samples.map(({ name, labels, value }) => [name, labels['kind'], labels['le'], value])).toEqual([
      ['z_seconds_bucket', 'a', '0.5', 2],
      ['z_seconds_bucket', 'a', '1', 4],
      ['z_seconds_bucket', 'a', '+Inf', 5],
      ['z_seconds_sum', 'a', undefined, 6.5],
      ['z_seconds_count', 'a', undefined, 5],
      ['z_seconds_bucket', 'b', '0.5', 0],
      ['z_seconds_bucket', 'b', '1', 0],
      ['z_seconds_bucket', 'b', '+Inf', 1],
      ['z_seconds_sum', 'b', undefined, 2],
      ['z_seconds_count', 'b', undefined, 1],
    ]);
  });

  it('bounds the names that callers choose', () => {
    const names = new BoundedNames(2);
    expect(['a', 'b', 'c', 'a', 'x'.repeat(101)].map((name) => names.of(name))).toEqual([
      ...['a', 'b', 'other', 'a', 'other'],
    ]);
  });
});
