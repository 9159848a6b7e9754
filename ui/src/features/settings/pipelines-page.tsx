import { Trans, useLingui } from '@lingui/react/macro';
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { kinds } from '../../api/kinds';
import {
  addPipeline,
  changePipeline,
  type Pipeline,
  pipelines,
  removePipeline,
  type Stage,
} from '../../api/workspace';
import { Refusal, useAttempt } from '../../kit/attempt';
import { Failure, useTell } from '../../kit/failure';
import { Column, Panel } from '../../kit/page';
import { useChanges } from '../../kit/unsaved';
import { fieldLabel } from '../../kit/words';
import classes from './pipelines.module.css';
import { ProcessSteps } from './process-steps';

/** The ways that deals go, each with its stages. */
export function PipelinesPage() {
  const { t } = useLingui();
  const { data, error, refetch } = useQuery(pipelines);
  const [adding, setAdding] = useState(false);
  if (error) return <Failure failure={error} retry={refetch} />;
  return (
    <Column>
      {!data ? (
        <Skeleton height={240} />
      ) : (
        data.map((each) => (
          <Editor
            key={each.id}
            saved={each}
            // The server keeps the last one of its kind, and says so to whoever asks all the same.
            goes={data.some((other) => other.id !== each.id && other.kind === each.kind)}
          />
        ))
      )}
      {adding ? (
        <Editor
          saved={{
            id: '',
            version: 0,
            kind: 'deal',
            stale_days: 0,
            reasons: [],
            steps: [],
            starts_after: [],
            author: null,
            name: '',
            stages: [
              { name: t`New request`, outcome: 'open' },
              { name: t`Won`, outcome: 'won' },
              { name: t`Lost`, outcome: 'lost' },
            ],
          }}
          onDone={() => setAdding(false)}
        />
      ) : (
        <Group>
          <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
            <Trans>New pipeline</Trans>
          </Button>
        </Group>
      )}
    </Column>
  );
}

