import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// The page of `tersor ui`; its server adds the style and the script of reports.
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
export default defineConfig({
  root: at('./page'),
  logLevel: 'warn',
  build: { outDir: at('./dist/page'), emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
});
