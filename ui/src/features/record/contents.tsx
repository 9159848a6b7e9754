import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Button, Skeleton } from '@mantine/core';
import { IconClipboardText, IconPlus, IconTable } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { list, type Record_ } from '../../api/records';
import { FieldValue } from '../../kit/field-value';
import { later, part } from '../../kit/later';
import { kindMany, kindOne } from '../../kit/words';
import { writing } from '../../text';
import classes from './contents.module.css';

const CreateDrawer = part(later(() => import('./create')));
const PasteRows = part(later(() => import('./paste-rows')));

// What is kept together by a record of the kind.
const inside: Record<string, string[]> = {
  prospect_list: ['prospect'],
  folder: ['contact', 'company', 'deal'],
  legal_entity: ['invoice'],
};

/** What lies in a prospect list, in a folder: the newest of it, and the way to all of it as a table. */
export default function Contents({
  kind,
  record,
  readOnly,
}: {
  kind: Kind;
  record: Record_;
  readOnly: boolean;
}) {
  const { data: all = [] } = useQuery(kinds);
  const shown = (inside[kind.name] ?? []).flatMap((name) => {
    const other = all.find((each) => each.name === name && (each.actions.view ?? 'denied') !== 'denied');
    const field = other?.fields.find(
      (each) => each.type === 'relation' && each.target === kind.name && each.filter,
    );
    return other && field ? [{ other, field: field.name }] : [];
  });
  return (
    <>
      {shown.map(({ other, field }) => (
        <Part key={other.name} kind={kind} record={record} other={other} field={field} readOnly={readOnly} />
      ))}
    </>
  );
}

function Part({
  kind,
  record,
  other,
  field,
  readOnly,
}: {
  kind: Kind;
  record: Record_;
  other: Kind;
  field: string;
  readOnly: boolean;
}) {
  const { t } = useLingui();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [pasting, setPasting] = useState(false);
  const filter = `${field} = ${record.id}`;
  const title = other.fields.find((each) => each.name === other.title);
  const beside = other.fields.find((each) => each.name === (other.name === 'deal' ? 'stage' : 'status'));
  const fields = [title?.name, beside?.name].filter(Boolean).join(',');
  const { data } = useInfiniteQuery(list(other.plural, { filter, fields }, 6));
  const items = data?.pages[0]?.items ?? [];
  const count = data?.pages[0]?.count;
  const mayMake = !readOnly && !record.binned && (other.actions.create ?? 'denied') !== 'denied';
  const again = () => client.invalidateQueries({ queryKey: ['records', other.plural] });
  const n = count ? `${count.n.toLocaleString(writing())}${count.capped ? '+' : ''}` : '';

  return (
    <section className={classes.part} aria-label={kindMany(other)}>
      <div className={classes.head}>
        <h3 className={classes.title}>{kindMany(other)}</h3>
        <span className={classes.count}>{n}</span>
        {mayMake && (
          <div className={classes.make}>
            {other.name === 'prospect' && (
              <Button
                variant="subtle"
                size="compact-xs"
                leftSection={<IconClipboardText size={13} />}
                onClick={() => setPasting(true)}
              >
                <Trans>Paste rows…</Trans>
              </Button>
            )}
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<IconPlus size={13} />}
              onClick={() => setAdding(true)}
            >
              {kindOne(other)}
            </Button>
          </div>
        )}
      </div>
      {!data ? (
        <Skeleton height={72} />
      ) : items.length === 0 ? (
        <p className={classes.nothing}>
          {other.name === 'prospect' ? (
            <Trans>No rows yet. Paste them from a spreadsheet, or add one.</Trans>
          ) : (
            <Trans>Nothing here that you may see.</Trans>
          )}
        </p>
      ) : (
        <ul className={classes.rows}>
          {items.map((item) => (
            <li key={item.id}>
              <Link to="/$plural/$id" params={{ plural: other.plural, id: item.id }} className={classes.row}>
                <span className={classes.name}>{String(item[other.title] ?? '')}</span>
                {beside && (
                  <span className={classes.beside}>
                    <FieldValue field={beside} record={item} look={{ dense: true }} />
                  </span>
                )}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {items.length > 0 && (
        <Button
          variant="default"
          mt={8}
          leftSection={<IconTable size={15} />}
          renderRoot={(root) => (
            <Link
              {...root}
              to="/$plural"
              params={{ plural: other.plural }}
              search={{ filter, ...(other.stage ? { view: 'list' } : {}) }}
            />
          )}
        >
          {count && !count.capped ? (
            <Plural value={count.n} one="Open as a table: # row" other="Open as a table: # rows" />
          ) : (
            <Trans>Open as a table: {n} rows</Trans>
          )}
        </Button>
      )}
      {adding && (
        <Suspense>
          <CreateDrawer
            kind={other}
            opened
            begin={{
              [field]: { id: record.id, kind: kind.name, title: String(record[kind.title] ?? '') },
            }}
            onClose={() => setAdding(false)}
            onCreated={() => {
              setAdding(false);
              void again();
            }}
          />
        </Suspense>
      )}
      {pasting && (
        <Suspense>
          <PasteRows
            kind={other}
            into={{ field, id: record.id, title: String(record[kind.title] ?? '') }}
            onClose={() => setPasting(false)}
            onDone={() => void again()}
            title={t`Paste rows into ${String(record[kind.title] ?? '')}`}
          />
        </Suspense>
      )}
    </section>
  );
}
