import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCopyCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import {
  alike,
  askForAccess,
  type Email,
  type Phone,
  type Record_,
  type Twins,
  type Values,
} from '../../api/records';
import { useTell } from '../../kit/failure';
import { sendable } from '../../kit/field-input';
import { fieldLabel } from '../../kit/words';
import classes from './twins.module.css';

const compared = (kind: Kind) =>
  kind.fields.filter((field) => ['phones', 'emails'].includes(field.type) || field.name === kind.title);

interface Alike {
  record: Record_;
  by: string[];
  /** By more than the name, which people share. */
  sure: boolean;
}

/** Each record once, with all by which it is the same. */
export function gather(kind: Kind, found: Twins[]): Alike[] {
  const all = new Map<string, Alike>();
  for (const twins of found) {
    const field = kind.fields.find((each) => each.name === twins.by);
    const word = field ? fieldLabel(field) : twins.by;
    for (const record of twins.records) {
      const held = all.get(record.id) ?? { record, by: [], sure: false };
      held.by.push(word);
      held.sure ||= twins.by !== kind.title;
      all.set(record.id, held);
    }
  }
  return [...all.values()];
}

interface Hint {
  kind: Kind;
  values: Values;
  onOpen: (record: Record_) => void;
}

/**
 * While a new record is typed: which of those that the person may see are
 * perhaps the same. Of what is out of sight nothing is told; whoever may hold
 * it can be asked, and whether there is anybody is not told either.
 */
export default function TwinHint({ kind, values, onOpen }: Hint) {
  const { t } = useLingui();
  const tell = useTell();
  const [asked, setAsked] = useState('');
  const typed = Object.fromEntries(
    compared(kind)
      .map((field) => [field.name, sendable(field, values[field.name])] as const)
      .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
  const [settled] = useDebouncedValue(JSON.stringify(typed), 350);
  const { data } = useQuery({
    queryKey: ['records', kind.plural, 'alike', settled],
    queryFn: async () => (await alike(kind.plural, { values: JSON.parse(settled) as Values })).items,
    enabled: settled !== '{}',
    staleTime: 10_000,
  });
  const found = gather(kind, data ?? []);
  const number = (typed.phones as Phone[] | undefined)?.[0]?.number ?? '';
  const address = (typed.emails as Email[] | undefined)?.[0]?.address ?? '';
  const whole = number.replace(/\D/gu, '').length >= 9 ? number : /.@.+\../u.test(address) ? address : '';
  const narrow = (kind.actions.view ?? 'denied') !== 'all';

  return (
    <div aria-live="polite">
      {found.length > 0 && (
        <div className={classes.box}>
          <div className={classes.head}>
            <IconCopyCheck size={16} aria-hidden />
            <Trans>Perhaps it is there already</Trans>
          </div>
          <ul className={classes.list}>
            {found.slice(0, 5).map(({ record, by }) => (
              <li key={record.id} className={classes.row}>
                <span className={classes.name}>{String(record[kind.title] ?? '–')}</span>
                <span className={classes.by}>{t`the same: ${by.join(', ')}`}</span>
                <Button variant="default" size="compact-xs" onClick={() => onOpen(record)}>
                  <Trans>Open</Trans>
                </Button>
              </li>
            ))}
          </ul>
        </div>
      )}
      {narrow && whole && found.length === 0 && (
        <div className={classes.quiet}>
          {asked === whole ? (
            <Trans>If a colleague has such a record, they have been asked. More is not told.</Trans>
          ) : (
            <>
              <Trans>A colleague may have it already; you would not see that here.</Trans>{' '}
              <Button
                variant="subtle"
                size="compact-xs"
                onClick={() =>
                  askForAccess(kind.plural, whole === number ? { phone: number } : { email: address }).then(
                    () => setAsked(whole),
                    tell,
                  )
                }
              >
                <Trans>Ask for access</Trans>
              </Button>
            </>
          )}
        </div>
      )}
    </div>
  );
}
