/** The forms of OpenAI's API that are spoken here (platform.openai.com/docs/api-reference). Plain types. */

interface EmbeddingObject {
  readonly object: 'embedding';
  readonly index: number;
  /** Numbers, or base64 of little-endian f32. */
  readonly embedding: readonly number[] | string;
}

export interface EmbeddingList {
  readonly object: 'list';
  readonly data: readonly EmbeddingObject[];
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

export interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  /** In seconds since 1970. */
  readonly created: number;
  readonly owned_by: string;
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly ModelObject[];
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error';
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** What is answered, as JSON. */
export interface OpenAiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: EmbeddingList | ModelList | ModelObject | ErrorBody;
}
