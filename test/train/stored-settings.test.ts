import { afterEach, describe, expect, it } from 'vitest';
import { defaultRunSettings, laterParameters, laterSettings, type RunSettings } from '../../src/train/catalog.ts';
import { settingsDigest } from '../../src/train/state.ts';
import { completeSettings } from '../../src/train/stored-settings.ts';

const stored: RunSettings = { ...defaultRunSettings, dropout: 0.1, attentionDropout: 0.1 };

describe('settings of a run that was stored before some of them existed', () => {
  const settings = laterSettings as Record<string, unknown>;
  const before = settingsDigest(stored);

  afterEach(() => {
    delete settings['added'];
    delete laterParameters['pro'];
  });

  it('are completed, and keep their digest', () => {
    settings['added'] = { list: [1] };
    laterParameters['pro'] = { added: 3 };
    const complete = completeSettings(stored);
    expect(complete).toMatchObject({ added: { list: [1] } });
    expect(complete.losses.sts.map(({ parameters }) => parameters['added'])).toEqual([
      ...[undefined, 3, undefined, undefined],
    ]);
    expect(settingsDigest(complete)).toBe(before);
  });

  it('have another digest where a later setting or parameter says something else', () => {
    settings['added'] = { list: [1] };
    laterParameters['pro'] = { added: 3 };
    expect(settingsDigest({ ...completeSettings(stored), added: { list: [] } } as RunSettings)).not.toBe(before);
    const sts = stored.losses.sts.map((term) => ({ ...term, parameters: { ...term.parameters, added: 4 } }));
    expect(settingsDigest({ ...stored, losses: { ...stored.losses, sts } })).not.toBe(before);
  });

  it('have one group of parameters where they name none', () => {
    const { groups, ...optimizer } = stored.optimizer;
    const older = { ...stored, optimizer } as RunSettings;
    expect(completeSettings(older).optimizer).toEqual({ ...optimizer, groups: [] });
    expect(settingsDigest(completeSettings(older))).toBe(settingsDigest(older));
    const frozen = { parameters: '*', learningRate: null, weightDecay: null, frozen: true };
    const grouped = { ...stored, optimizer: { ...optimizer, groups: [...groups, frozen] } };
    expect(settingsDigest(completeSettings(grouped))).not.toBe(before);
  });

  it('keep what they say', () => {
    laterParameters['pro'] = { temperature: 1 };
    expect(completeSettings(stored)).toEqual(stored);
  });
});
