/** A small collector: takes traces by OTLP over HTTP and decodes their protobuf (opentelemetry-proto 1). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly trace: string;
  readonly id: string;
  /** Empty = it is the first of its trace. */
  readonly parent: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** 2 = failed. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly paths: ReadonlySet<string>;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const paths = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`);
    spans.push(...spansIn(Buffer.concat(chunks)));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, spans, paths },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

type Field = bigint | Buffer;

/** The fields of a message by their numbers; numbers as integers, everything else as bytes. */
function fieldsOf(message: Buffer): ReadonlyMap<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    for (let [value, shift] = [0n, 0n]; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    if (at + length > message.length) throw new Error('a message ends too early');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    if (![0, 1, 2, 5].includes(wire)) throw new Error(`wire type ${wire}`);
    const value = wire === 0 ? varint() : bytes(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint()));
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (fields: ReadonlyMap<number, Field[]>, number: number) =>
  (fields.get(number) ?? []).map((value) => fieldsOf(value as Buffer));
const hex = (fields: ReadonlyMap<number, Field[]>, number: number) =>
  ((fields.get(number)?.[0] ?? Buffer.alloc(0)) as Buffer).toString('hex');
const text = (fields: ReadonlyMap<number, Field[]>, number: number) =>
  ((fields.get(number)?.[0] ?? Buffer.alloc(0)) as Buffer).toString('utf8');
const fixed = (fields: ReadonlyMap<number, Field[]>, number: number) =>
  (fields.get(number)![0] as Buffer).readBigUInt64LE();

function attributesOf(pairs: readonly ReadonlyMap<number, Field[]>[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value] = messages(pair, 2);
      if (!value) return [text(pair, 1), undefined];
      if (value.has(1)) return [text(pair, 1), text(value, 1)];
      if (value.has(2)) return [text(pair, 1), value.get(2)![0] === 1n];
      return [text(pair, 1), value.has(3) ? Number(value.get(3)![0]) : (value.get(4)?.[0] as Buffer)?.readDoubleLE()];
    }),
  );
}

function spansIn(body: Buffer): ReceivedSpan[] {
  return messages(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1).flatMap((found) => messages(found, 1)));
    return messages(resourceSpans, 2).flatMap((scope) => messages(scope, 2).map((span) => spanOf(span, resource)));
  });
}

const spanOf = (span: ReadonlyMap<number, Field[]>, resource: ReceivedSpan['resource']): ReceivedSpan => ({
  ...{ trace: hex(span, 1), id: hex(span, 2), parent: hex(span, 4), name: text(span, 5) },
  ...{ kind: Number(span.get(6)?.[0] ?? 0), start: fixed(span, 7), end: fixed(span, 8), resource },
  attributes: attributesOf(messages(span, 9)),
  status: Number(messages(span, 15)[0]?.get(3)?.[0] ?? 0),
});
