import { type ComponentType, createElement, lazy } from 'react';
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

/** A component whose code comes when it is first drawn, or when it is fetched ahead. */
export type Part<Props> = ComponentType<Props> & { ahead: () => Promise<unknown> };

/**
 * Makes one. Where its code is there already, it is drawn with the rest: what
 * lazy() of React gives shows its stand-in first even then, and the stand-in
 * stays for 0.3 s, as if one waited.
 */
export function part<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): Part<Props> {
  let there: ComponentType<Props> | undefined;
  const fetch = async () => {
    const found = await load();
    there = found.default;
    return found;
  };
  const Waits = lazy(fetch) as ComponentType<Props>;
  // What waits was not drawn yet: nothing begins anew when its code has come.
  const Comes = (props: Props) => createElement(there ?? Waits, props);
  return Object.assign(Comes, { ahead: fetch });
}

/** Fetches what `later` waits for, when the browser has nothing better to do. */
export function fetchTheRest() {
  whenIdle(() => void Promise.all([import('./rest'), restOfWords()]).catch(() => {}));
}
