import { Trans, useLingui } from '@lingui/react/macro';
import { Kbd, Loader, Modal, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconFingerprint, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useId, useState } from 'react';
import { kinds } from '../../api/kinds';
import { find, search } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { kindMany, kindOne } from '../../kit/words';
import classes from './palette.module.css';

interface Choice {
  key: string;
  label: string;
  note: string;
  exact?: boolean;
  go: () => void | Promise<void>;
}

/** Search over everything that this person may see, and the way to every place. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const me = useMe();
  const navigate = useNavigate();
  const tell = useTell();
  const id = useId();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 140);
  const [active, setActive] = useState(0);
  const { data: all = [] } = useQuery(kinds);
  const { data: hits = [], isFetching } = useQuery({
    ...search(asked),
    enabled: asked.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  });

  const go = (to: string) => {
    onClose();
    void navigate({ to });
  };
  const words = typed.trim().toLocaleLowerCase();
  const places: Choice[] = [
    ...all
      .filter((kind) => !kind.within)
      .map((kind) => ({
        key: kind.plural,
        label: kindMany(kind),
        note: '',
        go: () => go(`/${kind.plural}`),
      })),
    ...(holds(me, 'ledger.read')
      ? [{ key: 'security', label: t`Security`, note: '', go: () => go('/security') }]
      : []),
    ...(holds(me, 'import.run')
      ? [{ key: 'import', label: t`Import`, note: '', go: () => go('/import') }]
      : []),
    { key: 'settings', label: t`Settings`, note: '', go: () => go('/settings') },
  ].filter((place) => !words || place.label.toLocaleLowerCase().includes(words));

  const number = typed.replace(/[^\d+]/g, '');
  const phone = /^\+?\d{10,15}$/.test(number) && /^[\d\s()+.-]+$/.test(typed.trim());
  const email = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(typed.trim());
  const exact: Choice[] =
    holds(me, 'records.find_exact') && (phone || email)
      ? [
          {
            key: 'exact',
            exact: true,
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
            note: kind ? kindOne(kind) : hit.kind,
            go: () => go(`/${kind?.plural ?? 'contacts'}/${hit.id}`),
          };
        })
      : [];
  const choices = [...exact, ...found, ...places];
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
      aria-label={t`Search`}
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
        {choices.map((choice, index) => (
          <div
            key={choice.key}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            className={classes.choice}
            onMouseMove={() => setActive(index)}
            onClick={() => void choice.go()}
          >
            {choice.exact ? (
              <IconFingerprint size={16} aria-hidden />
            ) : (
              <IconArrowRight size={15} aria-hidden />
            )}
            <span className={classes.label}>{choice.label}</span>
            <span className={classes.note}>{choice.note}</span>
          </div>
        ))}
      </div>
      {(nothing || (asked.length > 1 && found.length === 0 && !isFetching && exact.length === 0)) && (
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
