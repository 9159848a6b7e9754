import { defineConfig } from '@lingui/cli';
import { formatter } from '@lingui/format-po';

export default defineConfig({
  sourceLocale: 'en',
  locales: ['en', 'ru', 'it', 'pl'],
  fallbackLocales: { default: 'en' },
  catalogs: [{ path: '<rootDir>/src/text/{locale}', include: ['src'] }],
  format: formatter({ origins: false }),
});
