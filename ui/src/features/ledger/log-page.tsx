import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Code, Group, Modal, Select, Skeleton, Text } from '@mantine/core';
import { IconCertificate, IconDownload, IconShieldCheck, IconX } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { kinds } from '../../api/kinds';
import {
  checkpoint,
  type Entry,
  entries,
  events,
  type LedgerQuestion,
  ledgerKey,
  proof,
} from '../../api/ledger';
import { names } from '../../api/people';
import { Avatar } from '../../kit/avatar';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { Column, Panel } from '../../kit/page';
import { useClassWords } from '../../kit/rights-words';
import { saveText } from '../../kit/save';
import { daysBetween, exact } from '../../kit/when';
import { kindMany, kindOne } from '../../kit/words';
import { formatter, writing } from '../../text';
import classes from './log.module.css';
import { parts, plain, useEventWords } from './words';

const route = getRouteApi('/in/security/');

/** The log: who saw, changed or took what; by person, client, action and time. */
export function LogPage() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const search = route.useSearch();
  const { data: people = [] } = useQuery(names);
  const { data: catalogue = [] } = useQuery({ ...events, retry: false });
  const question: LedgerQuestion = {
    ...(search.person ? { person: search.person } : {}),
    ...(search.record ? { record: search.record } : {}),
    ...(search.event ? { event: search.event } : {}),
    // Whole days, as the reader's clock counts them.
    ...(search.from ? { from: new Date(`${search.from}T00:00:00`).toISOString() } : {}),
    ...(search.to ? { to: new Date(`${search.to}T23:59:59.999`).toISOString() } : {}),
  };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    entries(question),
  );
  const eventWords = useEventWords();
  const [verifying, setVerifying] = useState(false);
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  const put = (next: Record<string, string>) =>
    void navigate({
      to: '/security',
      search: Object.fromEntries(Object.entries({ ...search, ...next }).filter(([, value]) => value)),
      replace: true,
    });

  return (
    <Column wide>
      <Panel
        title={t`The log`}
        note={t`Everything that anybody saw, changed or took. Nobody can change it unnoticed, not even whoever runs the server.`}
        action={
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={15} />}
            onClick={() => setVerifying(true)}
          >
            <Trans>Verify it yourself</Trans>
          </Button>
        }
      >
        <div className={classes.filter} role="search">
          <Select
            size="xs"
            searchable
            clearable
            w={190}
            aria-label={t`Person`}
            placeholder={t`Any person`}
            data={people.map((person) => ({ value: person.id, label: person.name }))}
            value={search.person ?? null}
            onChange={(person) => put({ person: person ?? '' })}
          />
          <Select
            size="xs"
            searchable
            clearable
            w={220}
            aria-label={t`Action`}
            placeholder={t`Any action`}
            data={catalogue.map((event) => ({
              value: event.name,
              label: plain(eventWords[event.name] ?? event.sentence),
            }))}
            comboboxProps={{ width: 360, position: 'bottom-start' }}
            value={search.event ?? null}
            onChange={(event) => put({ event: event ?? '' })}
          />
          <DateField
            size="xs"
            w={140}
            aria-label={t`From`}
            placeholder={t`From`}
            value={search.from ?? ''}
            onChange={(from) => put({ from })}
          />
          <DateField
            size="xs"
            w={140}
            aria-label={t`To`}
            placeholder={t`To`}
            value={search.to ?? ''}
            onChange={(to) => put({ to })}
          />
          {search.record && (
            <span className={classes.chip}>
              <Trans>one record</Trans>
              <ActionIcon size="xs" aria-label={t`All records`} onClick={() => put({ record: '' })}>
                <IconX size={12} />
              </ActionIcon>
            </span>
          )}
        </div>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={320} />
        ) : items.length === 0 ? (
          <Empty title={t`No entry fits`} />
        ) : (
          <Entries items={items} />
        )}
        {hasNextPage && (
          <Button variant="subtle" mt="sm" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            <Trans>Earlier</Trans>
          </Button>
        )}
      </Panel>
      {verifying && <Verify onClose={() => setVerifying(false)} />}
    </Column>
  );
}

const dayWord = (at: Date, now = new Date()) => {
  const away = daysBetween(now, at);
  if (Math.abs(away) <= 1) return formatter(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(away, 'day');
  return formatter(Intl.DateTimeFormat, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  }).format(at);
};

