/** tokenize: ids and offsets by a model's tokenizer. */
import { type TokenizedText, tokenize } from '../../services/embedding/tokenize.ts';
import { builder } from '../builder.ts';
import { CheckpointChoice, checkpointIdOf } from './common.ts';

const TokenizerChoice = builder.inputType('TokenizerChoice', {
  description: 'The choice of a tokenizer, by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    checkpoint: t.field({
      type: CheckpointChoice,
      description: 'The checkpoint whose tokenizer to use; absent when a folder is given.',
    }),
    folder: t.string({
      description: 'A folder below the import folder that holds a tokenizer.json; absent when a checkpoint is given.',
    }),
  }),
});

const Tokens = builder.objectRef<TokenizedText>('Tokens').implement({
  description: 'The tokens of one text.',
  fields: (t) => ({
    ids: t.intList({ description: 'Ids, special tokens included.', resolve: ({ ids }) => [...ids] }),
    offsets: t.intList({
      description:
        'Start and end of each token in code points of the text, one after the other; 0 and 0 for tokens that the tokenizer adds.',
      resolve: ({ offsets }) => [...offsets],
    }),
  }),
});

builder.queryFields((t) => ({
  tokenize: t.field({
    type: [Tokens],
    description: 'Tokenises texts as they stand: no prompt, no truncation, no padding. One answer per text, in order.',
    args: {
      texts: t.arg.stringList({ required: true, description: 'The texts to tokenise.' }),
      model: t.arg({ type: TokenizerChoice, required: true, description: 'The model whose tokenizer to use.' }),
    },
    resolve: async (_root, { texts, model: { checkpoint, folder } }, { tandem, signal }) => {
      if (typeof folder === 'string') return tokenize(tandem, { texts, source: { folder } }, signal);
      const checkpointId = await checkpointIdOf(tandem, checkpoint ?? {}, 'model.checkpoint');
      return tokenize(tandem, { texts, source: { checkpointId } }, signal);
    },
  }),
}));
