/** The input of addDocuments. */
import { z } from 'zod';
import { builder } from '../builder.ts';
import { CheckpointChoice, idempotencyKey } from './common.ts';

const DocumentInput = builder.inputType('DocumentInput', {
  description: 'A document to add.',
  fields: (t) => ({
    key: t.string({
      required: true,
      description:
        "The client's own key of the document, 1 to 500 characters; a document that has it already is replaced.",
      validate: z.string().min(1).max(500),
    }),
    text: t.string({ required: true, description: 'The text of the document.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'A JSON object to store with the document; absent or null stores none.',
    }),
  }),
});

export const AddDocumentsInput = builder.inputType('AddDocumentsInput', {
  description: 'Documents to add.',
  fields: (t) => ({
    collection: t.id({ required: true, description: 'Id of a collection.' }),
    documents: t.field({ type: [DocumentInput], required: true, description: 'The documents; each key once.' }),
    replace: t.boolean({
      description:
        'Whether a document replaces one that has its key; false refuses all of them as CONFLICT where the collection has one of the keys. Absent or null means true.',
    }),
    checkpoint: t.field({
      type: CheckpointChoice,
      description:
        'The checkpoint that the caller takes to embed the collection; another one than that of the collection is a CONFLICT. Absent or null means whichever it is.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});