function Editor({ saved, goes, onDone }: { saved: Pipeline; goes?: boolean; onDone?: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { draft, changed, set: setDraft, reset, settled } = useChanges(saved);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const of: Record<Pipeline['kind'], string> = { deal: t`Deals`, process: t`Post-sale processes` };
  const { data: all = [] } = useQuery(kinds);
  const askable = (all.find((each) => each.name === draft.kind)?.fields ?? [])
    .filter((field) => field.writable && !['stage', 'pipeline', 'bool'].includes(field.type))
    .map((field) => ({ value: field.name, label: fieldLabel(field) }));
  const set = (index: number, next: Partial<Stage>) =>
    setDraft({
      ...draft,
      stages: draft.stages.map((each, place) => (place === index ? { ...each, ...next } : each)),
    });

  function move(index: number, by: number) {
    const stages = [...draft.stages];
    const [taken] = stages.splice(index, 1);
    if (taken) stages.splice(index + by, 0, taken);
    setDraft({ ...draft, stages });
  }

  async function save() {
    setBusy(true);
    try {
      const body = {
        kind: draft.kind,
        name: draft.name.trim(),
        stages: draft.stages,
        stale_days: draft.stale_days,
        reasons: draft.reasons,
        ...(draft.kind === 'process'
          ? {
              steps: draft.steps.map((step) => ({ ...step, title: step.title.trim() })),
              starts_after: draft.starts_after,
            }
          : {}),
      };
      // The stages keep their ids, so that deals stay where they are.
      if (saved.id) await changePipeline(saved.id, { ...body, version: draft.version });
      else await addPipeline(body);
      settled(draft);
      await client.invalidateQueries({ queryKey: ['pipelines'] });
      onDone?.();
    } catch (failure) {
      tell(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Panel>
      <Stack gap="xs">
        <Group gap="xs">
          {saved.id ? (
            <Badge size="sm" variant="light" color="gray">
              {of[draft.kind]}
            </Badge>
          ) : (
            <SegmentedControl
              size="xs"
              aria-label={t`What passes through the pipeline`}
              data={Object.entries(of).map(([value, label]) => ({ value, label }))}
              value={draft.kind}
              onChange={(kind) => setDraft({ ...draft, kind: kind as Pipeline['kind'] })}
            />
          )}
        </Group>
        <TextInput
          size="sm"
          label={t`Pipeline`}
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
        />
        {draft.stages.map((stage, index) => (
          <Fragment key={index}>
            <div className={classes.stage}>
              <TextInput
                size="sm"
                aria-label={t`Stage ${index + 1}`}
                value={stage.name}
                onChange={(event) => set(index, { name: event.currentTarget.value })}
              />
              <Select
                size="sm"
                allowDeselect={false}
                aria-label={t`What the stage means`}
                data={[
                  { value: 'open', label: t`in work` },
                  { value: 'won', label: t`won` },
                  { value: 'lost', label: t`lost` },
                ]}
                value={stage.outcome}
                onChange={(outcome) => outcome && set(index, { outcome: outcome as Stage['outcome'] })}
              />
              <ActionIcon aria-label={t`Move up`} disabled={index === 0} onClick={() => move(index, -1)}>
                <IconArrowUp size={15} />
              </ActionIcon>
              <ActionIcon
                aria-label={t`Move down`}
                disabled={index === draft.stages.length - 1}
                onClick={() => move(index, 1)}
              >
                <IconArrowDown size={15} />
              </ActionIcon>
              <ActionIcon
                aria-label={t`Remove the stage ${stage.name}`}
                onClick={() =>
                  setDraft({ ...draft, stages: draft.stages.filter((_, place) => place !== index) })
                }
              >
                <IconX size={15} />
              </ActionIcon>
            </div>
            <MultiSelect
              size="xs"
              className={classes.asks}
              aria-label={t`What the stage ${stage.name} asks for`}
              placeholder={(stage.requires ?? []).length ? '' : t`asks for nothing`}
              data={askable}
              searchable
              value={stage.requires ?? []}
              onChange={(requires) => set(index, { requires })}
            />
          </Fragment>
        ))}
        {draft.kind === 'process' && (
          <ProcessSteps draft={draft} onChange={(part) => setDraft({ ...draft, ...part })} />
        )}
        <Group gap="md" align="flex-start">
          <NumberInput
            size="sm"
            w={190}
            min={0}
            max={3650}
            allowDecimal={false}
            label={t`Rests too long after`}
            description={t`days without a change; 0: never`}
            value={draft.stale_days}
            onChange={(days) => setDraft({ ...draft, stale_days: Number(days) || 0 })}
          />
          {draft.kind === 'deal' && (
            <TagsInput
              size="sm"
              style={{ flex: 1, minWidth: 220 }}
              label={t`Reasons for loss`}
              description={t`Enter after each. With any, one is chosen when a deal is lost.`}
              value={draft.reasons}
              onChange={(reasons) => setDraft({ ...draft, reasons })}
            />
          )}
        </Group>
        <Group justify="space-between">
          <Button
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            onClick={() => setDraft({ ...draft, stages: [...draft.stages, { name: '', outcome: 'open' }] })}
          >
            <Trans>Stage</Trans>
          </Button>
          <Group gap="xs" ml="auto">
            {!saved.id && onDone && (
              <Button variant="default" size="sm" onClick={onDone}>
                <Trans>Cancel</Trans>
              </Button>
            )}
            {goes && (
              <Button
                variant="subtle"
                color="red"
                size="sm"
                aria-label={t`Delete the pipeline ${saved.name}`}
                onClick={() => setLeaving(true)}
              >
                <Trans>Delete</Trans>
              </Button>
            )}
            {saved.id && changed && (
              <Button variant="subtle" color="gray" size="sm" onClick={reset}>
                <Trans>Leave as it was</Trans>
              </Button>
            )}
            {(!saved.id || changed) && (
              <Button
                size="sm"
                loading={busy}
                disabled={
                  !draft.name.trim() ||
                  draft.stages.some((stage) => !stage.name.trim()) ||
                  draft.steps.some((step) => !step.title.trim())
                }
                onClick={save}
              >
                <Trans>Save</Trans>
              </Button>
            )}
          </Group>
        </Group>
      </Stack>
      {leaving && <Leaving pipeline={saved} onClose={() => setLeaving(false)} />}
    </Panel>
  );
}

/** Asked first, since there is no way back: what goes, what stays, and what must be empty. */
function Leaving({ pipeline, onClose }: { pipeline: Pipeline; onClose: () => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const { busy, failure, attempt } = useAttempt();

  const go = () =>
    attempt(async () => {
      await removePipeline(pipeline.id);
      onClose();
      await client.invalidateQueries({ queryKey: ['pipelines'] });
    });

  return (
    <Modal
      opened
      onClose={onClose}
      size="sm"
      title={t`Delete the pipeline ${pipeline.name}`}
      closeButtonProps={{ 'aria-label': t`Close` }}
    >
      <Stack gap="sm">
        <Text size="sm">
          <Trans>
            The pipeline goes with its stages, and this cannot be undone. Nothing may stand in it. The log and
            the history of records keep its name.
          </Trans>
        </Text>
        {pipeline.kind === 'deal' && (
          <Text size="sm" c="dimmed">
            <Trans>Processes that start after it by themselves do so no longer.</Trans>
          </Text>
        )}
        <Refusal failure={failure} />
        <Group justify="flex-end">
          <Button variant="default" size="sm" data-autofocus onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button color="red" size="sm" loading={busy} onClick={go}>
            <Trans>Delete</Trans>
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
