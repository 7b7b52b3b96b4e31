import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const target = process.env['TANDEM_URL'] ?? 'http://127.0.0.1:4000';

// The browser talks to this address only, and Vite passes /graphql on to the server, subscriptions included. The server
// sees a request of its own host: without the page's Origin, which it would have to know.
const proxy = {
  '/graphql': {
    target,
    changeOrigin: true,
    configure: (server: {
      on(event: 'proxyReq', change: (request: { removeHeader(name: string): void }) => void): void;
    }) => server.on('proxyReq', (request) => request.removeHeader('origin')),
  },
};

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  build: { chunkSizeWarningLimit: 2_000 },
});
