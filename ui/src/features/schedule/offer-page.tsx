import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Autocomplete,
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  Skeleton,
  Stack,
  Switch,
  TextInput,
} from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { services as ask, staff as everyone, type Service, type Staff, saveStaff } from '../../api/journal';
import { kinds } from '../../api/kinds';
import { change, create, remove, restore } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { moneyText } from '../../kit/field-value';
import { useFormDraft } from '../../kit/form-draft';
import { Left } from '../../kit/left';
import { Column, Panel } from '../../kit/page';
import { useUndo } from '../../kit/undo';
import classes from './schedule.module.css';

/** What the firm does: how long it takes, what it costs, and who does it. */
export function ServicesPage() {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const offerUndo = useUndo();
  const { data, error, refetch } = useQuery(ask);
  const { data: staff = [] } = useQuery(everyone);
  const { data: all = [] } = useQuery(kinds);
  const [editing, setEditing] = useState<Service | 'new' | null>(null);
  const kind = all.find((each) => each.name === 'service');
  const mayMake = !me.view_as && (kind?.actions.create ?? 'denied') !== 'denied';
  const again = () => client.invalidateQueries({ queryKey: ['records', 'services'] });

  async function drop(service: Service) {
    try {
      await remove('services', service.id);
      offerUndo(<Trans>In the bin.</Trans>, async () => {
        await restore('services', service.id);
        await again();
      });
    } catch (failure) {
      tell(failure);
    } finally {
      void again();
    }
  }

  async function turn(service: Service, active: boolean) {
    try {
      await change('services', service.id, service.version, { active });
    } catch (failure) {
      tell(failure);
    } finally {
      void again();
    }
  }

  if (error) return <Failure failure={error} retry={refetch} />;
  const categories = [...new Set((data ?? []).map((each) => each.category ?? ''))].sort((a, b) =>
    a === '' ? 1 : b === '' ? -1 : a.localeCompare(b),
  );
  return (
    <Column>
      {!data ? (
        <Skeleton height={280} />
      ) : data.length === 0 ? (
        <Empty
          title={t`No services yet`}
          action={
            mayMake && (
              <Button onClick={() => setEditing('new')} leftSection={<IconPlus size={15} />}>
                <Trans>Add the first service</Trans>
              </Button>
            )
          }
        >
          <Trans>
            A service says how long an appointment takes and what it costs. When you book, both are filled in.
          </Trans>
        </Empty>
      ) : (
        <>
          {mayMake && (
            <Group justify="flex-end">
              <Button onClick={() => setEditing('new')} leftSection={<IconPlus size={15} />}>
                <Trans>New service</Trans>
              </Button>
            </Group>
          )}
          {categories.map((category) => (
            <Panel key={category} title={category || t`Without a category`} flush>
              <ul className={classes.list}>
                {data
                  .filter((each) => (each.category ?? '') === category)
                  .map((each) => (
                    <li key={each.id} className={classes.row} data-off={each.active === false || undefined}>
                      <div className={classes.words}>
                        <span className={classes.name}>{each.name}</span>
                        <span className={classes.quiet}>
                          {[
                            each.duration ? t`${each.duration} min` : '',
                            each.price ? moneyText(each.price, me.workspace.currency) : '',
                            whoGives(staff, each.id),
                          ]
                            .filter(Boolean)
                            .join(' · ')}
                        </span>
                      </div>
                      {each.can?.edit && !me.view_as && (
                        <Switch
                          size="xs"
                          aria-label={t`Offered: ${each.name}`}
                          title={t`Whether it can be booked`}
                          checked={each.active !== false}
                          onChange={(event) => void turn(each, event.currentTarget.checked)}
                        />
                      )}
                      {each.can?.edit && !me.view_as && (
                        <ActionIcon aria-label={t`Change: ${each.name}`} onClick={() => setEditing(each)}>
                          <IconPencil size={16} />
                        </ActionIcon>
                      )}
                      {each.can?.delete && !me.view_as && (
                        <ActionIcon aria-label={t`Delete: ${each.name}`} onClick={() => drop(each)}>
                          <IconTrash size={16} />
                        </ActionIcon>
                      )}
                    </li>
                  ))}
              </ul>
            </Panel>
          ))}
        </>
      )}
      {editing && (
        <Editor
          service={editing === 'new' ? null : editing}
          categories={categories.filter(Boolean)}
          staff={staff}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            void again();
            void client.invalidateQueries({ queryKey: ['staff'] });
          }}
        />
      )}
    </Column>
  );
}

