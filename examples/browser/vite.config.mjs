import { defineConfig } from 'vite';

// `tersor/source` reads the runtime from source: drop it where the package comes from npm.
export default defineConfig({
  base: './',
  resolve: { conditions: ['tersor/source'] },
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
});
