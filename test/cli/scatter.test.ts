import { expect, it } from 'vitest';
import { scatter } from '../../src/cli/scatter.ts';

const options = { xTitle: 'IR', yTitle: 'STS', width: 20, height: 3 };

it('puts points between the least and the largest of each axis, the last one in front', () => {
  const points = [
    { x: 0.25, y: 0.5, mark: '.' },
    { x: 0.75, y: 0.5, mark: '.' },
    { x: 0.75, y: 0.5, mark: '*' },
    { x: 0.5, y: 0.625, mark: 'W' },
    { x: 0.25, y: 0.75, mark: '*' },
  ];
  expect(scatter(points, options).split('\n')).toEqual([
    'STS',
    '0.7500 |*',
    '       |          W',
    '0.5000 |.                  *',
    '        --------------------',
    '        0.2500        0.7500  IR',
  ]);
});

it('puts equal values in the middle, and is empty without points', () => {
  expect(scatter([{ x: 0.5, y: 0.5, mark: 'W' }], options)).toContain('       |         W');
  expect(scatter([], options)).toBe('');
});
