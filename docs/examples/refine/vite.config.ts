import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4000';

interface ProxyServer {
  on(event: 'proxyReq' | 'proxyReqWs', change: (request: { removeHeader(name: string): void }) => void): void;
}

// The browser talks to this address only, and Vite passes /graphql on to the server, its WebSocket included. The server
// sees a request of its own host: without the page's Origin, which it refuses.
const proxy = {
  '/graphql': {
    ...{ target, changeOrigin: true, ws: true },
    configure(server: ProxyServer): void {
      server.on('proxyReq', (request) => request.removeHeader('origin'));
      server.on('proxyReqWs', (request) => request.removeHeader('origin'));
    },
  },
};

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  build: { chunkSizeWarningLimit: 2_000 },
});
