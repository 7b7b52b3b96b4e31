import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { proxy } from './proxy.ts';

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  build: { chunkSizeWarningLimit: 2_000 },
});
