import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { Door } from './door';
import { Enrol } from './enrol';

/** After the workspace was set up: its owner is asked to protect the account, and may leave it for later. */
export function ProtectPage() {
  const { t } = useLingui();
  const leave = () => location.assign('/');
  return (
    <Door
      title={t`Protect your account`}
      lead={
        <Trans>
          You own everything here, so your password alone should not open it. It takes a minute, and you can
          also do it later under “You”.
        </Trans>
      }
    >
      <Enrol onDone={leave} />
      <Button variant="subtle" fullWidth mt="sm" onClick={leave}>
        <Trans>Later</Trans>
      </Button>
    </Door>
  );
}
