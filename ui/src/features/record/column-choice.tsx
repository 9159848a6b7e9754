import { Checkbox, ScrollArea, Stack } from '@mantine/core';
import type { Field, Kind } from '../../api/kinds';
import { fieldLabel } from '../../kit/words';
import type { ListSearch } from './address';
import { keepColumns } from './columns';

interface Props {
  kind: Kind;
  fields: Field[];
  put: (next: Partial<ListSearch>) => void;
}

/** Which fields a list shows. */
export default function ColumnChoice({ kind, fields, put }: Props) {
  const shown = new Set(fields.map((field) => field.name));

  function toggle(name: string) {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    // In the order of the kind, so that columns keep their places.
    const names = kind.fields.map((field) => field.name).filter((each) => next.has(each));
    keepColumns(kind, names);
    put({ cols: names.join(',') });
  }

  return (
    <ScrollArea.Autosize mah={380}>
      <Stack gap={8} p="sm">
        {kind.fields.map((field) => (
          <Checkbox
            key={field.name}
            size="xs"
            label={fieldLabel(field)}
            checked={shown.has(field.name)}
            disabled={field.name === kind.title}
            onChange={() => toggle(field.name)}
          />
        ))}
      </Stack>
    </ScrollArea.Autosize>
  );
}
