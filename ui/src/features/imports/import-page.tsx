import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Badge,
  Button,
  Group,
  Progress,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Table,
  TagsInput,
  Text,
} from '@mantine/core';
import {
  IconArrowBackUp,
  IconFileImport,
  IconPlayerPlay,
  IconTableImport,
  IconUpload,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import {
  changeImport,
  type Import,
  type ImportSettings,
  imports,
  oneImport,
  refusedRows,
  startImport,
  undoImport,
  upload,
} from '../../api/imports';
import { addField, type Kind, kinds } from '../../api/kinds';
import { groups, names } from '../../api/people';
import { holds, useMe } from '../../api/session';
import Closed from '../../kit/closed';
import { Failure, useTell } from '../../kit/failure';
import { Column, PageTitle, Panel } from '../../kit/page';
import { saveBlob } from '../../kit/save';
import { When } from '../../kit/when';
import { fieldLabel } from '../../kit/words';
import { writing } from '../../text';
import classes from './import.module.css';

/** Bringing a file in: what it is, what would happen, what did happen. */
export function ImportPage() {
  const { t } = useLingui();
  const me = useMe();
  const { id } = useParams({ strict: false });
  if (!holds(me, 'import.run')) return <Closed what={t`Import`} />;
  return (
    <Column wide={!!id}>
      <PageTitle title={t`Import`} />
      {id ? <One id={id} /> : <Start />}
    </Column>
  );
}

function Start() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tell = useTell();
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const { data: past = [] } = useQuery({ ...imports, retry: false });

  async function take(file: File | undefined) {
    if (!file) return;
    setBusy(true);
    try {
      const made = await upload(file);
      client.setQueryData(['imports', made.id], made);
      await navigate({ to: '/import/$id', params: { id: made.id } });
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files are dropped here; the button does the same by key */}
      <div
        className={classes.drop}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer.files[0]);
        }}
      >
        <IconTableImport size={34} stroke={1.3} aria-hidden />
        <h2 className={classes.dropTitle}>
          <Trans>Drop a file here</Trans>
        </h2>
        <p className={classes.quiet}>
          <Trans>
            CSV, Excel or vCard, as YCLIENTS, amoCRM, noCRM, HubSpot, Google and others write it. Nothing
            happens before you have seen what would.
          </Trans>
        </p>
        <Button
          size="sm"
          leftSection={<IconUpload size={16} />}
          loading={busy}
          onClick={() => chooser.current?.click()}
        >
          <Trans>Choose a file</Trans>
        </Button>
        <input
          ref={chooser}
          type="file"
          hidden
          aria-label={t`File to import`}
          accept=".csv,.tsv,.txt,.xlsx,.vcf"
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
      </div>
      {past.length > 0 && (
        <Panel title={t`Earlier imports`}>
          <ul className={classes.list}>
            {past.map((each) => (
              <li key={each.id}>
                <Link to="/import/$id" params={{ id: each.id }} className={classes.past}>
                  <span className={classes.pastName}>{each.file ?? t`A file`}</span>
                  <State state={each.state} />
                  <span className={classes.quiet}>
                    {each.state !== 'draft' && (
                      <Plural value={each.created} one="# created" other="# created" />
                    )}
                  </span>
                  <span className={classes.grow} />
                  <span className={classes.quiet}>
                    {each.by?.name} <When at={each.created_at} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function State({ state }: { state: Import['state'] }) {
  const { t } = useLingui();
  const words: Record<Import['state'], string> = {
    draft: t`not started`,
    running: t`running`,
    done: t`done`,
    failed: t`stopped`,
    undoing: t`being undone`,
    undone: t`undone`,
  };
  return (
    <Badge
      variant="light"
      color={state === 'failed' ? 'red' : 'gray'}
      tt="none"
      {...(state === 'done' ? { c: 'var(--c-good)', bg: 'var(--c-good-soft)' } : {})}
    >
      {words[state] ?? state}
    </Badge>
  );
}

function One({ id }: { id: string }) {
  const { data, error, refetch } = useQuery({
    ...oneImport(id),
    refetchInterval: (query) =>
      ['running', 'undoing'].includes(query.state.data?.state ?? '') ? 700 : false,
  });
  const { data: all } = useQuery(kinds);
  const kind = all?.find((each) => each.name === 'contact');
  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data || !kind) return <Skeleton height={360} />;
  return data.state === 'draft' ? <Draft job={data} kind={kind} /> : <Running job={data} />;
}

function Draft({ job, kind }: { job: Import; kind: Kind }) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const { data: people = [] } = useQuery(names);
  const { data: allGroups = [] } = useQuery({ ...groups, retry: false });
  const [busy, setBusy] = useState(false);
  const settings = job.settings ?? {};
  const preview = job.preview;
  const fields = kind.fields.filter((field) => !field.house && field.writable !== false);
  const named = new Set(fields.map((field) => field.name));
  const mayAdd = holds(me, 'fields.manage');

  async function put(next: ImportSettings) {
    setBusy(true);
    try {
      client.setQueryData(['imports', job.id], await changeImport(job.id, next));
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  /** A column for which there is no field yet becomes one. */
  async function become(column: Import['guess']['columns'][number]) {
    setBusy(true);
    try {
      const field = await addField('contact', {
        label: column.heading,
        type: typeOf(column),
        class: 'personal',
      });
      await client.invalidateQueries({ queryKey: ['kinds'] });
      await put({ mapping: { [column.index]: field.name } });
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  async function go() {
    setBusy(true);
    try {
      client.setQueryData(['imports', job.id], await startImport(job.id));
      await client.invalidateQueries({ queryKey: ['imports'] });
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  const total = preview ? preview.create + preview.update : 0;
  const whatWords = {
    create: t`new`,
    update: t`changed`,
    skip: t`left as it is`,
    refused: t`cannot be read`,
  };

  return (
    <>
      <Panel
        title={job.file ?? t`A file`}
        note={[job.guess.source !== 'generic' && t`looks like: ${job.guess.source}`, job.guess.encoding]
          .filter(Boolean)
          .join(' · ')}
      >
        <Table.ScrollContainer minWidth={640}>
          <Table verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th w="26%">
                  <Trans>Column of the file</Trans>
                </Table.Th>
                <Table.Th>
                  <Trans>What is in it</Trans>
                </Table.Th>
                <Table.Th w={240}>
                  <Trans>Goes to</Trans>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {job.guess.columns.map((column) => (
                <Table.Tr key={column.index}>
                  <Table.Td className={classes.heading}>
                    {column.heading || t`Column ${column.index + 1}`}
                  </Table.Td>
                  <Table.Td className={classes.samples}>
                    {column.samples.filter(Boolean).slice(0, 3).join(' · ')}
                  </Table.Td>
                  <Table.Td>
                    <Select
                      size="xs"
                      searchable
                      allowDeselect={false}
                      aria-label={t`Goes to: ${column.heading}`}
                      data={[
                        { value: leaveOut, label: t`leave out` },
                        ...(mayAdd && column.heading ? [{ value: newField, label: t`a new field` }] : []),
                        ...(beside.includes(column.field ?? '')
                          ? [{ value: column.field ?? '', label: t`says what the next column is` }]
                          : []),
                        ...fields.map((field) => ({ value: field.name, label: fieldLabel(field) })),
                      ]}
                      value={
                        named.has(column.field ?? '') || beside.includes(column.field ?? '')
                          ? (column.field ?? leaveOut)
                          : leaveOut
                      }
                      onChange={(field) =>
                        void (field === newField
                          ? become(column)
                          : put({ mapping: { [column.index]: field || null } }))
                      }
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {mayAdd && (
          <p className={classes.quiet}>
            <Trans>
              What no field takes is left out, or becomes a new one: whose role opens names and birthdays sees
              it.
            </Trans>
          </p>
        )}
      </Panel>
      <Panel title={t`Where it meets what is here`}>
        <Stack gap="sm">
          <Group gap="md" align="flex-end">
            <div>
              <Text size="sm" mb={4}>
                <Trans>A client with the same number or address is already here:</Trans>
              </Text>
              <SegmentedControl
                size="xs"
                aria-label={t`What to do with those who are already here`}
                value={settings.duplicates ?? 'skip'}
                onChange={(next) => void put({ duplicates: next as 'skip' })}
                data={[
                  { value: 'skip', label: t`leave as it is` },
                  { value: 'fill', label: t`fill what is empty` },
                  { value: 'update', label: t`overwrite` },
                ]}
              />
            </div>
          </Group>
          <Group gap="sm" align="flex-start">
            <Select
              size="xs"
              w={220}
              searchable
              clearable
              label={t`Responsible`}
              data={people.map((person) => ({ value: person.id, label: person.name }))}
              value={settings.responsible ?? null}
              onChange={(responsible) => void put({ responsible: responsible as string })}
            />
            {allGroups.length > 0 && (
              <Select
                size="xs"
                w={220}
                clearable
                label={t`Shared with the group`}
                data={allGroups.map((group) => ({ value: group.id, label: group.name }))}
                value={settings.group ?? null}
                onChange={(group) => void put({ group: group as string })}
              />
            )}
            <TagsInput
              size="xs"
              w={260}
              label={t`Tags for all of them`}
              value={settings.tags ?? []}
              onChange={(tags) => void put({ tags })}
            />
          </Group>
        </Stack>
      </Panel>
      <Panel title={t`What would happen`}>
        {!preview ? (
          <Skeleton height={120} />
        ) : (
          <div style={{ opacity: busy ? 0.6 : 1 }}>
            {preview.more && (
              <p className={classes.quiet}>
                <Trans>Of the first lines of the file; there are more.</Trans>
              </p>
            )}
            <div className={classes.counts} aria-live="polite">
              <Count n={preview.create} word={t`new`} tone="good" />
              <Count n={preview.update} word={t`changed`} tone="accent" />
              <Count n={preview.skip} word={t`left as they are`} tone="quiet" />
              <Count n={preview.refused} word={t`cannot be read`} tone={preview.refused ? 'warn' : 'quiet'} />
            </div>
            <Table.ScrollContainer minWidth={520}>
              <Table verticalSpacing={5} fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w={64}>
                      <Trans>Line</Trans>
                    </Table.Th>
                    <Table.Th w={130}>
                      <Trans>What</Trans>
                    </Table.Th>
                    <Table.Th>
                      <Trans>Who</Trans>
                    </Table.Th>
                    <Table.Th>
                      <Trans>Why</Trans>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {preview.rows.slice(0, 20).map((row) => (
                    <Table.Tr key={row.line}>
                      <Table.Td>{row.line}</Table.Td>
                      <Table.Td>{whatWords[row.what] ?? row.what}</Table.Td>
                      <Table.Td>{row.title}</Table.Td>
                      <Table.Td c="dimmed">
                        {row.reasons.map((reason) => (
                          <div key={reason.detail}>{reason.detail}</div>
                        ))}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </div>
        )}
      </Panel>
      <Group justify="flex-end">
        <Button variant="subtle" color="gray" component={Link} to="/import">
          <Trans>Another file</Trans>
        </Button>
        <Button
          size="sm"
          leftSection={<IconPlayerPlay size={16} />}
          loading={busy}
          disabled={total === 0 || !holds(me, 'import.run')}
          onClick={go}
        >
          {preview?.more ? (
            <Trans>Import the whole file</Trans>
          ) : (
            <Plural value={total} one="Import # client" other="Import # clients" />
          )}
        </Button>
      </Group>
    </>
  );
}

const leaveOut = '';
const newField = '+';

/** Columns that say what the number, the address or the text beside them is. */
const beside = ['phones.label', 'emails.label', 'extra.label'];

/** What a new field for a column holds: dates where all that was looked at are, long text where some is long. */
function typeOf(column: Import['guess']['columns'][number]) {
  const samples = column.samples.filter(Boolean);
  if (samples.length > 0 && samples.every((each) => /^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}( |$)/.test(each)))
    return 'date';
  return samples.some((each) => each.length > 100) ? 'longtext' : 'text';
}

function Count({ n, word, tone }: { n: number; word: string; tone: string }) {
  return (
    <div className={classes.count} data-tone={tone}>
      <strong>{n.toLocaleString(writing())}</strong>
      <span>{word}</span>
    </div>
  );
}

function Running({ job }: { job: Import }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const done = job.done ?? 0;
  const total = job.total ?? 0;
  const going = job.state === 'running' || job.state === 'undoing';

  async function takeBack() {
    try {
      client.setQueryData(['imports', job.id], await undoImport(job.id));
      await client.invalidateQueries({ queryKey: ['imports'] });
      await client.invalidateQueries({ queryKey: ['records'] });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <Panel
      title={job.file ?? t`A file`}
      action={<State state={job.state} />}
      note={
        job.state === 'undone'
          ? t`Taken back: what it had made is in the bin, what it had changed is as before.`
          : undefined
      }
    >
      {going && (
        <>
          <Progress value={total ? (done / total) * 100 : 0} aria-label={t`Progress`} mb={6} animated />
          <Text size="sm" c="dimmed" aria-live="polite">
            <Trans>
              {done.toLocaleString(writing())} of {total.toLocaleString(writing())} lines. You may leave this
              page; it goes on.
            </Trans>
          </Text>
        </>
      )}
      {job.state === 'failed' && (
        <Alert color="red" variant="light" mb="sm">
          {job.reason ?? t`It stopped before the end.`}
        </Alert>
      )}
      <div className={classes.counts}>
        <Count n={job.created ?? 0} word={t`new`} tone="good" />
        <Count n={job.updated ?? 0} word={t`changed`} tone="accent" />
        <Count n={job.skipped ?? 0} word={t`left as they are`} tone="quiet" />
        <Count n={job.refused ?? 0} word={t`cannot be read`} tone={job.refused ? 'warn' : 'quiet'} />
      </div>
      {!going && (
        <Group gap={8} mt="sm">
          <Button component={Link} to="/contacts" leftSection={<IconFileImport size={15} />}>
            <Trans>To the clients</Trans>
          </Button>
          {(job.told ?? 0) > 0 && (
            <Button
              variant="default"
              onClick={() => refusedRows(job.id).then((bytes) => saveBlob(bytes, 'refused.csv'), tell)}
            >
              <Plural
                value={job.told}
                one="# line that did not come in whole"
                other="# lines that did not come in whole"
              />
            </Button>
          )}
          {job.state === 'done' && (
            <Button variant="default" leftSection={<IconArrowBackUp size={15} />} onClick={takeBack}>
              <Trans>Undo the import</Trans>
            </Button>
          )}
        </Group>
      )}
    </Panel>
  );
}
