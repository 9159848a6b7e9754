// Only the card has tabs: their styles come with it.
import { later, part } from '../../kit/later';
import '@mantine/core/styles/Tabs.css';
import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Menu, Skeleton, Tabs } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowMerge,
  IconDots,
  IconEyeCheck,
  IconHistory,
  IconShare,
  IconTrash,
  IconUserShield,
  IconX,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Problem } from '../../api/http';
import { type Kind, kinds } from '../../api/kinds';
import { type PersonRef, type Record_, read, remove, restore } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Avatar, Named } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { useUndo } from '../../kit/undo';
import { When } from '../../kit/when';
import { kindOne } from '../../kit/words';
import { AccessTab } from './access';
import { type ListSearch, ofList } from './address';
import { useCache } from './cache';
import classes from './card.module.css';
import { EditableTitle, Fields } from './fields';
import { HistoryTab } from './history';
import { SeenTab } from './seen';
import { ShareDialog } from './share';
import { Timeline } from './timeline';

const CardTwins = part(later(() => import('./card-twins')));
const Convert = part(later(() => import('./convert')));
const Invoice = part(later(() => import('./invoice')));
const StartProcess = part(later(() => import('./start-process')));
const NextStep = part(later(() => import('./next-step')));
const Files = part(later(() => import('./files')));
const MergeDialog = part(later(() => import('./merge')));

/** Fetches the code of what a card shows by itself, so that it is drawn with it. */
export const ahead = () => Promise.all([NextStep, Files, CardTwins].map((each) => each.ahead()));

const route = getRouteApi('/in/$plural/$id');

const overCard = '[role="dialog"],[role="menu"]';

/** The card at its own address. */
export function CardPlace({ beside }: { beside?: Beside }) {
  const { plural, id } = route.useParams();
  const { tab } = route.useSearch();
  const { data: all } = useQuery(kinds);
  const kind = all?.find((each) => each.plural === plural);
  const navigate = useNavigate();

  const close = () =>
    void navigate({ to: '/$plural', params: { plural }, search: (now: ListSearch) => ofList(now) });

  // Asked before what lies over the card hears the key, and is gone: one press
  // closes one thing, also where nothing has the focus.
  const covered = useRef(false);
  useEffect(() => {
    function before(event: KeyboardEvent) {
      covered.current = event.key === 'Escape' && !!document.querySelector(overCard);
    }
    window.addEventListener('keydown', before, true);
    return () => window.removeEventListener('keydown', before, true);
  }, []);

  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.key !== 'Escape' || event.defaultPrevented || covered.current) return;
      const target = event.target as HTMLElement;
      if (/^(INPUT|TEXTAREA)$/.test(target.tagName) || target.closest(overCard)) return;
      close();
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });

  if (!kind) return null;
  return (
    <Card
      key={id}
      kind={kind}
      id={id}
      tab={tab ?? 'card'}
      beside={beside}
      onTab={(next) =>
        void navigate({
          to: '/$plural/$id',
          params: { plural, id },
          search: (now: ListSearch) => (next === 'card' ? ofList(now) : { ...now, tab: next }),
          replace: true,
        })
      }
      onClose={close}
    />
  );
}

/** What belongs on the card of a kind and is not the record's own. */
export type Beside = (kind: Kind, record: Record_, readOnly: boolean) => ReactNode;

interface Props {
  kind: Kind;
  beside: Beside | undefined;
  id: string;
  tab: string;
  onTab: (tab: string) => void;
  onClose: () => void;
}

