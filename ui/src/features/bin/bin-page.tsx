import { Trans, useLingui } from '@lingui/react/macro';
import { Button, SegmentedControl, Skeleton } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Kind, kinds } from '../../api/kinds';
import { list, type PersonRef, type Record_, restore } from '../../api/records';
import { holds, useMe } from '../../api/session';
import Closed from '../../kit/closed';
import { Empty } from '../../kit/empty';
import { Failure, useTell } from '../../kit/failure';
import { FieldValue } from '../../kit/field-value';
import { Column, PageTitle, Panel } from '../../kit/page';
import { When } from '../../kit/when';
import { kindMany } from '../../kit/words';
import classes from './bin.module.css';

const route = getRouteApi('/in/bin');

/** What was deleted, and the way back. */
export function BinPage() {
  const { t } = useLingui();
  const me = useMe();
  const { kind: chosen } = route.useSearch();
  const navigate = useNavigate();
  const { data: all } = useQuery(kinds);
  const shown = (all ?? []).filter((kind) => !kind.within && (kind.actions.view ?? 'denied') !== 'denied');
  const kind = shown.find((each) => each.name === chosen) ?? shown[0];
  if (!holds(me, 'records.bin')) return <Closed what={t`Bin`} />;
  return (
    <Column>
      <PageTitle title={t`Bin`} />
      {shown.length > 0 && (
        <SegmentedControl
          size="xs"
          aria-label={t`Kind`}
          style={{ alignSelf: 'flex-start' }}
          value={kind?.name ?? ''}
          onChange={(name) => void navigate({ to: '/bin', search: { kind: name }, replace: true })}
          data={shown.map((each) => ({ value: each.name, label: kindMany(each) }))}
        />
      )}
      {kind ? <Deleted key={kind.name} kind={kind} /> : <Skeleton height={200} />}
    </Column>
  );
}

function Deleted({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const tell = useTell();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    list(kind.plural, { bin: true }),
  );
  const title = kind.fields.find((field) => field.name === kind.title);
  const items = data?.pages.flatMap((page) => page.items) ?? [];

  async function bringBack(record: Record_) {
    try {
      await restore(kind.plural, record.id);
      await client.invalidateQueries({ queryKey: ['records', kind.plural] });
    } catch (failure) {
      tell(failure);
    }
  }

  if (error) return <Failure failure={error} retry={refetch} />;
  if (!data) return <Skeleton height={200} />;
  if (items.length === 0) {
    return (
      <Empty icon={<IconTrash size={24} />} title={t`The bin is empty`}>
        <Trans>
          What is deleted comes here first, with all that belongs to it, and can be taken out again.
        </Trans>
      </Empty>
    );
  }
  return (
    <Panel>
      <ul className={classes.list}>
        {items.map((record) => (
          <li key={record.id} className={classes.item}>
            <span className={classes.title}>
              {title && <FieldValue field={title} record={record} look={{ dense: true }} />}
            </span>
            <span className={classes.quiet}>
              {(record.updated_by as PersonRef | undefined)?.name} <When at={record.updated_at} />
            </span>
            <Button variant="default" onClick={() => bringBack(record)}>
              <Trans>Take out</Trans>
            </Button>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button variant="subtle" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          <Trans>Earlier</Trans>
        </Button>
      )}
    </Panel>
  );
}
