import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Text } from '@mantine/core';
import { IconShieldLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { everyTerms } from '../api/terms';
import { Panel } from './page';
import { useTermsSentence } from './terms-words';

/** From where and when a role or a person comes in, with the way to change it. */
export function EntryPanel({ scope, id }: { scope: 'role' | 'person'; id: string }) {
  const { t } = useLingui();
  const { data } = useQuery(everyTerms);
  const sentence = useTermsSentence();
  const all = scope === 'role' ? data?.roles : data?.people;
  const mine = all?.find((each) => each.subject?.id === id);
  const said = mine ? sentence(mine) : '';
  return (
    <Panel
      title={t`Networks and hours`}
      action={
        <Button
          variant="default"
          leftSection={<IconShieldLock size={15} />}
          component={Link}
          to="/security/networks"
          search={{ for: id } as never}
        >
          <Trans>Change</Trans>
        </Button>
      }
    >
      <Text size="sm" c={said ? undefined : 'dimmed'}>
        {said || <Trans>Nothing of their own: what holds for everyone holds for them.</Trans>}
      </Text>
    </Panel>
  );
}