/** All of one record: its fields, what happened, who may see it, who has seen it. */
export function Card({ kind, beside, id, tab, onTab, onClose }: Props) {
  const { t } = useLingui();
  const me = useMe();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const offerUndo = useUndo();
  const [sharing, setSharing] = useState(false);
  const [merging, setMerging] = useState(false);
  const navigate = useNavigate();
  const { data: record, error, refetch } = useQuery(read(kind.plural, id));

  async function drop() {
    try {
      cache.takeOut(new Set([id]));
      await remove(kind.plural, id);
      onClose();
      offerUndo(<Trans>In the bin.</Trans>, async () => {
        await restore(kind.plural, id);
        await cache.refresh();
      });
    } catch (failure) {
      void cache.refresh();
      tell(failure);
    }
  }

  if (error) {
    return (
      <div className={classes.card}>
        <div className={classes.head}>
          <div style={{ flex: 1 }} />
          <CloseButton onClose={onClose} />
        </div>
        {error instanceof Problem && error.status === 404 ? (
          <Empty title={t`There is nothing here`}>
            <Trans>The record does not exist, or it is not yours to see.</Trans>
          </Empty>
        ) : (
          <Failure failure={error} retry={refetch} />
        )}
      </div>
    );
  }
  if (!record) return <CardBones onClose={onClose} />;

  const readOnly = !!me.view_as;
  const responsible = record[kind.responsible] as PersonRef | null | undefined;
  const mayMerge = !readOnly && mergeable(kind) && !!record.can?.merge;
  const goTo = (stays: string) => {
    if (stays !== id)
      void navigate({
        to: '/$plural/$id',
        params: { plural: kind.plural, id: stays },
        search: (now: ListSearch) => ofList(now),
      });
  };
  const maySeen = holds(me, 'records.seen');
  const mayExplain = holds(me, 'explain');

  return (
    <article className={classes.card} aria-label={kindOne(kind)}>
      <header className={classes.head}>
        <Avatar name={String(record[kind.title] ?? '?')} size={34} />
        <div className={classes.heading}>
          <EditableTitle kind={kind} record={record} readOnly={readOnly} />
          <div className={classes.under}>
            {responsible?.name && (
              <span title={t`Responsible`}>
                <Named name={responsible.name} size={16} />
              </span>
            )}
            <span>
              <Trans>
                changed <When at={record.updated_at} />
              </Trans>
            </span>
          </div>
        </div>
        {!readOnly && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon size={30} aria-label={t`More`}>
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {holds(me, 'records.share') && (
                <Menu.Item leftSection={<IconShare size={16} />} onClick={() => setSharing(true)}>
                  <Trans>Share…</Trans>
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconHistory size={16} />} onClick={() => onTab('history')}>
                <Trans>Earlier versions</Trans>
              </Menu.Item>
              {mayMerge && (
                <Menu.Item leftSection={<IconArrowMerge size={16} />} onClick={() => setMerging(true)}>
                  <Trans>Merge with another…</Trans>
                </Menu.Item>
              )}
              {record.can?.delete && (
                <Menu.Item c="var(--c-danger)" leftSection={<IconTrash size={16} />} onClick={drop}>
                  <Trans>Delete</Trans>
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
        <CloseButton onClose={onClose} />
      </header>
      <Tabs
        value={tab}
        onChange={(next) => onTab(next ?? 'card')}
        className={classes.tabs}
        classNames={{ panel: classes.panel, tab: classes.tab, list: classes.tabList }}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="card">
            <Trans>Card</Trans>
          </Tabs.Tab>
          <Tabs.Tab value="history">
            <Trans>Changes</Trans>
          </Tabs.Tab>
          {mayExplain && (
            <Tabs.Tab value="access" leftSection={<IconUserShield size={15} />}>
              <Trans>Who can see it</Trans>
            </Tabs.Tab>
          )}
          {maySeen && (
            <Tabs.Tab value="seen" leftSection={<IconEyeCheck size={15} />}>
              <Trans>Who has seen it</Trans>
            </Tabs.Tab>
          )}
        </Tabs.List>
        {['contact', 'company', 'deal'].includes(kind.name) && !record.binned && (
          // In sight on every tab and however far one has read.
          <div className={classes.step}>
            <Suspense fallback={<div style={{ height: 54 }} />}>
              <NextStep kind={kind} record={record} readOnly={readOnly} />
            </Suspense>
          </div>
        )}
        <div className={classes.scroll}>
          <Tabs.Panel value="card">
            {kind.name === 'prospect' && !record.contact && record.can?.edit && !readOnly && (
              <Suspense fallback={<div style={{ height: 48 }} />}>
                <Convert record={record} />
              </Suspense>
            )}
            {kind.name === 'deal' && !record.binned && !readOnly && (
              <Suspense>
                <StartProcess record={record} />
              </Suspense>
            )}
            {mayMerge && (
              <Suspense>
                <CardTwins kind={kind} record={record} onMerged={goTo} />
              </Suspense>
            )}
            {kind.name === 'invoice' && (
              <Suspense fallback={<div style={{ height: 120 }} />}>
                <Invoice record={record} readOnly={readOnly} />
              </Suspense>
            )}
            <Fields kind={kind} record={record} readOnly={readOnly} />
            {beside?.(kind, record, readOnly)}
            <Suspense fallback={<div style={{ height: 80 }} />}>
              <Files kind={kind} record={record} readOnly={readOnly} />
            </Suspense>
            <Timeline kind={kind} record={record} readOnly={readOnly} />
          </Tabs.Panel>
          <Tabs.Panel value="history">
            <HistoryTab kind={kind} record={record} readOnly={readOnly} />
          </Tabs.Panel>
          <Tabs.Panel value="access">
            <AccessTab kind={kind} record={record} readOnly={readOnly} onShare={() => setSharing(true)} />
          </Tabs.Panel>
          <Tabs.Panel value="seen">
            <SeenTab kind={kind} record={record} />
          </Tabs.Panel>
        </div>
      </Tabs>
      {merging && (
        <Suspense>
          <MergeDialog kind={kind} one={id} onClose={() => setMerging(false)} onMerged={goTo} />
        </Suspense>
      )}
      {sharing && <ShareDialog kind={kind} record={record} onClose={() => setSharing(false)} />}
    </article>
  );
}

/** Whether records of the kind are ever the same: those that say how somebody is reached. */
const mergeable = (kind: Kind) =>
  !kind.within && kind.fields.some((field) => field.name === 'phones' || field.name === 'emails');

function CloseButton({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  return (
    <ActionIcon size={30} aria-label={t`Close the card`} title={t`Close (Esc)`} onClick={onClose}>
      <IconX size={18} className={classes.closeWide} />
      <IconArrowBackUp size={18} className={classes.closePhone} />
    </ActionIcon>
  );
}

function CardBones({ onClose }: { onClose: () => void }) {
  return (
    <div className={classes.card} aria-busy>
      <header className={classes.head}>
        <Skeleton circle height={34} />
        <div className={classes.heading}>
          <Skeleton height={14} width={180} mb={8} />
          <Skeleton height={10} width={120} />
        </div>
        <CloseButton onClose={onClose} />
      </header>
      <div style={{ padding: '52px 16px' }}>
        {Array.from({ length: 8 }, (_, index) => (
          <div key={index} style={{ display: 'flex', gap: 24, marginBottom: 22 }}>
            <Skeleton height={10} width={90} />
            <Skeleton height={10} width={`${30 + ((index * 17) % 40)}%`} />
          </div>
        ))}
      </div>
    </div>
  );
}
