/**
 * The words of the page. Each language is two files of its own, loaded when
 * asked for: the words of the first look, and the rest. English is what the
 * source says.
 */
import { i18n, type Messages } from '@lingui/core';

export const languages = { en: 'English', ru: 'Русский', it: 'Italiano', pl: 'Polski' } as const;

export type Language = keyof typeof languages;

export const isLanguage = (word: string | undefined): word is Language => !!word && word in languages;

type Part = () => Promise<{ messages: Messages }>;

const files = {
  en: { first: () => import('./en.po?first'), rest: () => import('./en.po?rest') },
  ru: { first: () => import('./ru.po?first'), rest: () => import('./ru.po?rest') },
  it: { first: () => import('./it.po?first'), rest: () => import('./it.po?rest') },
  pl: { first: () => import('./pl.po?first'), rest: () => import('./pl.po?rest') },
} satisfies Record<Language, { first: Part; rest: Part }>;

/** The best language for somebody of whom only the browser is known. */
export function guess(preferred: readonly string[] = navigator.languages): Language {
  for (const tag of preferred) {
    const word = tag.slice(0, 2).toLowerCase();
    if (isLanguage(word)) return word;
    if (word === 'be' || word === 'uk' || word === 'kk') return 'ru';
  }
  return 'en';
}

// The rest of the words on their way, or there.
let rest: Promise<void> | undefined;

/**
 * Loads a language and speaks it from then on. The first language of a page
 * comes without the words that its first look does not need (see
 * restOfWords); another that is chosen later comes whole, since any part of
 * the page may be open.
 */
export async function speak(language: Language) {
  const all = i18n.locale !== '';
  const parts = await Promise.all([files[language].first(), all ? files[language].rest() : null]);
  i18n.loadAndActivate({ locale: language, messages: { ...parts[0].messages, ...parts[1]?.messages } });
  if (all) rest = Promise.resolve();
  document.documentElement.lang = language;
}

/** Ends when every word of the language spoken is there. */
export function restOfWords(): Promise<void> {
  const language = i18n.locale;
  if (!isLanguage(language)) return Promise.resolve();
  rest ??= files[language].rest().then(
    ({ messages }) => {
      // Nothing that is shown waits for these words: nothing is drawn anew for them.
      if (i18n.locale === language) Object.assign(i18n.messages, messages);
    },
    (failure) => {
      rest = undefined; // the next who asks tries again
      throw failure;
    },
  );
  return rest;
}

export { i18n };

/**
 * How dates and numbers are written: as the language spoken has it. English is
 * written in many ways, so the browser's own kind of English is kept.
 */
export function writing(): string {
  if (i18n.locale && i18n.locale !== 'en') return i18n.locale;
  return navigator.languages.find((tag) => tag.startsWith('en-')) ?? 'en-GB';
}

type Formatter<Options, Made> = new (language: string, options: Options) => Made;

// Making a formatter takes a hundred times as long as using it, and a list uses thousands.
const formatters = new Map<unknown, Map<string, unknown>>();

/** What writes dates or numbers as the language spoken has it. The same options give the same one. */
export function formatter<Options, Made>(kind: Formatter<Options, Made>, options: Options): Made {
  const made = formatters.get(kind) ?? new Map<string, unknown>();
  formatters.set(kind, made);
  const key = writing() + JSON.stringify(options);
  const known = made.get(key) ?? new kind(writing(), options);
  made.set(key, known);
  return known as Made;
}

/** The label in the language spoken, else in English, else any. */
export function labelIn(labels: Partial<Record<string, string>> | undefined, language = i18n.locale): string {
  if (!labels) return '';
  return labels[language] || labels.en || Object.values(labels)[0] || '';
}
