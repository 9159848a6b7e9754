/**
 * The words of a language, in two files: those of the first look (`ru.po?first`)
 * and the rest (`ru.po?rest`).
 *
 * Whoever opens the page waits for the first only. Which words they are is not
 * written down anywhere: they are the words of every module that main.tsx
 * reaches by imports, fetched at once or when their page is opened. What is
 * fetched through `later` (src/kit/later.ts) is not followed, since it waits
 * for the rest. So a sentence can grow the first load, but cannot be shown
 * before its translation is there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  createCompilationErrorMessage,
  createCompiledCatalog,
  extractor,
  getCatalogForFile,
  getCatalogs,
} from '@lingui/cli/api';
import { getConfig } from '@lingui/conf';
import type { Plugin } from 'vite';

const root = join(import.meta.dirname, '..');

/** Every module of the page's own that runs before the rest of the words is there. */
export function modulesOfTheFirstLook(entry = 'src/app/main.tsx'): string[] {
  const met = new Set<string>();
  const open = [join(root, entry)];
  for (let file = open.pop(); file; file = open.pop()) {
    if (met.has(file)) continue;
    met.add(file);
    const code = readFileSync(file, 'utf8').replace(/^(?:im|ex)port type [^;]*;/gm, '');
    const imported = [
      ...code.matchAll(/\bfrom '(\.[^']+)'/g),
      ...code.matchAll(/(?<!later\(\s*\(\) =>\s*)\bimport\(?\s*'(\.[^']+)'/g),
    ];
    for (const [, path = ''] of imported) {
      const target = join(dirname(file), path);
      const found = ['.ts', '.tsx', '/index.ts', ''].map((end) => target + end).find(existsModule);
      if (found) open.push(found);
    }
  }
  return [...met].map((file) => relative(root, file)).sort();
}

const existsModule = (file: string) => /\.tsx?$/.test(file) && existsSync(file);

/** The names under which the catalogs know the sentences of these modules. */
export async function wordsOf(modules: string[]): Promise<Set<string>> {
  const linguiConfig = getConfig({ cwd: root });
  const ids = new Set<string>();
  for (const module of modules) {
    const file = join(root, module);
    await extractor.extract(file, readFileSync(file, 'utf8'), ({ id }) => ids.add(id), { linguiConfig });
  }
  return ids;
}

/** Compiles `*.po?first` and `*.po?rest`. */
export function words(): Plugin {
  let first: Promise<Set<string>> | undefined;
  return {
    name: 'words-in-two-parts',
    buildStart() {
      first = undefined;
    },
    transform: {
      filter: { id: /\.po\?(first|rest)$/ },
      async handler(_, id) {
        const [file = '', part] = id.split('?');
        const config = getConfig({ cwd: root });
        const found = getCatalogForFile(relative(config.rootDir, file), await getCatalogs(config));
        if (!found) throw new Error(`${file} is not one of the page's languages`);
        const { messages } = await found.catalog.getTranslations(found.locale, {
          fallbackLocales: config.fallbackLocales,
          sourceLocale: config.sourceLocale,
          missingBehavior: 'resolved',
        });
        first ??= wordsOf(modulesOfTheFirstLook());
        const early = await first;
        const picked = Object.fromEntries(
          Object.entries(messages).filter(([name]) => early.has(name) === (part === 'first')),
        );
        const { source, errors } = createCompiledCatalog(found.locale, picked, { namespace: 'es' });
        if (errors.length > 0) throw new Error(createCompilationErrorMessage(found.locale, errors));
        return { code: source, map: null, moduleType: 'js' };
      },
    },
  };
}
