import { Trans, useLingui } from '@lingui/react/macro';
import { Anchor, Button, Skeleton } from '@mantine/core';
import { IconArrowDownLeft, IconArrowUpRight, IconMessages, IconPlus } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { filesOf } from '../../api/files';
import { type Kind, kinds } from '../../api/kinds';
import { list, type Record_, type RecordRef } from '../../api/records';
import { useMe } from '../../api/session';
import { Avatar } from '../../kit/avatar';
import Closed from '../../kit/closed';
import { Delivery } from '../../kit/delivery';
import { Empty } from '../../kit/empty';
import { Enclosed } from '../../kit/enclosed';
import { Failure } from '../../kit/failure';
import { PageTitle } from '../../kit/page';
import { Sender } from '../../kit/sender';
import { When } from '../../kit/when';
import classes from './messages.module.css';
import { Reply } from './reply';

/** With whom a message was exchanged; without a client it stands by itself. */
const partner = (message: Record_) => (message.contact ?? message.company) as RecordRef | null | undefined;

interface Props {
  /** Where a new message is noted; told of it when it is kept, and of nothing when it is not. */
  note: (kind: Kind, done: (made: Record_ | null) => void) => ReactNode;
  /** Where a mail is written to a client. */
  letter: (client: RecordRef, done: () => void) => ReactNode;
}

/** Conversations by client, the newest first, and one of them beside. */
export function MessagesPage({ note, letter }: Props) {
  const me = useMe();
  const [noting, setNoting] = useState(false);
  const [mailing, setMailing] = useState<RecordRef | null>(null);
  const { t } = useLingui();
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    list('messages', { sort: '-at' }),
  );
  const all = data?.pages.flatMap((page) => page.items) ?? [];
  const { data: known } = useQuery(kinds);
  const kind = known?.find((each) => each.name === 'message');
  const talks = new Map<string, Record_[]>();
  for (const message of all) {
    const key = partner(message)?.id ?? message.id;
    talks.set(key, [...(talks.get(key) ?? []), message]);
  }
  if ((data || error) && all.length === 0 && known && (kind?.actions.view ?? 'denied') === 'denied')
    return <Closed what={t`Messages`} />;
  if (error) return <Failure failure={error} retry={refetch} />;
  const open = chosen !== null ? talks.get(chosen) : undefined;
  const withWhom = open?.[0] ? partner(open[0]) : undefined;
  const mayNote = !me.view_as && (kind?.actions.create ?? 'denied') !== 'denied';
  const noteButton = mayNote && (
    <Button leftSection={<IconPlus size={15} />} onClick={() => setNoting(true)}>
      <Trans>Note a message</Trans>
    </Button>
  );
  return (
    <>
      <PageTitle title={t`Messages`} />
      {data && all.length === 0 ? (
        <Empty icon={<IconMessages size={24} />} title={t`No messages yet`} action={noteButton}>
          <Trans>Mails to and from clients, text messages and chat notes gather here, by client.</Trans>
        </Empty>
      ) : (
        <div className={classes.split} data-open={open ? true : undefined}>
          <nav className={classes.talks} aria-label={t`Conversations`}>
            {noteButton && <div className={classes.top}>{noteButton}</div>}
            {!data && <Skeleton height={240} m="md" />}
            <ul>
              {[...talks].map(([key, messages]) => {
                const last = messages[0];
                if (!last) return null;
                const name = partner(last)?.title ?? String(last.subject ?? '');
                return (
                  <li key={key}>
                    <button
                      type="button"
                      className={classes.talk}
                      aria-current={key === chosen || undefined}
                      onClick={() => setChosen(key)}
                    >
                      <Avatar name={name || '?'} size={28} />
                      <span className={classes.who}>
                        <strong>{name || t`Client`}</strong>
                        <span>{String(last.body ?? last.subject ?? '').slice(0, 120)}</span>
                      </span>
                      <span className={classes.at}>
                        <When at={last.at as string | null} />
                      </span>
                    </button>
                  </li>
                );
              })}
            </ul>
            {hasNextPage && (
              <Button
                variant="subtle"
                color="gray"
                loading={isFetchingNextPage}
                onClick={() => fetchNextPage()}
              >
                <Trans>Earlier</Trans>
              </Button>
            )}
            <Anchor component={Link} to="/messages" size="sm" className={classes.asList}>
              <Trans>All messages as a list</Trans>
            </Anchor>
          </nav>
          <section className={classes.thread} aria-label={t`Conversation`}>
            {open ? (
              <>
                <div className={classes.head}>
                  <Button
                    variant="subtle"
                    color="gray"
                    size="compact-sm"
                    className={classes.back}
                    onClick={() => setChosen(null)}
                  >
                    <Trans>Back</Trans>
                  </Button>
                  {withWhom && (
                    <Anchor
                      component={Link}
                      to={`/${withWhom.kind === 'company' ? 'companies' : 'contacts'}/${withWhom.id}`}
                      size="sm"
                    >
                      <Trans>Open the card of {withWhom.title}</Trans>
                    </Anchor>
                  )}
                </div>
                <ol className={classes.messages}>
                  {[...open].reverse().map((message) => (
                    <Message key={message.id} message={message} onSent={refetch} />
                  ))}
                </ol>
                {withWhom && mayNote && (
                  <Reply
                    key={withWhom.id}
                    partner={withWhom}
                    onDone={() => void refetch()}
                    onLetter={withWhom.kind === 'contact' ? () => setMailing(withWhom) : undefined}
                  />
                )}
              </>
            ) : (
              <p className={classes.choose}>
                <Trans>Choose a conversation.</Trans>
              </p>
            )}
          </section>
        </div>
      )}
      {noting &&
        kind &&
        note(kind, (made) => {
          setNoting(false);
          if (!made) return;
          setChosen(partner(made)?.id ?? made.id);
          void refetch();
        })}
      {mailing &&
        letter(mailing, () => {
          setMailing(null);
          void refetch();
        })}
    </>
  );
}

/** What was said. It is text and never anything else: a mail may hold what would like to run. */
function Message({ message, onSent }: { message: Record_; onSent: () => void }) {
  const { t } = useLingui();
  const out = message.direction === 'out';
  const mail = message.channel === 'mail';
  const { data: all } = useQuery(kinds);
  const seesFiles = all?.some((each) => each.name === 'file') === true;
  const { data: files } = useQuery({ ...filesOf(message.id), enabled: mail && seesFiles });
  const words: Record<string, string> = { sms: t`SMS`, chat: t`Chat`, mail: t`E-mail` };
  return (
    <li className={classes.message} data-out={out || undefined}>
      <div className={classes.meta}>
        {out ? <IconArrowUpRight size={13} aria-hidden /> : <IconArrowDownLeft size={13} aria-hidden />}
        {!(out && message.delivery === 'failed') && message.delivery !== 'waiting' && (
          <span>{out ? t`Sent` : t`Received`}</span>
        )}
        <span>{words[String(message.channel)] ?? ''}</span>
        <When at={message.at as string | null} />
      </div>
      {out && <Delivery message={message} onSent={onSent} />}
      {!out && mail && message.created_by === null && <Sender message={message} />}
      {!String(message.body ?? '').startsWith(String(message.subject ?? '').replace(/…$/, '')) && (
        <strong>{String(message.subject ?? '')}</strong>
      )}
      {typeof message.body === 'string' && <p className={classes.body}>{message.body}</p>}
      <Enclosed files={files} />
    </li>
  );
}
