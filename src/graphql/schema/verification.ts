/** Whether the files of the data folder are as they were written. */
import { type Finding, type Verification, verify } from '../../services/system/verify.ts';
import { builder } from '../builder.ts';
import { namedEnum } from '../enums.ts';

const FindingKind = namedEnum<Finding['what']>('FindingKind', 'Kinds of findings of a verification.', {
  damaged: 'A file is not as it was written, or is missing from its folder.',
  missing: 'A row of the database names a folder that is not there.',
  unnamed: 'Tandem did not write the file and passes it over.',
});

const FindingType = builder.objectRef<Finding>('Finding').implement({
  description: 'A file of the data folder that is not as it was written.',
  fields: (t) => ({
    kind: t.field({ type: FindingKind, description: 'The kind of the finding.', resolve: ({ what }) => what }),
    path: t.exposeString('path', {
      description: 'The absolute path of the file, or of its folder where the file is not known.',
    }),
    message: t.exposeString('message', { description: 'A sentence that says what is wrong.' }),
    remedy: t.exposeString('remedy', { description: 'A sentence that says what mends it.' }),
  }),
});

const VerificationType = builder.objectRef<Verification>('Verification').implement({
  description: 'The progress of a verification.',
  fields: (t) => ({
    done: t.exposeInt('done', { description: 'The number of objects that were compared so far.' }),
    total: t.exposeInt('total', { description: 'The number of all objects.' }),
    findings: t.field({
      type: [FindingType],
      description: 'The findings since the last event.',
      resolve: ({ findings }) => [...findings],
    }),
  }),
});

builder.subscriptionField('verification', (t) =>
  t.field({
    type: VerificationType,
    description:
      'Compares all files of the data folder on this host with what was written: data sets, models, checkpoints, states of runs, token files and payloads of jobs. Reads every byte, beside any other work, and changes nothing but a manifest that version 0.2.0 did not write. Sends an event at the beginning and after each object, and ends with the last one.',
    subscribe: (_root, _args, { tandem, signal }) => verify(tandem, signal),
    resolve: (step) => step,
  }),
);
