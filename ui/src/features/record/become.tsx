import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { convert, type Record_ } from '../../api/records';
import { useTell } from '../../kit/failure';
import { Popup } from '../../kit/popup';
import { say } from './say';

/** In a row of a prospect list: one step to a client, with a deal if one is named. */
export default function Become({ record }: { record: Record_ }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [opened, setOpened] = useState(false);
  const [deal, setDeal] = useState(() => String(record.company_name || record.name || ''));
  const [busy, setBusy] = useState(false);
  const mayDeal = (client.getQueryData<Kind[]>(kinds.queryKey) ?? []).some(
    (kind) => kind.name === 'deal' && (kind.actions.create ?? 'denied') !== 'denied',
  );
  const name = String(record.name ?? '');

  async function go(wish: string) {
    setBusy(true);
    try {
      await convert(record.id, wish.trim());
      setOpened(false);
      await client.invalidateQueries({ queryKey: ['records'] });
      say(wish.trim() ? t`${name} is a client now, with a deal.` : t`${name} is a client now.`);
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a press here is not one on the row
    // biome-ignore lint/a11y/useKeyWithClickEvents: so it only stops here
    <span onClick={(event) => event.stopPropagation()} onDoubleClick={(event) => event.stopPropagation()}>
      <Popup
        label={t`Make a client of ${name}`}
        opened={opened}
        onChange={setOpened}
        width={270}
        trapFocus
        target={
          <Button
            variant="light"
            size="compact-xs"
            aria-expanded={opened}
            aria-label={t`Make a client of ${name}`}
            onClick={() => setOpened(!opened)}
          >
            <Trans>Make a client</Trans>
          </Button>
        }
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void go(mayDeal ? deal : '');
          }}
        >
          <Stack gap="xs">
            {mayDeal && (
              <TextInput
                label={t`Deal to begin with, if any`}
                data-autofocus
                value={deal}
                onChange={(event) => setDeal(event.currentTarget.value)}
              />
            )}
            <Button type="submit" loading={busy}>
              {mayDeal && deal.trim() ? <Trans>Client and deal</Trans> : <Trans>Client alone</Trans>}
            </Button>
          </Stack>
        </form>
      </Popup>
    </span>
  );
}
