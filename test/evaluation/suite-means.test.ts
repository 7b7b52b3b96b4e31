/** Macro means by hand. */
import { describe, expect, it } from 'vitest';
import { domainMeans, meansOf, type SetFigure } from '../../src/evaluation/suite-means.ts';

const set = (task: SetFigure['task'], domain: string | null, value: number | string): SetFigure => ({
  ...{ task, domain },
  figure: typeof value === 'string' ? { undefined: value } : { value },
});

const sets = [
  set('sts', 'captions', 0.5),
  set('ir', 'aerodynamics', 0.25),
  set('sts', 'news', 0.75),
  set('sts', null, 1),
  set('ir', 'news', 0.75),
];

describe('the means of a suite', () => {
  it('weigh the tasks alike, whatever the number of their sets', () => {
    expect(meansOf(sets)).toEqual({
      tasks: [
        { task: 'ir', figure: { value: 0.5 }, sets: 2 },
        { task: 'sts', figure: { value: 0.75 }, sets: 3 },
      ],
      mean: { value: 0.625 },
    });
  });

  it('are those of its own sets for each domain, and leave out sets without one', () => {
    expect(domainMeans(sets)).toEqual([
      { domain: 'aerodynamics', tasks: [{ task: 'ir', figure: { value: 0.25 }, sets: 1 }], mean: { value: 0.25 } },
      { domain: 'captions', tasks: [{ task: 'sts', figure: { value: 0.5 }, sets: 1 }], mean: { value: 0.5 } },
      {
        domain: 'news',
        tasks: [
          { task: 'ir', figure: { value: 0.75 }, sets: 1 },
          { task: 'sts', figure: { value: 0.75 }, sets: 1 },
        ],
        mean: { value: 0.75 },
      },
    ]);
  });

  it('are undefined where a figure is, and say why; those of other sets stay', () => {
    const figure = { undefined: 'all scores are equal' };
    const changed = [...sets.slice(0, 2), set('sts', 'news', figure.undefined), ...sets.slice(3)];
    expect(meansOf(changed)).toMatchObject({ tasks: [{ figure: { value: 0.5 } }, { figure }], mean: figure });
    expect(domainMeans(changed).map(({ mean }) => mean)).toEqual([{ value: 0.25 }, { value: 0.5 }, figure]);
  });

  it('are undefined of no set at all', () => {
    expect(meansOf([])).toEqual({ tasks: [], mean: { undefined: 'there is no set' } });
  });
});
