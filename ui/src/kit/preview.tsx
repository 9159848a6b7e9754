import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Group, Select, Skeleton, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Field, Kind } from '../api/kinds';
import { preview, type Role } from '../api/people';
import { Failure } from './failure';
import { FieldValue } from './field-value';
import { Panel } from './page';
import classes from './preview.module.css';
import { useSurfaceWords } from './rights-words';
import { fieldLabel, kindMany } from './words';

/** What somebody would see, live: by the role as it stands in the editor, or a person as they are. */
export function Preview({ kinds: all, role, person }: { kinds: Kind[]; role?: Role; person?: string }) {
  const { t } = useLingui();
  const surfaceWords = useSurfaceWords();
  const [kindName, setKindName] = useState(all[0]?.name ?? 'contact');
  const [surface, setSurface] = useState<'list' | 'card'>('list');
  const [draft] = useDebouncedValue(role, 350);
  const ask = { ...(person ? { person } : {}), ...(draft ? { role: draft } : {}), kind: kindName, surface };
  const { data, error, isFetching } = useQuery({
    queryKey: ['preview', ask],
    queryFn: () => preview(ask),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const kind = all.find((each) => each.name === kindName);
  const records = data?.items ?? [];
  const shown = (kind?.fields ?? []).filter(
    (field) =>
      !field.house &&
      records.some((record) => record.sight?.[field.name] || (record[field.name] ?? '') !== ''),
  );
  // The name, then what is most guarded: that is what the rights are about.
  const rank = (field: Field) =>
    field.name === kind?.title ? 0 : field.class === 'special' ? 1 : field.class === 'contact' ? 2 : 3;
  const first = [...shown].sort((a, b) => rank(a) - rank(b)).slice(0, 5);

  return (
    <Panel
      title={t`What they would see`}
      note={t`Real records, as these rights open them. Nothing is saved by looking.`}
    >
      <Group gap={8} mb="sm">
        <Select
          size="xs"
          w={130}
          aria-label={t`Kind`}
          allowDeselect={false}
          data={all
            .filter((each) => !each.within)
            .map((each) => ({ value: each.name, label: kindMany(each) }))}
          value={kindName}
          onChange={(next) => next && setKindName(next)}
        />
        <Select
          size="xs"
          w={150}
          aria-label={t`Where`}
          allowDeselect={false}
          data={['list', 'card'].map((value) => ({
            value,
            label: surfaceWords[value] ?? value,
          }))}
          value={surface}
          onChange={(next) => next && setSurface(next as 'list')}
        />
        {data?.count && (
          <Text size="xs" c="dimmed" aria-live="polite">
            {data.count.capped ? (
              <Trans>more than {data.count.n}</Trans>
            ) : (
              <Plural value={data.count.n} one="# record" other="# records" />
            )}
          </Text>
        )}
      </Group>
      {error ? (
        <Failure failure={error} />
      ) : !data ? (
        <Skeleton height={180} />
      ) : records.length === 0 ? (
        <Text size="sm" c="dimmed">
          <Trans>Nothing at all.</Trans>
        </Text>
      ) : (
        <section
          className={classes.preview}
          style={{ opacity: isFetching ? 0.6 : 1 }}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys
          tabIndex={0}
          aria-label={t`Records`}
        >
          <table>
            <thead>
              <tr>
                {first.map((field) => (
                  <th key={field.name} scope="col">
                    {fieldLabel(field)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {records.slice(0, 12).map((record) => (
                <tr key={record.id}>
                  {first.map((field) => (
                    <td key={field.name}>
                      <FieldValue field={field} record={record} look={{ dense: true }} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}
