import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Button, Skeleton, Stack } from '@mantine/core';
import { IconArrowLeft, IconCopyCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import { duplicates, type Record_ } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { FieldValue } from '../../kit/field-value';
import { Column, PageTitle, Panel } from '../../kit/page';
import { fieldLabel, kindMany } from '../../kit/words';
import classes from './duplicates-page.module.css';
import MergeDialog from './merge';
import { useNames } from './names';

const route = getRouteApi('/in/duplicates/$plural');

/** Records that are probably the same, among those that the person may see, to be made one. */
export function DuplicatesPage() {
  const { plural } = route.useParams();
  const { data: all } = useQuery(kinds);
  const kind = all?.find((each) => each.plural === plural && !each.within);
  if (!kind) return all ? <Empty title="" /> : <Skeleton height={200} m="md" />;
  return <Of key={kind.name} kind={kind} />;
}

function Of({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const { nameOf } = useNames();
  const { data, error, refetch, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(duplicates(kind.plural));
  const [pair, setPair] = useState<[string, string] | null>(null);
  const mayMerge = holds(me, 'records.merge') && !me.view_as;
  const groups = data?.pages.flatMap((page) => page.items) ?? [];
  const many = kindMany(kind);
  const shown = ['phones', 'emails', 'city', 'company', kind.responsible]
    .map((name) => kind.fields.find((field) => field.name === name))
    .filter((field) => field !== undefined);

  return (
    <Column wide>
      <PageTitle title={t`Probable duplicates`} />
      <div className={classes.top}>
        <Link to="/$plural" params={{ plural: kind.plural }} className={classes.back}>
          <IconArrowLeft size={15} aria-hidden /> {many}
        </Link>
        <span className={classes.note}>
          <Trans>Among what you may see: the same phone, the same address, the same name.</Trans>
        </span>
      </div>
      {error ? (
        <Failure failure={error} retry={refetch} />
      ) : isPending ? (
        <Skeleton height={180} />
      ) : groups.length === 0 && !hasNextPage ? (
        <Empty icon={<IconCopyCheck size={24} />} title={t`No duplicates`}>
          <Trans>None of the records that you may see looks like another one.</Trans>
        </Empty>
      ) : (
        <Stack gap="md">
          {groups.map((group) => {
            const field = kind.fields.find((each) => each.name === group.by);
            const [first, ...others] = group.records;
            if (!first) return null;
            return (
              <Panel
                key={`${group.by} ${group.records.map((each) => each.id).join(' ')}`}
                title={field ? t`The same: ${fieldLabel(field)}` : group.by}
                note={<Plural value={group.records.length} one="# record" other="# records" />}
                flush
              >
                <ul className={classes.list}>
                  {group.records.map((record) => (
                    <li key={record.id} className={classes.row}>
                      <Link
                        to="/$plural/$id"
                        params={{ plural: kind.plural, id: record.id }}
                        className={classes.name}
                      >
                        {String(record[kind.title] ?? '–')}
                      </Link>
                      {shown.map((each) => (
                        <span key={each.name} className={classes.cell}>
                          <FieldValue
                            field={each}
                            record={record as Record_}
                            look={{ dense: true, nameOf }}
                          />
                        </span>
                      ))}
                      <span className={classes.act}>
                        {mayMerge && record !== first && (
                          <Button
                            variant="default"
                            size="compact-sm"
                            onClick={() => setPair([first.id, record.id])}
                          >
                            {others.length === 1 ? (
                              <Trans>Merge…</Trans>
                            ) : (
                              <Trans>Merge with the first…</Trans>
                            )}
                          </Button>
                        )}
                      </span>
                    </li>
                  ))}
                </ul>
              </Panel>
            );
          })}
          {hasNextPage && (
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              <Trans>Look further</Trans>
            </Button>
          )}
        </Stack>
      )}
      {pair && (
        <MergeDialog
          kind={kind}
          one={pair[0]}
          other={pair[1]}
          onClose={() => setPair(null)}
          onMerged={() => void client.invalidateQueries({ queryKey: ['records', kind.plural, 'duplicates'] })}
        />
      )}
    </Column>
  );
}
