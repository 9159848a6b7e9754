import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Group, Loader, Skeleton } from '@mantine/core';
import { IconFilter, IconPlus, IconX } from '@tabler/icons-react';
import { Suspense, useState } from 'react';
import type { Field, Kind } from '../../api/kinds';
import { later, part } from '../later';
import { Popup } from '../popup';
import { allOf, type Condition, line, parse, parts } from './condition';
import classes from './filter-bar.module.css';
import { useSaying } from './filter-words';

const Form = part(later(() => import('./filter-form')));
const Line = part(later(() => import('./filter-line')));

interface Props {
  kind: Kind;
  /** The filter as a line; empty for none. */
  value: string;
  onChange: (next: string) => void;
}

/** The filter of a list: chips that are clicked together, and the line behind them. */
export function FilterBar({ kind, value, onChange }: Props) {
  const { t } = useLingui();
  const tree = parse(value);
  const say = useSaying(kind, tree);
  const [asLine, setAsLine] = useState(false);
  const fields = kind.fields.filter((field) => field.filter !== false);
  const chips = tree ? parts(tree) : [];

  const put = (next: Condition[]) => onChange(line(allOf(next)));

  if (tree === null || asLine) {
    return (
      <Suspense fallback={<Skeleton height={30} style={{ flex: 1 }} />}>
        <Line
          value={value}
          onChange={onChange}
          onClose={tree === null ? undefined : () => setAsLine(false)}
        />
      </Suspense>
    );
  }

  return (
    <Group gap={6} className={classes.bar} role="group" aria-label={t`Filter`}>
      {chips.map((chip, index) => (
        <span className={classes.chip} key={index}>
          <Editor
            kind={kind}
            fields={fields}
            start={chip}
            onDone={(next) => put(chips.map((each, place) => (place === index ? next : each)))}
          >
            {(open) => (
              <button type="button" className={classes.said} onClick={open}>
                {say(chip)}
              </button>
            )}
          </Editor>
          <ActionIcon
            size="xs"
            aria-label={t`Remove filter: ${say(chip)}`}
            onClick={() => put(chips.filter((_, place) => place !== index))}
          >
            <IconX size={12} />
          </ActionIcon>
        </span>
      ))}
      <Editor
        kind={kind}
        fields={fields}
        onDone={(next) => put([...chips, next])}
        onLine={() => setAsLine(true)}
      >
        {(open) => (
          <Button
            variant={chips.length ? 'subtle' : 'default'}
            color="gray"
            leftSection={chips.length ? <IconPlus size={14} /> : <IconFilter size={14} />}
            onClick={open}
          >
            {chips.length ? <Trans>and…</Trans> : <Trans>Filter</Trans>}
          </Button>
        )}
      </Editor>
      {chips.length > 1 && (
        <Button variant="subtle" color="gray" onClick={() => onChange('')}>
          <Trans>Clear</Trans>
        </Button>
      )}
    </Group>
  );
}

/** A chip's pop-up: one condition, or several of which any may hold. */
function Editor(props: {
  kind: Kind;
  fields: Field[];
  start?: Condition;
  onDone: (next: Condition) => void;
  onLine?: () => void;
  children: (open: () => void) => React.ReactElement;
}) {
  const { t } = useLingui();
  const [opened, setOpened] = useState(false);
  return (
    <Popup
      label={t`Filter`}
      opened={opened}
      onChange={setOpened}
      width={380}
      trapFocus
      target={props.children(() => setOpened((now) => !now))}
    >
      {opened && (
        <Suspense fallback={<Loader size="sm" />}>
          <Form
            {...props}
            onDone={(next) => {
              setOpened(false);
              props.onDone(next);
            }}
          />
        </Suspense>
      )}
    </Popup>
  );
}
