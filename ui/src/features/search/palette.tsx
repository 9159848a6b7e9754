import { Trans, useLingui } from '@lingui/react/macro';
import { Kbd, Loader, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconBolt, IconFingerprint, IconPlus, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { kinds } from '../../api/kinds';
import { find, search } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { human, When } from '../../kit/when';
import { kindOne } from '../../kit/words';
import { formatter } from '../../text';
import classes from './palette.module.css';

/** A page that this person may go to, and under which heading it stands. */
interface Page {
  to: string;
  label: string;
  under: string;
}

/** Something that is done at once. */
interface Command {
  label: string;
  go: () => void | Promise<void>;
}

interface Choice {
  key: string;
  label: string;
  note: string;
  /** What tells it from others that are called the same. */
  about?: ReactNode;
  icon?: 'exact' | 'plus' | 'command';
  go: () => void | Promise<void>;
}

/** Search over everything that this person may see, and the way to every place. */
export default function Palette({
  places,
  commands: more,
  onClose,
}: {
  places: Page[];
  commands: Command[];
  onClose: () => void;
}) {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const tell = useTell();
  const id = useId();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 110);
  const [active, setActive] = useState(0);
  const { data: all = [] } = useQuery(kinds);
  const { data: hits = [], isFetching } = useQuery({
    ...search(asked),
    enabled: asked.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  });

  const go = (to: string, search?: Record<string, string>) => {
    onClose();
    void navigate({ to, search: search ?? {} });
  };
  const words = plain(typed.trim());
  const other = plain(turned(typed.trim().toLocaleLowerCase()));
  const fits = (label: string) =>
    !words || plain(label).includes(words) || (words.length > 2 && plain(label).includes(other));
  const making: Choice[] = me.view_as
    ? []
    : all
        .filter((kind) => !kind.within && (kind.actions.create ?? 'denied') !== 'denied')
        .map((kind) => ({
          key: `new ${kind.plural}`,
          label: `${t`New`}: ${kindOne(kind)}`,
          note: '',
          icon: 'plus' as const,
          // An appointment is booked where one sees who is free.
          go: () => go(kind.name === 'appointment' ? '/journal' : `/${kind.plural}`, { new: '1' }),
        }))
        .filter((command) => (words ? fits(command.label) : daily.includes(command.key)));
  const commands: Choice[] = [
    ...making,
    ...more
      .map(({ label, go: act }) => ({
        key: label,
        label,
        note: '',
        icon: 'command' as const,
        go: () => {
          onClose();
          return act();
        },
      }))
      .filter((command) => words && fits(command.label)),
  ];
  const pages: Choice[] = places
    .map(({ to, label, under }) => ({ key: to, label, note: under, go: () => go(to) }))
    .filter((page) => (words ? fits(page.label) || fits(page.note) : !page.note));

  const number = typed.replace(/[^\d+]/g, '');
  const phone = /^\+?\d{10,15}$/.test(number) && /^[\d\s()+.-]+$/.test(typed.trim());
  const email = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(typed.trim());
  const exact: Choice[] =
    holds(me, 'records.find_exact') && (phone || email)
      ? [
          {
            key: 'exact',
            icon: 'exact',
            label: phone ? t`The client with exactly this number` : t`The client with exactly this address`,
            note: t`is written into the log`,
            go: async () => {
              try {
                const { items } = await find('contacts', phone ? { phone: number } : { email: typed.trim() });
                if (items[0]) go(`/contacts/${items[0].id}`);
                else setNothing(true);
              } catch (failure) {
                tell(failure);
              }
            },
          },
        ]
      : [];
  const [nothing, setNothing] = useState(false);

  const found: Choice[] =
    asked.length > 1
      ? hits.map((hit) => {
          const kind = all.find((each) => each.name === hit.kind);
          return {
            key: hit.id,
            label: hit.title,
            about:
              hit.about || hit.at ? (
                <>
                  {hit.about}
                  {hit.about && hit.at ? ' · ' : ''}
                  {hit.at && (
                    <>
                      <When at={hit.at} />
                      {hours(hit.at)}
                    </>
                  )}
                </>
              ) : undefined,
            note: kind ? kindOne(kind) : hit.kind,
            go: () => go(`/${kind?.plural ?? 'contacts'}/${hit.id}`),
          };
        })
      : [];
  const groups = [
    { head: t`Found`, choices: [...exact, ...found] },
    { head: t`Commands`, choices: commands },
    { head: t`Pages`, choices: pages.slice(0, words ? 6 : 12) },
  ].filter((group) => group.choices.length > 0);
  const choices = groups.flatMap((group) => group.choices);
  const chosen = Math.min(active, choices.length - 1);

  function onKey(event: KeyboardEvent) {
    if (event.key === 'ArrowDown') setActive(Math.min(chosen + 1, choices.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(chosen - 1, 0));
    else if (event.key === 'Enter') void choices[chosen]?.go();
    else return;
    event.preventDefault();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={560}
      yOffset="12vh"
      attributes={{ content: { 'aria-label': t`Search` } }}
    >
      <TextInput
        data-autofocus
        size="lg"
        variant="unstyled"
        className={classes.input}
        leftSection={isFetching ? <Loader size={16} /> : <IconSearch size={18} />}
        aria-label={t`Search`}
        placeholder={t`Name, end of a number, address…`}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={choices[chosen] ? `${id}-${chosen}` : undefined}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
          setNothing(false);
        }}
        onKeyDown={onKey}
      />
      <div id={id} role="listbox" aria-label={t`Found`} className={classes.list}>
        {groups.map((group) => (
          <div key={group.head} role="group" aria-label={group.head}>
            <div className={classes.head} aria-hidden>
              {group.head}
            </div>
            {group.choices.map((choice) => {
              const index = choices.indexOf(choice);
              return (
                <div
                  key={choice.key}
                  id={`${id}-${index}`}
                  ref={index === chosen ? (line) => line?.scrollIntoView({ block: 'nearest' }) : undefined}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === chosen}
                  className={classes.choice}
                  onMouseMove={() => setActive(index)}
                  onClick={() => void choice.go()}
                >
                  {choice.icon === 'exact' ? (
                    <IconFingerprint size={16} aria-hidden />
                  ) : choice.icon === 'plus' ? (
                    <IconPlus size={15} aria-hidden />
                  ) : choice.icon === 'command' ? (
                    <IconBolt size={15} aria-hidden />
                  ) : (
                    <IconArrowRight size={15} aria-hidden />
                  )}
                  <span className={classes.label}>
                    {choice.label}
                    {choice.about && <span className={classes.about}>{choice.about}</span>}
                  </span>
                  <span className={classes.note}>{choice.note}</span>
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {(nothing || (asked.length > 1 && choices.length === 0 && !isFetching)) && (
        <p className={classes.nothing} role="status">
          <Trans>Nothing that you may see is called so.</Trans>
        </p>
      )}
      <div className={classes.foot} aria-hidden>
        <Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> <Kbd size="xs">Enter</Kbd> <Kbd size="xs">Esc</Kbd>
      </div>
    </Modal>
  );
}

/** What is begun most often, offered before anything is typed. */
const daily = ['new contacts', 'new deals', 'new tasks'];

/** The hour, of a day that is told without one. */
function hours(at: string) {
  const time = formatter(Intl.DateTimeFormat, { hour: '2-digit', minute: '2-digit', hour12: false }).format(
    new Date(at),
  );
  return human(new Date(at)).includes(time) ? '' : `, ${time}`;
}

/** Words as they are compared: small, without accents. */
const plain = (text: string) =>
  text.toLocaleLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ё', 'е');

const latin = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const cyrillic = 'ёйцукенгшщзхъфывапролджэячсмитьбю';

/** What the same keys write when the keyboard speaks the other language. */
function turned(words: string) {
  return [...words]
    .map((key) => {
      const at = latin.indexOf(key);
      if (at >= 0) return cyrillic[at];
      const back = cyrillic.indexOf(key);
      return back >= 0 ? latin[back] : key;
    })
    .join('');
}
