import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { visitsOf } from '../api/journal';
import { kinds } from '../api/kinds';
import { read, timeline } from '../api/records';
import { halfwayKey, session, setupNeeded } from '../api/session';
import type { JournalSearch } from '../features/journal/address';
import type { ListSearch } from '../features/record/address';
import { askForList } from '../features/record/question';
import { later } from '../kit/later';
import { Missing, Pending, Wrong } from './places';
import { Shell } from './shell';

const text = (value: unknown) => {
  // The router reads addresses as JSON, so a filter that looks like a number comes as one.
  const word = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof word === 'string' && word !== '' ? word : undefined;
};

/** Only the words that were given, so that addresses stay short. */
function words<Name extends string>(
  search: Record<string, unknown>,
  ...names: Name[]
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const word = text(search[name]);
    if (word !== undefined) found[name] = word;
  }
  return found;
}

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet });

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(
    later(() => import('../features/session/setup-page')),
    'SetupPage',
  ),
});

const door = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>) => words(search, 'to', 'refused'),
  component: lazyRouteComponent(() => import('../features/session/sign-in-page'), 'SignInPage'),
});

const link = createRoute({
  getParentRoute: () => root,
  path: '/link',
  component: lazyRouteComponent(
    later(() => import('../features/session/link-page')),
    'LinkPage',
  ),
});

const email = createRoute({
  getParentRoute: () => root,
  path: '/email',
  component: lazyRouteComponent(
    later(() => import('../features/session/email-page')),
    'EmailPage',
  ),
});

const secondStep = createRoute({
  getParentRoute: () => root,
  path: '/second-step',
  validateSearch: (search: Record<string, unknown>) => words(search, 'to'),
  component: lazyRouteComponent(
    later(() => import('../features/session/second-step-page')),
    'SecondStepPage',
  ),
  beforeLoad: async ({ context }) => {
    if (await context.client.fetchQuery(session)) throw redirect({ to: '/' });
    if (!context.client.getQueryData(halfwayKey)) throw redirect({ to: '/sign-in' });
  },
});

