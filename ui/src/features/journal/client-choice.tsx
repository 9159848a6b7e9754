import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Combobox, Group, Input, InputBase, Loader, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUserPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { clientToBook, pickClients, revealInBooking } from '../../api/journal';
import { find, type Phone, type Record_ } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Avatar } from '../../kit/avatar';
import { phoneText } from '../../kit/field-value';
import classes from './booking.module.css';
import { Phones } from './phones';

/** A client that is there already, or one who will be made with the appointment. */
export interface ClientDraft {
  id?: string;
  name: string;
  phone?: string;
}

interface Props {
  value: ClientDraft | null;
  onChange: (client: ClientDraft | null) => void;
  mayMake: boolean;
  error: string | undefined;
  autoFocus: boolean;
}

const numberOf = (record: Record_) => {
  const phones = record.phones as Phone[] | null | undefined;
  if (!phones?.length) return '';
  return record.sight?.phones && record.sight.phones !== 'plain'
    ? 'XXXX'
    : phoneText(phones[0]?.number ?? '');
};

/** Finds a client as one types, or makes one. */
export function ClientChoice({ value, onChange, mayMake, error, autoFocus }: Props) {
  const { t } = useLingui();
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [typed, setTyped] = useState('');
  // A last word of one letter is still being typed, and would find nobody.
  const [asked] = useDebouncedValue(typed.trim().replace(/^(.*\S)\s+\S$/, '$1'), 160);
  const { data, isFetching } = useQuery({ ...pickClients(asked), enabled: combobox.dropdownOpened });
  const found = data ?? [];
  const label = t`Client`;

  // Enter takes the first one.
  useEffect(() => {
    if (data && typed) combobox.selectFirstOption();
  }, [data, typed, combobox.selectFirstOption]);

  if (value?.id) return <Chosen client={value} onDrop={() => onChange(null)} />;
  if (value) return <NewClient value={value} onChange={onChange} error={error} />;

  function choose(option: string) {
    combobox.closeDropdown();
    if (option === 'new') {
      const number = /^[+\d][\d\s().-]{4,}$/.test(typed.trim());
      onChange({ name: number ? '' : typed.trim(), phone: number ? typed.trim() : '' });
      return;
    }
    const client = found.find((each) => each.id === option);
    if (client) onChange({ id: client.id, name: String(client.name ?? '') });
  }

  return (
    <Combobox store={combobox} onOptionSubmit={choose} withinPortal={false}>
      <Combobox.Target>
        <InputBase
          size="sm"
          label={label}
          placeholder={t`Name, number, address…`}
          autoComplete="off"
          data-autofocus={autoFocus || undefined}
          error={error}
          value={typed}
          rightSection={isFetching && combobox.dropdownOpened ? <Loader size={14} /> : null}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            combobox.openDropdown();
            combobox.updateSelectedOptionIndex();
          }}
          onClick={() => combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!data && !mayMake}>
        <Combobox.Options mah={280} className={classes.options} aria-label={label} tabIndex={0}>
          {found.map((each) => (
            <Combobox.Option key={each.id} value={each.id}>
              <div className={classes.option}>
                <span className={classes.named}>
                  <Avatar name={String(each.name ?? '?')} size={22} />
                  {String(each.name ?? '')}
                </span>
                <span className={classes.quiet}>{numberOf(each)}</span>
              </div>
            </Combobox.Option>
          ))}
          {data && found.length === 0 && (
            <Combobox.Empty>
              <Trans>Nobody of yours is called so</Trans>
            </Combobox.Empty>
          )}
          {mayMake && (
            <Combobox.Option value="new">
              <span className={classes.named}>
                <IconUserPlus size={16} aria-hidden />
                {typed.trim() ? <NewNamed name={typed.trim()} /> : <Trans>New client</Trans>}
              </span>
            </Combobox.Option>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

function NewNamed({ name }: { name: string }) {
  return (
    <span>
      <Trans>New client: {name}</Trans>
    </span>
  );
}

/** The chosen one, and how they are reached, as this window may show it. */
function Chosen({ client, onDrop }: { client: ClientDraft; onDrop: () => void }) {
  const { t } = useLingui();
  const { data, error } = useQuery(clientToBook(client.id ?? ''));
  return (
    <Input.Wrapper label={t`Client`} size="sm" labelElement="div">
      <div className={classes.chosen}>
        <Avatar name={client.name || '?'} size={28} />
        <div className={classes.chosenWords}>
          <span className={classes.strong}>{client.name || '…'}</span>
          {error ? (
            <span className={classes.quiet}>
              <Trans>Not yours to see</Trans>
            </span>
          ) : data ? (
            <Phones client={data} reveal={revealInBooking}>
              {(phones) => (
                <span className={classes.quiet}>
                  {phones.map((phone) => phoneText(phone.number)).join(', ')}
                </span>
              )}
            </Phones>
          ) : null}
        </div>
        <ActionIcon aria-label={t`Choose another client`} onClick={onDrop}>
          <IconX size={16} />
        </ActionIcon>
      </div>
    </Input.Wrapper>
  );
}

/** A client who is made together with the appointment. */
function NewClient({
  value,
  onChange,
  error,
}: {
  value: ClientDraft;
  onChange: (client: ClientDraft | null) => void;
  error: string | undefined;
}) {
  const { t } = useLingui();
  const me = useMe();
  const [phone] = useDebouncedValue(value.phone?.trim() ?? '', 500);
  const [met, setMet] = useState<Record_[]>([]);
  const mayAsk = holds(me, 'records.find_exact');

  // Whoever may find a client by the whole number is told that there is one.
  useEffect(() => {
    setMet([]);
    if (!mayAsk || phone.replace(/\D/g, '').length < 9) return;
    let gone = false;
    find('contacts', { phone }).then(
      (answer) => !gone && setMet(answer.items),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [phone, mayAsk]);

  return (
    <div className={classes.fresh}>
      <Group justify="space-between" wrap="nowrap">
        <span className={classes.strong}>
          <Trans>New client</Trans>
        </span>
        <ActionIcon aria-label={t`Choose another client`} onClick={() => onChange(null)}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
      <Group gap={8} grow align="flex-start">
        <TextInput
          size="sm"
          label={t`Name`}
          autoFocus={!value.name}
          autoComplete="off"
          value={value.name}
          error={error}
          onChange={(event) => onChange({ ...value, name: event.currentTarget.value })}
        />
        <TextInput
          size="sm"
          type="tel"
          inputMode="tel"
          label={t`Phone`}
          autoFocus={!!value.name}
          autoComplete="off"
          placeholder="+7 916 555-01-00"
          value={value.phone ?? ''}
          onChange={(event) => onChange({ ...value, phone: event.currentTarget.value })}
        />
      </Group>
      {met.map((each) => (
        <button
          key={each.id}
          type="button"
          className={classes.met}
          onClick={() => onChange({ id: each.id, name: String(each.name ?? '') })}
        >
          <Avatar name={String(each.name ?? '?')} size={20} />
          <Trans>This number is that of {String(each.name ?? '')}. Take this client.</Trans>
        </button>
      ))}
    </div>
  );
}
