import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Button, Select, Skeleton, Text, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconPrinter } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { names } from '../../api/people';
import { type SignInQuestion, type SignInSummary, signInSummary, signIns } from '../../api/sign-ins';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { DateField } from '../../kit/field-date';
import { Column, Panel } from '../../kit/page';
import { SignInList } from '../../kit/sign-in-list';
import { useRefusalWords } from '../../kit/sign-in-words';
import { Until } from '../../kit/until';
import { writing } from '../../text';
import classes from './security.module.css';

const route = getRouteApi('/in/security/sign-ins');

/** Who signed in, when, from where and with what, and every failure: to be looked at, then read. */
export function SignInsPage() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const search = route.useSearch();
  const { data: people = [] } = useQuery(names);
  const summary = useQuery(signInSummary);
  const [address, setAddress] = useState(search.address ?? '');
  const question: SignInQuestion = {
    ...(search.person ? { person: search.person } : {}),
    ...(search.outcome ? { outcome: search.outcome } : {}),
    ...(search.address ? { address: search.address } : {}),
    ...(search.from ? { from: new Date(`${search.from}T00:00:00`).toISOString() } : {}),
    ...(search.to ? { to: new Date(`${search.to}T23:59:59.999`).toISOString() } : {}),
  };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    signIns(question),
  );
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  const put = (next: Record<string, string>) =>
    void navigate({
      to: '/security/sign-ins',
      search: Object.fromEntries(Object.entries({ ...search, ...next }).filter(([, value]) => value)),
      replace: true,
    });
  const putAddress = useDebouncedCallback((word: string) => put({ address: word.trim() }), 400);

  return (
    <Column wide>
      {!summary.error && <Summary summary={summary.data} />}
      <Panel
        title={t`Sign-ins`}
        note={t`Every success, every failure and every change about getting in. What was typed is never kept.`}
        action={
          <Button
            className={classes.screen}
            variant="default"
            leftSection={<IconPrinter size={15} />}
            onClick={() => window.print()}
          >
            <Trans>Print</Trans>
          </Button>
        }
      >
        <div className={`${classes.filter} ${classes.screen}`} role="search">
          <Select
            size="xs"
            searchable
            clearable
            w={180}
            aria-label={t`Person`}
            placeholder={t`Any person`}
            data={people.map((person) => ({ value: person.id, label: person.name }))}
            value={search.person ?? null}
            onChange={(person) => put({ person: person ?? '' })}
          />
          <Select
            size="xs"
            clearable
            w={180}
            aria-label={t`What became of it`}
            placeholder={t`Any outcome`}
            data={[
              { value: 'in', label: t`Signed in` },
              { value: 'refused', label: t`Refused` },
              { value: 'proof', label: t`Proofs` },
              { value: 'out', label: t`Ended` },
              { value: 'changed', label: t`Changes` },
            ]}
            value={search.outcome ?? null}
            onChange={(outcome) => put({ outcome: outcome ?? '' })}
          />
          <TextInput
            size="xs"
            w={160}
            aria-label={t`Address or network`}
            placeholder="192.0.2.0/24"
            value={address}
            onChange={(event) => {
              setAddress(event.currentTarget.value);
              putAddress(event.currentTarget.value);
            }}
          />
          <DateField
            size="xs"
            w={130}
            aria-label={t`From`}
            placeholder={t`From`}
            value={search.from ?? ''}
            onChange={(from) => put({ from })}
          />
          <DateField
            size="xs"
            w={130}
            aria-label={t`To`}
            placeholder={t`To`}
            value={search.to ?? ''}
            onChange={(to) => put({ to })}
          />
        </div>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={320} />
        ) : items.length === 0 && !hasNextPage ? (
          <Empty title={t`No entry fits`} />
        ) : (
          <SignInList items={items} />
        )}
        {hasNextPage && (
          <Button
            className={classes.screen}
            variant="subtle"
            mt="sm"
            loading={isFetchingNextPage}
            onClick={() => fetchNextPage()}
          >
            <Trans>Earlier</Trans>
          </Button>
        )}
      </Panel>
    </Column>
  );
}

