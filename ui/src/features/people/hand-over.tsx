import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Group, List, Modal, Select, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { kinds } from '../../api/kinds';
import {
  deactivate,
  handOver,
  handOvers,
  holdings,
  type Person,
  people,
  undoHandOver,
} from '../../api/people';
import { Refusal, useAttempt } from '../../kit/attempt';
import { useTell } from '../../kit/failure';
import { When } from '../../kit/when';
import { kindMany } from '../../kit/words';

/** Closing an account, and giving what its person is responsible for to somebody else in the same step. */
export function Leave({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const { data: held, error } = useQuery({ ...holdings(person.id), retry: false });
  const { data: all = [] } = useQuery(kinds);
  const { data: everybody = [] } = useQuery(people);
  const [to, setTo] = useState<string | null>(null);
  const { busy, failure, attempt } = useAttempt();
  const closing = person.state !== 'deactivated';
  const something = !!held && (held.items.length > 0 || held.shared > 0);

  const go = () =>
    attempt(async () => {
      if (to) await handOver(person.id, to, closing);
      else await deactivate(person.id);
      await client.invalidateQueries({ queryKey: ['people'] });
      onClose();
    });

  return (
    <Modal
      opened
      onClose={onClose}
      size="md"
      title={closing ? t`Deactivate ${person.name}` : t`Hand over from ${person.name}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Stack gap="sm">
        <Refusal failure={failure} />
        {closing && (
          <Text size="sm">
            <Trans>
              Sessions, program keys and links end at once. What they did stays in the log, and the account
              can be opened again.
            </Trans>
          </Text>
        )}
        {!held && !error ? (
          <Skeleton height={96} />
        ) : something ? (
          <>
            <div>
              <Text size="sm" fw={600}>
                <Trans>{person.name} is responsible for:</Trans>
              </Text>
              <List size="sm" m={0} mt={4}>
                {held.items.map((item) => {
                  const kind = all.find((each) => each.name === item.kind);
                  return (
                    <List.Item key={item.kind}>
                      {kind ? kindMany(kind) : item.kind}: {item.number.toLocaleString()}
                    </List.Item>
                  );
                })}
                {held.shared > 0 && (
                  <List.Item>
                    <Trans>Shared with them alone: {held.shared.toLocaleString()}</Trans>
                  </List.Item>
                )}
              </List>
            </div>
            <Select
              size="sm"
              searchable
              clearable={closing}
              label={t`Hand all of it over to`}
              placeholder={closing ? t`Nobody: leave it as it is` : undefined}
              data={everybody
                .filter((each) => each.id !== person.id && each.state !== 'deactivated')
                .map((each) => ({ value: each.id, label: each.name }))}
              value={to}
              onChange={setTo}
            />
          </>
        ) : (
          <Text size="sm" c="dimmed">
            <Trans>They are responsible for nothing that you can see.</Trans>
          </Text>
        )}
        <Group justify="flex-end">
          <Button size="sm" variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            size="sm"
            color={closing ? 'red' : undefined}
            loading={busy}
            disabled={!closing && !to}
            onClick={go}
          >
            {!closing ? (
              <Trans>Hand over</Trans>
            ) : to ? (
              <Trans>Deactivate and hand over</Trans>
            ) : (
              <Trans>Deactivate now</Trans>
            )}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** How far hand-overs have come, and the way back. */
export function HandOvers({ person }: { person: string }) {
  const client = useQueryClient();
  const tell = useTell();
  const { data = [] } = useQuery({
    ...handOvers(person),
    retry: false,
    refetchInterval: (query) =>
      query.state.data?.some((each) => each.state === 'running' || each.state === 'undoing') ? 1000 : false,
  });
  return data.slice(0, 3).map((each) => (
    <Alert key={each.id} color={each.state === 'failed' ? 'red' : 'gray'} variant="light" role="status">
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {each.state === 'running' ? (
            <Trans>
              Being handed over to {each.to.name}: {each.done.toLocaleString()} so far
            </Trans>
          ) : each.state === 'undoing' ? (
            <Trans>Being taken back: {each.done.toLocaleString()} so far</Trans>
          ) : each.state === 'undone' ? (
            <Trans>
              Taken back from {each.to.name}: {each.done.toLocaleString()}
            </Trans>
          ) : each.state === 'failed' ? (
            <Trans>The hand-over to {each.to.name} stopped: whoever began it may no longer.</Trans>
          ) : (
            <Trans>
              Handed over to {each.to.name}: {each.done.toLocaleString()}
            </Trans>
          )}{' '}
          {each.refused > 0 && (
            <Plural value={each.refused} one="# stayed as it was." other="# stayed as they were." />
          )}{' '}
          <When at={each.began_at} />
        </Text>
        {(each.state === 'done' || each.state === 'failed') && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() =>
              undoHandOver(each.id).then(
                () => client.invalidateQueries({ queryKey: ['people', person] }),
                tell,
              )
            }
          >
            <Trans>Take back</Trans>
          </Button>
        )}
      </Group>
    </Alert>
  ));
}
