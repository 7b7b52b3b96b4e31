/** Loading what several rows ask for alike with one statement, as the loaders of requests do. */
import { groupBy } from './group-by.ts';

export interface Groups<Asked, Key, Value> {
  /** Equal for what is loaded together. */
  readonly groupOf: (asked: Asked) => unknown;
  readonly keyOf: (asked: Asked) => Key;
  /** The values of one group in the order of the keys, each of which is there once; `of` is one of the group. */
  readonly load: (keys: readonly Key[], of: Asked) => Promise<readonly Value[]>;
}

/** Values in the order of what was asked for; an error in the place of each whose group failed. */
export const inGroups =
  <Asked, Key, Value>({ groupOf, keyOf, load }: Groups<Asked, Key, Value>) =>
  async (asked: readonly Asked[]): Promise<(Value | Error)[]> => {
    const answers = new Map<Asked, Value | Error>();
    for (const group of groupBy(asked, (one) => JSON.stringify(groupOf(one))).values()) {
      const keys = [...new Set(group.map(keyOf))];
      const values = await load(keys, group[0]!).catch((error: Error) => error);
      for (const one of group) {
        answers.set(one, values instanceof Error ? values : values[keys.indexOf(keyOf(one))]!);
      }
    }
    return asked.map((one) => answers.get(one)!);
  };
