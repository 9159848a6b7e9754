import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Alert, Button, Select, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { EveryTerms } from '../../api/generated';
import { useMe } from '../../api/session';
import { everyTerms, type Hours, setTerms, type Terms } from '../../api/terms';
import { useSentence } from '../../kit/failure';
import { contains, readable } from '../../kit/network';
import { days, dayWords, holdsNow, shownEnd } from '../../kit/terms-words';
import { useUnsaved } from '../../kit/unsaved';
import classes from './entry.module.css';

const workdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];

/** Changes networks and hours of one scope. What else the terms say stays as it is. */
export function TermsEditor({
  saved: now,
  id,
  all,
  onDone,
}: {
  saved: Terms;
  id: string;
  all: EveryTerms;
  onDone: () => void;
}) {
  // Of what it was begun with: what somebody else sets meanwhile is not undone unseen.
  const [saved] = useState(now);
  const me = useMe();
  const client = useQueryClient();
  const sentence = useSentence();
  const [networks, setNetworks] = useState(saved.networks);
  const [hours, setHours] = useState<Hours[]>(
    saved.hours.map((each) => ({ ...each, to: shownEnd(each.to) })),
  );
  const [zone, setZone] = useState(saved.time_zone);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const drawn = JSON.stringify([networks, hours, zone, typed.trim()]);
  const [begun] = useState(drawn);
  const end = useUnsaved(drawn !== begun);
  const done = () => {
    end();
    onDone();
  };

  // What stands in the box is meant as well, added or not.
  const words = typed.split(/[\s,;]+/).filter(Boolean);
  const legible = words.every(readable);
  const whole = legible ? [...new Set([...networks, ...words])] : networks;

  function add() {
    if (!legible) return setWrong(true);
    setNetworks(whole);
    setTyped('');
  }

  const mine =
    saved.scope === 'workspace' ||
    id === me.person.id ||
    (saved.scope === 'role' && id === me.person.role.id);
  const here = whole.length === 0 || whole.some((each) => contains(each, all.address));
  const open = holdsNow(hours, zone || all.time_zone, new Date());
  const undone = hours.some((each) => each.days.length === 0 || !each.from || !each.to);

  async function save() {
    if (!legible) return setWrong(true);
    setBusy(true);
    setFailure(null);
    try {
      await setTerms(saved.scope, id, {
        version: saved.version,
        factor: saved.factor,
        idle_minutes: saved.idle_minutes,
        absolute_minutes: saved.absolute_minutes,
        networks: whole,
        hours,
        ...(hours.length > 0 && zone ? { time_zone: zone } : {}),
      });
      await client.invalidateQueries({ queryKey: everyTerms.queryKey });
      done();
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Stack gap="lg">
      <Networks
        networks={networks}
        onChange={setNetworks}
        address={all.address}
        typed={typed}
        onType={(next) => {
          setTyped(next);
          setWrong(false);
        }}
        wrong={wrong}
        onAdd={add}
      />
      <HoursPart hours={hours} onChange={setHours} zone={zone} onZone={setZone} workspace={all.time_zone} />
      {mine && !here && (
        <Alert color="orange" variant="light" role="alert">
          <Trans>
            Your own address, {all.address}, is in none of these networks: this would lock you out. Add it
            first.
          </Trans>
        </Alert>
      )}
      {mine && !open && (
        <Alert color="orange" variant="light" role="alert">
          <Trans>It is now none of these hours: this would lock you out.</Trans>
        </Alert>
      )}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {sentence(failure)}
        </Alert>
      )}
      <div className={classes.foot}>
        <Button variant="default" onClick={done}>
          <Trans>Cancel</Trans>
        </Button>
        <Button onClick={save} loading={busy} disabled={undone || (mine && (!here || !open))}>
          <Trans>Save</Trans>
        </Button>
      </div>
      <Text size="xs" c="dimmed" ta="right">
        <Trans>When saved, it is in force at once, also for whoever is at work.</Trans>
      </Text>
    </Stack>
  );
}

