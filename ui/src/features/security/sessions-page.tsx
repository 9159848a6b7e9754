import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, Modal, Skeleton, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { holds, useMe } from '../../api/session';
import { endEveryone, endSession, endSessions, liveSessions, type SessionOf } from '../../api/sessions';
import { Avatar } from '../../kit/avatar';
import { DeviceIcon, placeWords, useDeviceWords } from '../../kit/device';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useHowWords } from '../../kit/sign-in-words';
import { Until } from '../../kit/until';
import { When } from '../../kit/when';
import classes from './security.module.css';

/** Who is signed in now, by person; one session, all of a person's or everybody's can be ended. */
export function SessionsPage() {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const device = useDeviceWords();
  const [asks, setAsks] = useState(false);
  const [word, setWord] = useState('');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...liveSessions,
    refetchInterval: 30_000,
  });
  const again = () => client.invalidateQueries({ queryKey: ['sessions'] });
  const all = data?.pages.flatMap((page) => page.items) ?? [];
  const fits = (each: SessionOf) =>
    [each.person?.name, device(each.device), each.last_used_from, placeWords(each.place)]
      .join(' ')
      .toLocaleLowerCase()
      .includes(word.trim().toLocaleLowerCase());
  const people = new Map<string, SessionOf[]>();
  for (const each of all.filter(fits)) {
    const id = each.person?.id ?? '';
    people.set(id, [...(people.get(id) ?? []), each]);
  }
  const unfamiliar = all.filter((each) => each.new).length;

  return (
    <Column wide>
      <Panel
        title={t`Who is signed in`}
        note={t`What is ended here no longer opens anything within a second: neither the page nor the API, nor what runs in the background.`}
        action={
          holds(me, 'security.manage') ? (
            <Button variant="light" color="red" onClick={() => setAsks(true)}>
              <Trans>End everybody’s sessions</Trans>
            </Button>
          ) : undefined
        }
      >
        <div className={classes.filter}>
          <TextInput
            size="xs"
            w={260}
            leftSection={<IconSearch size={14} />}
            aria-label={t`Find a session`}
            placeholder={t`Person, device, address, place`}
            value={word}
            onChange={(event) => setWord(event.currentTarget.value)}
          />
          {data && (
            <Text size="sm" c="dimmed" component="span">
              <Plural value={all.length} one="# session" other="# sessions" />
              {unfamiliar > 0 && (
                <>
                  {', '}
                  <Plural value={unfamiliar} one="# by a new device" other="# by new devices" />
                </>
              )}
            </Text>
          )}
        </div>
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={280} />
        ) : people.size === 0 ? (
          <Empty title={t`No session fits`} />
        ) : (
          <ul className={classes.people}>
            {[...people.values()].map((list) => (
              <Person key={list[0]?.person?.id} list={list} onDone={again} />
            ))}
          </ul>
        )}
        {hasNextPage && (
          <Button variant="subtle" mt="sm" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            <Trans>Earlier</Trans>
          </Button>
        )}
      </Panel>
      {asks && <Brake onClose={() => setAsks(false)} onDone={again} />}
    </Column>
  );
}

function Person({ list, onDone }: { list: SessionOf[]; onDone: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const tell = useTell();
  const person = list[0]?.person;
  if (!person) return null;
  const mine = person.id === me.person.id;
  const others = list.filter((each) => !each.current).length;
  return (
    <li className={classes.person}>
      <div className={classes.head}>
        <Avatar name={person.name} size={26} />
        {mine ? (
          <Link to="/settings/you" className={classes.name}>
            {person.name}
          </Link>
        ) : holds(me, 'people.manage') ? (
          <Link to="/settings/people/$id" params={{ id: person.id }} className={classes.name}>
            {person.name}
          </Link>
        ) : (
          <span className={classes.name}>{person.name}</span>
        )}
        {others > 1 && (
          <Button
            variant="subtle"
            aria-label={mine ? `${t`End all others`}: ${person.name}` : t`End all sessions of ${person.name}`}
            onClick={() => endSessions(person.id).then(onDone, tell)}
          >
            {mine ? <Trans>End all others</Trans> : <Trans>End all</Trans>}
          </Button>
        )}
      </div>
      <ul className={classes.sessions}>
        {list.map((each) => (
          <Row key={each.id} session={each} name={person.name} onDone={onDone} />
        ))}
      </ul>
    </li>
  );
}

function Row({ session, name, onDone }: { session: SessionOf; name: string; onDone: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  const device = useDeviceWords();
  const how = useHowWords();
  const place = placeWords(session.place);
  return (
    <li className={classes.session}>
      <DeviceIcon device={session.device} />
      <div className={classes.what}>
        <div title={session.agent}>
          {device(session.device)}{' '}
          {session.current && (
            <Badge size="xs" variant="light" tt="none">
              <Trans>this one</Trans>
            </Badge>
          )}{' '}
          {session.new && (
            <Badge size="xs" variant="light" color="orange" tt="none">
              <Trans>new device or network</Trans>
            </Badge>
          )}
        </div>
        <div className={classes.quiet}>{[session.last_used_from, place].filter(Boolean).join(' · ')}</div>
      </div>
      <div className={classes.times}>
        <div>
          <Trans>
            signed in <When at={session.created_at} /> {how[session.how] ?? session.how}
          </Trans>
        </div>
        <div>
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
        </div>
      </div>
      <div className={classes.act}>
        {!session.current && (
          <Button
            variant="default"
            aria-label={t`End the session of ${name}: ${device(session.device)}`}
            onClick={() => endSession(session.id).then(onDone, tell)}
          >
            <Trans>End</Trans>
          </Button>
        )}
      </div>
    </li>
  );
}

/** The emergency brake asks once. */
function Brake({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const { t } = useLingui();
  const tell = useTell();
  const [busy, setBusy] = useState(false);
  async function pull() {
    setBusy(true);
    try {
      const { ended } = await endEveryone();
      notifications.show({ message: t`Sessions ended: ${ended}.` });
      onDone();
      onClose();
    } catch (problem) {
      tell(problem);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t`End everybody’s sessions?`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Text size="sm" mb="md">
        <Trans>
          Everybody but you is signed out within a second, wherever they are, owners included. They can sign
          in again with their password. Program keys go on working. What was not saved is lost.
        </Trans>
      </Text>
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button color="red" loading={busy} onClick={pull} data-autofocus>
          <Trans>End them all</Trans>
        </Button>
      </Group>
    </Modal>
  );
}