const protect = createRoute({
  getParentRoute: () => root,
  path: '/protect',
  component: lazyRouteComponent(
    later(() => import('../features/session/protect-page')),
    'ProtectPage',
  ),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'in',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const me = await context.client.ensureQueryData(session);
    if (me) return;
    const { needed } = await context.client.fetchQuery(setupNeeded).catch(() => ({ needed: false }));
    if (needed) throw redirect({ to: '/setup', hash: location.hash });
    if (context.client.getQueryData(halfwayKey)) {
      throw redirect({ to: '/second-step', search: location.pathname === '/' ? {} : { to: location.href } });
    }
    throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { to: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: async ({ context }) => {
    const all = await context.client.ensureQueryData(kinds).catch(() => []);
    const first = all.find((kind) => !kind.within && (kind.actions.view ?? 'denied') !== 'denied');
    if (!first) throw redirect({ to: '/settings' });
    throw redirect({ to: '/$plural', params: { plural: first.plural } });
  },
});

const figures = createRoute({
  getParentRoute: () => inside,
  path: '/dashboard',
  component: lazyRouteComponent(
    later(() => import('../features/dashboard/dashboard-page')),
    'DashboardPage',
  ),
});

const byDay = createRoute({
  getParentRoute: () => inside,
  path: '/days',
  component: lazyRouteComponent(
    later(() => import('../features/tasks/days-page')),
    'DaysPage',
  ),
});

const conversations = createRoute({
  getParentRoute: () => inside,
  path: '/conversations',
  component: lazyRouteComponent(
    later(() => import('./conversations')),
    'Conversations',
  ),
});

const journal = createRoute({
  getParentRoute: () => inside,
  path: '/journal',
  validateSearch: (search: Record<string, unknown>): JournalSearch =>
    words(search, 'day', 'view', 'staff', 'client', 'new'),
  component: lazyRouteComponent(
    later(() => import('../features/journal/journal-page')),
    'JournalPage',
  ),
});

const list = createRoute({
  getParentRoute: () => inside,
  path: '/$plural',
  validateSearch: (search: Record<string, unknown>): ListSearch =>
    words(search, 'filter', 'sort', 'search', 'cols', 'view', 'pipeline', 'saved', 'new'),
  component: lazyRouteComponent(() => import('../features/record/list-page'), 'ListPage'),
  // As with a card below, asked for as it is opened.
  loader: ({ context, params, location, cause }) =>
    cause === 'preload' ? undefined : soon(askForList(context.client, params.plural, location.search)),
  preloadStaleTime: 0,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
});

const twins = createRoute({
  getParentRoute: () => inside,
  path: '/duplicates/$plural',
  component: lazyRouteComponent(
    later(() => import('../features/record/duplicates-page')),
    'DuplicatesPage',
  ),
});

const card = createRoute({
  getParentRoute: () => list,
  path: '$id',
  validateSearch: (search: Record<string, unknown>): { tab?: string } => words(search, 'tab'),
  component: lazyRouteComponent(
    later(() => import('./card')),
    'CardPlace',
  ),
  // What the card shows is asked for as it is opened, all at once, and not by one
  // part after the other as they are drawn. Never before: what is fetched counts as seen.
  loader: ({ context, params, location, cause }) =>
    cause === 'preload'
      ? undefined
      : soon(askForCard(context.client, params.plural, params.id, location.search)),
  preloadStaleTime: 0,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
});

async function askForCard(client: QueryClient, plural: string, id: string, search: { tab?: string }) {
  const visits = client.getQueryData(kinds.queryKey)?.find((kind) => kind.name === 'appointment');
  const booked = plural === 'contacts' && (visits?.actions.view ?? 'denied') !== 'denied';
  await Promise.all([
    client.prefetchQuery(read(plural, id)),
    !search.tab && client.prefetchInfiniteQuery(timeline(plural, id)),
    !search.tab && booked && client.prefetchQuery(visitsOf(id)),
  ]);
}

/** Waits for an answer that comes in a moment, so that what stands in for it is not drawn first; no longer than nobody notices. */
const soon = (answer: Promise<unknown>) =>
  Promise.race([answer.then(() => {}), new Promise<void>((done) => setTimeout(done, 50))]);

const security = createRoute({
  getParentRoute: () => inside,
  path: '/security',
  component: lazyRouteComponent(
    later(() => import('./security-frame')),
    'SecurityFrame',
  ),
});

const log = createRoute({
  getParentRoute: () => security,
  path: '/',
  validateSearch: (search: Record<string, unknown>) =>
    words(search, 'person', 'record', 'event', 'from', 'to', 'title'),
  component: lazyRouteComponent(
    later(() => import('../features/ledger/log-page')),
    'LogPage',
  ),
});

const signIns = createRoute({
  getParentRoute: () => security,
  path: '/sign-ins',
  validateSearch: (search: Record<string, unknown>) =>
    words(search, 'person', 'outcome', 'address', 'from', 'to'),
  component: lazyRouteComponent(
    later(() => import('../features/security/sign-ins-page')),
    'SignInsPage',
  ),
});

const liveSessions = createRoute({
  getParentRoute: () => security,
  path: '/sessions',
  component: lazyRouteComponent(
    later(() => import('../features/security/sessions-page')),
    'SessionsPage',
  ),
});

const taken = createRoute({
  getParentRoute: () => security,
  path: '/exports',
  component: lazyRouteComponent(
    later(() => import('../features/security/exports-page')),
    'ExportsPage',
  ),
});

const networks = createRoute({
  getParentRoute: () => security,
  path: '/networks',
  validateSearch: (search: Record<string, unknown>): { for?: string } => words(search, 'for'),
  component: lazyRouteComponent(
    later(() => import('../features/entry/networks-page')),
    'NetworksPage',
  ),
});

const importing = createRoute({
  getParentRoute: () => inside,
  path: '/import',
  component: lazyRouteComponent(
    later(() => import('../features/imports/import-page')),
    'ImportPage',
  ),
});

const oneImport = createRoute({
  getParentRoute: () => inside,
  path: '/import/$id',
  component: lazyRouteComponent(
    later(() => import('../features/imports/import-page')),
    'ImportPage',
  ),
});

const bin = createRoute({
  getParentRoute: () => inside,
  path: '/bin',
  validateSearch: (search: Record<string, unknown>) => words(search, 'kind'),
  component: lazyRouteComponent(
    later(() => import('../features/bin/bin-page')),
    'BinPage',
  ),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(
    later(() => import('./settings-frame')),
    'SettingsFrame',
  ),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: lazyRouteComponent(
    later(() => import('../features/settings/workspace-page')),
    'WorkspacePage',
  ),
});

const factors = createRoute({
  getParentRoute: () => security,
  path: '/factors',
  component: lazyRouteComponent(
    later(() => import('../features/security/factors-page')),
    'FactorsPage',
  ),
});

const you = createRoute({
  getParentRoute: () => settings,
  path: '/you',
  validateSearch: (search: Record<string, unknown>) => words(search, 'linked', 'refused'),
  component: lazyRouteComponent(
    later(() => import('./you')),
    'You',
  ),
});

const people = createRoute({
  getParentRoute: () => settings,
  path: '/people',
  component: lazyRouteComponent(
    later(() => import('../features/people/people-page')),
    'PeoplePage',
  ),
});

const person = createRoute({
  getParentRoute: () => settings,
  path: '/people/$id',
  component: lazyRouteComponent(
    later(() => import('../features/people/person-page')),
    'PersonPage',
  ),
});

const groups = createRoute({
  getParentRoute: () => settings,
  path: '/groups',
  component: lazyRouteComponent(
    later(() => import('../features/people/groups-page')),
    'GroupsPage',
  ),
});

const rights = createRoute({
  getParentRoute: () => settings,
  path: '/roles',
  component: lazyRouteComponent(
    later(() => import('../features/rights/roles-page')),
    'RolesPage',
  ),
});

const role = createRoute({
  getParentRoute: () => settings,
  path: '/roles/$id',
  component: lazyRouteComponent(
    later(() => import('../features/rights/role-page')),
    'RolePage',
  ),
});

const rails = createRoute({
  getParentRoute: () => settings,
  path: '/guard-rails',
  component: lazyRouteComponent(
    later(() => import('../features/rights/rails-page')),
    'RailsPage',
  ),
});

const fields = createRoute({
  getParentRoute: () => settings,
  path: '/fields',
  component: lazyRouteComponent(
    later(() => import('../features/settings/fields-page')),
    'FieldsPage',
  ),
});

const pipelines = createRoute({
  getParentRoute: () => settings,
  path: '/pipelines',
  component: lazyRouteComponent(
    later(() => import('../features/settings/pipelines-page')),
    'PipelinesPage',
  ),
});

const keys = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: lazyRouteComponent(
    later(() => import('../features/settings/keys-page')),
    'KeysPage',
  ),
});

