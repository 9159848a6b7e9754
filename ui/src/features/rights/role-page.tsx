import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  TextInput,
} from '@mantine/core';
import { IconEye, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Action, type Grade, type Kind, kinds, type Sight } from '../../api/kinds';
import { type Role, removeRole, role as roleQuery, type SightRule, setRole } from '../../api/people';
import { holds, useMe } from '../../api/session';
import { startViewing } from '../../api/viewing';
import { pipelines } from '../../api/workspace';
import { useAbilityWords } from '../../kit/abilities';
import { EntryPanel } from '../../kit/entry-panel';
import { Failure, useSentence } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { Preview } from '../../kit/preview';
import {
  useActionWords,
  useClassWords,
  useGradeWords,
  useSightWords,
  useSurfaceWords,
} from '../../kit/rights-words';
import { useChanges } from '../../kit/unsaved';
import { fieldLabel, kindMany, roleName } from '../../kit/words';
import classes from './rights.module.css';
import {
  actions,
  classes as allClasses,
  classRule,
  exceptions,
  gradeOf,
  grades,
  reworded,
  sights,
  spelled,
  withAbility,
  withClassRule,
  withDays,
  withException,
  withGrade,
} from './rules';
import { Word } from './word';

const route = getRouteApi('/in/settings/roles/$id');

/** One role: its rights in sentences, the matrix behind them, and what somebody with it would see. */
export function RolePage() {
  const { id } = route.useParams();
  const { data: saved, error, refetch } = useQuery(roleQuery(id));
  const { data: all } = useQuery(kinds);
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!saved || !all) {
    return (
      <Column>
        <Skeleton height={320} />
      </Column>
    );
  }
  return <Editor key={id} saved={saved} kinds={all} />;
}

function Editor({ saved, kinds: all }: { saved: Role; kinds: Kind[] }) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const sentence = useSentence();
  const { draft: role, changed, set: setRoleDraft, reset, settled } = useChanges<Role>(saved);
  const [view, setView] = useState<'sentences' | 'matrix'>('sentences');
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const locked = saved.built === 'owner';

  async function save() {
    setBusy(true);
    setFailure(null);
    try {
      const next = await setRole(saved.id, role);
      settled(role);
      client.setQueryData(['roles', saved.id], next);
      await client.invalidateQueries({ queryKey: ['roles'] });
    } catch (problem) {
      setFailure(problem);
    } finally {
      setBusy(false);
    }
  }

  async function drop() {
    setBusy(true);
    try {
      await removeRole(saved.id);
      await client.invalidateQueries({ queryKey: ['roles'] });
      await navigate({ to: '/settings/roles' });
    } catch (problem) {
      setFailure(problem);
      setBusy(false);
    }
  }

  const part = { role, kinds: all, onChange: setRoleDraft, disabled: locked };
  return (
    <Column wide>
      <div className={classes.two}>
        <Stack gap="md">
          <Panel
            title={
              saved.built ? (
                roleName(saved)
              ) : (
                <TextInput
                  size="sm"
                  aria-label={t`Name of the role`}
                  value={role.name}
                  onChange={(event) => setRoleDraft({ ...role, name: event.currentTarget.value })}
                />
              )
            }
            note={locked ? t`The owner holds every right. Nobody can take them away.` : undefined}
            action={
              <Group gap={6}>
                {holds(me, 'viewas') && (
                  <Button
                    variant="default"
                    leftSection={<IconEye size={15} />}
                    disabled={changed}
                    onClick={() => startViewing({ role: saved.id ?? '' }).catch(setFailure)}
                  >
                    <Trans>View as this role</Trans>
                  </Button>
                )}
                <SegmentedControl
                  size="xs"
                  aria-label={t`How the rights are shown`}
                  value={view}
                  onChange={(next) => setView(next as 'sentences')}
                  data={[
                    { value: 'sentences', label: t`Sentences` },
                    { value: 'matrix', label: t`Table` },
                  ]}
                />
              </Group>
            }
          >
            {view === 'sentences' ? <Sentences {...part} /> : <Matrix {...part} />}
          </Panel>
          <Panel title={t`What they see of a record`}>
            <Sights {...part} />
          </Panel>
          <Stages {...part} />
          <Panel title={t`Beyond records`}>
            <Abilities {...part} />
          </Panel>
          {holds(me, 'security.manage') && <EntryPanel scope="role" id={saved.id ?? ''} />}
          {failure !== null && (
            <Alert color="red" variant="light" role="alert">
              {sentence(failure)}
            </Alert>
          )}
          {changed ? (
            <div className={classes.foot}>
              <span className={classes.grow}>
                <Trans>Not saved yet. When saved, it is in force at once for everybody with this role.</Trans>
              </span>
              <Button variant="default" onClick={reset}>
                <Trans>Take back</Trans>
              </Button>
              <Button onClick={save} loading={busy}>
                <Trans>Save</Trans>
              </Button>
            </div>
          ) : (
            !saved.built && (
              <Group justify="flex-end">
                <Button variant="subtle" color="red" onClick={drop} loading={busy}>
                  <Trans>Remove this role</Trans>
                </Button>
              </Group>
            )
          )}
        </Stack>
        <div className={classes.beside}>
          <Preview kinds={all} role={role} />
        </div>
      </div>
    </Column>
  );
}

