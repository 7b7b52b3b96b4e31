/** A Hugging Face hub that accepts requests and never answers: an import from it runs until it is cancelled. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SilentHub {
  /** For HF_ENDPOINT. */
  readonly url: string;
  close(): void;
}

export async function openSilentHub(): Promise<SilentHub> {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
