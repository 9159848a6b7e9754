import { useLingui } from '@lingui/react/macro';
import { ActionIcon, Group } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Problem } from '../../api/http';
import type { Field, Kind } from '../../api/kinds';
import { change, type Record_, readOnce } from '../../api/records';
import { useSentence, useTell } from '../../kit/failure';
import { FieldInput, keepsEnter, savesAtOnce, sendable } from '../../kit/field-input';
import type { Leave } from '../../kit/grid';
import { useCache } from './cache';

interface Props {
  kind: Kind;
  field: Field;
  record: Record_;
  done: (where: Leave) => void;
}

/**
 * A field of a list, changed where it stands. What was typed is shown as saved
 * at once; if the server refuses, it springs back, and a note says why.
 */
export default function CellEditor({ kind, field, record, done }: Props) {
  const { t } = useLingui();
  const cache = useCache(kind.plural);
  const tell = useTell();
  const sentence = useSentence();
  const [begun] = useState<unknown>(record[field.name]);
  const [value, setValue] = useState<unknown>(begun);
  const box = useRef<HTMLDivElement>(null);
  const over = useRef(false);

  async function save(next: unknown, where: Leave) {
    if (over.current) return;
    over.current = true;
    done(where);
    if (JSON.stringify(sendable(field, next)) === JSON.stringify(sendable(field, begun))) return;
    // The list is kept true while somebody types: what another has made of the
    // field meanwhile is not written over unseen.
    if (JSON.stringify(begun) !== JSON.stringify(record[field.name])) {
      tell(new Error(t`Somebody changed this meanwhile. Look again and repeat.`));
      return;
    }
    cache.place({ ...record, [field.name]: next });
    try {
      cache.place(
        await change(kind.plural, record.id, record.version, { [field.name]: sendable(field, next) }),
      );
    } catch (failure) {
      cache.place({ ...record, [field.name]: begun });
      if (failure instanceof Problem && (failure.status === 409 || failure.status === 412)) {
        tell(failure);
        // What somebody else has made of it meanwhile is shown.
        await readOnce(kind.plural, record.id).then(cache.place, () => cache.refresh());
        return;
      }
      tell(failure instanceof Problem ? failure : new Error(sentence(failure)));
    }
  }

  const latest = useRef({ save, value });
  latest.current = { save, value };

  // A press outside saves, as leaving a cell does everywhere. What floats belongs to the editor.
  useEffect(() => {
    function onPress(event: MouseEvent) {
      const target = event.target as Element;
      if (box.current?.contains(target) || target.closest('[data-portal], [role="listbox"], [role="option"]'))
        return;
      void latest.current.save(latest.current.value, 'stay');
    }
    document.addEventListener('mousedown', onPress, true);
    return () => document.removeEventListener('mousedown', onPress, true);
  }, []);

  function onKey(event: KeyboardEvent) {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      over.current = true;
      done('stay');
    }
    if (event.key === 'Tab' && !event.defaultPrevented && !keepsEnter(field)) {
      event.preventDefault();
      void save(value, event.shiftKey ? 'before' : 'next');
    }
    if (event.key === 'Enter' && (!keepsEnter(field) || event.ctrlKey || event.metaKey)) {
      if (savesAtOnce(field) && field.type !== 'bool') return;
      event.preventDefault();
      event.stopPropagation();
      void save(value, 'below');
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the field inside
    <div ref={box} onKeyDown={onKey}>
      <Group gap={4} wrap="nowrap" align="flex-start" p={keepsEnter(field) ? 8 : 0}>
        <div style={{ flex: 1, minWidth: keepsEnter(field) ? 300 : 150 }}>
          <FieldInput
            field={field}
            bare
            autoFocus
            value={value}
            pipeline={pipelineOf(kind, record)}
            onChange={(next) => {
              setValue(next);
              if (savesAtOnce(field)) void save(next, 'stay');
            }}
          />
        </div>
        {keepsEnter(field) && (
          <ActionIcon
            size={36}
            variant="light"
            color="accent"
            aria-label={t`Save`}
            title={t`Save (Ctrl+Enter)`}
            onClick={() => void save(value, 'stay')}
          >
            <IconCheck size={16} />
          </ActionIcon>
        )}
      </Group>
    </div>
  );
}

function pipelineOf(kind: Kind, record: Record_): string | undefined {
  const value = kind.pipeline ? record[kind.pipeline] : undefined;
  return typeof value === 'string' ? value : (value as { id?: string } | null | undefined)?.id;
}
