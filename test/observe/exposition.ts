/** A strict reader of Prometheus' text format 0.0.4, for tests. */
interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ReadSample[];
}

const sampleForm = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d[\d.e+-]*|\+?Inf)|\+Inf|NaN)$/;
const labelForm = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/gy;

/** Families by name. Throws on a line that is none, a sample outside of its family, and a family or sample twice. */
export function readExposition(text: string): ReadonlyMap<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: ReadSample[] }>();
  let name = '';
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, subject = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(subject)) throw new Error(`the family ${subject} stands twice`);
      name = subject;
      families.set(name, { type: '', help: rest, samples: [] });
      continue;
    }
    const family = families.get(name);
    if (!family) throw new Error(`outside of a family: ${line}`);
    if (kind === 'TYPE') {
      if (subject !== name || family.type !== '') throw new Error(`a type in the wrong place: ${line}`);
      family.type = rest;
      continue;
    }
    const sample = readSample(line);
    if (sample.name.replace(family.type === 'histogram' ? /_(bucket|sum|count)$/ : '', '') !== name)
      throw new Error(`not of ${name}: ${line}`);
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    family.samples.push(sample);
  }
  return families;
}

function readSample(line: string): ReadSample {
  const [, name, labels = '', value] = sampleForm.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const found: Record<string, string> = {};
  labelForm.lastIndex = 0;
  let end = 0;
  for (const [text, label, raw] of labels.matchAll(labelForm)) {
    found[label!] = raw!.replace(/\\(["\\n])/g, (_, mark: string) => (mark === 'n' ? '\n' : mark));
    end += text.length;
  }
  if (end !== labels.length) throw new Error(`labels that are none: ${line}`);
  return { name, labels: found, value: Number(value.replace('Inf', 'Infinity')) };
}