function Networks({
  networks,
  onChange,
  address,
  typed,
  onType,
  wrong,
  onAdd,
}: {
  networks: string[];
  onChange: (next: string[]) => void;
  address: string;
  typed: string;
  onType: (next: string) => void;
  wrong: boolean;
  onAdd: () => void;
}) {
  const { t } = useLingui();
  return (
    <div>
      <h3 className={classes.h3}>
        {networks.length === 0 ? <Trans>From anywhere</Trans> : <Trans>Only from these networks</Trans>}
      </h3>
      <Stack gap="sm">
        {networks.length > 0 && (
          <ul className={classes.list}>
            {networks.map((each) => (
              <li key={each} className={classes.network}>
                {each}
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t`Remove ${each}`}
                  onClick={() => onChange(networks.filter((other) => other !== each))}
                >
                  <IconX size={14} />
                </ActionIcon>
              </li>
            ))}
          </ul>
        )}
        <form
          className={classes.add}
          onSubmit={(event) => {
            event.preventDefault();
            onAdd();
          }}
        >
          <TextInput
            size="sm"
            miw={240}
            label={t`Address or network`}
            placeholder="192.0.2.0/24"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            error={wrong && t`A network is written as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48.`}
            onChange={(event) => onType(event.currentTarget.value)}
          />
          <Button size="sm" variant="default" type="submit" disabled={!typed.trim()}>
            <Trans>Add</Trans>
          </Button>
        </form>
        <Text size="sm" c="dimmed">
          <Trans>Your address now: {address}</Trans>
          {!networks.some((each) => contains(each, address)) && (
            <>
              {' '}
              <Button
                variant="subtle"
                size="compact-sm"
                onClick={() => onChange([...networks, address])}
                aria-label={t`Add your address ${address}`}
              >
                <Trans>Add it</Trans>
              </Button>
            </>
          )}
        </Text>
      </Stack>
    </div>
  );
}

function HoursPart({
  hours,
  onChange,
  zone,
  onZone,
  workspace,
}: {
  hours: Hours[];
  onChange: (next: Hours[]) => void;
  zone: string;
  onZone: (next: string) => void;
  workspace: string;
}) {
  const { t, i18n } = useLingui();
  const short = dayWords(i18n.locale, 'short');
  const long = dayWords(i18n.locale, 'long');
  const put = (i: number, next: Hours) => onChange(hours.map((each, j) => (i === j ? next : each)));
  return (
    <div>
      <h3 className={classes.h3}>
        {hours.length === 0 ? <Trans>At any hour</Trans> : <Trans>Only at these hours</Trans>}
      </h3>
      <Stack gap="sm" align="flex-start">
        {hours.length > 0 && (
          <ul className={classes.hours}>
            {hours.map((each, i) => (
              <li key={i} className={classes.line}>
                <fieldset className={classes.days} aria-label={t`Days`}>
                  {days.map((day, d) => {
                    const on = each.days.includes(day);
                    return (
                      <UnstyledButton
                        key={day}
                        className={classes.day}
                        aria-pressed={on}
                        title={long[d]}
                        onClick={() =>
                          put(i, {
                            ...each,
                            days: on ? each.days.filter((other) => other !== day) : [...each.days, day],
                          })
                        }
                      >
                        {short[d]}
                      </UnstyledButton>
                    );
                  })}
                </fieldset>
                <div className={classes.times}>
                  <TextInput
                    size="sm"
                    type="time"
                    className={classes.time}
                    aria-label={t`From`}
                    value={each.from}
                    onChange={(event) => put(i, { ...each, from: event.currentTarget.value.slice(0, 5) })}
                  />
                  <span aria-hidden>–</span>
                  <TextInput
                    size="sm"
                    type="time"
                    className={classes.time}
                    aria-label={t`Until`}
                    value={each.to}
                    onChange={(event) => put(i, { ...each, to: event.currentTarget.value.slice(0, 5) })}
                  />
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t`Remove these hours`}
                    onClick={() => onChange(hours.filter((_, j) => j !== i))}
                  >
                    <IconX size={15} />
                  </ActionIcon>
                </div>
                {each.from && each.to && each.to <= each.from && (
                  <Text size="xs" c="dimmed">
                    <Trans>until the next day</Trans>
                  </Text>
                )}
              </li>
            ))}
          </ul>
        )}
        <Button
          size="sm"
          variant="default"
          leftSection={<IconPlus size={15} />}
          onClick={() => onChange([...hours, { days: workdays, from: '09:00', to: '18:00' }])}
        >
          <Trans>Add hours</Trans>
        </Button>
        {hours.length > 0 && (
          <Select
            size="sm"
            searchable
            allowDeselect={false}
            miw={280}
            label={t`In the time of`}
            value={zone}
            onChange={(next) => onZone(next ?? '')}
            data={[
              { value: '', label: t`the workspace (${workspace})` },
              ...[...new Set([...(zone ? [zone] : []), ...Intl.supportedValuesOf('timeZone')])].map(
                (name) => ({
                  value: name,
                  label: name,
                }),
              ),
            ]}
          />
        )}
      </Stack>
    </div>
  );
}
