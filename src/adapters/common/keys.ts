/** Where a browser keeps the API key of the person at it. */

/** The part of a browser's storage that is used. */
interface KeyStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/** Keeps one key. */
export interface KeyStore {
  get(): string | null;
  set(key: string): void;
  clear(): void;
  /** For the client's option `headers`: the key of the moment. */
  headers(): Record<string, string>;
}

const item = 'tandem.key';

/** Default: sessionStorage, which forgets the key with its tab; localStorage keeps it. */
export function createKeyStore(storage: KeyStorage = globalThis.sessionStorage): KeyStore {
  const get = (): string | null => storage.getItem(item);
  return {
    get,
    set: (key) => storage.setItem(item, key),
    clear: () => storage.removeItem(item),
    headers(): Record<string, string> {
      const key = get();
      return key === null ? {} : { authorization: `Bearer ${key}` };
    },
  };
}
