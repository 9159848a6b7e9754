import { useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import type { revealInJournal } from '../../api/journal';
import type { Phone, Record_ } from '../../api/records';
import { useMe } from '../../api/session';
import { useTell } from '../../kit/failure';
import { Protected } from '../../kit/protected';

/**
 * How a client is reached, as far as the surface that read them may show it.
 * What opens on a click is asked for by that surface too: each has rights of its
 * own, and each opening stands in the log under its name.
 */
export function Phones({
  client,
  reveal,
  children,
}: {
  client: Record_;
  reveal: typeof revealInJournal;
  /** The numbers, once they may be shown; never called with none. */
  children: (phones: Phone[]) => ReactNode;
}) {
  const { t } = useLingui();
  const tell = useTell();
  const me = useMe();
  const [open, setOpen] = useState<Phone[] | null>(null);
  const sight = client.sight?.phones ?? 'plain';
  const shown = open ?? (sight === 'plain' ? ((client.phones as Phone[] | null) ?? []) : null);
  if (shown) return shown.length > 0 ? children(shown) : null;
  if (sight === 'hidden' || !('phones' in client)) return null;
  const mayOpen = sight === 'click' && !me.view_as;

  async function onReveal() {
    try {
      const answer = await reveal(client.id, ['phones']);
      setOpen((answer.fields.phones as Phone[] | null) ?? []);
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <Protected
      mask="XXXX"
      sight={sight === 'click' ? 'click' : 'masked'}
      label={t`Phones`}
      onReveal={mayOpen ? onReveal : undefined}
    />
  );
}
