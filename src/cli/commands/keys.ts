/** API keys: `tandem key create`, `list`, `revoke`. Where no service runs, they work on the data folder itself. */
import { type Command, Option } from 'commander';
import {
  type ApiKeySummaryFragment,
  ApiKeysDocument,
  CreateApiKeyDocument,
  RevokeApiKeyDocument,
  type Role,
} from '../../client/index.ts';
import { apiKeyId } from '../lookup.ts';
import { formatTable } from '../output.ts';
import { print } from '../print.ts';
import { withDataFolder } from '../session.ts';
import { collect, nameIn, timeIn, wholeNumber } from '../values.ts';

const roles = ['viewer', 'editor', 'admin'];

export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('make, list and revoke API keys, also where no service runs');
  key
    .command('create')
    .description('make an API key and print it, once; on a new data folder, too')
    .requiredOption('--name <name>', 'who or what it is for')
    .addOption(
      new Option('--role <role>', 'what it allows').choices(roles).argParser(nameIn(roles)).makeOptionMandatory(),
    )
    .option('--expires <when>', 'a date (2027-01-31), a time, or days from now (90d); default never', timeIn)
    .option('--notes <text>', 'what people should know about it')
    .option('--tag <tag>', 'a tag (repeatable)', collect)
    .action(createKey);
  key
    .command('list')
    .description('list the API keys, newest first; the keys themselves are kept nowhere')
    .option('--limit <n>', 'list at most so many', wholeNumber, 100)
    .action(listKeys);
  key
    .command('revoke')
    .description('end an API key for good, with its subscriptions')
    .argument('<key>', 'id or name of a key')
    .action(revokeKey);
}

interface CreateOptions {
  readonly name: string;
  readonly role: string;
  readonly expires?: string;
  readonly notes?: string;
  readonly tag?: readonly string[];
}

async function createKey({ name, role, expires, notes, tag }: CreateOptions, command: Command): Promise<void> {
  const input = {
    ...{ name, role: role.toUpperCase() as Role },
    ...(expires !== undefined && { expiresAt: expires }),
    ...(notes !== undefined && { notes }),
    ...(tag && { tags: tag }),
  };
  const made = await withDataFolder(command, (client) => client.execute(CreateApiKeyDocument, { input }), {
    creates: true,
  });
  const { key, apiKey } = made.createApiKey;
  const until = apiKey.expiresAt === null ? 'never expires' : `expires ${apiKey.expiresAt}`;
  process.stderr.write(`note: key "${apiKey.name}" of the role ${role}, which ${until}; it is shown only now\n`);
  print(command, made.createApiKey, key);
}

async function listKeys({ limit }: { readonly limit: number }, command: Command): Promise<void> {
  const { apiKeys } = await withDataFolder(command, (client) => client.execute(ApiKeysDocument, { first: limit }));
  const rows = apiKeys.nodes.map((key) => [
    ...[key.name, key.role, `tdm_${key.lookup}`, stateOf(key)],
    ...[key.expiresAt ?? '-', key.lastUsedAt ?? '-', key.id],
  ]);
  print(command, apiKeys, formatTable(['name', 'role', 'begins', 'state', 'expires', 'last used', 'id'], rows));
}

async function revokeKey(text: string, _options: unknown, command: Command): Promise<void> {
  const { revokeApiKey } = await withDataFolder(command, async (client) =>
    client.execute(RevokeApiKeyDocument, { id: await apiKeyId(client, text) }),
  );
  const { apiKey } = revokeApiKey;
  print(command, apiKey, `revoked: key "${apiKey.name}", ${apiKey.role}\n${apiKey.id}`);
}

function stateOf({ revokedAt, expiresAt }: ApiKeySummaryFragment): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'holds';
}
