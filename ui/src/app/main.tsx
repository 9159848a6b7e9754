import { sessionEnded } from '../kit/ended';
import { fetchTheRest, later, part } from '../kit/later';
import '../kit/mantine.css';
import '../kit/theme.css';
import { I18nProvider } from '@lingui/react';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from '../api/http';
import { session } from '../api/session';
import { forgetViewing, resumeViewing } from '../api/viewing';
import { keepFor } from '../kit/tab';
import { theme } from '../kit/theme';
import { guess, i18n, isLanguage, speak } from '../text';
import { makeRouter } from './router';

const Prover = part(later(() => import('./prover')));
const Notifications = part(later(() => import('./notes')));

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (times, failure) => !(failure instanceof Problem && failure.status < 500) && times < 2,
    },
  },
});

// A session that ended elsewhere shows the door, and nothing of what was open
// stays in memory. So it is where the network or the hour is no longer one to
// work from, and where a look through other eyes is over.
client.getQueryCache().subscribe((event) => {
  if (event.type !== 'updated' || event.action.type !== 'error') return;
  const failure = event.action.error as unknown;
  if (!(failure instanceof Problem) || !client.getQueryData(session.queryKey)) return;
  if (failure.code === 'viewas.over') forgetViewing();
  if (failure.status === 401 || failure.code === 'viewas.over' || failure.code.startsWith('entry.')) {
    client.clear();
    void client.invalidateQueries({ queryKey: session.queryKey });
    sessionEnded();
    location.reload();
  }
});

/** The nonce that the server put into the page: the kit's style tags carry it. */
const nonce = () => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

async function start() {
  // The part of the kit that holds the page still behind a dialog looks here.
  (globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = nonce();
  resumeViewing();
  const me = await client.fetchQuery(session).catch(() => null);
  if (me && !me.view_as) keepFor(me.person.id);
  const language = me?.person.language;
  await speak(isLanguage(language) ? language : guess());
  const place = document.getElementById('root');
  if (!place) throw new Error('the page has no place for its content');
  createRoot(place).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
          <QueryClientProvider client={client}>
            <Suspense>
              <Notifications />
              <Prover />
            </Suspense>
            <RouterProvider router={makeRouter(client)} />
          </QueryClientProvider>
        </MantineProvider>
      </I18nProvider>
    </StrictMode>,
  );
  fetchTheRest();
}

void start();
