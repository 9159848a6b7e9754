import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { IconDownload, IconPlus, IconX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { keep } from '../../api/files';
import {
  invoicePaper,
  issueInvoice,
  type Line,
  payInvoice,
  unpayInvoice,
  voidInvoice,
} from '../../api/invoices';
import { change, type Record_ } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useTell } from '../../kit/failure';
import { moneyText } from '../../kit/field-value';
import { useFormDraft } from '../../kit/form-draft';
import { useUndo } from '../../kit/undo';
import { useUnsaved } from '../../kit/unsaved';
import { formatter } from '../../text';
import { useCache } from './cache';
import classes from './invoice.module.css';
import { decimal, totals } from './totals';

const blank = (): Line => ({ title: '', quantity: '1', price: '', vat: null });

/** A number as the language writes it. */
const written = (number: string) =>
  formatter(Intl.NumberFormat, { maximumFractionDigits: 6 }).format(Number(number));

/** The lines of an invoice, what they come to, and the next step in its life. */
export default function Invoice({ record, readOnly }: { record: Record_; readOnly: boolean }) {
  const { t } = useLingui();
  const me = useMe();
  const tell = useTell();
  const cache = useCache('invoices');
  const offerUndo = useUndo();
  const [busy, setBusy] = useState(false);
  const held = Array.isArray(record.lines) ? (record.lines as Line[]) : [];
  const state = String(record.status ?? '');
  const draft = state === 'draft' && record.can?.edit === true && !readOnly;
  const [typed, setTyped] = useState<Line[] | null>(null);
  const [voiding, setVoiding] = useState(false);
  const begun = held.length || !draft ? held : [blank()];
  const lines = typed ?? begun;
  useUnsaved(typed !== null && JSON.stringify(typed) !== JSON.stringify(begun));
  const titles = useRef<(HTMLInputElement | null)[]>([]);
  const whole = (all: Line[]) => all.filter((line) => line.title.trim() && line.price.trim());
  const sums = totals(lines);
  const money = (amount: string) => moneyText(amount, record.currency);
  const mayStep = !readOnly && record.can?.edit === true && holds(me, 'invoices.issue');

  function edit(at: number, part: Partial<Line>) {
    setTyped(lines.map((line, index) => (index === at ? { ...line, ...part } : line)));
  }

  function add() {
    // The line is there at once, so that what is typed next is typed into it.
    flushSync(() => setTyped([...lines, { ...blank(), vat: lines.at(-1)?.vat ?? null }]));
    titles.current[lines.length]?.focus();
  }

  async function run(step: () => Promise<Record_>): Promise<Record_ | undefined> {
    setBusy(true);
    try {
      const now = await step();
      cache.place(now);
      void cache.refresh();
      return now;
    } catch (failure) {
      tell(failure);
      return undefined;
    } finally {
      setBusy(false);
    }
  }

  const point = (text: string) =>
    text
      .trim()
      .replace(/[\s\u00a0]/g, '')
      .replace(',', '.');

  /** Keeps the lines as they stand, and gives the record that holds them. */
  async function save(): Promise<Record_ | undefined> {
    if (!typed) return record;
    const now = await run(() =>
      change('invoices', record.id, record.version, {
        lines: whole(typed).map((line) => ({
          title: line.title.trim(),
          quantity: point(line.quantity),
          price: point(line.price),
          vat: line.vat ? point(line.vat) : null,
        })),
      }),
    );
    if (now) setTyped(null);
    return now;
  }

  async function issue() {
    const now = await save();
    if (now) await run(() => issueInvoice(now.id, now.version));
  }

  async function pay() {
    const now = await run(() => payInvoice(record.id, record.version));
    if (now) offerUndo(<Trans>Paid.</Trans>, () => run(() => unpayInvoice(now.id, now.version)));
  }

  async function print() {
    setBusy(true);
    try {
      keep(await invoicePaper(record.id), `${String(record.number ?? '').replace('/', '-')}.pdf`);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section className={classes.invoice} aria-label={t`Lines`}>
      {lines.map((line, at) =>
        draft ? (
          <div key={at} className={classes.line}>
            <TextInput
              size="xs"
              ref={(input) => {
                titles.current[at] = input;
              }}
              aria-label={t`Description`}
              placeholder={t`Description`}
              value={line.title}
              onChange={(event) => edit(at, { title: event.currentTarget.value })}
              onKeyDown={(event) => event.key === 'Enter' && add()}
            />
            <TextInput
              size="xs"
              inputMode="decimal"
              aria-label={t`Quantity`}
              value={line.quantity}
              onChange={(event) => edit(at, { quantity: event.currentTarget.value })}
              onKeyDown={(event) => event.key === 'Enter' && add()}
            />
            <TextInput
              size="xs"
              inputMode="decimal"
              aria-label={t`Price`}
              placeholder={t`Price`}
              value={line.price}
              onChange={(event) => edit(at, { price: event.currentTarget.value })}
              onKeyDown={(event) => event.key === 'Enter' && add()}
            />
            <TextInput
              size="xs"
              inputMode="decimal"
              aria-label={t`VAT, %`}
              placeholder={t`VAT, %`}
              value={line.vat ?? ''}
              onChange={(event) => edit(at, { vat: event.currentTarget.value || null })}
              onKeyDown={(event) => event.key === 'Enter' && add()}
            />
            <ActionIcon
              aria-label={t`Take the line out`}
              onClick={() => setTyped(lines.filter((_, index) => index !== at))}
            >
              <IconX size={15} />
            </ActionIcon>
          </div>
        ) : (
          <div key={at} className={classes.read}>
            <span>{line.title}</span>
            <span className={classes.sum}>{money(line.sum ?? '')}</span>
            <span className={classes.under}>
              {written(line.quantity)} × {money(line.price)}
              {line.vat && ` · ${t`VAT`} ${written(line.vat)}%`}
            </span>
          </div>
        ),
      )}
      {draft && (
        <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={13} />} onClick={add}>
          <Trans>Add a line</Trans>
        </Button>
      )}
      <dl className={classes.total} aria-live="polite">
        <dt>{t`Net`}</dt>
        <dd>{money(decimal(sums.net))}</dd>
        <dt>{t`VAT`}</dt>
        <dd>{money(decimal(sums.vat))}</dd>
        <dt className={classes.whole}>{t`Total`}</dt>
        <dd className={classes.whole}>{money(decimal(sums.gross))}</dd>
      </dl>
      <Group gap="xs" justify="flex-end">
        {typed && (
          <Button variant="default" loading={busy} onClick={save}>
            <Trans>Save</Trans>
          </Button>
        )}
        {state === 'draft' && mayStep && (
          <Button loading={busy} onClick={issue}>
            <Trans>Issue</Trans>
          </Button>
        )}
        {(state === 'issued' || state === 'paid') && mayStep && (
          <Button variant="subtle" color="red" loading={busy} onClick={() => setVoiding(true)}>
            <Trans>Void</Trans>
          </Button>
        )}
        {state === 'issued' && mayStep && (
          <Button variant="default" loading={busy} onClick={pay}>
            <Trans>Paid</Trans>
          </Button>
        )}
        {state !== 'draft' && holds(me, 'invoices.print') && (
          <Button variant="default" leftSection={<IconDownload size={15} />} loading={busy} onClick={print}>
            PDF
          </Button>
        )}
      </Group>
      {voiding && (
        <VoidDialog
          id={record.id}
          number={String(record.number ?? '')}
          onClose={() => setVoiding(false)}
          onVoid={async (reason) => {
            cache.place(await voidInvoice(record.id, record.version, reason));
            setVoiding(false);
            void cache.refresh();
          }}
        />
      )}
    </section>
  );
}

