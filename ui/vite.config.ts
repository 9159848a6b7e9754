import { linguiTransformerBabelPreset } from '@lingui/vite-plugin';
import babel from '@rolldown/plugin-babel';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { words } from './build/words.ts';

const server = process.env.CASTELLAN_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [babel({ presets: [linguiTransformerBabelPreset()] }), react(), words()],
  build: {
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // where light-dark() is known
    manifest: 'manifest.json',
    assetsInlineLimit: 0, // the content policy allows no data: addresses
    modulePreload: { polyfill: false },
  },
  html: { cspNonce: '__CSP_NONCE__' }, // the server puts a fresh one in with each answer
  server: { host: '127.0.0.1', port: 5173, strictPort: true, proxy: { '/api': server } },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/kit/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'build/**/*.test.ts'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
    testTimeout: 20_000,
  },
});
