/** Plain types of downloads from a Hugging Face hub. */

/** A model on the hub. */
export interface HubReference {
  /** `owner/name`, or `name` alone for the oldest models. */
  readonly repository: string;
  /** Branch, tag or commit; a branch is pinned to the commit it names now. */
  readonly revision: string;
}

export interface HubSettings {
  /** Address without a slash at its end, for example https://huggingface.co */
  readonly endpoint: string;
  /** Sent to the endpoint alone; never logged, stored or put into an error. */
  readonly token: string | undefined;
  /** True = no requests: only models that were downloaded before. */
  readonly offline: boolean;
}

export interface HubProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface HubFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly size: number;
  /** The hub's checksum and etag: sha256 (64 hex digits) of a large file, git's blob id (40) of a small one. */
  readonly etag: string;
}

/** The files of a model at one commit, in an immutable folder. */
export interface HubSnapshot extends HubReference {
  /** Commit sha that the revision stood for. */
  readonly commit: string;
  readonly folder: string;
  readonly files: readonly HubFile[];
  readonly bytes: number;
}
