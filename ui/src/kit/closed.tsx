import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Empty } from './empty';
import { PageTitle } from './page';

/** A place to which an address leads and a role does not: it says so, and nothing of what is there. */
export default function Closed({ what = '' }: { what?: string }) {
  const { t } = useLingui();
  return (
    <>
      <PageTitle title={what || t`Closed`} />
      <Empty
        icon={<IconLock size={24} />}
        title={t`This is closed to you`}
        action={
          <Button component={Link} to="/" variant="default">
            <Trans>To what is open to you</Trans>
          </Button>
        }
      >
        {what ? (
          <Trans>Your role does not open “{what}”. Whoever manages roles can change that.</Trans>
        ) : (
          <Trans>Your role does not open this page. Whoever manages roles can change that.</Trans>
        )}
      </Empty>
    </>
  );
}
