import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Select, Skeleton, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Action, Grade, Kind } from '../../api/kinds';
import { type Differences, differences, type Person, setDifferences } from '../../api/people';
import { useAbilityWords } from '../../kit/abilities';
import { useTell } from '../../kit/failure';
import { Panel } from '../../kit/page';
import { useActionWords, useGradeWords } from '../../kit/rights-words';
import { kindMany } from '../../kit/words';
import classes from './people.module.css';

/** Rights of one person that differ from the role. */
export function DifferencesPanel({ person, kinds }: { person: Person; kinds: Kind[] }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const gradeWords = useGradeWords();
  const actionWords = useActionWords();
  const abilityWords = useAbilityWords();
  const { data, isError } = useQuery({ ...differences(person.id), retry: false });
  const [kind, setKind] = useState<string | null>(kinds[0]?.name ?? null);
  const [action, setAction] = useState<Action>('export');
  const [grade, setGrade] = useState<Grade>('denied');
  const [ability, setAbility] = useState<string | null>(null);
  if (isError) return null;

  async function put(next: Differences) {
    try {
      client.setQueryData(['people', person.id, 'rights'], await setDifferences(person.id, next));
      await client.invalidateQueries({ queryKey: ['preview'] });
      await client.invalidateQueries({ queryKey: ['people', person.id, 'take'] });
    } catch (failure) {
      tell(failure);
    }
  }

  const grades = Object.entries(data?.grades ?? {}).flatMap(([name, of]) =>
    Object.entries(of).map(([act, level]) => ({ kind: name, action: act as Action, grade: level as Grade })),
  );
  const abilities = Object.entries(data?.abilities ?? {});

  return (
    <Panel
      title={t`Rights of their own`}
      note={t`Where this person differs from the role. Everything else follows the role.`}
    >
      {!data ? (
        <Skeleton height={60} />
      ) : (
        <Stack gap="xs">
          {grades.length + abilities.length === 0 && (
            <Text size="sm" c="dimmed">
              <Trans>None: exactly as the role says.</Trans>
            </Text>
          )}
          <ul className={classes.list}>
            {grades.map((each) => {
              const of = kinds.find((one) => one.name === each.kind);
              return (
                <li key={`${each.kind} ${each.action}`} className={classes.item}>
                  <span>
                    {of ? kindMany(of) : each.kind}: {actionWords[each.action]} –{' '}
                    <strong>{gradeWords[each.grade]}</strong>
                  </span>
                  <ActionIcon
                    aria-label={t`As the role says again`}
                    onClick={() => {
                      const rest = { ...data.grades?.[each.kind] };
                      delete rest[each.action];
                      void put({ ...data, grades: { ...data.grades, [each.kind]: rest } });
                    }}
                  >
                    <IconX size={15} />
                  </ActionIcon>
                </li>
              );
            })}
            {abilities.map(([name, held]) => (
              <li key={name} className={classes.item}>
                <span>
                  {held ? <Trans>may:</Trans> : <Trans>may not:</Trans>} {abilityWords[name] ?? name}
                </span>
                <ActionIcon
                  aria-label={t`As the role says again`}
                  onClick={() => {
                    const rest = { ...data.abilities };
                    delete rest[name];
                    void put({ ...data, abilities: rest });
                  }}
                >
                  <IconX size={15} />
                </ActionIcon>
              </li>
            ))}
          </ul>
          <Group gap={8} align="flex-end">
            <Select
              size="xs"
              w={130}
              label={t`Kind`}
              allowDeselect={false}
              data={kinds.map((each) => ({ value: each.name, label: kindMany(each) }))}
              value={kind}
              onChange={setKind}
            />
            <Select
              size="xs"
              w={120}
              label={t`Action`}
              allowDeselect={false}
              data={Object.entries(actionWords).map(([value, label]) => ({ value, label }))}
              value={action}
              onChange={(next) => next && setAction(next as Action)}
            />
            <Select
              size="xs"
              w={190}
              label={t`Which`}
              allowDeselect={false}
              data={Object.entries(gradeWords).map(([value, label]) => ({ value, label }))}
              value={grade}
              onChange={(next) => next && setGrade(next as Grade)}
            />
            <Button
              variant="default"
              disabled={!kind}
              onClick={() =>
                kind &&
                void put({
                  ...data,
                  grades: { ...data.grades, [kind]: { ...data.grades?.[kind], [action]: grade } },
                })
              }
            >
              <Trans>Set</Trans>
            </Button>
          </Group>
          <Group gap={8} align="flex-end">
            <Select
              size="xs"
              style={{ flex: 1 }}
              searchable
              label={t`Beyond records`}
              placeholder={t`Choose`}
              data={Object.entries(abilityWords).map(([value, label]) => ({ value, label }))}
              value={ability}
              onChange={setAbility}
            />
            <Button
              variant="default"
              disabled={!ability}
              onClick={() =>
                ability && void put({ ...data, abilities: { ...data.abilities, [ability]: true } })
              }
            >
              <Trans>May</Trans>
            </Button>
            <Button
              variant="default"
              disabled={!ability}
              onClick={() =>
                ability && void put({ ...data, abilities: { ...data.abilities, [ability]: false } })
              }
            >
              <Trans>May not</Trans>
            </Button>
          </Group>
        </Stack>
      )}
    </Panel>
  );
}
