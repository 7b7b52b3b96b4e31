/** What Vite passes on to the server of Tandem, so that the browser talks to one address only. */

interface PassedOn {
  removeHeader(name: string): void;
}

interface Asked {
  readonly headers: { readonly origin?: string | undefined; readonly host?: string | undefined };
}

interface ProxyServer {
  on(event: 'proxyReq' | 'proxyReqWs', change: (passedOn: PassedOn, asked: Asked) => void): void;
}

/**
 * The server refuses the Origin of this address, which is not its own: it is taken out. That of any other page stays,
 * and is refused: browsers let every page open a WebSocket to this address, and Vite does not ask where it comes from.
 */
function withoutOwnOrigin(passedOn: PassedOn, { headers: { origin = '', host } }: Asked): void {
  const isLocal = /^http:\/\/(localhost|127\.0\.0\.1):\d+$/.test(origin);
  if (isLocal && origin === `http://${host}`) passedOn.removeHeader('origin');
}

const toServer = {
  ...{ target: process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4000', changeOrigin: true },
  configure(server: ProxyServer): void {
    server.on('proxyReq', withoutOwnOrigin);
    server.on('proxyReqWs', withoutOwnOrigin);
  },
};

/** `/graphql` with its WebSocket, and uploads. */
export const proxy = { '/graphql': { ...toServer, ws: true }, '/import/': toServer };
