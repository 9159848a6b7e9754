import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';
import { i18n } from '../../text';

i18n.loadAndActivate({ locale: 'en', messages: {} });

// jsdom lacks what the kit asks a browser for.
window.matchMedia = (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
    addListener() {},
    removeListener() {},
    dispatchEvent: () => false,
    onchange: null,
  }) as MediaQueryList;

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver = Observer as unknown as typeof ResizeObserver;
Object.defineProperty(document, 'fonts', { value: new EventTarget() });
Element.prototype.scrollIntoView = () => {};

afterEach(cleanup);
