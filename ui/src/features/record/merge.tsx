import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Checkbox, Group, Modal, Radio, Skeleton, Stack, Text } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Field, Kind } from '../../api/kinds';
import { type Email, merge, type Phone, type Record_, type RecordRef, read, undo } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { FieldInput } from '../../kit/field-input';
import { FieldValue, isEmpty, phoneText } from '../../kit/field-value';
import { useFormDraft } from '../../kit/form-draft';
import { useUndo } from '../../kit/undo';
import { When } from '../../kit/when';
import { fieldLabel, kindOne } from '../../kit/words';
import { useCache } from './cache';
import classes from './merge.module.css';
import { useNames } from './names';

type Take = 'this' | 'other' | 'both';

/** What was chosen so far for two records. */
interface Choice {
  swapped: boolean | null;
  chosen: Record<string, Take>;
  shares: boolean;
}

interface Props {
  kind: Kind;
  /** One of the two; the other may still be looked for. */
  one: string;
  other?: string | undefined;
  onClose: () => void;
  /** Called with the record that stayed. */
  onMerged?: (stays: string) => void;
}

const sights = ['hidden', 'masked', 'click', 'plain'];
const lists = ['phones', 'emails', 'tags', 'choices'];
const sightOf = (record: Record_, field: Field) => record.sight?.[field.name] ?? 'plain';
const holdsSomething = (record: Record_, field: Field) =>
  !isEmpty(record[field.name]) || sightOf(record, field) !== 'plain';
const listed = (value: unknown) => (Array.isArray(value) ? value : isEmpty(value) ? [] : [value]);

/** Numbers and addresses as text; null for what is something else, or closed. */
function reached(record: Record_, field: Field): string[] | null {
  if (sightOf(record, field) !== 'plain') return null;
  if (field.type === 'phones')
    return (listed(record[field.name]) as Phone[]).map((each) => phoneText(each.number));
  if (field.type === 'emails')
    return listed(record[field.name]).map((each) =>
      typeof each === 'string' ? each : (each as Email).address,
    );
  return null;
}

