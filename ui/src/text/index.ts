/**
 * The words of the page. Each language is a file of its own, loaded when asked
 * for; English is what the source says.
 */
import { i18n } from '@lingui/core';

export const languages = { en: 'English', ru: 'Русский', it: 'Italiano', pl: 'Polski' } as const;

export type Language = keyof typeof languages;

export const isLanguage = (word: string | undefined): word is Language => !!word && word in languages;

const files = {
  en: () => import('./en.po'),
  ru: () => import('./ru.po'),
  it: () => import('./it.po'),
  pl: () => import('./pl.po'),
} satisfies Record<Language, () => Promise<{ messages: unknown }>>;

/** The best language for somebody of whom only the browser is known. */
export function guess(preferred: readonly string[] = navigator.languages): Language {
  for (const tag of preferred) {
    const word = tag.slice(0, 2).toLowerCase();
    if (isLanguage(word)) return word;
    if (word === 'be' || word === 'uk' || word === 'kk') return 'ru';
  }
  return 'en';
}

/** Loads a language and speaks it from then on. */
export async function speak(language: Language) {
  const { messages } = await files[language]();
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language;
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

/** The label in the language spoken, else in English, else any. */
export function labelIn(labels: Partial<Record<string, string>> | undefined, language = i18n.locale): string {
  if (!labels) return '';
  return labels[language] || labels.en || Object.values(labels)[0] || '';
}