interface Part {
  role: Role;
  kinds: Kind[];
  onChange: (next: Role) => void;
  disabled?: boolean;
}

/** Rights on records as sentences whose words can be exchanged. */
function Sentences({ role, kinds: all, onChange, disabled }: Part) {
  const { t } = useLingui();
  const gradeWords = useGradeWords();
  const actionWords = useActionWords();
  const choices = grades.map((grade) => [grade, gradeWords[grade]] as const);
  return (
    <div className={classes.sentences}>
      {all.map((kind) => (
        <p key={kind.name} className={classes.sentence}>
          <strong>{kindMany(kind)}: </strong>
          {actions.map((action, index) => {
            const grade = gradeOf(role, kind.name, action);
            const days = role.days?.[kind.name]?.[action];
            return (
              <span key={action}>
                {index > 0 && ', '}
                {actionWords[action]}{' '}
                <Word
                  label={`${kindMany(kind)}, ${actionWords[action]}`}
                  value={action === 'create' && grade !== 'denied' ? 'all' : grade}
                  disabled={disabled}
                  choices={
                    action === 'create'
                      ? ([
                          ['denied', t`no`],
                          ['all', t`yes`],
                        ] as const)
                      : choices
                  }
                  onChange={(next) => onChange(withGrade(role, kind.name, action, next as Grade))}
                />
                {days !== undefined && (
                  <span className={classes.quiet}>
                    {' '}
                    (<Trans>{days} days back</Trans>)
                  </span>
                )}
              </span>
            );
          })}
          .
        </p>
      ))}
    </div>
  );
}