function whoGives(staff: Staff[], service: string) {
  const gives = staff.filter((each) => !each.except.includes(service));
  return gives.length === staff.length ? '' : gives.map((each) => each.person.name).join(', ');
}

interface Draft {
  name: string;
  category: string;
  minutes: number | string;
  price: string;
  gives: string[];
}

function Editor({
  service,
  categories,
  staff,
  onClose,
  onDone,
}: {
  service: Service | null;
  categories: string[];
  staff: Staff[];
  onClose: () => void;
  onDone: () => void;
}) {
  const { t } = useLingui();
  const me = useMe();
  const place = ['castellan.draft.service', ...(service ? [service.id, service.version] : [])].join('.');
  const { draft, left, set, forget, clear } = useFormDraft<Draft>(place, (before) => ({
    name: service?.name ?? '',
    category: service?.category ?? '',
    minutes: service?.duration ?? 60,
    price: service?.price ?? '',
    gives: staff
      .filter((each) => !service || !each.except.includes(service.id))
      .map((each) => each.person.id),
    ...before,
  }));
  const { name, category, minutes, price, gives } = draft;
  const { busy, failure, attempt } = useAttempt(place);
  const maySay = holds(me, 'schedule.manage');

  const save = () =>
    attempt(async (once) => {
      const values = {
        name: name.trim(),
        category: category.trim() || null,
        duration: minutes === '' ? null : Number(minutes),
        price: price === '' ? null : String(price),
      };
      const saved = service
        ? await change('services', service.id, service.version, values)
        : await create('services', values, once(values));
      if (maySay) {
        for (const each of staff) {
          const was = !each.except.includes(saved.id);
          const is = gives.includes(each.person.id);
          if (was === is) continue;
          await saveStaff(each.person.id, {
            version: each.version,
            position: each.position,
            colour: each.colour,
            week: each.week,
            days: each.days,
            except: is ? each.except.filter((id) => id !== saved.id) : [...each.except, saved.id],
          });
        }
      }
      forget();
      onDone();
    });

  return (
    <Modal
      opened
      onClose={onClose}
      title={service ? t`Change the service` : t`New service`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack gap="sm">
          <Left left={!!service && left} onDrop={() => clear()} />
          <Refusal failure={failure} />
          <TextInput
            size="sm"
            label={t`Name`}
            required
            data-autofocus
            value={name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            maxLength={250}
          />
          <Autocomplete
            size="sm"
            label={t`Category`}
            placeholder={t`Hair, nails…`}
            data={categories}
            value={category}
            onChange={(next) => set({ category: next })}
          />
          <Group grow gap={8}>
            <NumberInput
              size="sm"
              label={t`Minutes`}
              min={1}
              max={1440}
              step={5}
              value={minutes}
              onChange={(next) => set({ minutes: next })}
            />
            <NumberInput
              size="sm"
              label={t`Price`}
              hideControls
              min={0}
              decimalScale={2}
              allowedDecimalSeparators={[',', '.']}
              suffix={` ${me.workspace.currency}`}
              value={price}
              onChange={(value) => set({ price: value === '' ? '' : String(value) })}
            />
          </Group>
          {maySay && staff.length > 0 && (
            <Checkbox.Group
              label={t`Who does it`}
              size="sm"
              value={gives}
              onChange={(next) => set({ gives: next })}
            >
              <Stack gap={8} mt={6}>
                {staff.map((each) => (
                  <Checkbox key={each.person.id} size="xs" value={each.person.id} label={each.person.name} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          <Group justify="flex-end">
            <Button type="submit" size="sm" loading={busy} disabled={!name.trim()}>
              <Trans>Save</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
