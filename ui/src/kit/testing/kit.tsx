import { I18nProvider } from '@lingui/react';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import axe from 'axe-core';
import type { ReactNode } from 'react';
import { expect } from 'vitest';
import { i18n } from '../../text';
import { theme } from '../theme';

/** Shows a part of the kit as the page would. */
export function show(part: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, enabled: false } } });
  return render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <MantineProvider theme={theme} env="test">
          {part}
        </MantineProvider>
      </QueryClientProvider>
    </I18nProvider>,
  );
}

/** The law of all parts: nothing that keeps somebody out who reads by ear or goes by keys. */
export async function accessible(container: Element) {
  // Colours are looked at in a real browser; jsdom has none.
  const { violations } = await axe.run(container, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(' ')}`)).toEqual(
    [],
  );
}

/** A word longer than any column: nothing may be lost or pushed aside by it. */
export const long = 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz';