const providers = createRoute({
  getParentRoute: () => settings,
  path: '/providers',
  component: lazyRouteComponent(
    later(() => import('../features/settings/providers-page')),
    'ProvidersPage',
  ),
});

const directory = createRoute({
  getParentRoute: () => settings,
  path: '/directory',
  component: lazyRouteComponent(
    later(() => import('../features/settings/directory-page')),
    'DirectoryPage',
  ),
});

const mail = createRoute({
  getParentRoute: () => settings,
  path: '/mail',
  component: lazyRouteComponent(
    later(() => import('../features/settings/mail-page')),
    'MailPage',
  ),
});

const offered = createRoute({
  getParentRoute: () => settings,
  path: '/words',
  component: lazyRouteComponent(
    later(() => import('../features/settings/words-page')),
    'WordsPage',
  ),
});

const services = createRoute({
  getParentRoute: () => settings,
  path: '/services',
  component: lazyRouteComponent(
    later(() => import('../features/schedule/offer-page')),
    'ServicesPage',
  ),
});

const staff = createRoute({
  getParentRoute: () => settings,
  path: '/staff',
  validateSearch: (search: Record<string, unknown>) => words(search, 'person'),
  component: lazyRouteComponent(
    later(() => import('../features/schedule/staff-page')),
    'StaffPage',
  ),
});

const tree = root.addChildren([
  setup,
  door,
  link,
  email,
  secondStep,
  protect,
  inside.addChildren([
    home,
    figures,
    byDay,
    conversations,
    journal,
    list.addChildren([card]),
    twins,
    security.addChildren([log, signIns, taken, liveSessions, networks, factors]),
    importing,
    oneImport,
    bin,
    settings.addChildren([
      settingsHome,
      you,
      people,
      person,
      groups,
      rights,
      role,
      rails,
      fields,
      pipelines,
      offered,
      keys,
      providers,
      directory,
      mail,
      services,
      staff,
    ]),
  ]),
]);

export const makeRouter = (client: QueryClient) =>
  createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultPendingMinMs: 150,
    defaultPendingComponent: Pending,
    defaultErrorComponent: Wrong,
    defaultNotFoundComponent: Missing,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
