/** API keys, and who the caller is. */
import type { ApiKeyRow } from '../../db/schema.ts';
import * as keys from '../../services/access/keys.ts';
import { apiKeyList } from '../../services/access/list.ts';
import type { Caller } from '../../services/access/types.ts';
import { forAdmins } from '../access/roles.ts';
import { builder } from '../builder.ts';
import { Role } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, refs } from '../nouns.ts';
import { nameSchema } from './common.ts';

const { ApiKey } = refs;

ApiKey.implement({
  description:
    'A key with which somebody may ask, in the header `authorization: Bearer tdm_...`. The key itself is shown once, by createApiKey; only a digest of it is kept.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Who or what the key is for.' }),
    role: t.expose('role', { type: Role, description: 'What its callers may do.' }),
    lookup: t.exposeString('lookup', {
      description: 'The 8 characters behind `tdm_`, by which people recognise the key; they are no secret.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the key was made.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key ends; null means never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was revoked; null if it was not.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the key was last used, to the minute; null if it never was.',
    }),
  }),
});

const CallerObject = builder.objectRef<Caller>('Caller').implement({
  description: 'Who sends the request.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The name of the key; `local` without one, where none is needed, or TANDEM_ADMIN_KEY.',
    }),
    role: t.expose('role', { type: Role, description: 'What the caller may do.' }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The key that was sent; null without one, and for that of TANDEM_ADMIN_KEY.',
      resolve: ({ keyId }, _args, { tandem }) => keys.ownKey(tandem, keyId),
    }),
  }),
});

const keysOf = defineList<ApiKeyRow>(apiKeyList, 'ApiKey', ApiKey, connections.ApiKey, { enums: { role: Role } });

builder.queryFields((t) => ({
  caller: t.field({
    type: CallerObject,
    description: 'Who sends this request, and what they may do.',
    resolve: (_root, _args, { caller }) => caller,
  }),
  apiKeys: keysOf.whole(t, 'The API keys, newest first.'),
  apiKey: lookup(t, 'ApiKey', 'an API key'),
}));

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new API key. It takes no idempotencyKey, since a repeated request must not be shown the key again.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'Who or what the key is for, 1 to 200 characters; others may have the same name.',
      validate: nameSchema,
    }),
    role: t.field({ type: Role, required: true, description: 'What its callers may do. It never changes.' }),
    notes: t.string({ description: 'What people write about it, at most 64 KiB; absent or null means nothing.' }),
    tags: t.stringList({ description: 'Its tags, at most 50 of 1 to 100 characters; absent or null means none.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When the key ends; absent or null means never.' }),
  }),
});

const CreateApiKeyPayload = builder.objectRef<keys.MadeKey>('CreateApiKeyPayload').implement({
  description: 'The result of createApiKey.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key as it is listed.' }),
    key: t.exposeString('key', { description: 'The key itself. It is shown here and never again.' }),
  }),
});

const RevokeApiKeyPayload = builder.objectRef<{ readonly apiKey: ApiKeyRow }>('RevokeApiKeyPayload').implement({
  description: 'The result of revokeApiKey.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKey, description: 'The key as it is now.' }) }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: CreateApiKeyPayload,
    ...forAdmins,
    description: 'Makes an API key and shows it, once.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'The key to make.' }) },
    resolve: (_root, { input }, { tandem }) => keys.create(tandem, input),
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    ...forAdmins,
    description:
      'Ends an API key for good: requests with it are UNAUTHENTICATED, and its subscriptions end. It stays in the list.',
    args: { id: t.arg.id({ required: true, description: 'Id of an API key.' }) },
    resolve: async (_root, { id }, { tandem }) => ({
      apiKey: await keys.revoke(tandem, keyOf(id, 'ApiKey', 'id').key),
    }),
  }),
}));