/** The same rights as a table, with the days back. */
function Matrix({ role, kinds: all, onChange, disabled }: Part) {
  const { t } = useLingui();
  const gradeWords = useGradeWords();
  const actionWords = useActionWords();
  return (
    <div className={classes.matrix}>
      <table>
        <thead>
          <tr>
            <th>
              <span className="unseen">{t`Kind`}</span>
            </th>
            {actions.map((action) => (
              <th key={action} scope="col">
                {actionWords[action]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {all.map((kind) => (
            <tr key={kind.name}>
              <th scope="row">{kindMany(kind)}</th>
              {actions.map((action) => (
                <td key={action}>
                  <Select
                    size="xs"
                    allowDeselect={false}
                    disabled={disabled}
                    aria-label={`${kindMany(kind)}, ${actionWords[action]}`}
                    comboboxProps={{ width: 190, position: 'bottom-start' }}
                    data={grades.map((grade) => ({ value: grade, label: gradeWords[grade] }))}
                    value={gradeOf(role, kind.name, action)}
                    onChange={(next) => next && onChange(withGrade(role, kind.name, action, next as Grade))}
                  />
                  <Days role={role} kind={kind} action={action} onChange={onChange} disabled={disabled} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Days({
  role,
  kind,
  action,
  onChange,
  disabled,
}: {
  role: Role;
  kind: Kind;
  action: Action;
  onChange: (next: Role) => void;
  disabled: boolean | undefined;
}) {
  const { t } = useLingui();
  const actionWords = useActionWords();
  if (action === 'create' || gradeOf(role, kind.name, action) === 'denied') return null;
  return (
    <NumberInput
      size="xs"
      variant="unstyled"
      hideControls
      min={0}
      disabled={disabled}
      aria-label={t`${kindMany(kind)}, ${actionWords[action]}: only so many days back`}
      placeholder={t`any time`}
      suffix={` ${t`days back`}`}
      value={role.days?.[kind.name]?.[action] ?? ''}
      onChange={(days) => onChange(withDays(role, kind.name, action, typeof days === 'number' ? days : null))}
    />
  );
}

/** How much of a field is seen: by class, with exceptions for one kind, field or surface. */
function Sights({ role, kinds: all, onChange, disabled }: Part) {
  const { t } = useLingui();
  const classWords = useClassWords();
  const sightWords = useSightWords();
  const surfaceWords = useSurfaceWords();
  const choices = sights.map((sight) => [sight, sightWords[sight]] as const);

  const three = (label: string, rule: SightRule, set: (next: SightRule) => void) => {
    const word = (of: 'own' | 'group' | 'all', place: number) => (
      <Word
        label={`${label}, ${place}`}
        value={spelled(rule)[of]}
        choices={choices}
        disabled={disabled}
        onChange={(to: Sight) => set(reworded(rule, of, to))}
      />
    );
    const own = word('own', 1);
    const group = word('group', 2);
    const others = word('all', 3);
    return (
      <Trans>
        of their own records {own}, of their groups’ {group}, of all others {others}.
      </Trans>
    );
  };

  return (
    <div className={classes.sentences}>
      {allClasses.map((name) => (
        <p key={name} className={classes.sentence}>
          <strong>{capital(classWords[name])}: </strong>
          {three(classWords[name], classRule(role, name), (next) =>
            onChange(withClassRule(role, name, next)),
          )}
        </p>
      ))}
      {exceptions(role).map((rule) => {
        const kind = all.find((each) => each.name === rule.kind);
        const field = rule.field
          ? (kind ? [kind] : all).flatMap((each) => each.fields).find((each) => each.name === rule.field)
          : undefined;
        const subject = field ? fieldLabel(field) : rule.class ? classWords[rule.class] : (rule.field ?? '');
        const words = [
          capital(subject),
          kind ? `(${kindMany(kind)})` : '',
          rule.surface ? (surfaceWords[rule.surface] ?? rule.surface) : '',
        ];
        return (
          <p key={`${rule.kind} ${rule.field} ${rule.class} ${rule.surface}`} className={classes.sentence}>
            <strong>{words.filter(Boolean).join(' ')}: </strong>
            {three(subject, rule, (next) => onChange(withException(role, rule, next)))}{' '}
            {!disabled && (
              <ActionIcon
                size="xs"
                aria-label={t`Remove this exception`}
                onClick={() => onChange(withException(role, rule, null))}
              >
                <IconX size={13} />
              </ActionIcon>
            )}
          </p>
        );
      })}
      {!disabled && <NewException {...{ role, kinds: all, onChange }} />}
    </div>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function NewException({ role, kinds: all, onChange }: Part) {
  const { t } = useLingui();
  const classWords = useClassWords();
  const surfaceWords = useSurfaceWords();
  const [open, setOpen] = useState(false);
  const [what, setWhat] = useState<string | null>('class:contact');
  const [surface, setSurface] = useState<string | null>('list');
  if (!open) {
    return (
      <div>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={13} />}
          onClick={() => setOpen(true)}
        >
          <Trans>An exception: one field, or one place</Trans>
        </Button>
      </div>
    );
  }
  return (
    <Group gap={8} align="flex-end">
      <Select
        size="xs"
        searchable
        w={240}
        label={t`What`}
        allowDeselect={false}
        data={[
          {
            group: t`Sorts of data`,
            items: allClasses.map((name) => ({ value: `class:${name}`, label: classWords[name] })),
          },
          ...all.map((kind) => ({
            group: kindMany(kind),
            items: kind.fields.map((field) => ({
              value: `${kind.name}:${field.name}`,
              label: fieldLabel(field),
            })),
          })),
        ]}
        value={what}
        onChange={setWhat}
      />
      <Select
        size="xs"
        w={180}
        label={t`Where`}
        allowDeselect={false}
        data={[
          '',
          'list',
          'card',
          'dropdown',
          'journal',
          'booking',
          'dashboard',
          'appointments',
          'messages',
          'calls',
          'export',
          'api',
        ].map((value) => ({ value, label: surfaceWords[value] ?? value }))}
        value={surface}
        onChange={setSurface}
      />
      <Button
        variant="default"
        disabled={!what || (what.startsWith('class:') && !surface)}
        onClick={() => {
          const [of, name] = (what ?? '').split(':') as [string, string];
          const rule: SightRule = {
            ...(of === 'class' ? { class: name as SightRule['class'] & string } : { kind: of, field: name }),
            ...(surface ? { surface } : {}),
            own: 'masked',
            group: 'masked',
            all: 'masked',
          };
          onChange(withException(role, null, rule));
          setOpen(false);
        }}
      >
        <Trans>Add</Trans>
      </Button>
    </Group>
  );
}

/** Rights that differ in single stages: a lawyer sees only the stages that need a lawyer. */
function Stages({ role, kinds: all, onChange, disabled }: Part) {
  const { t } = useLingui();
  const gradeWords = useGradeWords();
  const actionWords = useActionWords();
  const staged = all.find((kind) => kind.stage);
  const { data: lines = [] } = useQuery({ ...pipelines, enabled: !!staged });
  const rules = role.stages ?? [];
  if (!staged || lines.length === 0) return null;
  const taken = new Set(rules.map((rule) => rule.stage));
  const nameOf = (stage: string) =>
    lines
      .flatMap((line) => line.stages.map((each) => ({ ...each, line: line.name })))
      .find((each) => each.id === stage);
  return (
    <Panel title={t`Stages with rights of their own`}>
      <div className={classes.sentences}>
        {rules.map((rule) => (
          <p key={rule.stage} className={classes.sentence}>
            <strong>{nameOf(rule.stage)?.name ?? rule.stage}: </strong>
            {(['view', 'edit', 'delete'] as Action[]).map((action, index) => (
              <span key={action}>
                {index > 0 && ', '}
                {actionWords[action]}{' '}
                <Word
                  label={`${nameOf(rule.stage)?.name ?? ''}, ${actionWords[action]}`}
                  value={rule.grades[action] ?? 'denied'}
                  disabled={disabled}
                  choices={grades.map((grade) => [grade, gradeWords[grade]] as const)}
                  onChange={(grade) =>
                    onChange({
                      ...role,
                      stages: rules.map((each) =>
                        each === rule ? { ...rule, grades: { ...rule.grades, [action]: grade } } : each,
                      ),
                    })
                  }
                />
              </span>
            ))}
            .{' '}
            <ActionIcon
              size="xs"
              aria-label={t`Remove this exception`}
              onClick={() => onChange({ ...role, stages: rules.filter((each) => each !== rule) })}
            >
              <IconX size={13} />
            </ActionIcon>
          </p>
        ))}
        {!disabled && (
          <Select
            size="xs"
            w={260}
            aria-label={t`A stage with rights of its own`}
            placeholder={t`A stage with rights of its own`}
            data={lines.map((line) => ({
              group: line.name,
              items: line.stages
                .filter((stage) => stage.id && !taken.has(stage.id))
                .map((stage) => ({ value: stage.id ?? '', label: stage.name })),
            }))}
            value={null}
            onChange={(stage) => {
              const line = lines.find((each) => each.stages.some((one) => one.id === stage));
              if (!stage || !line) return;
              onChange({
                ...role,
                stages: [
                  ...rules,
                  { kind: staged.name, pipeline: line.id, stage, grades: { view: 'denied' } },
                ],
              });
            }}
          />
        )}
      </div>
    </Panel>
  );
}

function Abilities({ role, onChange, disabled }: Part) {
  const words = useAbilityWords();
  const names = [...Object.keys(words), ...role.abilities.filter((name) => !(name in words))];
  return (
    <Stack gap={8}>
      {names.map((name) => (
        <Checkbox
          key={name}
          size="xs"
          label={words[name] ?? name}
          disabled={disabled}
          checked={role.abilities.includes(name)}
          onChange={(event) => onChange(withAbility(role, name, event.currentTarget.checked))}
        />
      ))}
    </Stack>
  );
}
