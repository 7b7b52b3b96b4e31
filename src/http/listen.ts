/** Begins to listen; says in an error of ours what is wrong with the address or the port. Called by server.ts. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { badInput, conflict, type TandemError } from '../errors.ts';

/** Resolves with the port that was taken. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusalOf(error, host, port) ?? error));
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function refusalOf({ code }: NodeJS.ErrnoException, host: string, port: number): TandemError | undefined {
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
    return badInput(`TANDEM_HOST is ${host}, which is no address of this machine`, {
      field: 'TANDEM_HOST',
      expected: 'an address of this machine, or 0.0.0.0 or :: for all of them',
      remedy: 'Correct TANDEM_HOST, or unset it.',
    });
  }
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return undefined;
  return conflict(`Port ${port} of ${host} ${code === 'EACCES' ? 'may not be used' : 'is taken'}`, {
    field: 'TANDEM_PORT',
    expected: 'a free port',
    remedy: 'Stop what listens there, or set TANDEM_PORT to another port (0 = any free one).',
  });
}
