/** Metrics and settings of chosen runs as files, a piece at a time. */
import { type ExportPiece, exportRuns } from '../../services/runs/export/export-runs.ts';
import { builder } from '../builder.ts';
import { namedEnum } from '../enums.ts';
import { keyOf } from '../ids.ts';

const RunTable = namedEnum('RunTable', 'What an export tells of runs.', {
  settings:
    'A row per run: run, name, state, model, modelName, datasets, createdAt, startedAt, finishedAt, adapter, ' +
    'parameters, steps, step, epoch, loss, then a column per setting by its dotted name, as ' +
    'settings.optimizer.learningRate. Names of losses and samplers are those of docs/catalogs.md.',
  metrics:
    'A row per run, update and metric: run, name, attempt, seq, time, step, epoch, task, dataset, metric, value. The ' +
    'metrics are loss, learningRate, gradientNorm, tokens, tokensPerSecond and loss.<name> of every loss term, and of ' +
    'evaluations on dev sets dev.score, the joint one, and dev.<split>.<figure>, or dev.<split>.pooled.<figure> where ' +
    'only a pooled corpus was searched. An attempt that resumed repeats steps of the one before: of the same step the ' +
    'last attempt counts.',
});

const TableFormat = namedEnum('TableFormat', 'How a table is written.', {
  csv:
    'CSV by RFC 4180 in UTF-8 with a line of headers; no value is an empty field, a list is JSON text. A text that a ' +
    'spreadsheet would run as a formula has an apostrophe before it.',
  json: 'A JSON list with an object per row, a row a line; no value is null.',
});

const ExportRunsInput = builder.inputType('ExportRunsInput', {
  description: 'The runs to export, and how.',
  fields: (t) => ({
    runs: t.idList({ required: true, description: 'The ids of the runs, each once.' }),
    table: t.field({ type: RunTable, required: true, description: 'What to tell of them.' }),
    format: t.field({ type: TableFormat, required: true, defaultValue: 'csv', description: 'How to write it.' }),
  }),
});

const RunExportPiece = builder.objectRef<ExportPiece>('RunExportPiece').implement({
  description: 'A piece of an exported file. The pieces in order, joined, are the file.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The piece of the file.' }),
    rows: t.exposeInt('rows', { description: 'The number of rows in it.' }),
    next: t.exposeString('next', {
      nullable: true,
      description: 'What to give as `after` for the next piece; null if this is the last.',
    }),
  }),
});

builder.queryField('exportRuns', (t) =>
  t.field({
    type: RunExportPiece,
    description: 'Settings or metrics of chosen runs as a file of CSV or JSON, a piece at a time.',
    args: {
      input: t.arg({ type: ExportRunsInput, required: true, description: 'The runs to export, and how.' }),
      after: t.arg.string({ description: '`next` of the piece before; absent or null means the first piece.' }),
    },
    resolve: (_root, { input, after }, { tandem }) => {
      const runIds = input.runs.map((id, i) => keyOf(id, 'Run', `input.runs.${i}`).key);
      return exportRuns(tandem, { runIds, table: input.table, format: input.format, after });
    },
  }),
);
