import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Kbd, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import {
  IconBuilding,
  IconCalendarEvent,
  IconChartBar,
  IconChecklist,
  IconChevronDown,
  IconChevronUp,
  IconDots,
  IconFolder,
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconListSearch,
  IconMessage,
  IconPhone,
  IconProgressCheck,
  IconReceipt,
  IconScale,
  IconSearch,
  IconSettings,
  IconShieldLock,
  IconTargetArrow,
  IconTrash,
  IconUserQuestion,
  IconUsers,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { type ReactNode, Suspense, startTransition, useEffect, useState } from 'react';
import { kinds } from '../api/kinds';
import { holds, useMe } from '../api/session';
import { Avatar } from '../kit/avatar';
import { later, part } from '../kit/later';
import { TitleSlot } from '../kit/page';
import { kindMany } from '../kit/words';
import { fetchAhead } from './ahead';
import { useKeys } from './keys';
import type { Place } from './place';
import { useSecurityPlaces } from './security-places';
import classes from './shell.module.css';

// What is opened by a click comes with its first click, or when there is time.
const Finder = part(later(() => import('./finder')));
const ViewingBar = part(later(() => import('./viewing-bar')));
const Keys = part(later(() => import('./keys-page')));
const Me = part(later(() => import('./me')));
const More = part(later(() => import('./more')));
const Notices = part(later(() => import('./notices')));

const icons: Record<string, ReactNode> = {
  appointment: <IconCalendarEvent size={18} stroke={1.6} />,
  contact: <IconUsers size={18} stroke={1.6} />,
  company: <IconBuilding size={18} stroke={1.6} />,
  deal: <IconTargetArrow size={18} stroke={1.6} />,
  task: <IconChecklist size={18} stroke={1.6} />,
  message: <IconMessage size={18} stroke={1.6} />,
  call: <IconPhone size={18} stroke={1.6} />,
  process: <IconProgressCheck size={18} stroke={1.6} />,
  legal_entity: <IconScale size={18} stroke={1.6} />,
  invoice: <IconReceipt size={18} stroke={1.6} />,
  prospect_list: <IconListSearch size={18} stroke={1.6} />,
  prospect: <IconUserQuestion size={18} stroke={1.6} />,
};

// What most people open every day, in this order; the other kinds are one click further.
const daily = ['contact', 'deal', 'appointment', 'task', 'message', 'call', 'company'];

// Kinds that have a page of their own beside their list.
const pageOf: Record<string, string> = { appointment: '/journal', task: '/days', message: '/conversations' };

/** The places that this person may go to, as the server's metadata says. */
function usePlaces(): Place[] {
  const { t } = useLingui();
  const me = useMe();
  const { data = [] } = useQuery(kinds);
  const security = useSecurityPlaces(me)[0];
  const rank = (name: string) => (daily.includes(name) ? daily.indexOf(name) : daily.length);
  const records = data
    .filter((kind) => !kind.within && (kind.actions.view ?? 'denied') !== 'denied')
    .sort((a, b) => rank(a.name) - rank(b.name))
    .map((kind) => ({
      to: pageOf[kind.name] ?? `/${kind.plural}`,
      label: kind.name === 'appointment' ? t`Journal` : kindMany(kind),
      icon: icons[kind.name] ?? <IconFolder size={18} stroke={1.6} />,
      further: !daily.includes(kind.name),
    }));
  return [
    ...(records.length > 0
      ? [{ to: '/dashboard', label: t`Today`, icon: <IconChartBar size={18} stroke={1.6} /> }]
      : []),
    ...records,
    ...(holds(me, 'records.bin')
      ? [{ to: '/bin', label: t`Bin`, icon: <IconTrash size={18} stroke={1.6} />, below: true }]
      : []),
    ...(security
      ? [
          {
            to: security.to,
            label: t`Security`,
            icon: <IconShieldLock size={18} stroke={1.6} />,
            below: true,
          },
        ]
      : []),
    { to: '/settings', label: t`Settings`, icon: <IconSettings size={18} stroke={1.6} />, below: true },
  ];
}

/** Everything around a page: the rail, the top bar, the frame of a viewing. */
export function Shell() {
  const { t, i18n } = useLingui();
  const me = useMe();
  const places = usePlaces();
  useEffect(() => void fetchAhead(), []);
  const floats = t`Open over the page`;
  useEffect(() => document.getElementById('floats')?.setAttribute('aria-label', floats), [floats]);
  const phone = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false });
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const [small, setSmall] = useState(localStorage.getItem('castellan.rail') === 'small');
  const [asking, setAsking] = useState(false);
  const [showsKeys, setShowsKeys] = useState(false);
  const client = useQueryClient();
  useEffect(() => {
    let stop: (() => void) | undefined;
    let left = false;
    void import('./live').then(({ follow }) => {
      if (!left) stop = follow(client);
    });
    return () => {
      left = true;
      stop?.();
    };
  }, [client]);
  useKeys({ onSearch: () => startTransition(() => setAsking(true)), onHelp: () => setShowsKeys(true) });

  function fold() {
    localStorage.setItem('castellan.rail', small ? 'wide' : 'small');
    setSmall(!small);
  }

  return (
    <div
      className={classes.frame}
      data-viewing={me.view_as ? true : undefined}
      data-small={small || undefined}
    >
      <a className={classes.skip} href="#content">
        <Trans>To the content</Trans>
      </a>
      {me.view_as && (
        <Suspense fallback={<div className={classes.viewing}>{me.view_as.name}</div>}>
          <ViewingBar viewing={me.view_as} locale={i18n.locale} />
        </Suspense>
      )}
      {!phone && (
        <nav className={classes.rail} aria-label={t`Main`}>
          <div className={classes.brand} title={me.workspace.name}>
            <img src="/icon.svg" width={24} height={24} alt="" />
            {!small && <span className={classes.workspace}>{me.workspace.name}</span>}
          </div>
          <Places places={places.filter((place) => !place.below && !place.further)} small={small} />
          <Further places={places.filter((place) => place.further)} small={small} />
          <div className={classes.gap} />
          <Places places={places.filter((place) => place.below)} small={small} />
          <ActionIcon
            className={classes.fold}
            onClick={fold}
            aria-label={small ? t`Widen the menu` : t`Narrow the menu`}
          >
            {small ? <IconLayoutSidebarLeftExpand size={17} /> : <IconLayoutSidebarLeftCollapse size={17} />}
          </ActionIcon>
        </nav>
      )}
      <header className={classes.bar}>
        <div ref={setSlot} className={classes.slot} />
        <UnstyledButton className={classes.search} onClick={() => startTransition(() => setAsking(true))}>
          <IconSearch size={15} aria-hidden />
          <span className={classes.searchWord}>
            <Trans>Search</Trans>
          </span>
          <Kbd className={classes.kbd} aria-hidden>
            Ctrl K
          </Kbd>
        </UnstyledButton>
        {!me.view_as && (
          <Suspense fallback={<span style={{ width: 32 }} />}>
            <Notices />
          </Suspense>
        )}
        <Suspense fallback={<Avatar name={me.person.name} size={30} />}>
          <Me onKeys={() => setShowsKeys(true)} />
        </Suspense>
      </header>
      <main id="content" className={classes.content}>
        <TitleSlot.Provider value={slot}>
          <Outlet />
        </TitleSlot.Provider>
      </main>
      {phone && <PhoneBar places={places} />}
      {/* The boundary stands here always: a new one would wait 300 ms before it shows what has come. */}
      <Suspense>{asking && <Finder places={places} onClose={() => setAsking(false)} />}</Suspense>
      {showsKeys && (
        <Suspense>
          <Keys onClose={() => setShowsKeys(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Places({ places, small }: { places: Place[]; small: boolean }) {
  return (
    <ul className={classes.places}>
      {places.map((place) => (
        <li key={place.to}>
          <Link
            to={place.to}
            className={classes.place}
            activeProps={{ 'data-here': true }}
            activeOptions={{ includeSearch: false }}
            title={small ? place.label : undefined}
            aria-label={small ? place.label : undefined}
          >
            <span aria-hidden className={classes.placeIcon}>
              {place.icon}
            </span>
            {!small && <span className={classes.placeWord}>{place.label}</span>}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The kinds that are opened less often, behind one line; the one that is open is never hidden. */
function Further({ places, small }: { places: Place[]; small: boolean }) {
  const { t } = useLingui();
  const here = useLocation({ select: (at) => at.pathname });
  const [open, setOpen] = useState(localStorage.getItem('castellan.rail.further') === 'open');
  const inside = places.filter((place) => here === place.to || here.startsWith(`${place.to}/`));
  if (places.length === 0) return null;

  function turn() {
    localStorage.setItem('castellan.rail.further', open ? 'closed' : 'open');
    setOpen(!open);
  }

  return (
    <>
      <UnstyledButton
        className={classes.place}
        onClick={turn}
        aria-expanded={open}
        aria-label={small ? t`More` : undefined}
        title={small ? t`More` : undefined}
      >
        <span aria-hidden className={classes.placeIcon}>
          {open ? <IconChevronUp size={18} stroke={1.6} /> : <IconChevronDown size={18} stroke={1.6} />}
        </span>
        {!small && (
          <span className={classes.placeWord}>
            <Trans>More</Trans>
          </span>
        )}
      </UnstyledButton>
      <Places places={open ? places : inside} small={small} />
    </>
  );
}

function PhoneBar({ places }: { places: Place[] }) {
  const { t } = useLingui();
  const [more, setMore] = useState(false);
  const first = places.filter((place) => !place.below).slice(0, 4);
  const rest = places.filter((place) => !first.includes(place));
  return (
    <nav className={classes.phoneBar} aria-label={t`Main`}>
      {first.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className={classes.tab}
          activeProps={{ 'data-here': true }}
          activeOptions={{ includeSearch: false }}
        >
          <span aria-hidden>{place.icon}</span>
          <span className={classes.tabWord}>{place.label}</span>
        </Link>
      ))}
      <UnstyledButton className={classes.tab} onClick={() => setMore(true)}>
        <IconDots size={18} aria-hidden />
        <span className={classes.tabWord}>
          <Trans>More</Trans>
        </span>
      </UnstyledButton>
      {more && (
        <Suspense>
          <More places={rest} onClose={() => setMore(false)} />
        </Suspense>
      )}
    </nav>
  );
}
