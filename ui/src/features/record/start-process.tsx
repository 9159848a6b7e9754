import { Trans, useLingui } from '@lingui/react/macro';
import { Button, Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { kinds } from '../../api/kinds';
import { type Record_, startProcess } from '../../api/records';
import { pipelines } from '../../api/workspace';
import { useTell } from '../../kit/failure';
import classes from './convert.module.css';

/** One step from a won deal to what follows it, for whoever may make processes. */
export default function StartProcess({ record }: { record: Record_ }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const navigate = useNavigate();
  const tell = useTell();
  const { data: all = [] } = useQuery(pipelines);
  const { data: known = [] } = useQuery(kinds);
  const [chosen, setChosen] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const stage = (record.stage as { id?: string } | null)?.id ?? record.stage;
  const won = all.some(
    (each) => each.kind === 'deal' && each.stages.some((one) => one.id === stage && one.outcome === 'won'),
  );
  const may = ['process', 'task'].every(
    (name) => (known.find((each) => each.name === name)?.actions.create ?? 'denied') !== 'denied',
  );
  const offered = all.filter((each) => each.kind === 'process');
  const pipeline = chosen ?? offered[0]?.id;
  if (!won || !may || !pipeline) return null;

  async function go(which: string) {
    setBusy(true);
    try {
      const made = await startProcess(record.id, which);
      await client.invalidateQueries({ queryKey: ['records'] });
      await navigate({ to: '/$plural/$id', params: { plural: 'processes', id: made.process } });
    } catch (failure) {
      tell(failure);
      setBusy(false);
    }
  }

  return (
    <form
      className={classes.bar}
      aria-label={t`Post-sale process`}
      onSubmit={(event) => {
        event.preventDefault();
        void go(pipeline);
      }}
    >
      {offered.length > 1 && (
        <Select
          size="xs"
          className={classes.deal}
          allowDeselect={false}
          aria-label={t`Which process`}
          data={offered.map((each) => ({ value: each.id, label: each.name }))}
          value={pipeline}
          onChange={setChosen}
        />
      )}
      <Button type="submit" size="xs" variant="default" loading={busy}>
        {offered.length > 1 ? <Trans>Start the process</Trans> : t`Start: ${offered[0]?.name ?? ''}`}
      </Button>
    </form>
  );
}
