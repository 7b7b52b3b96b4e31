/** Several nodes by their ids, of whatever types. */
import { badInput } from '../../errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../ids.ts';
import { loadNode } from '../nouns.ts';

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: 'The objects of several global ids, in their order; null, without an error, for one that is gone.',
    args: {
      ids: t.arg.idList({ required: true, description: 'The global ids of the objects, as many as a page has.' }),
    },
    resolve: (_root, { ids }, context) => {
      const { pageSize } = context.tandem.config.limits;
      if (ids.length > pageSize) throw tooMany(ids.length, pageSize);
      const named = ids.map((id, i) => decodeId(id, undefined, `ids.${i}`));
      return Promise.all(named.map(({ typename, id }) => loadNode(context, { type: typename, id })));
    },
  }),
);

const tooMany = (count: number, pageSize: number) =>
  badInput(`ids has ${count} ids`, {
    field: 'ids',
    expected: `at most ${pageSize} ids`,
    remedy: 'Ask for the others with another request.',
  });
