/** deriveModel. */
import { z } from 'zod';
import { deriveModel } from '../../services/models/derive-model.ts';
import { builder } from '../builder.ts';
import { Pooling } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { refs } from '../nouns.ts';
import { idempotencyKey, nameSchema } from './common.ts';
import { HeadsInput } from './heads.ts';

const { Model } = refs;

const DeriveModelInput = builder.inputType('DeriveModelInput', {
  description: 'A model of the weights of another one, and what is different of it.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name of the new model, 1 to 200 characters.',
      validate: nameSchema,
    }),
    model: t.id({ required: true, description: 'The id of the model whose weights are taken.' }),
    heads: t.field({
      type: HeadsInput,
      description: 'Its heads; absent or null means those of the model. A head that both have is kept.',
    }),
    pooling: t.field({
      type: [Pooling],
      description:
        'Its pooling modes, whose vectors are joined in this order; absent or null means those of the model.',
      validate: z.array(z.string()).max(6, 'must have at most 6 modes').nullish(),
    }),
    includePrompt: t.boolean({
      description:
        "Whether the prompt's tokens are pooled too; absent or null means yes where `pooling` has CLS or LASTTOKEN, else as the model does.",
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const DeriveModelPayload = longPayload('DeriveModelPayload', 'derive-model', {
  description: 'The result of deriveModel.',
  job: 'The job that made it.',
  made: ([done]) => ({ model: done?.id }),
  fields: (t) => ({
    model: t.expose('model', {
      type: Model,
      ...madeField('The model that was made, the root of its own lineage.'),
    }),
  }),
});

builder.mutationField('deriveModel', (t) =>
  t.field({
    type: DeriveModelPayload.ref,
    description:
      "Makes a model of another one's untrained weights with other heads or another pooling, trains nothing, and returns when it is done.",
    args: {
      input: t.arg({ type: DeriveModelInput, required: true, description: 'What to derive from which model.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { model, ...input }, wait }, { tandem }) => {
      const modelId = keyOf(model, 'Model', 'input.model').key;
      return DeriveModelPayload.answer(tandem, wait, await deriveModel(tandem, { ...input, modelId }));
    },
  }),
);
