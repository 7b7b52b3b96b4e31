/** tokenize: ids and offsets by a model's tokenizer. */
import { type TokenizedText, tokenize } from '../../services/embedding/tokenize.ts';
import { builder } from '../builder.ts';
import { CheckpointChoice, checkpointIdOf } from './common.ts';

const TokenizerChoice = builder.inputType('TokenizerChoice', {
  description: 'Whose tokenizer; exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    checkpoint: t.field({ type: CheckpointChoice, description: "A checkpoint's." }),
    folder: t.string({ description: 'That of a folder below the import folder: its tokenizer.json.' }),
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
      texts: t.arg.stringList({ required: true, description: 'The texts.' }),
      model: t.arg({ type: TokenizerChoice, required: true, description: 'Whose tokenizer.' }),
    },
    resolve: async (_root, { texts, model: { checkpoint, folder } }, { tandem, signal }) => {
      if (typeof folder === 'string') return tokenize(tandem, { texts, source: { folder } }, signal);
      const checkpointId = await checkpointIdOf(tandem, checkpoint ?? {}, 'model.checkpoint');
      return tokenize(tandem, { texts, source: { checkpointId } }, signal);
    },
  }),
}));
