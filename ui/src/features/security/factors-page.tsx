import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Badge, Button, Group, Modal, Progress, Skeleton, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Guarded, guarded, resetFactors } from '../../api/factors';
import { holds, useMe } from '../../api/session';
import { Avatar } from '../../kit/avatar';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useFactorWords } from '../../kit/sign-in-words';
import { When } from '../../kit/when';
import classes from './security.module.css';

type One = Guarded['items'][number];

/** Who proves with a second step who they are, and who does not. */
export function FactorsPage() {
  const { t } = useLingui();
  const me = useMe();
  const factor = useFactorWords();
  const { data, error, refetch } = useQuery(guarded);
  const [resetting, setResetting] = useState<One | null>(null);
  return (
    <Column>
      <Panel
        title={t`Second step`}
        note={t`Who proves with an app or a passkey, besides the password, that it is them. That it is demanded is said in the terms of entry.`}
      >
        {error ? (
          <Failure failure={error} retry={refetch} />
        ) : !data ? (
          <Skeleton height={200} />
        ) : (
          <>
            <Group gap="sm" mb="md" wrap="nowrap">
              <Text fw={600} style={{ whiteSpace: 'nowrap' }}>
                <Trans>
                  {data.guarded} of {data.people}
                </Trans>
              </Text>
              <Progress
                value={data.people ? (100 * data.guarded) / data.people : 0}
                style={{ flex: 1 }}
                aria-label={t`Share of people with a second step`}
              />
              {data.people > data.guarded && (
                <Text size="sm" c="dimmed">
                  <Plural
                    value={data.people - data.guarded}
                    one="# person without"
                    other="# people without"
                  />
                </Text>
              )}
            </Group>
            <ul className={classes.people}>
              {data.items.map((each) => (
                <li key={each.person.id} className={classes.guard}>
                  <Avatar name={each.person.name} size={28} />
                  <div style={{ flex: 1, minWidth: 0 }}>
                    <Text size="sm" fw={500} truncate>
                      {each.person.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {each.kinds.length === 0 ? (
                        <Trans>password alone</Trans>
                      ) : (
                        <>
                          {each.kinds.map((kind) => factor[kind]).join(', ')}
                          {each.since && (
                            <>
                              {' · '}
                              <Trans>
                                since <When at={each.since} />
                              </Trans>
                            </>
                          )}
                        </>
                      )}
                    </Text>
                  </div>
                  {each.demanded && (
                    <Badge variant="light" color={each.kinds.length ? 'gray' : 'orange'}>
                      {each.kinds.length ? <Trans>demanded</Trans> : <Trans>demanded, missing</Trans>}
                    </Badge>
                  )}
                  {each.kinds.length > 0 && each.person.id !== me.person.id && holds(me, 'people.manage') && (
                    <Button variant="subtle" size="compact-sm" onClick={() => setResetting(each)}>
                      <Trans>Reset</Trans>
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Panel>
      {resetting && <Resetting one={resetting} onClose={() => setResetting(null)} />}
    </Column>
  );
}

function Resetting({ one, onClose }: { one: One; onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const [busy, setBusy] = useState(false);

  async function reset() {
    setBusy(true);
    try {
      await resetFactors(one.person.id);
      notifications.show({
        message: t`${one.person.name} signs in with the password alone until a new one is set up.`,
      });
      onClose();
    } catch (failure) {
      tell(failure);
      setBusy(false);
    } finally {
      void client.invalidateQueries({ queryKey: ['guarded'] });
    }
  }

  return (
    <Modal
      closeButtonProps={{ 'aria-label': t`Close` }}
      opened
      onClose={onClose}
      title={t`Reset the second step of ${one.person.name}`}
    >
      <Stack gap="sm">
        <Text size="sm">
          <Trans>
            For whoever has lost the phone and the codes. Make sure that it is really them who asks: by voice
            or face, not by mail. They are signed out everywhere; they and the owners are told.
          </Trans>
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button color="red" loading={busy} onClick={() => void reset()}>
            <Trans>Reset</Trans>
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
