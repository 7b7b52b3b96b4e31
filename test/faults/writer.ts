/** A client that writes whatever the API lets it write, one request after the other, and notes what it is told. */
import type { TandemClient } from '../../src/client/index.ts';
import { type Asker, askAgain, askGone, askKeyed } from './asking.ts';
import type { Book } from './book.ts';
import { between, type Draws, drawsOf, pick } from './draws.ts';
import { createModel, startRun } from './requests.ts';
import { documentId, fieldsOf, type KeptNoun, mutate, mutateById, nodeOf, type Row } from './rows.ts';
import { digestsOfRun, type SmallPlace, smallRun } from './small-place.ts';
import { recordOf, textOf } from './texts.ts';
import { throughRun } from './training.ts';

export interface Desk extends Asker {
  readonly book: Book;
  readonly place: SmallPlace;
  /** Keys under which a job was asked for, training apart. */
  readonly jobKeys: Set<string>;
  /** Files of each export, by its folder. */
  readonly exports: Map<string, Exported>;
}

interface Exported {
  readonly bytes: number;
  readonly files: readonly string[];
}

type Change = readonly [KeptNoun, string, Row | null];

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

export class Writer {
  readonly #desk: Desk;
  readonly #name: string;
  readonly #draw: Draws;
  #number = 0;
  readonly #own: Record<'datasets' | 'models' | 'collections' | 'runs' | 'evaluations' | 'fused', string[]> = {
    ...{ datasets: [], models: [], collections: [], runs: [], evaluations: [], fused: [] },
  };

  constructor(desk: Desk, seed: number) {
    this.#desk = desk;
    this.#name = `writer ${seed}`;
    this.#draw = drawsOf(1_000_003 * seed);
  }

  /** One write after the other, until it is over; `jobs` = most are jobs, which wait ten seconds after two deaths. */
  async work(isOver: () => boolean, { jobs }: { readonly jobs: boolean }): Promise<void> {
    const short = [this.#createCollection, this.#deleteDocuments, this.#alias, this.#alias, this.#deleteOne];
    const long = [
      ...[this.#importDataset, this.#createModel, this.#addDocuments, this.#addDocuments],
      ...[this.#evaluate, this.#fuse, this.#train, this.#export],
    ];
    while (!isOver()) await pick(this.#draw, this.#draw() < (jobs ? 0.75 : 0.05) ? long : short)!.call(this);
  }

  /** A seed of what this writer makes, that no other one has. */
  #seed(): number {
    return 100_000 * Number(this.#name.split(' ')[1]) + 50 * this.#number;
  }

  #keyed<T>(ask: (client: TandemClient, key: string) => Promise<T>, { job = true } = {}): Promise<T> {
    const number = ++this.#number;
    const keyOf = (given: number): string => {
      const key = `${this.#name} write ${number} ${given}`;
      if (job) this.#desk.jobKeys.add(key);
      return key;
    };
    return askKeyed(this.#desk, keyOf, ask);
  }

  async #importDataset(): Promise<void> {
    const records = times(between(this.#draw, 5, 60), (i) => recordOf(this.#seed() + i, 6));
    const input = { name: `${this.#name} ${between(this.#draw, 1, 3)}`, source: { records } };
    const { dataset } = await this.#keyed((client, key) =>
      mutate<{ dataset: Row; reused: boolean }>(
        client,
        'importDataset',
        { ...input, idempotencyKey: key },
        `reused dataset { ${fieldsOf.datasets} }`,
      ),
    );
    this.#desk.book.keep('datasets', dataset);
    this.#own.datasets.push(dataset.id);
  }

  /** Of few seeds: models of several writers share their files. */
  async #createModel(): Promise<void> {
    const sizes = { vocabularySize: 128, maxPositions: 64, width: 32 };
    const wish = { name: `${this.#name} ${this.#number}`, dataset: this.#desk.place.dataset, ...sizes };
    const seed = between(this.#draw, 1, 4);
    const { id } = await this.#keyed((client, key) => createModel(client, { ...wish, seed }, key));
    await this.#keepModel(id);
    this.#own.models.push(id);
  }

  async #keepModel(id: string): Promise<void> {
    const text = `... on Model { ${fieldsOf.models} checkpoint { ${fieldsOf.checkpoints} } }`;
    const { checkpoint, ...model } = (await this.#node(id, text)) as Row & { checkpoint: Row };
    this.#desk.book.keep('models', { ...model, checkpoint: { id: checkpoint.id } });
    this.#desk.book.keep('checkpoints', checkpoint);
  }

  async #node(id: string, selection: string): Promise<Row> {
    const node = await askAgain(this.#desk, (client) => nodeOf(client, id, selection));
    if (node === null) throw new Error(`${id} was acknowledged and is not there`);
    return node;
  }

  async #createCollection(): Promise<void> {
    const input = { name: `${this.#name} ${this.#number}`, checkpoint: { id: this.#desk.place.checkpoint } };
    const selection = `collection { ${fieldsOf.collections} }`;
    const { collection } = await this.#keyed(
      (client, key) =>
        mutate<{ collection: Row }>(client, 'createCollection', { ...input, idempotencyKey: key }, selection),
      { job: false },
    );
    this.#desk.book.keep('collections', collection);
    this.#own.collections.push(collection.id);
  }

  /** New ones, and new texts of old ones. */
  async #addDocuments(): Promise<void> {
    const collection = pick(this.#draw, this.#own.collections);
    if (!collection) return this.#createCollection();
    const first = between(this.#draw, 0, 60);
    const documents = times(between(this.#draw, 1, 20), (i) => ({
      key: `key ${first + i}`,
      text: textOf(this.#seed() + i, 6),
    }));
    const changes = documents.map(({ key, text }): Change => {
      const id = documentId(collection, key);
      return ['documents', id, { id, key, text }];
    });
    await this.#desk.book.change(changes, () =>
      this.#keyed((client, key) =>
        mutate(client, 'addDocuments', { collection, documents, replace: true, idempotencyKey: key }, 'added replaced'),
      ),
    );
  }

  async #deleteDocuments(): Promise<void> {
    const collection = pick(this.#draw, this.#own.collections);
    if (!collection) return;
    const keys = times(between(this.#draw, 1, 10), () => `key ${between(this.#draw, 0, 80)}`);
    const unique = [...new Set(keys)];
    const changes = unique.map((key): Change => ['documents', documentId(collection, key), null]);
    await this.#desk.book.change(changes, () =>
      askAgain(this.#desk, (client) => mutate(client, 'deleteDocuments', { collection, keys: unique }, 'deleted')),
    );
  }

  /** Names a checkpoint of its own, names it otherwise, or takes its name away. */
  async #alias(): Promise<void> {
    const { book } = this.#desk;
    const model = pick(this.#draw, this.#own.models);
    if (!model) return this.#createModel();
    const [checkpoint] = book.having('checkpoints', { model: { id: model }, run: null, reason: 'INITIAL' });
    const row = book.get(checkpoint!)!;
    const alias = this.#draw() < 0.2 ? null : `${this.#name.replace(' ', '-')}.${++this.#number}`;
    await book.change([['checkpoints', row.id, { ...row, alias }]], () =>
      askAgain(this.#desk, (client) =>
        mutate(client, 'setCheckpointAlias', { checkpoint: row.id, alias }, 'checkpoint { id }'),
      ),
    );
  }

  async #evaluate(): Promise<void> {
    const { place, book } = this.#desk;
    const checkpoint = pick(this.#draw, [place.checkpoint, ...place.trained])!;
    const input = { checkpoint: { id: checkpoint }, datasets: [place.dataset], split: 'TEST' };
    const { evaluations } = await this.#keyed((client, key) =>
      mutate<{ evaluations: Row[] }>(
        client,
        'evaluateCheckpoint',
        { ...input, idempotencyKey: key },
        `evaluations { ${fieldsOf.evaluations} }`,
      ),
    );
    book.keep('evaluations', ...evaluations);
    this.#own.evaluations.push(...evaluations.map(({ id }) => id));
  }

  async #fuse(): Promise<void> {
    const input = { method: 'UNIFORM_SOUP', checkpoints: this.#desk.place.trained };
    const { checkpoint } = await this.#keyed((client, key) =>
      mutate<{ checkpoint: Row }>(
        client,
        'fuseCheckpoints',
        { ...input, idempotencyKey: key },
        `checkpoint { ${fieldsOf.checkpoints} }`,
      ),
    );
    this.#desk.book.keep('checkpoints', checkpoint);
    this.#own.fused.push(checkpoint.id);
  }

  /** To its end, resumed where the server died, with the very bits of the run of the place. */
  async #train(): Promise<void> {
    const { place, book } = this.#desk;
    const wish = { name: `${this.#name} ${this.#number}`, model: place.model, dataset: place.dataset, ...smallRun };
    const id = await this.#keyed((client, key) => startRun(client, wish, key), { job: false });
    book.keep('runs', { id, name: wish.name, model: { id: place.model } });
    await askAgain(this.#desk, (client) => throughRun(client, id));
    const digests = await askAgain(this.#desk, (client) => digestsOfRun(client, id));
    const wanted = JSON.stringify(place.digests);
    if (JSON.stringify(digests) !== wanted) throw new Error(`${id} has ${JSON.stringify(digests)}, not ${wanted}`);
    const text = `... on Run { ${fieldsOf.runs} checkpoints(first: 100) { nodes { ${fieldsOf.checkpoints} } } }`;
    const { checkpoints, ...run } = (await this.#node(id, text)) as Row & { checkpoints: { nodes: Row[] } };
    book.keep('runs', run);
    book.keep('checkpoints', ...checkpoints.nodes);
    this.#own.runs.push(id);
  }

  async #export(): Promise<void> {
    const { place, exports } = this.#desk;
    const folder = `${this.#name.replace(' ', '-')}-${this.#number}`;
    const checkpoint = { id: pick(this.#draw, [place.checkpoint, ...place.trained])! };
    const exported = await this.#keyed((client, key) =>
      mutate<Exported>(client, 'exportCheckpoint', { checkpoint, folder, idempotencyKey: key }, 'bytes files'),
    );
    exports.set(folder, exported);
  }

  /** Deletes something of its own, with what goes with it. */
  async #deleteOne(): Promise<void> {
    const { book } = this.#desk;
    const [own, noun, mutation] = pick(this.#draw, deletions)!;
    const list = this.#own[own];
    const id = pick(this.#draw, list);
    // What is there is to grow.
    if (id === undefined || list.length < between(this.#draw, 1, 4)) return;
    const below = book.below(noun, id).map(([nounBelow, each]): Change => [nounBelow, each, null]);
    list.splice(list.indexOf(id), 1);
    await book.change([[noun, id, null], ...below], () =>
      askGone(this.#desk, (client) => mutateById(client, mutation, id, 'deletedId')),
    );
  }
}

const deletions = [
  ['datasets', 'datasets', 'deleteDataset'],
  ['models', 'models', 'deleteModel'],
  ['collections', 'collections', 'deleteCollection'],
  ['runs', 'runs', 'deleteRun'],
  ['evaluations', 'evaluations', 'deleteEvaluation'],
  ['fused', 'checkpoints', 'deleteCheckpoint'],
] as const;
