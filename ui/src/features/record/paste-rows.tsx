import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Alert, Button, Checkbox, Group, Modal, Select, Stack, Text, Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Problem } from '../../api/http';
import type { Kind } from '../../api/kinds';
import { createProspects, undo } from '../../api/records';
import { useAttempt } from '../../kit/attempt';
import { useSentence } from '../../kit/failure';
import { useFormDraft } from '../../kit/form-draft';
import { useUndo } from '../../kit/undo';
import { fieldLabel } from '../../kit/words';
import classes from './paste-rows.module.css';
import { cellsOf, type Goes, guess, hasHead, targets, valuesOf } from './rows';

const most = 1000;
const shownRows = 5;
const shownReasons = 8;

interface Props {
  kind: Kind;
  title: string;
  /** The record that the rows are put into, and the field that says so. */
  into: { field: string; id: string; title: string };
  onClose: () => void;
  onDone: () => void;
}

interface Draft {
  text: string;
  headed: boolean | null;
  chosen: Record<number, Goes>;
}

const blank: Draft = { text: '', headed: null, chosen: {} };

/** Rows from a spreadsheet: pasted, looked at, and put in. What is refused stays in the box, and says why. */
export default function PasteRows({ kind, title, into, onClose, onDone }: Props) {
  const { t } = useLingui();
  const sentence = useSentence();
  const offerUndo = useUndo();
  const place = `castellan.draft.rows.${into.id}`;
  const { draft, set, clear } = useFormDraft<Draft>(place, (left) => ({ ...blank, ...left }));
  const { text, headed, chosen } = draft;
  const { busy, failure, attempt } = useAttempt(place);
  const [told, setTold] = useState<string[]>([]);
  const refused = failure === null ? told : [sentence(failure)];
  const cells = useMemo(() => cellsOf(text), [text]);
  const head = headed ?? hasHead(kind, cells);
  const guessed = useMemo(() => guess(kind, cells, head), [kind, cells, head]);
  const goes = guessed.map((each, at) => chosen[at] ?? each);
  const values = useMemo(() => valuesOf(kind, cells, goes, head), [kind, cells, goes, head]);
  const tooMany = values.length > most;

  const add = () =>
    attempt(async (once) => {
      setTold([]);
      const rows = values.map((each) => ({ ...each, [into.field]: into.id }));
      const answer = await createProspects(rows, once(rows));
      onDone();
      if (answer.done > 0)
        offerUndo(<Plural value={answer.done} one="# row added." other="# rows added." />, async () => {
          const { refused } = await undo(answer.operation);
          onDone();
          if (refused[0]) throw new Problem(409, { ...refused[0] });
        });
      if (answer.refused.length === 0) {
        clear(blank);
        return onClose();
      }
      // What was refused stays in the box, each with its own reason beside its number there.
      const body = head ? cells.slice(1) : cells;
      const rest = answer.refused.map(({ row }) => body[row] ?? []);
      set({ text: [...(head ? [cells[0] ?? []] : []), ...rest].map(line).join('\n'), headed: head });
      setTold(
        answer.refused.map((each, nth) => {
          const field = targets(kind).find((one) => one.name === each.field?.split('.')[0]);
          const why = sentence(new Problem(422, { ...each }));
          const label = field ? fieldLabel(field) : '';
          return t`Row ${nth + 1}: ${why.startsWith(label) ? why : `${label}: ${why}`}`;
        }),
      );
    });

  return (
    <Modal
      opened
      onClose={onClose}
      size={860}
      title={title}
      closeButtonProps={{ 'aria-label': t`Close; what was typed is kept` }}
    >
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
            set({ ...blank, text: event.currentTarget.value });
          }}
        />
        {refused.length > 0 && (
          <Alert color="red" variant="light" role="alert" title={t`These rows were not added`}>
            <ul className={classes.reasons}>
              {refused.slice(0, shownReasons).map((why) => (
                <li key={why}>{why}</li>
              ))}
            </ul>
            {refused.length > shownReasons && (
              <Plural value={refused.length - shownReasons} one="and # more" other="and # more" />
            )}
          </Alert>
        )}
        {cells.length > 0 && (
          <>
            <Checkbox
              label={t`The first row holds the headings`}
              checked={head}
              onChange={(event) => {
                set({ headed: event.currentTarget.checked, chosen: {} });
              }}
            />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is moved sideways by keys as well */}
            <div className={classes.scroll} tabIndex={0}>
              <table className={classes.table}>
                <thead>
                  <tr>
                    {goes.map((to, at) => (
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
                            set({ chosen: { ...chosen, [at]: next === 'nowhere' ? '' : (next ?? '') } })
                          }
                        />
                        {head && <div className={classes.heading}>{cells[0]?.[at]}</div>}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {(head ? cells.slice(1) : cells).slice(0, shownRows).map((row, nth) => (
                    <tr key={nth}>
                      {row.map((cell, at) => (
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
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button disabled={values.length === 0 || tooMany} loading={busy} onClick={() => void add()}>
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
