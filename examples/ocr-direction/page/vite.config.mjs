import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  // Its WebAssembly is fetched from beside it.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
});
