export interface Identity {
  readonly name: string;
  readonly seed: number;
  readonly commit: string;
  readonly settings: string;
}

export function commitOf(folder: string): string;
export function identityOf(name: string, seed: number, commit: string): Identity;
export function isOf(result: object, identity: Identity): boolean;
