/** Files for imports: sent into the server's import folder, and taken away again. */
import { ApiError } from './error.ts';
import { type Answer, type Endpoint, readAnswer, send } from './http.ts';

/** What can be sent: a stream goes out as it comes, where the platform's fetch can do that. */
export type UploadBody = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;

export interface Upload {
  /** In the import folder, as imports take it. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export async function upload(
  endpoint: Endpoint,
  path: string,
  body: UploadBody,
  signal: AbortSignal | undefined,
): Promise<Upload> {
  // Of a stream fetch must be told that the answer comes behind it.
  const request = { method: 'PUT', body, ...(body instanceof ReadableStream && { duplex: 'half' }) };
  return answerOf(await send(endpoint, importUrl(endpoint, path), request, signal));
}

export async function deleteUpload(
  endpoint: Endpoint,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly path: string }> {
  return answerOf(await send(endpoint, importUrl(endpoint, folder), { method: 'DELETE' }, signal));
}

const importUrl = ({ url }: Endpoint, path: string): string =>
  new URL(`import/${path.split('/').map(encodeURIComponent).join('/')}`, url).href;

async function answerOf<Result>(response: Response): Promise<Result> {
  const answer: Answer<never> = await readAnswer(response);
  if (answer.errors) throw new ApiError(answer.errors);
  return answer as Result;
}
