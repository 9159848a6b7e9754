import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { type Pipeline, pipelines } from '../../api/workspace';
import classes from './pipelines.module.css';

type Step = Pipeline['steps'][number];

/** The tasks that a process begins with, and after which deals it starts by itself. */
export function ProcessSteps({
  draft,
  onChange,
}: {
  draft: Pipeline;
  onChange: (part: Partial<Pipeline>) => void;
}) {
  const { t } = useLingui();
  const { data: all = [] } = useQuery(pipelines);
  const titles = useRef<(HTMLInputElement | null)[]>([]);
  const steps = draft.steps;
  const set = (index: number, part: Partial<Step>) =>
    onChange({ steps: steps.map((each, place) => (place === index ? { ...each, ...part } : each)) });

  function add() {
    // The step is there at once, so that what is typed next is typed into it.
    flushSync(() =>
      onChange({ steps: [...steps, { title: '', activity: 'call', days: (steps.at(-1)?.days ?? -7) + 7 }] }),
    );
    titles.current[steps.length]?.focus();
  }

  return (
    <div>
      <p className={classes.heading}>
        <Trans>Tasks that it begins with</Trans>
      </p>
      {steps.length === 0 && (
        <p className={classes.hint}>
          <Trans>Say what is done after a win and when: “Call and ask how it went”, after 14 days.</Trans>
        </p>
      )}
      {steps.map((step, index) => (
        <div key={index} className={classes.step}>
          <TextInput
            size="sm"
            ref={(input) => {
              titles.current[index] = input;
            }}
            maxLength={250}
            aria-label={t`Task ${index + 1}`}
            value={step.title}
            onChange={(event) => set(index, { title: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter') add();
            }}
          />
          <Select
            size="sm"
            allowDeselect={false}
            aria-label={t`Sort of task ${index + 1}`}
            data={[
              { value: 'call', label: t`Call` },
              { value: 'meeting', label: t`Meeting` },
              { value: 'message', label: t`Message` },
              { value: 'other', label: t`Other` },
            ]}
            value={step.activity ?? 'other'}
            onChange={(activity) => activity && set(index, { activity })}
          />
          <NumberInput
            size="sm"
            min={0}
            max={3650}
            allowDecimal={false}
            aria-label={t`Days after the start of task ${index + 1}`}
            suffix={` ${t`days after`}`}
            value={step.days}
            onChange={(days) => set(index, { days: Number(days) || 0 })}
          />
          <ActionIcon
            aria-label={t`Remove task ${index + 1}`}
            onClick={() => onChange({ steps: steps.filter((_, place) => place !== index) })}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <Group mt={2} mb="xs">
        <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={add}>
          <Trans>Task</Trans>
        </Button>
      </Group>
      <MultiSelect
        size="sm"
        label={t`Starts by itself when a deal is won in`}
        description={
          draft.author ? (
            <Trans>
              It acts with the rights of {draft.author.name}: what they may not see or make, it leaves alone.
            </Trans>
          ) : (
            <Trans>It acts with your rights: what you may not see or make, it leaves alone.</Trans>
          )
        }
        placeholder={draft.starts_after.length ? '' : t`by hand only, from the card of a won deal`}
        data={all
          .filter((each) => each.kind === 'deal')
          .map((each) => ({ value: each.id, label: each.name }))}
        value={draft.starts_after}
        onChange={(starts_after) => onChange({ starts_after })}
      />
    </div>
  );
}
