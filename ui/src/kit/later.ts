import { restOfWords } from '../text';
import { whenIdle } from './idle';

/**
 * What is not part of the first look: its code comes with the rest of the
 * words and of the kit's styles, so that it is never shown untranslated or
 * bare. What is fetched by a plain import() takes its words, and they the
 * time of everybody, into the first load (build/words.ts).
 */
export function later<Part>(load: () => Promise<Part>): () => Promise<Part> {
  return async () => {
    // The kit's styles are asked for first: those of the part itself stand below them.
    const [, , part] = await Promise.all([import('./rest'), restOfWords(), load()]);
    return part;
  };
}

/** Fetches what `later` waits for, when the browser has nothing better to do. */
export function fetchTheRest() {
  whenIdle(() => void Promise.all([import('./rest'), restOfWords()]).catch(() => {}));
}
