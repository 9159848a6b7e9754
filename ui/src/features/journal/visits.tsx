import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Button, Skeleton } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Visit, visitsOf } from '../../api/journal';
import { kinds } from '../../api/kinds';
import { useMe } from '../../api/session';
import { moneyText } from '../../kit/field-value';
import { asDate, clockOf, dayOf, wallOf } from '../../kit/wall';
import { formatter } from '../../text';
import { icons, useStatusWords } from './status';
import classes from './visits.module.css';

/** The appointments of a client on their card: those to come, then those that were. */
export function Visits({ client, readOnly }: { client: string; readOnly: boolean }) {
  const { t } = useLingui();
  const me = useMe();
  const [more, setMore] = useState(false);
  const { data: all } = useQuery(kinds);
  const kind = all?.find((each) => each.name === 'appointment');
  const seen = (kind?.actions.view ?? 'denied') !== 'denied';
  const { data } = useQuery({ ...visitsOf(client), enabled: seen });
  if (!all || !seen) return null;
  const mayBook = !readOnly && (kind?.actions.create ?? 'denied') !== 'denied';
  const visits = (data?.items ?? []) as Visit[];
  const now = new Date().toISOString();
  const coming = visits.filter((each) => each.ends_at > now).reverse();
  const past = visits.filter((each) => each.ends_at <= now);
  const shown = more ? past : past.slice(0, 3);
  const left = past.length - shown.length;
  const missed = past.filter((each) => each.status === 'no_show').length;

  return (
    <section className={classes.visits} aria-label={t`Appointments`}>
      <div className={classes.head}>
        <h3 className={classes.title}>
          <Trans>Appointments</Trans>
        </h3>
        {missed > 0 && (
          <span className={classes.missed}>
            <Plural value={missed} one="did not come # time" other="did not come # times" />
          </span>
        )}
        {mayBook && (
          <Button
            variant="subtle"
            size="compact-xs"
            ms="auto"
            leftSection={<IconPlus size={13} />}
            renderRoot={(root) => <Link {...root} to="/journal" search={{ client }} />}
          >
            <Trans>Book</Trans>
          </Button>
        )}
      </div>
      {!data ? (
        <Skeleton height={52} />
      ) : visits.length === 0 ? (
        <p className={classes.nothing}>
          <Trans>No appointments yet.</Trans>
        </p>
      ) : (
        <ol className={classes.list}>
          {[...coming, ...shown].map((each) => (
            <Row
              key={each.id}
              visit={each}
              zone={me.workspace.time_zone}
              currency={me.workspace.currency}
              coming={each.ends_at > now}
            />
          ))}
        </ol>
      )}
      {left > 0 && (
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setMore(true)}>
          <Plural value={left} one="# earlier" other="# earlier" />
        </Button>
      )}
    </section>
  );
}

function Row({
  visit,
  zone,
  currency,
  coming,
}: {
  visit: Visit;
  zone: string;
  currency: string;
  coming: boolean;
}) {
  const words = useStatusWords();
  const from = wallOf(visit.starts_at, zone);
  const day = dayOf(from);
  const year = day.slice(0, 4) !== new Date().toISOString().slice(0, 4);
  const date = formatter(Intl.DateTimeFormat, {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(year ? { year: 'numeric' } : {}),
  }).format(asDate(day));
  const status = visit.status ?? 'waiting';
  return (
    <li className={classes.row} data-coming={coming || undefined}>
      <Link to="/journal" search={{ day }} className={classes.when}>
        {date}, {clockOf(from)}
      </Link>
      <span className={classes.what}>
        {visit.title}
        <span className={classes.quiet}>
          {[visit.responsible?.name, visit.price ? moneyText(visit.price, currency) : '']
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      <span className={classes.state} data-status={status}>
        {icons[status]} {words[status]}
      </span>
    </li>
  );
}
