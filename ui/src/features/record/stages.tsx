import { Trans, useLingui } from '@lingui/react/macro';
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import { pipelines } from '../../api/workspace';
import { allOf, type Condition, line, parse, parts } from '../../kit/filter/condition';
import classes from './stages.module.css';

/** The stages of a pipeline, of which one is shown at a time, or all. */
export default function StageTabs({
  kind,
  filter,
  onChange,
}: {
  kind: Kind;
  filter: string;
  onChange: (next: string) => void;
}) {
  const { t } = useLingui();
  const { data: all = [] } = useQuery(pipelines);
  const data = all.filter((each) => each.kind === kind.name);
  const [chosen, setChosen] = useState<string | null>(null);
  const tree = parse(filter);
  const pipeline = data.find((each) => each.id === chosen) ?? data[0];
  if (!pipeline || !tree || !kind.stage) return null;

  const isStage = (c: Condition) => c.is === 'compare' && c.field === kind.stage && c.op === '=';
  const now = parts(tree).find(isStage);
  const current = now?.is === 'compare' ? now.value : '';
  const put = (stage: string) => {
    const others = parts(tree).filter((c) => !isStage(c));
    onChange(
      line(
        allOf(
          stage && kind.stage
            ? [{ is: 'compare', field: kind.stage, op: '=', value: stage }, ...others]
            : others,
        ),
      ),
    );
  };

  return (
    <div className={classes.tabs} role="group" aria-label={t`Stage`}>
      {data.length > 1 && (
        <Select
          size="xs"
          w={160}
          aria-label={t`Pipeline`}
          allowDeselect={false}
          data={data.map((each) => ({ value: each.id, label: each.name }))}
          value={pipeline.id}
          onChange={setChosen}
        />
      )}
      <button type="button" className={classes.tab} aria-pressed={current === ''} onClick={() => put('')}>
        <Trans>All stages</Trans>
      </button>
      {pipeline.stages.map((stage) => (
        <button
          type="button"
          key={stage.id}
          className={classes.tab}
          data-outcome={stage.outcome}
          aria-pressed={current === stage.id}
          onClick={() => put(stage.id ?? '')}
        >
          {stage.name}
        </button>
      ))}
    </div>
  );
}
