import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { postpone } from '../../api/factors';
import { Door } from './door';
import { Enrol } from './enrol';

/** Whoever may do much harm, and has only a password, is asked to protect the account, and may leave it for later. */
export function ProtectPage() {
  const { t } = useLingui();
  const wanted = new URLSearchParams(location.search).get('to') ?? '';
  const leave = () => location.assign(/^\/(?!\/|\\)/.test(wanted) ? wanted : '/');
  // That it was left is noted; if it cannot be, nobody is held up by that.
  const later = () =>
    postpone()
      .catch(() => undefined)
      .then(leave);
  return (
    <Door
      title={t`Protect your account`}
      lead={
        <Trans>
          You may do much here, so your password alone should not open it. It takes a minute. You can also do
          it later under “You”; the log notes that, and you are asked again when you next sign in.
        </Trans>
      }
    >
      <Enrol onDone={leave} />
      <Button variant="subtle" fullWidth mt="sm" data-later onClick={later}>
        <Trans>Later</Trans>
      </Button>
    </Door>
  );
}