/** Makes one of two records: which stays, and what it takes of the other. */
export default function MergeDialog({ kind, one, other, onClose, onMerged }: Props) {
  const { t } = useLingui();
  const [found, setFound] = useState<RecordRef | null>(null);
  const second = other ?? found?.id;
  return (
    <Modal
      opened
      onClose={onClose}
      size={760}
      title={t`Merge two: ${kindOne(kind)}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      {second ? (
        <Sides kind={kind} one={one} other={second} onClose={onClose} {...(onMerged ? { onMerged } : {})} />
      ) : (
        <Stack gap="sm">
          <Text size="sm">
            <Trans>Which other record is the same?</Trans>
          </Text>
          <FieldInput
            field={
              {
                name: 'other',
                type: 'relation',
                target: kind.name,
                labels: {},
                label: t`The other record`,
                sight: {},
              } as unknown as Field
            }
            value={found}
            autoFocus
            onChange={(value) => {
              const ref = value as RecordRef | null;
              if (ref?.id !== one) setFound(ref);
            }}
          />
        </Stack>
      )}
    </Modal>
  );
}

function Sides({ kind, one, other, onClose, onMerged }: Props & { other: string }) {
  const { t } = useLingui();
  const me = useMe();
  const cache = useCache(kind.plural);
  const offerUndo = useUndo();
  const { nameOf } = useNames();
  const first = useQuery(read(kind.plural, one));
  const second = useQuery(read(kind.plural, other));
  const { draft, set, forget } = useFormDraft<Choice>(`castellan.draft.merge.${one}.${other}`, (left) => ({
    swapped: null,
    chosen: {},
    shares: false,
    ...left,
  }));
  const { swapped, chosen, shares } = draft;
  const { busy, failure, attempt } = useAttempt();

  const problem = first.error ?? second.error;
  if (problem) {
    return <Refusal failure={problem} />;
  }
  const a = first.data;
  const b = second.data;
  if (!a || !b) return <Skeleton height={220} />;

  // The one of which less is seen stays, since the other way round is refused; else the older one: more leads to it.
  const opener = kind.fields
    .map((field) => sights.indexOf(sightOf(a, field)) - sights.indexOf(sightOf(b, field)))
    .find((difference) => difference !== 0);
  const swap = swapped ?? (opener ? opener > 0 : String(a.created_at ?? '') > String(b.created_at ?? ''));
  const [stays, goes] = swap ? [b, a] : [a, b];
  const mayBoth = (field: Field) =>
    lists.includes(field.type) &&
    [stays, goes].every((record) => ['plain', 'click'].includes(sightOf(record, field)));
  const usual = (field: Field): Take => {
    if (!holdsSomething(goes, field)) return 'this';
    if (!holdsSomething(stays, field)) return 'other';
    return mayBoth(field) ? 'both' : 'this';
  };
  const takeOf = (field: Field): Take => {
    const said = chosen[field.name];
    return said && (said !== 'both' || mayBoth(field)) ? said : usual(field);
  };
  const rows = kind.fields.filter(
    (field) =>
      !field.house &&
      !field.follows &&
      field.writable !== false &&
      (holdsSomething(a, field) || holdsSomething(b, field)) &&
      (sightOf(a, field) !== 'plain' ||
        sightOf(b, field) !== 'plain' ||
        JSON.stringify(a[field.name] ?? null) !== JSON.stringify(b[field.name] ?? null)),
  );

  const go = () =>
    attempt(async () => {
      const done = await merge(kind.plural, stays.id, {
        other: goes.id,
        version: stays.version,
        other_version: goes.version,
        // What is closed and held by both is said in words: the server does not guess there.
        take: Object.fromEntries(
          rows
            .filter(
              (field) =>
                chosen[field.name] ||
                (holdsSomething(stays, field) && holdsSomething(goes, field) && takeOf(field) !== 'both'),
            )
            .map((field) => [field.name, takeOf(field)]),
        ),
        ...(shares ? { shares: true } : {}),
      });
      forget();
      cache.takeOut(new Set([goes.id]));
      for (const part of ['one', 'timeline', 'history', 'access', 'shares'])
        void cache.forget(part, stays.id);
      void cache.refresh();
      offerUndo(<Trans>Merged. The other record is in the bin.</Trans>, async () => {
        await undo(done.operation);
        for (const id of [stays.id, goes.id])
          for (const part of ['one', 'timeline', 'history', 'access', 'shares']) void cache.forget(part, id);
        await cache.refresh();
      });
      onMerged?.(stays.id);
      onClose();
    });

  const title = (record: Record_) => String(record[kind.title] ?? '–');
  return (
    <Stack gap="sm">
      <Refusal failure={failure} />
      <div className={classes.heads}>
        <Head record={stays} title={title(stays)} word={t`Stays`} strong />
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconArrowsExchange size={15} />}
          onClick={() => {
            set({ swapped: !swap, chosen: {} });
          }}
        >
          <Trans>The other way round</Trans>
        </Button>
        <Head record={goes} title={title(goes)} word={t`Goes to the bin`} />
      </div>
      {rows.length === 0 && (
        <Text size="sm" c="dimmed">
          <Trans>Both hold the same.</Trans>
        </Text>
      )}
      <div className={classes.rows}>
        {rows.map((field) => {
          const label = fieldLabel(field);
          const take = takeOf(field);
          const value = (record: Record_) =>
            !holdsSomething(record, field) ? (
              <span className={classes.none}>–</span>
            ) : reached(record, field) ? (
              // No links: a choice is a button, and holds none.
              reached(record, field)?.map((word) => <div key={word}>{word}</div>)
            ) : (
              <FieldValue field={field} record={record} look={{ nameOf, dense: field.type === 'url' }} />
            );
          return (
            <Radio.Group
              key={field.name}
              label={label}
              classNames={{ label: classes.label ?? '' }}
              value={take}
              onChange={(next) => set({ chosen: { ...chosen, [field.name]: next as Take } })}
            >
              <div className={classes.row}>
                <Radio.Card
                  value="this"
                  className={classes.side}
                  aria-label={t`${label}: of the one that stays`}
                >
                  <div className={classes.value}>{value(stays)}</div>
                </Radio.Card>
                <Radio.Card
                  value="other"
                  className={classes.side}
                  aria-label={t`${label}: of the one that goes`}
                >
                  <div className={classes.value}>{value(goes)}</div>
                </Radio.Card>
                {mayBoth(field) && holdsSomething(stays, field) && holdsSomething(goes, field) && (
                  <Radio.Card value="both" className={classes.both} aria-label={t`${label}: both`}>
                    <Trans>Both</Trans>
                  </Radio.Card>
                )}
              </div>
            </Radio.Group>
          );
        })}
      </div>
      <Text size="xs" c="dimmed">
        <Trans>
          Deals, tasks, appointments, calls, messages and comments of the record that goes lead to the one
          that stays. Its history stays with it in the bin, and all of this can be undone in one step.
        </Trans>
      </Text>
      {holds(me, 'records.share') && (
        <Checkbox
          size="sm"
          label={t`Share the record that stays with those with whom the other one is shared`}
          checked={shares}
          onChange={(event) => set({ shares: event.currentTarget.checked })}
        />
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" size="sm" onClick={onClose}>
          <Trans>Leave as it was</Trans>
        </Button>
        <Button size="sm" loading={busy} onClick={() => void go()}>
          <Trans>Merge</Trans>
        </Button>
      </Group>
    </Stack>
  );
}

function Head({
  record,
  title,
  word,
  strong,
}: {
  record: Record_;
  title: string;
  word: string;
  strong?: boolean;
}) {
  return (
    <div className={classes.head} data-strong={strong || undefined}>
      <span className={classes.word}>{word}</span>
      <span className={classes.title}>{title}</span>
      <span className={classes.since}>
        <Trans>
          since <When at={record.created_at} />
        </Trans>
      </span>
    </div>
  );
}
