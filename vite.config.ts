import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The dashboard: one page with its style and its script, which `src/http/dashboard` serves. */
export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard', import.meta.url)),
  base: '/dashboard/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    // One script that loads no other.
    modulePreload: false,
  },
});
