import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Menu, Popover } from '@mantine/core';
import {
  IconArrowsMove,
  IconDots,
  IconExternalLink,
  IconPencil,
  IconRepeat,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type Column, revealInJournal, type Status } from '../../api/journal';
import type { Record_ } from '../../api/records';
import { useMe } from '../../api/session';
import { moneyText, phoneText } from '../../kit/field-value';
import { asDate, clockOf, dayOf, later } from '../../kit/wall';
import { writing } from '../../text';
import type { Moved } from './calendar';
import classes from './journal.module.css';
import type { Placed } from './parts';
import { Phones } from './phones';
import { atOnce, icons, useStatusWords } from './status';

interface Props {
  placed: Placed;
  /** Beside what it stands. */
  box: DOMRect;
  client: Record_ | undefined;
  columns: Column[];
  mayChange: boolean;
  mayAssign: boolean;
  onClose: () => void;
  onMark: (status: Status) => void;
  onMove: (to: Moved) => void;
  onDrop: (whole: boolean) => void;
  onEdit: () => void;
}

/** One appointment in short, and what can be done with it by one click. */
export default function VisitCard(props: Props) {
  const { t } = useLingui();
  const { placed, box, client, columns, onClose } = props;
  const { visit } = placed;
  const { workspace } = useMe();
  const words = useStatusWords();
  const who = columns.find((each) => each.id === placed.staff)?.name ?? visit.responsible?.name;
  const date = new Intl.DateTimeFormat(writing(), {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'long',
  }).format(asDate(dayOf(placed.from)));
  const move = (minutes: number, staff = placed.staff) =>
    props.onMove({ from: later(placed.from, minutes), to: later(placed.to, minutes), staff });

  useEffect(() => {
    const away = () => onClose();
    window.addEventListener('resize', away);
    return () => window.removeEventListener('resize', away);
  }, [onClose]);

  return (
    <Popover
      opened
      onChange={(open) => !open && onClose()}
      position="right-start"
      width={324}
      trapFocus
      returnFocus
      withinPortal
      closeOnClickOutside
      middlewares={{ flip: { fallbackPlacements: ['left-start', 'bottom', 'top'] }, shift: { padding: 8 } }}
    >
      <Popover.Target>
        <div
          className={classes.mark}
          style={{ left: box.left, top: box.top, width: box.width, height: Math.min(box.height, 60) }}
        />
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={visit.title}>
        <div className={classes.card}>
          <div className={classes.cardHead}>
            <div className={classes.cardTitle}>
              {visit.contact ? (
                client ? (
                  <Link
                    to="/$plural/$id"
                    params={{ plural: 'contacts', id: client.id }}
                    className={classes.cardClient}
                  >
                    {String(client.name ?? visit.contact.title)}
                  </Link>
                ) : (
                  <span className={classes.cardClient}>{visit.contact.title}</span>
                )
              ) : (
                <span className={classes.cardClient}>{visit.title}</span>
              )}
              {visit.contact && <span className={classes.quiet}>{visit.title}</span>}
            </div>
            <ActionIcon size={26} aria-label={t`Close`} onClick={onClose}>
              <IconX size={16} />
            </ActionIcon>
          </div>
          {client && (
            <div className={classes.phones}>
              <Phones client={client} reveal={revealInJournal}>
                {(phones) =>
                  phones.map((phone) => (
                    <a key={phone.number} href={`tel:${phone.number}`}>
                      {phoneText(phone.number)}
                    </a>
                  ))
                }
              </Phones>
            </div>
          )}
          <dl className={classes.facts}>
            <dt>
              <Trans>When</Trans>
            </dt>
            <dd>
              {date}, {clockOf(placed.from)}–{clockOf(placed.to)}
              {visit.series && (
                <span title={t`One of a series`} className={classes.series}>
                  <IconRepeat size={13} aria-hidden />
                  <span className="unseen">{t`One of a series`}</span>
                </span>
              )}
            </dd>
            {who && (
              <>
                <dt>
                  <Trans>Who</Trans>
                </dt>
                <dd>{who}</dd>
              </>
            )}
            {visit.price && (
              <>
                <dt>
                  <Trans>Price</Trans>
                </dt>
                <dd>{moneyText(visit.price, workspace.currency)}</dd>
              </>
            )}
            {visit.note && (
              <>
                <dt>
                  <Trans>Note</Trans>
                </dt>
                <dd className={classes.note}>{visit.note}</dd>
              </>
            )}
          </dl>
          <div className={classes.states} role="group" aria-label={t`Status`}>
            {[...atOnce, ...(visit.status === 'cancelled' ? (['cancelled'] as const) : [])].map((status) => (
              <button
                key={status}
                type="button"
                className={classes.state}
                data-status={status}
                aria-pressed={visit.status === status}
                disabled={!props.mayChange}
                onClick={() => props.onMark(status)}
              >
                {icons[status]}
                <span>{words[status]}</span>
              </button>
            ))}
          </div>
          {props.mayChange || visit.can?.delete ? (
            <div className={classes.cardFoot}>
              {props.mayChange && (
                <Button variant="default" leftSection={<IconPencil size={14} />} onClick={props.onEdit}>
                  <Trans>Change</Trans>
                </Button>
              )}
              {props.mayChange && (
                <Menu position="bottom-start" withinPortal={false}>
                  <Menu.Target>
                    <Button variant="default" leftSection={<IconArrowsMove size={14} />}>
                      <Trans>Move</Trans>
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => move(-15)}>{t`15 minutes earlier`}</Menu.Item>
                    <Menu.Item onClick={() => move(15)}>{t`15 minutes later`}</Menu.Item>
                    <Menu.Item onClick={() => move(-1440)}>{t`To the day before`}</Menu.Item>
                    <Menu.Item onClick={() => move(1440)}>{t`To the day after`}</Menu.Item>
                    <Menu.Item onClick={() => move(7 * 1440)}>{t`To the next week`}</Menu.Item>
                    {props.mayAssign &&
                      columns
                        .filter((each) => each.id !== placed.staff)
                        .slice(0, 8)
                        .map((each) => (
                          <Menu.Item
                            key={each.id}
                            onClick={() => move(0, each.id)}
                          >{t`To ${each.name}`}</Menu.Item>
                        ))}
                  </Menu.Dropdown>
                </Menu>
              )}
              <Menu position="bottom-end" withinPortal={false}>
                <Menu.Target>
                  <ActionIcon size={30} variant="default" ms="auto" aria-label={t`More`}>
                    <IconDots size={16} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={<IconExternalLink size={15} />}
                    renderRoot={(item) => (
                      <Link {...item} to="/$plural/$id" params={{ plural: 'appointments', id: visit.id }} />
                    )}
                  >
                    <Trans>Open the whole record</Trans>
                  </Menu.Item>
                  {props.mayChange && visit.status !== 'cancelled' && (
                    <Menu.Item leftSection={icons.cancelled} onClick={() => props.onMark('cancelled')}>
                      <Trans>The client has cancelled</Trans>
                    </Menu.Item>
                  )}
                  {visit.can?.delete && (
                    <Menu.Item
                      c="var(--c-danger)"
                      leftSection={<IconTrash size={15} />}
                      onClick={() => props.onDrop(false)}
                    >
                      <Trans>Delete</Trans>
                    </Menu.Item>
                  )}
                  {visit.can?.delete && visit.series && (
                    <Menu.Item
                      c="var(--c-danger)"
                      leftSection={<IconTrash size={15} />}
                      onClick={() => props.onDrop(true)}
                    >
                      <Trans>Delete this one and all later ones</Trans>
                    </Menu.Item>
                  )}
                </Menu.Dropdown>
              </Menu>
            </div>
          ) : (
            <p className={classes.cannot}>
              <Trans>Your role lets you look at appointments, not change them.</Trans>
            </p>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
