import { Trans, useLingui } from '@lingui/react/macro';
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { convert, type Record_ } from '../../api/records';
import { useTell } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import classes from './convert.module.css';

/** One step from a row of a prospect list to a client, and to a deal if one is wished. */
export default function Convert({ record }: { record: Record_ }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const tell = useTell();
  const { draft, set, forget } = useFormDraft<{ deal: string }>(
    `castellan.draft.deal.${record.id}`,
    (left) => ({
      deal: '',
      ...left,
    }),
  );
  const { deal } = draft;
  const [busy, setBusy] = useState(false);

  async function go() {
    setBusy(true);
    try {
      const made = await convert(record.id, deal.trim());
      forget();
      await client.invalidateQueries({ queryKey: ['records'] });
      await navigate({ to: '/$plural/$id', params: { plural: 'contacts', id: made.contact } });
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  return (
    <form
      className={classes.bar}
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <TextInput
        size="xs"
        className={classes.deal}
        aria-label={t`Deal to begin with, if any`}
        placeholder={t`Deal to begin with, if any`}
        value={deal}
        onChange={(event) => set({ deal: event.currentTarget.value })}
      />
      <Button type="submit" loading={busy}>
        <Trans>Make a client</Trans>
      </Button>
    </form>
  );
}
