/** The list of models. */
import { models } from '../../db/schema.ts';
import { column, edited, nounList } from '../common/listing/define.ts';

export const modelList = nounList('models', {
  called: 'models',
  columns: {
    createdAt: column(models.createdAt, 'time of its making'),
    name: column(models.name, 'name', { searched: true }),
    ...edited(models),
    family: column(models.family, 'family', { kind: 'enum' }),
    source: column(models.source, 'source', { searched: true }),
    digest: column(models.digest, 'digest'),
    bytes: column(models.bytes, 'size in bytes'),
    dimension: column(models.dimension, 'number of values in its vectors'),
    layers: column(models.layers, 'number of transformer blocks'),
    parameters: column(models.parameters, 'number of weights'),
    vocabularySize: column(models.vocabularySize, 'number of tokens in its vocabulary'),
    maxLength: column(models.maxLength, 'longest text in tokens'),
    seed: column(models.seed, 'seed'),
  },
});