function Entries({ items }: { items: Entry[] }) {
  let day = '';
  return (
    <ol className={classes.entries}>
      {items.map((entry) => {
        const word = dayWord(new Date(entry.time));
        const first = word !== day;
        day = word;
        return (
          <Fragment key={entry.seq}>
            {first && <li className={classes.day}>{word}</li>}
            <Row entry={entry} />
          </Fragment>
        );
      })}
    </ol>
  );
}

function Row({ entry }: { entry: Entry }) {
  const { t } = useLingui();
  const tell = useTell();
  const { data: all = [] } = useQuery(kinds);
  const classWords = useClassWords();
  const eventWords = useEventWords();
  const at = new Date(entry.time);
  const kind = all.find((each) => each.name === entry.kind);
  const records = entry.records ?? [];
  const titled = records.filter((record) => record.title);
  const count = records.length + (entry.more ?? 0);
  const pieces = parts(eventWords[entry.event] ?? entry.sentence);
  const name = entry.actor.name || t`Somebody`;
  const shown = entry.shown ?? [];
  const subject = titled.map((record) => record.title).join(', ') || t`an account`;
  return (
    <li className={classes.entry}>
      <time className={classes.time} dateTime={entry.time} title={exact(at)}>
        {formatter(Intl.DateTimeFormat, { hour: '2-digit', minute: '2-digit', hour12: false }).format(at)}
      </time>
      <Avatar name={name} size={22} />
      <div className={classes.what}>
        <div>
          {pieces.map((part, index) =>
            part === 'who' ? (
              <Fragment key={index}>
                <strong>{name}</strong>
                {entry.actor.owner && (
                  <>
                    {' '}
                    <Trans>(program of {entry.actor.owner})</Trans>
                  </>
                )}
              </Fragment>
            ) : part === 'record' ? (
              <strong key={index}>{subject}</strong>
            ) : (
              <Fragment key={index}>{part.text}</Fragment>
            ),
          )}
        </div>
        {(kind || shown.length > 0) && (
          <div className={classes.quiet}>
            {kind &&
              (count === 1 && records[0] ? (
                <a href={`/${kind.plural}/${records[0].id}`} className={classes.link}>
                  {records[0].title || kindOne(kind)}
                </a>
              ) : count > 1 ? (
                <>
                  {kindMany(kind)}: {count.toLocaleString(writing())}
                </>
              ) : (
                kindMany(kind)
              ))}
            {shown.length > 0 && (
              <span>
                {kind && ' · '}
                <Trans>shown: {shown.map((each) => classWords[each as 'open'] ?? each).join(', ')}</Trans>
              </span>
            )}
          </div>
        )}
      </div>
      <span className={classes.seq}>#{entry.seq}</span>
      <ActionIcon
        size={26}
        className={classes.proof}
        aria-label={t`Proof of entry ${entry.seq}`}
        title={t`Proof of this entry`}
        onClick={() => proof(entry.seq).then((text) => saveText(text, `entry-${entry.seq}.tlog-proof`), tell)}
      >
        <IconCertificate size={16} />
      </ActionIcon>
    </li>
  );
}

function Verify({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t`Verify it yourself`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Text size="sm" mb="sm">
        <Trans>
          Each entry is sealed into a tree; the server signs the tree’s head every second. Keep a signed head
          and the public key in a place that the server’s administrator does not hold. Later, any entry that
          was removed, changed, moved or dated back shows, because the tree no longer leads to your head.
        </Trans>
      </Text>
      <Group gap={8} mb="md">
        <Button
          variant="default"
          leftSection={<IconDownload size={15} />}
          onClick={() => checkpoint().then((text) => saveText(text, 'castellan-checkpoint.txt'), tell)}
        >
          <Trans>The signed head of now</Trans>
        </Button>
        <Button
          variant="default"
          leftSection={<IconDownload size={15} />}
          onClick={() => ledgerKey().then((text) => saveText(text, 'castellan-ledger.pub'), tell)}
        >
          <Trans>The public key</Trans>
        </Button>
      </Group>
      <Text size="sm" mb={6}>
        <Trans>
          With them, a copy of the log from whoever runs the server, and a program that does not trust that
          server:
        </Trans>
      </Text>
      <Code block>
        {
          'castellan ledger bundle copy\ncastellan-verify --key castellan-ledger.pub --head castellan-checkpoint.txt copy'
        }
      </Code>
    </Modal>
  );
}
