import { Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { holds, useMe } from '../../api/session';
import { disown, endSession, endSessions, type SessionOf, sessions } from '../../api/sessions';
import { signIns } from '../../api/sign-ins';
import { DeviceIcon, placeWords, useDeviceWords } from '../../kit/device';
import { useTell } from '../../kit/failure';
import { Panel } from '../../kit/page';
import { SignInList } from '../../kit/sign-in-list';
import { useEndWords, useHowWords } from '../../kit/sign-in-words';
import { Until } from '../../kit/until';
import { When } from '../../kit/when';
import classes from './people.module.css';

const shownAtFirst = 5;

/** Where a person is signed in, now and lately; each can be ended. */
export function SessionsPanel({ person, own = false }: { person: string; own?: boolean }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [all, setAll] = useState(false);
  const { data, error } = useQuery({ ...sessions(person), retry: false });
  if (error) return null;
  const again = () => client.invalidateQueries({ queryKey: ['sessions'] });
  const live = (data ?? []).filter((each) => !each.ended_at);
  const past = (data ?? []).filter((each) => each.ended_at);
  const shown = [...live, ...(all ? past : past.slice(0, Math.max(0, shownAtFirst - live.length)))];
  return (
    <Panel
      title={t`Sessions`}
      note={t`Every place where this account is signed in, and was lately.`}
      action={
        live.length > 1 ? (
          <Button variant="default" onClick={() => endSessions(person).then(again, tell)}>
            {own ? <Trans>End all others</Trans> : <Trans>End all</Trans>}
          </Button>
        ) : undefined
      }
    >
      {!data ? (
        <Skeleton height={160} />
      ) : (
        <>
          <ul className={classes.list}>
            {shown.map((each) => (
              <Row key={each.id} session={each} own={own} onDone={again} />
            ))}
          </ul>
          {shown.length < live.length + past.length && (
            <Button variant="subtle" mt="xs" onClick={() => setAll(true)}>
              <Trans>Show past sessions</Trans>
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

function Row({ session, own, onDone }: { session: SessionOf; own: boolean; onDone: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  const device = useDeviceWords();
  const how = useHowWords();
  const why = useEndWords();
  const place = placeWords(session.place);

  async function notMe() {
    try {
      await disown(session.id);
      onDone();
      notifications.show({
        color: 'orange',
        autoClose: 12_000,
        message: t`That session is over, and so are your others. Whoever it was knows your password: choose a new one now.`,
      });
      const field = document.querySelector<HTMLInputElement>('input[autocomplete="current-password"]');
      field?.scrollIntoView({ block: 'center' });
      field?.focus();
    } catch (problem) {
      tell(problem);
    }
  }

  return (
    <li className={classes.session} data-past={session.ended_at ? true : undefined}>
      <DeviceIcon device={session.device} />
      <div className={classes.grow}>
        <div className={classes.device} title={session.agent}>
          {device(session.device)}{' '}
          {session.current && (
            <Badge size="xs" variant="light" tt="none">
              <Trans>this one</Trans>
            </Badge>
          )}{' '}
          {session.waits && (
            <Badge size="xs" variant="light" color="gray" tt="none">
              <Trans>waits for a second factor</Trans>
            </Badge>
          )}{' '}
          {session.new && (
            <Badge size="xs" variant="light" color="orange" tt="none">
              <Trans>new device or network</Trans>
            </Badge>
          )}
        </div>
        <div className={classes.quiet}>
          {[session.last_used_from, place].filter(Boolean).map((word) => `${word} · `)}
          <Trans>
            signed in <When at={session.created_at} /> {how[session.how] ?? session.how}
          </Trans>
        </div>
        <div className={classes.quiet}>
          {session.ended_at ? (
            <Trans>
              ended <When at={session.ended_at} />: {why[session.why ?? ''] ?? session.why}
            </Trans>
          ) : (
            <>
              <Trans>
                last used <When at={session.last_used_at} />
              </Trans>
              {session.ends_at && (
                <>
                  {' · '}
                  <Trans>
                    ends by itself <Until at={session.ends_at} />
                  </Trans>
                </>
              )}
            </>
          )}
        </div>
      </div>
      {!session.current && (
        <Group gap={6} className={classes.acts}>
          {own && session.new && (
            <Button variant="light" color="orange" onClick={notMe}>
              <Trans>This was not me</Trans>
            </Button>
          )}
          {!session.ended_at && (
            <Button
              variant="default"
              aria-label={t`End the session: ${device(session.device)}`}
              onClick={() => endSession(session.id).then(onDone, tell)}
            >
              <Trans>End</Trans>
            </Button>
          )}
        </Group>
      )}
    </li>
  );
}

/** What happened about getting into one's own account, refused tries included. */
export function OwnSignIns({ person }: { person: string }) {
  const { t } = useLingui();
  const me = useMe();
  const may = holds(me, 'ledger.read') || holds(me, 'ledger.read_own');
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...signIns({ person }),
    retry: false,
    enabled: may,
  });
  const [open, setOpen] = useState(false);
  if (error || !may) return null;
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title={t`Sign-ins`} note={t`Who came in or tried to, with your account.`}>
      {!data ? <Skeleton height={160} /> : <SignInList items={open ? items : items.slice(0, 8)} own />}
      {!open && items.length > 8 ? (
        <Button variant="subtle" mt="xs" onClick={() => setOpen(true)}>
          <Trans>Show more</Trans>
        </Button>
      ) : hasNextPage ? (
        <Button variant="subtle" mt="xs" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          <Trans>Earlier</Trans>
        </Button>
      ) : null}
    </Panel>
  );
}
