import { useLingui } from '@lingui/react/macro';
import { Loader, Skeleton, Text, UnstyledButton } from '@mantine/core';
import { IconEye, IconLock } from '@tabler/icons-react';
import { type ReactNode, Suspense, useState } from 'react';
import { Popup } from './popup';
import classes from './protected.module.css';

interface Props {
  /** What stands in place of the value: "XXXX", or nothing for an address. */
  mask: string;
  /** "click": one click shows it. "masked": it stays closed, and a click says why. */
  sight: 'click' | 'masked';
  /** The field's name, for those who cannot see the lock. */
  label: string;
  onReveal?: (() => Promise<unknown>) | undefined;
  /** One sentence: why it is closed and who can open it. Asked for only on a click. */
  why?: (() => ReactNode) | undefined;
}

/** A value that is there but not shown, with a small lock. */
export function Protected({ mask, sight, label, onReveal, why }: Props) {
  const { t } = useLingui();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);

  if (sight === 'click' && onReveal) {
    return (
      <UnstyledButton
        className={classes.closed}
        data-opens
        aria-label={t`Show: ${label}`}
        title={t`Show. Each showing is written into the log.`}
        onClick={async (event) => {
          event.stopPropagation();
          event.preventDefault();
          setBusy(true);
          try {
            await onReveal();
          } finally {
            setBusy(false);
          }
        }}
      >
        <span aria-hidden className={classes.mask} data-mask={mask} />
        {busy ? <Loader size={12} /> : <IconEye size={14} stroke={1.7} aria-hidden />}
      </UnstyledButton>
    );
  }

  if (!why) {
    return (
      <span className={classes.closed} title={t`Closed to you`}>
        <span aria-hidden className={classes.mask} data-mask={mask} />
        <IconLock size={13} stroke={1.7} aria-hidden />
        <span className="unseen">{t`Closed to you: ${label}`}</span>
      </span>
    );
  }

  return (
    <Popup
      opened={asking}
      onChange={setAsking}
      width={300}
      target={
        <UnstyledButton
          className={classes.closed}
          aria-label={t`Why is this closed: ${label}`}
          aria-expanded={asking}
          onClick={(event) => {
            event.stopPropagation();
            event.preventDefault();
            setAsking((open) => !open);
          }}
        >
          <span aria-hidden className={classes.mask} data-mask={mask} />
          <IconLock size={13} stroke={1.7} aria-hidden />
        </UnstyledButton>
      }
    >
      <Text size="sm" component="div">
        {asking ? <Suspense fallback={<Skeleton height={12} width="80%" />}>{why()}</Suspense> : null}
      </Text>
    </Popup>
  );
}
