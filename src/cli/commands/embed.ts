/** For scripts: `tandem embed` and `tandem tokenize`, of a model folder or of a checkpoint. */
import type { Command } from 'commander';
import { EmbedDocument, ImportModelDocument, type TandemClient, TokenizeDocument } from '../../client/index.ts';
import type { GlobalOptions } from '../connect.ts';
import { taskOption } from '../heads-option.ts';
import { checkpointId } from '../lookup.ts';
import { print } from '../print.ts';
import { startProgress } from '../progress.ts';
import { withService } from '../session.ts';
import { piecesOf, readTexts } from '../texts-file.ts';
import type { Session } from '../types.ts';

export function addEmbedCommands(program: Command): void {
  program
    .command('embed')
    .description('embed texts; starts a service if none runs, and leaves nothing behind')
    .requiredOption(
      '--model <folder-or-checkpoint>',
      'a model folder anywhere, or the id, alias or name of a checkpoint',
    )
    .requiredOption('--texts <file>', 'a JSON file with an array of strings')
    .option('--prompt <name>', "one of the model's prompts (default: its default_prompt_name, else none)")
    .addOption(taskOption('task whose head embeds the texts, of a checkpoint with heads alone').default('ir'))
    .action(embed);
  program
    .command('tokenize')
    .description('print token ids and code-point offsets of texts, with special tokens, without padding or truncation')
    .requiredOption(
      '--model <folder-or-checkpoint>',
      'a folder with a tokenizer.json, or the id, alias or name of a checkpoint',
    )
    .requiredOption('--texts <file>', 'a JSON file with an array of strings')
    .action(tokenize);
}

interface EmbedOptions {
  readonly model: string;
  readonly texts: string;
  readonly prompt?: string;
  readonly task: string;
}

async function embed({ model, texts: file, prompt, task }: EmbedOptions, command: Command): Promise<void> {
  const texts = await readTexts(file);
  const found = await withService(command, { model, part: 'model' }, async (session) => {
    const id = await checkpointOf(session, model);
    return embedAll(session.client, { id, prompt, task, texts, quiet: isQuiet(command) });
  });
  const { dimension, vectors, tokens, truncated } = found;
  const cut = truncated.filter(Boolean).length;
  print(
    command,
    { dimension, vectors: vectors.toString('base64'), tokens, truncated },
    `${texts.length} vectors of ${dimension} dimensions; ${cut} texts were cut (--json prints the vectors)`,
  );
}

const isQuiet = (command: Command): boolean =>
  command.optsWithGlobals<GlobalOptions>().json === true && !process.stderr.isTTY;

/** The id of the checkpoint that embeds; a folder is imported as a temporary model. */
async function checkpointOf({ client, folder, guest }: Session, model: string): Promise<string> {
  if (folder === undefined) return checkpointId(client, model);
  const { importModel } = await client.execute(ImportModelDocument, {
    input: { name: guest, source: { folder }, idempotencyKey: guest },
  });
  for (const warning of importModel.warnings) process.stderr.write(`warning: ${warning}\n`);
  return importModel.model.id;
}

interface EmbedAll {
  readonly id: string;
  readonly prompt: string | undefined;
  readonly task: string;
  readonly texts: readonly string[];
  readonly quiet: boolean;
}

async function embedAll(client: TandemClient, { id, prompt, task, texts, quiet }: EmbedAll) {
  const rows: Buffer[] = [];
  const tokens: number[] = [];
  const truncated: boolean[] = [];
  let dimension = 0;
  const progress = startProgress('embedding', texts.length, quiet);
  try {
    // Without texts one request is still sent: it gives the dimension and checks the prompt.
    for (const piece of texts.length > 0 ? piecesOf(texts) : [['a']]) {
      const { embed: answer } = await client.execute(EmbedDocument, {
        texts: piece,
        checkpoint: { id },
        prompt: prompt === undefined ? {} : { name: prompt },
        role: task === 'sts' ? 'STS' : 'PASSAGE',
      });
      dimension = answer.dimensions;
      for (const item of texts.length > 0 ? answer.embeddings : []) {
        rows.push(Buffer.from(item.base64, 'base64'));
        tokens.push(item.tokens);
        truncated.push(item.truncated);
      }
      progress.update(tokens.length, '');
    }
  } finally {
    progress.stop();
  }
  return { dimension, vectors: Buffer.concat(rows), tokens, truncated };
}

async function tokenize({ model, texts: file }: EmbedOptions, command: Command): Promise<void> {
  const texts = await readTexts(file);
  const ids: (readonly number[])[] = [];
  const offsets: (readonly (readonly number[])[])[] = [];
  await withService(command, { model, part: 'tokenizer' }, async ({ client, folder }) => {
    const source = folder === undefined ? { checkpoint: { id: await checkpointId(client, model) } } : { folder };
    for (const piece of piecesOf(texts, { units: 1_000_000 })) {
      const answer = await client.execute(TokenizeDocument, { texts: piece, model: source });
      for (const text of answer.tokenize) {
        ids.push(text.ids);
        offsets.push(text.ids.map((_id, i) => text.offsets.slice(2 * i, 2 * i + 2)));
      }
    }
  });
  const total = ids.reduce((sum, { length }) => sum + length, 0);
  print(command, { ids, offsets }, `${texts.length} texts, ${total} tokens (--json prints them)`);
}
