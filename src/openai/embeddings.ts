/** POST /v1/embeddings: texts to vectors in OpenAI's form. */
import { z } from 'zod';
import { badInput, limitExceeded } from '../errors.ts';
import { embed } from '../services/embedding/embed.ts';
import type { EmbedAnswer } from '../services/embedding/types.ts';
import { base64Of } from '../services/embedding/vectors.ts';
import type { Tandem } from '../services/tandem.ts';
import { modelByName } from './model-name.ts';
import type { EmbeddingList } from './types.ts';

/** What a request may say; what OpenAI's API knows besides, as `user`, changes nothing here. */
const requestSchema = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string())]),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  dimensions: z.int().min(1).nullish(),
  /** Ours: true = texts longer than the model's longest are cut instead of refused. */
  truncate: z.boolean().default(false),
});

export async function answerEmbeddings(tandem: Tandem, body: unknown, signal: AbortSignal): Promise<EmbeddingList> {
  refuseTokens(body);
  const { model, input, encoding_format, dimensions, truncate } = readRequest(body);
  const { checkpointId, role } = await modelByName(tandem, model);
  const texts = [input].flat();
  const fields = { texts: 'input', checkpoint: 'model' };
  const found = await embed(tandem, { texts, fields, checkpointId, role, instruction: '', dimensions }, signal);
  if (!truncate) refuseTruncated(found);
  const { tokens } = found.report;
  return {
    object: 'list',
    data: found.embeddings.map(({ index, vector }) => ({
      object: 'embedding',
      index,
      embedding: encoding_format === 'base64' ? base64Of(vector) : [...vector],
    })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function readRequest(body: unknown): z.output<typeof requestSchema> {
  const { data, error } = requestSchema.safeParse(body);
  if (data) return data;
  const [issue] = error.issues;
  throw badInput(`The request is not understood: ${issue?.message ?? 'it is no object'}`, {
    field: issue?.path.join('.') || 'body',
    expected: 'model, input (a text or a list of texts), and optionally encoding_format, dimensions, truncate',
    remedy: 'Correct the request.',
  });
}

/** Tokens of another tokenizer would be other words here. */
function refuseTokens(body: unknown): void {
  const input: unknown = typeof body === 'object' && body !== null && 'input' in body ? body.input : undefined;
  if (!Array.isArray(input) || !input.flat().some((item) => typeof item === 'number')) return;
  throw badInput('input holds token ids', {
    field: 'input',
    expected: 'a text or a list of texts: every model has its own tokens',
    remedy: 'Send the texts themselves.',
  });
}

function refuseTruncated({ embeddings }: EmbedAnswer): void {
  const cut = embeddings.find(({ truncated }) => truncated);
  if (!cut) return;
  throw limitExceeded(`Text ${cut.index} is longer than the ${cut.tokens} tokens that the model reads`, {
    field: 'input',
    expected: `at most ${cut.tokens} tokens, prompt and special tokens included`,
    remedy: 'Split the text, or send "truncate": true to have it cut.',
  });
}
