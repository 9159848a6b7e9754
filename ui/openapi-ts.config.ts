import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: '../internal/web/openapi.json',
  output: { path: 'src/api/generated', clean: true },
  // Types alone: the requests are few and alike, and one function sends them.
  plugins: [{ name: '@hey-api/typescript', enums: false }],
});