/** The last seven days at a glance. */
function Summary({ summary }: { summary: SignInSummary | undefined }) {
  const { t } = useLingui();
  if (!summary) return <Skeleton height={190} />;
  const failures = summary.refused.reduce((sum, each) => sum + each, 0);
  return (
    <div className={classes.cards}>
      <Panel title={t`The last seven days by the hour`}>
        <Hours summary={summary} />
      </Panel>
      <Panel title={t`Refused in seven days`}>
        <Reasons failures={failures} reasons={summary.reasons} />
        {!summary.whole && (
          <Text size="xs" c="dimmed">
            <Trans>There are so many that only the latest part was counted.</Trans>
          </Text>
        )}
      </Panel>
      <Panel title={t`Slowed now`}>
        <SlowedNow summary={summary} />
      </Panel>
    </div>
  );
}

function Reasons({ failures, reasons }: { failures: number; reasons: Record<string, number> }) {
  const refusal = useRefusalWords();
  const all = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  return (
    <>
      <div className={classes.figure}>{failures.toLocaleString(writing())}</div>
      <ul className={classes.reasons}>
        {all.slice(0, 5).map(([reason, count]) => (
          <li key={reason}>
            <span>{refusal[reason] ?? refusal.other}</span>
            <span>{count.toLocaleString(writing())}</span>
          </li>
        ))}
      </ul>
      {failures === 0 && (
        <Text size="sm" c="dimmed">
          <Trans>Nobody was turned away.</Trans>
        </Text>
      )}
    </>
  );
}

function SlowedNow({ summary }: { summary: SignInSummary }) {
  if (summary.slowed.length === 0 && summary.unknown === 0)
    return (
      <Text size="sm" c="dimmed">
        <Trans>Nobody has to wait.</Trans>
      </Text>
    );
  return (
    <ul className={classes.reasons}>
      {summary.slowed.slice(0, 6).map((each) => (
        <li key={`${each.person.id} ${each.network ?? ''}`}>
          <span>
            <strong>{each.person.name}</strong>{' '}
            {each.network ? (
              <Trans>tries from {each.network}</Trans>
            ) : (
              <Trans>tried from everywhere: only known networks are let in</Trans>
            )}
          </span>
          <Until at={each.until} />
        </li>
      ))}
      {summary.unknown > 0 && (
        <li>
          <Plural
            value={summary.unknown}
            one="# account that does not exist"
            other="# accounts that do not exist"
          />
        </li>
      )}
    </ul>
  );
}

/** A map of hours: a row for each day, a field for each hour of the reader's clock. */
function Hours({ summary }: { summary: SignInSummary }) {
  const { t } = useLingui();
  const from = new Date(summary.from).getTime();
  const days = new Map<string, { date: Date; fields: { in: number; refused: number }[] }>();
  summary.in.forEach((count, index) => {
    const at = new Date(from + index * 3_600_000);
    const key = at.toDateString();
    const day = days.get(key) ?? {
      date: at,
      fields: Array.from({ length: 24 }, () => ({ in: 0, refused: 0 })),
    };
    const field = day.fields[at.getHours()];
    if (field) {
      field.in += count;
      field.refused += summary.refused[index] ?? 0;
    }
    days.set(key, day);
  });
  const most = Math.max(1, ...summary.in);
  const total = summary.in.reduce((sum, each) => sum + each, 0);
  const failures = summary.refused.reduce((sum, each) => sum + each, 0);
  const weekday = new Intl.DateTimeFormat(writing(), { weekday: 'short' });
  return (
    <div
      className={classes.hours}
      role="img"
      aria-label={t`Signed in: ${total}. Refused: ${failures}. The list below has each of them.`}
    >
      {[...days.values()].slice(-7).map((day) => (
        <div key={day.date.toDateString()} className={classes.hourRow}>
          <span className={classes.hourDay}>{weekday.format(day.date)}</span>
          {day.fields.map((field, hour) => {
            const title = t`${hour}:00 – signed in ${field.in}, refused ${field.refused}`;
            return (
              <Tooltip key={hour} label={title} disabled={field.in + field.refused === 0}>
                <span
                  className={classes.hour}
                  data-level={field.in === 0 ? 0 : Math.ceil((field.in / most) * 4)}
                  data-refused={field.refused > 0 || undefined}
                />
              </Tooltip>
            );
          })}
        </div>
      ))}
      <div className={classes.hourRow}>
        <span className={classes.hourDay} />
        {[0, 6, 12, 18].map((hour) => (
          <span key={hour} className={classes.hourWord}>
            {hour}
          </span>
        ))}
      </div>
      <Text size="xs" c="dimmed" mt={4}>
        <span className={classes.legendIn} /> <Trans>signed in</Trans>{' '}
        <span className={classes.legendRefused} /> <Trans>refused</Trans>
      </Text>
    </div>
  );
}
