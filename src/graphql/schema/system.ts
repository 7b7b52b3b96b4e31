/** What runs here: the process, its device, its database. */
import * as system from '../../services/system/system.ts';
import { builder } from '../builder.ts';
import { AdapterType, DatabaseKind } from '../enums.ts';

type AdapterReport = ReturnType<typeof system.devices>[number];

const DeviceLimit = builder.objectRef<{ name: string; value: number }>('DeviceLimit').implement({
  description: 'A limit of a device.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the limit.' }),
    value: t.expose('value', { type: 'Int64', description: 'The value of the limit.' }),
  }),
});

export const Device = builder.objectRef<AdapterReport>('Device').implement({
  description: 'What computes: a GPU, or the CPU.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name as the driver or Tandem reports it.' }),
    vendor: t.exposeString('vendor', { description: 'The vendor of the adapter.' }),
    architecture: t.exposeString('architecture', { description: 'The architecture of the adapter.' }),
    driver: t.exposeString('driver', { description: 'The driver and its version, as the driver reports them.' }),
    backend: t.exposeString('backend', {
      description: 'What runs the kernels: `vulkan`, `metal` or `d3d12` on a GPU, `wasm` on the CPU.',
    }),
    type: t.expose('type', { type: AdapterType, description: 'The kind of the device.' }),
    software: t.exposeBoolean('software', { description: 'Whether it computes on the CPU.' }),
    notice: t.string({
      nullable: true,
      description: 'Why no GPU computes, where one was looked for; null where one computes or the CPU was asked for.',
      resolve: ({ notice }) => notice ?? null,
    }),
    features: t.stringList({
      description: 'The features in use, of WebGPU or of WebAssembly.',
      resolve: (device) => [...device.features],
    }),
    limits: t.field({
      type: [DeviceLimit],
      description: 'The limits of the device: of WebGPU, or the threads and the memory of the CPU.',
      resolve: (device) => Object.entries(device.limits).map(([name, value]) => ({ name, value })),
    }),
  }),
});

type SystemView = Awaited<ReturnType<typeof system.describe>>;

const DatabaseInfo = builder.objectRef<SystemView['database']>('DatabaseInfo').implement({
  description: 'The database that keeps the records.',
  fields: (t) => ({
    kind: t.expose('kind', { type: DatabaseKind, description: 'The kind of the database.' }),
    version: t.exposeString('version', { description: 'The version of Postgres.' }),
    vectorVersion: t.exposeString('vectorVersion', { description: 'The version of pgvector.' }),
    durability: t.exposeString('durability', {
      description: 'What may be lost when the process is killed or the power fails.',
    }),
  }),
});

const LimitInfo = builder.objectRef<{ name: string; value: number }>('Limit').implement({
  description: 'A limit on what one request may ask for.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name as the driver or Tandem reports it.' }),
    value: t.expose('value', { type: 'Int64', description: 'The largest value that is allowed.' }),
  }),
});

const System = builder.objectRef<SystemView>('System').implement({
  description: 'This process of Tandem.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'The version of Tandem.' }),
    node: t.exposeString('node', { description: 'The version of Node.js.' }),
    platform: t.exposeString('platform', { description: 'The operating system and the architecture.' }),
    pid: t.exposeInt('pid', { description: 'The id of the process.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When the process started.' }),
    uptimeSeconds: t.exposeFloat('uptimeSeconds', { description: 'The seconds since it started.' }),
    adapter: t.expose('adapter', { type: Device, description: 'The device in use.' }),
    softwareNotice: t.exposeString('softwareNotice', {
      nullable: true,
      description: 'That the CPU computes, why, and what would be faster; null where a GPU does.',
    }),
    database: t.expose('database', { type: DatabaseInfo, description: 'The database that keeps the records.' }),
    dataFolder: t.exposeString('dataFolder', { description: 'The folder of everything that Tandem keeps.' }),
    importFolder: t.exposeString('importFolder', {
      description: 'The only folder that importDataset reads paths from.',
    }),
    limits: t.expose('limits', { type: [LimitInfo], description: 'A limit on what one request may ask for.' }),
  }),
});

builder.queryFields((t) => ({
  devices: t.field({
    type: [Device],
    description: 'The devices that compute.',
    resolve: (_root, _args, { tandem }) => [...system.devices(tandem)],
  }),
  system: t.field({
    type: System,
    description: 'This process of Tandem.',
    resolve: (_root, _args, { tandem }) => system.describe(tandem),
  }),
}));