/** Asks why, and says what it means: there is no way back. */
function VoidDialog({
  id,
  number,
  onClose,
  onVoid,
}: {
  id: string;
  number: string;
  onClose: () => void;
  onVoid: (reason: string) => Promise<void>;
}) {
  const { t } = useLingui();
  const { draft, set, forget } = useFormDraft<{ reason: string }>(`castellan.draft.void.${id}`, (left) => ({
    reason: '',
    ...left,
  }));
  const { reason } = draft;
  const { busy, failure, attempt } = useAttempt();
  return (
    <Modal
      opened
      onClose={onClose}
      size="sm"
      title={t`Make invoice ${number} void`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            await onVoid(reason.trim());
            forget();
          });
        }}
      >
        <Stack gap="sm">
          <Refusal failure={failure} />
          <p className={classes.meant}>
            <Trans>The number stays taken and the invoice stays readable. This cannot be undone.</Trans>
          </p>
          <TextInput
            size="sm"
            data-autofocus
            maxLength={250}
            label={t`Why is it void?`}
            value={reason}
            onChange={(event) => set({ reason: event.currentTarget.value })}
          />
          <Group gap="xs" justify="flex-end">
            <Button variant="default" onClick={onClose}>
              <Trans>Cancel</Trans>
            </Button>
            <Button type="submit" color="red.9" loading={busy} disabled={!reason.trim()}>
              <Trans>Make void</Trans>
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
