import { Plural, Trans, useLingui } from '@lingui/react/macro';
import {
  Alert,
  Button,
  Checkbox,
  Group,
  Modal,
  Progress,
  Select,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Kind } from '../../api/kinds';
import { create, type Record_, remove } from '../../api/records';
import { useSentence } from '../../kit/failure';
import { useUndo } from '../../kit/undo';
import { fieldLabel } from '../../kit/words';
import classes from './paste-rows.module.css';
import { cellsOf, type Goes, guess, hasHead, targets, valuesOf } from './rows';

const most = 1000;
const shownRows = 5;

interface Props {
  kind: Kind;
  title: string;
  /** The record that the rows are put into, and the field that says so. */
  into: { field: string; id: string; title: string };
  onClose: () => void;
  onDone: () => void;
}

/** Rows from a spreadsheet: pasted, looked at, and put in. What is refused stays in the box, and says why. */
export default function PasteRows({ kind, title, into, onClose, onDone }: Props) {
  const { t } = useLingui();
  const sentence = useSentence();
  const offerUndo = useUndo();
  const [text, setText] = useState('');
  const [headed, setHeaded] = useState<boolean | null>(null);
  const [chosen, setChosen] = useState<Record<number, Goes>>({});
  const [done, setDone] = useState<number | null>(null);
  const [refused, setRefused] = useState('');
  const cells = useMemo(() => cellsOf(text), [text]);
  const head = headed ?? hasHead(kind, cells);
  const guessed = useMemo(() => guess(kind, cells, head), [kind, cells, head]);
  const goes = guessed.map((each, at) => chosen[at] ?? each);
  const values = useMemo(() => valuesOf(kind, cells, goes, head), [kind, cells, goes, head]);
  const tooMany = values.length > most;

  async function add() {
    const rows = values;
    const made: Record_[] = [];
    const left: number[] = [];
    let why = '';
    setRefused('');
    setDone(0);
    let next = 0;
    // Four at a time: none waits long, and the server is not pressed.
    const lane = async () => {
      for (let at = next++; at < rows.length; at = next++) {
        try {
          made.push(await create(kind.plural, { ...rows[at], [into.field]: into.id }, crypto.randomUUID()));
        } catch (failure) {
          left.push(at);
          why ||= sentence(failure);
        }
        setDone(made.length + left.length);
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    setDone(null);
    onDone();
    if (made.length > 0)
      offerUndo(<Plural value={made.length} one="# row added." other="# rows added." />, async () => {
        for (const each of made) await remove(kind.plural, each.id);
        onDone();
      });
    if (left.length === 0) return onClose();
    const body = head ? cells.slice(1) : cells;
    const rest = left.sort((a, b) => a - b).map((at) => body[at] ?? []);
    setText([...(head ? [cells[0] ?? []] : []), ...rest].map(line).join('\n'));
    setHeaded(head);
    setRefused(why);
  }

  return (
    <Modal opened onClose={onClose} size={860} title={title} closeButtonProps={{ 'aria-label': t`Close` }}>
      <Stack gap="md">
        <Textarea
          label={t`Rows`}
          description={t`Copy them in a spreadsheet and paste them here, with their headings if they have any.`}
          autosize
          minRows={5}
          maxRows={9}
          value={text}
          data-autofocus
          classNames={{ input: classes.text }}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setHeaded(null);
            setChosen({});
          }}
        />
        {refused && (
          <Alert color="red" variant="light" role="alert">
            <Trans>These rows were not added. {refused}</Trans>
          </Alert>
        )}
        {cells.length > 0 && (
          <>
            <Checkbox
              label={t`The first row holds the headings`}
              checked={head}
              onChange={(event) => {
                setHeaded(event.currentTarget.checked);
                setChosen({});
              }}
            />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is moved sideways by keys as well */}
            <div className={classes.scroll} tabIndex={0}>
              <table className={classes.table}>
                <thead>
                  <tr>
                    {goes.map((to, at) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
                      <th key={at}>
                        <Select
                          size="xs"
                          allowDeselect={false}
                          aria-label={t`Where column ${at + 1} goes`}
                          value={to || 'nowhere'}
                          data={[
                            ...targets(kind).map((field) => ({
                              value: field.name,
                              label: fieldLabel(field),
                            })),
                            { value: 'note+', label: t`Into the note` },
                            { value: 'nowhere', label: t`Leave out` },
                          ]}
                          onChange={(next) =>
                            setChosen((now) => ({ ...now, [at]: next === 'nowhere' ? '' : (next ?? '') }))
                          }
                        />
                        {head && <div className={classes.heading}>{cells[0]?.[at]}</div>}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {(head ? cells.slice(1) : cells).slice(0, shownRows).map((row, nth) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
                    <tr key={nth}>
                      {row.map((cell, at) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: so is a cell
                        <td key={at} data-off={!goes[at] || undefined}>
                          {cell}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {tooMany && (
              <Text size="sm" c="red">
                <Trans>At most {most} rows at a time.</Trans>
              </Text>
            )}
          </>
        )}
        {done !== null && (
          <Progress
            value={(100 * done) / Math.max(1, values.length)}
            animated
            aria-label={t`How far it is`}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button
            disabled={values.length === 0 || tooMany}
            loading={done !== null}
            onClick={() => void add()}
          >
            {values.length === 0 ? (
              <Trans>Add the rows</Trans>
            ) : (
              <Plural value={values.length} one="Add # row" other="Add # rows" />
            )}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const line = (row: string[]) =>
  row.map((cell) => (/["\n\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join('\t');
