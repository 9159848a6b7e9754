import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Skeleton } from '@mantine/core';
import { useHotkeys, useMediaQuery } from '@mantine/hooks';
import {
  IconCopyCheck,
  IconDots,
  IconFileExport,
  IconFileImport,
  IconPlus,
  IconSearchOff,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useMatchRoute, useNavigate } from '@tanstack/react-router';
import { Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { type Kind, kinds } from '../../api/kinds';
import type { Record_ } from '../../api/records';
import { holds, useMe } from '../../api/session';
import { Empty } from '../../kit/empty';
import { Failure } from '../../kit/failure';
import { FieldValue } from '../../kit/field-value';
import { Grid, type GridColumn } from '../../kit/grid';
import { later, part } from '../../kit/later';
import { PageTitle } from '../../kit/page';
import { fieldLabel, kindMany } from '../../kit/words';
import { writing } from '../../text';
import { type ListSearch, ofList } from './address';
import {
  type Column,
  chosenColumns,
  keepColumns,
  keptLine,
  moved,
  nextStepColumn,
  readSorting,
  sortingWord,
  track,
  writeColumns,
} from './columns';
import classes from './list-page.module.css';
import { useNames } from './names';
import { isBoard, keepView, keptView, questionOf } from './question';
import { RevealsProvider, useReveals } from './reveals';
import { Toolbar } from './toolbar';
import { useRows } from './use-rows';

// What the first look at a list does not need.
const Board = part(later(() => import('./board')));
const BulkBar = part(later(() => import('./bulk-bar')));
const CreateDrawer = part(later(() => import('./create')));
const StageTabs = part(later(() => import('./stages')));
const ViewTabs = part(later(() => import('./view-tabs')));
const ExportDialog = part(later(() => import('./export')));
const NothingYet = part(later(() => import('./nothing-yet')));
const ListMenu = part(later(() => import('./list-menu')));
const Closed = part(later(() => import('../../kit/closed')));
const Why = part(later(() => import('./why')));
const NextCell = part(later(() => import('./next-cell')));
const Become = part(later(() => import('./become')));
const CellEditor = part(later(() => import('./cell-editor')));

// What the program has lists of; a role that gives nothing of a kind leaves it unnamed.
const ours = new Set(
  'contacts companies legal_entities deals tasks appointments services invoices prospect_lists prospects folders calls messages processes'.split(
    ' ',
  ),
);

const route = getRouteApi('/in/$plural');

/** A list of records and, beside it, the card of one of them. */
export function ListPage() {
  const { plural } = route.useParams();
  const { data, isError, error, refetch } = useQuery(kinds);
  // What lies on other records has no list of its own.
  const kind = data?.find((each) => each.plural === plural && !each.within);
  if (isError) return <Failure failure={error} retry={refetch} />;
  if (!data) return <Bones />;
  if (!kind)
    return ours.has(plural) ? (
      <Suspense fallback={<Bones />}>
        <Closed />
      </Suspense>
    ) : (
      <NoSuchKind />
    );
  // Another kind is another list: nothing of the one is kept in the other.
  return (
    <RevealsProvider key={kind.name}>
      <ListOf kind={kind} />
    </RevealsProvider>
  );
}

function Bones() {
  return (
    <div style={{ padding: 16 }} aria-busy>
      <Skeleton height={28} width={260} mb={16} />
      {Array.from({ length: 12 }, (_, index) => (
        <Skeleton key={index} height={12} mb={26} width={`${90 - ((index * 13) % 30)}%`} />
      ))}
    </div>
  );
}

/** Fetches the code of what a list shows by itself, so that it is drawn with it. */
export const ahead = () =>
  Promise.all([Board, StageTabs, ViewTabs, NextCell, BulkBar].map((each) => each.ahead()));

function NoSuchKind() {
  const { t } = useLingui();
  return (
    <>
      <PageTitle title={t`There is nothing here`} />
      <Empty icon={<IconSearchOff size={24} />} title={t`There is nothing here`}>
        <Trans>The address leads nowhere, or to something that is not yours to see.</Trans>
      </Empty>
    </>
  );
}

function ListOf({ kind }: { kind: Kind }) {
  const { t } = useLingui();
  const me = useMe();
  const search = route.useSearch();
  const navigate = useNavigate();
  const match = useMatchRoute();
  const here = match({ to: '/$plural/$id', params: { plural: kind.plural } });
  const opened = here ? (here as { id: string }).id : undefined;
  const narrowScreen = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false });
  const coarse = useMediaQuery('(pointer: coarse)', false, { getInitialValueInEffect: false });
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [creating, setCreating] = useState(false);
  const [exporting, setExporting] = useState(false);
  const [menu, setMenu] = useState(false);
  const [ticking, setTicking] = useState(false); // on a phone, where boxes have no room of their own
  const reveals = useReveals();
  const look = useNames();

  const onBoard = isBoard(kind, search);
  // A single record of it may be shared with them all the same.
  const denied = (kind.actions.view ?? 'denied') === 'denied';

  const chosen = useMemo(() => chosenColumns(kind, search.cols), [kind, search.cols]);
  const fields = useMemo(() => chosen.map((column) => column.field), [chosen]);
  const question = questionOf(chosen, search);
  const {
    rows,
    count,
    onSight,
    isPending,
    isError,
    error,
    refetch,
    fetchNextPage,
    hasNextPage,
    isFetchingNextPage,
    isPlaceholderData,
  } = useRows(kind.plural, question, !onBoard || denied);

  const put = useCallback(
    (next: Partial<ListSearch>) => {
      setSelected(new Set());
      void navigate({
        to: '.',
        search: (now: ListSearch) => {
          const merged = { ...now, ...next };
          return Object.fromEntries(Object.entries(merged).filter(([, value]) => value)) as ListSearch;
        },
        replace: true,
      });
    },
    [navigate],
  );

  // How somebody has arranged the list stands in its address, so that a link shows it so to others.
  useEffect(() => {
    const cols = search.cols || search.saved ? undefined : keptLine(kind);
    const view = kind.stage && !search.view && keptView() === 'list' ? 'list' : undefined;
    if (cols || view) put({ ...(cols ? { cols } : {}), ...(view ? { view } : {}) });
  }, [kind, search.cols, search.saved, search.view, put]);

  const open = useCallback(
    (record: Record_) => {
      void navigate({
        to: '/$plural/$id',
        params: { plural: kind.plural, id: record.id },
        search: (now: ListSearch) => ofList(now),
      });
    },
    [navigate, kind.plural],
  );

  const arrange = useCallback(
    (next: Column[]) => {
      keepColumns(kind, next);
      put({ cols: writeColumns(next) });
    },
    [kind, put],
  );

  const mayEdit = (kind.actions.edit ?? 'denied') !== 'denied' && !me.view_as;
  const mayCreate = (kind.actions.create ?? 'denied') !== 'denied' && !me.view_as;
  const mayImport = kind.name === 'contact' && holds(me, 'import.run') && !me.view_as;
  const mayFindTwins =
    holds(me, 'records.merge') &&
    !me.view_as &&
    !kind.within &&
    kind.fields.some((field) => field.name === 'phones' || field.name === 'emails');
  const mayExport = (kind.actions.export ?? 'denied') !== 'denied' && !me.view_as && !kind.within;
  const { data: all } = useQuery(kinds);
  const mayConvert =
    mayEdit && (all?.find((each) => each.name === 'contact')?.actions.create ?? 'denied') !== 'denied';
  const mayBulk = holds(me, 'records.bulk') && !me.view_as;
  useHotkeys([['n', () => mayCreate && setCreating(true)]]);
  useEffect(() => {
    if (!search.new) return;
    if (mayCreate) setCreating(true);
    put({ new: '' });
  }, [search.new, mayCreate, put]);

  const columns = useMemo(
    (): GridColumn<Record_>[] =>
      chosen.map(({ field, width, pinned }, place) => ({
        key: field.name,
        header: fieldLabel(field),
        ...track(field, place === 0),
        drawn: width,
        // The title stays in sight as soon as anything does.
        pinned: !!pinned || (place === 0 && chosen.some((column) => column.pinned)),
        editable:
          mayEdit && !field.house && field.writable !== false
            ? (record) => !!record.can?.edit && !record.sight?.[field.name]
            : undefined,
        sortable: !!field.sort,
        end: ['integer', 'number', 'money'].includes(field.type),
        cell: (record) =>
          field.name === nextStepColumn ? (
            <Suspense>
              <NextCell kind={kind} id={record.id} />
            </Suspense>
          ) : kind.name === 'prospect' && field.name === 'contact' && !record.contact && mayConvert ? (
            record.can?.edit && (
              <Suspense>
                <Become record={record} />
              </Suspense>
            )
          ) : (
            <FieldValue
              field={field}
              record={record}
              look={{
                dense: true,
                // What the card has opened stays closed in a list that does not open it.
                shown:
                  record.sight?.[field.name] === 'click' ? reveals.shown(record.id, field.name) : undefined,
                onReveal: () => reveals.open(kind.plural, record.id, field.name),
                why: () => <Why plural={kind.plural} id={record.id} field={field.name} />,
                nameOf: look.nameOf,
              }}
            />
          ),
      })),
    [chosen, kind, reveals, look.nameOf, mayEdit, mayConvert],
  );

  const href = useCallback((record: Record_) => `/${kind.plural}/${record.id}`, [kind.plural]);
  const selectWords = useMemo(
    () => ({
      row: (record: Record_) => t`Tick ${String(record[kind.title] ?? '')}`,
      all: t`Tick all that are loaded`,
    }),
    [t, kind.title],
  );
  // A row where there is little width: the title, and below it the first of the rest.
  const small = useCallback(
    (record: Record_) => (
      <div className={classes.small}>
        <a
          className={classes.smallTitle}
          href={`/${kind.plural}/${record.id}`}
          onClick={(event) => event.preventDefault()}
        >
          {columns[0]?.cell(record)}
        </a>
        <div className={classes.smallRest}>
          {columns.slice(1, 4).map((column) => (
            <span key={column.key} className={classes.smallPart}>
              {column.cell(record)}
            </span>
          ))}
        </div>
      </div>
    ),
    [columns, kind.plural],
  );

  const asked = !!(search.filter || search.search);
  const many = kindMany(kind);
  const empty = !onBoard && !isPending && !isError && rows.length === 0;

  if (denied && rows.length === 0) {
    if (isPending) return <Bones />;
    return (
      <div className={classes.split} data-open={opened ? true : undefined}>
        <section className={classes.list} aria-label={many}>
          <Suspense fallback={<Bones />}>
            <Closed what={many} />
          </Suspense>
        </section>
        {opened && (
          <aside className={classes.card}>
            <Outlet />
          </aside>
        )}
      </div>
    );
  }

  return (
    <div className={classes.split} data-open={opened ? true : undefined}>
      <PageTitle title={many}>
        <span className={classes.count} aria-live="polite" data-stale={isPlaceholderData || undefined}>
          {!onBoard &&
            count &&
            (count.capped ? `${count.n.toLocaleString(writing())}+` : count.n.toLocaleString(writing()))}
        </span>
      </PageTitle>
      <section className={classes.list} aria-label={many}>
        <Suspense>
          <ViewTabs kind={kind} search={search} put={put} />
        </Suspense>
        <Toolbar
          kind={kind}
          search={search}
          put={put}
          columns={chosen}
          onColumns={arrange}
          question={question}
          capped={(!onBoard && count?.capped) ?? false}
          onBoard={onBoard}
          actions={
            <>
              {kind.stage && (
                <Views
                  view={onBoard ? 'board' : 'list'}
                  onChange={(view) => {
                    keepView(view);
                    put({ view });
                  }}
                />
              )}
              {mayFindTwins && !onBoard && (
                <ActionIcon
                  component={Link}
                  to={`/duplicates/${kind.plural}`}
                  size={30}
                  variant="default"
                  className={classes.secondary}
                  aria-label={t`Probable duplicates`}
                  title={t`Probable duplicates`}
                >
                  <IconCopyCheck size={16} />
                </ActionIcon>
              )}
              {mayExport && !onBoard && !empty && (
                <ActionIcon
                  size={30}
                  variant="default"
                  className={classes.secondary}
                  aria-label={t`Export…`}
                  title={t`Export…`}
                  onClick={() => setExporting(true)}
                >
                  <IconFileExport size={16} />
                </ActionIcon>
              )}
              {mayImport && (
                <Button
                  component={Link}
                  to="/import"
                  variant="default"
                  leftSection={<IconFileImport size={15} />}
                  className={classes.secondary}
                >
                  <Trans>Import</Trans>
                </Button>
              )}
              {narrowScreen && !onBoard && (
                <ActionIcon
                  size={36}
                  variant="default"
                  aria-label={t`More with this list`}
                  aria-haspopup="dialog"
                  onClick={() => setMenu(true)}
                >
                  <IconDots size={18} />
                </ActionIcon>
              )}
              {mayCreate && (
                <Button leftSection={<IconPlus size={15} />} onClick={() => setCreating(true)}>
                  <Trans>New</Trans>
                </Button>
              )}
            </>
          }
        />
        {kind.stage && !onBoard && (
          <Suspense fallback={<div style={{ height: 34 }} />}>
            <StageTabs kind={kind} filter={search.filter ?? ''} onChange={(filter) => put({ filter })} />
          </Suspense>
        )}
        {onBoard ? (
          <Suspense fallback={<div className={classes.boardBones} aria-busy />}>
            <Board
              kind={kind}
              question={question}
              pipeline={search.pipeline ?? ''}
              onPipeline={(pipeline) => put({ pipeline })}
              opened={opened}
              onOpen={open}
            />
          </Suspense>
        ) : isError ? (
          <Failure failure={error} retry={refetch} />
        ) : empty ? (
          asked ? (
            <Empty
              icon={<IconSearchOff size={24} />}
              title={t`Nothing fits`}
              action={
                <Button variant="default" onClick={() => put({ filter: '', search: '' })}>
                  <Trans>Show all</Trans>
                </Button>
              }
            >
              <Trans>No record that you may see fits the search and the filter.</Trans>
            </Empty>
          ) : (
            <Suspense>
              <NothingYet
                kind={kind}
                mayImport={mayImport}
                {...(mayCreate ? { onCreate: () => setCreating(true) } : {})}
              />
            </Suspense>
          )
        ) : (
          <Grid
            label={many}
            columns={columns}
            rows={rows}
            loading={isPending}
            more={hasNextPage && !isFetchingNextPage}
            unended={hasNextPage}
            onMore={fetchNextPage}
            onSight={onSight}
            sorting={readSorting(search.sort)}
            onSort={(next) => put({ sort: sortingWord(next) })}
            opened={opened}
            href={href}
            onOpen={open}
            editor={(record, key, done) => {
              const field = fields.find((each) => each.name === key);
              return (
                field && (
                  <Suspense>
                    <CellEditor key={record.id + key} kind={kind} field={field} record={record} done={done} />
                  </Suspense>
                )
              );
            }}
            onResize={(key, width) =>
              arrange(chosen.map((each) => (each.field.name === key ? { ...each, width } : each)))
            }
            resizeWord={(header) => t`Draw ${header} wider or narrower`}
            onReorder={(key, to) => arrange(moved(kind, chosen, key, to))}
            {...(mayBulk && (ticking || !narrowScreen) ? { selected, onSelect: setSelected } : {})}
            selectWords={selectWords}
            rowHeight={narrowScreen ? 60 : coarse ? 48 : 38}
            narrow={narrowScreen ? small : undefined}
          />
        )}
        {ticking && narrowScreen && rows.length > 0 && selected.size === 0 && (
          <div className={classes.ticking}>
            <Trans>Tap the rows to take.</Trans>
            <Button variant="subtle" onClick={() => setSelected(new Set(rows.map((row) => row.id)))}>
              <Trans>All that are loaded</Trans>
            </Button>
            <Button variant="subtle" color="gray" onClick={() => setTicking(false)}>
              <Trans>Cancel</Trans>
            </Button>
          </div>
        )}
        {selected.size > 0 && (
          <Suspense>
            <BulkBar
              kind={kind}
              selected={selected}
              total={count}
              question={question}
              allLoaded={rows.length > 0 && selected.size === rows.length}
              onDone={() => {
                setSelected(new Set());
                setTicking(false);
              }}
            />
          </Suspense>
        )}
      </section>
      {opened && (
        <aside className={classes.card}>
          <Outlet />
        </aside>
      )}
      {menu && (
        <Suspense>
          <ListMenu
            kind={kind}
            sort={search.sort}
            onSort={(sort) => put({ sort })}
            columns={chosen}
            onColumns={arrange}
            onClose={() => setMenu(false)}
            {...(mayBulk && rows.length > 0 ? { onTick: () => setTicking(true) } : {})}
            {...(mayExport && rows.length > 0 ? { onExport: () => setExporting(true) } : {})}
            {...(mayImport ? { importAt: '/import' } : {})}
            {...(mayFindTwins ? { twinsAt: `/duplicates/${kind.plural}` } : {})}
          />
        </Suspense>
      )}
      {exporting && (
        <Suspense>
          <ExportDialog
            kind={kind}
            which={{
              ...(asked ? {} : { all: true }),
              ...(question.filter ? { filter: question.filter } : {}),
              ...(question.search ? { search: question.search } : {}),
              ...(question.sort ? { sort: question.sort } : {}),
            }}
            shown={fields.map((field) => field.name)}
            onClose={() => setExporting(false)}
          />
        </Suspense>
      )}
      {creating && (
        <Suspense>
          <CreateDrawer
            kind={kind}
            opened
            onClose={() => setCreating(false)}
            onCreated={(record) => {
              setCreating(false);
              open(record);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

/** The two ways in which what passes through stages is shown. */
function Views({ view, onChange }: { view: string; onChange: (view: string) => void }) {
  const { t } = useLingui();
  return (
    <div className={classes.views} role="group" aria-label={t`How they are shown`}>
      {[
        { value: 'board', word: t`Board` },
        { value: 'list', word: t`List` },
      ].map((each) => (
        <button
          key={each.value}
          type="button"
          className={classes.view}
          aria-pressed={view === each.value}
          onClick={() => onChange(each.value)}
        >
          {each.word}
        </button>
      ))}
    </div>
  );
}
