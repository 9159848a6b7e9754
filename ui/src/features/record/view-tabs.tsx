import { Trans, useLingui } from '@lingui/react/macro';
import { ActionIcon, Button, Menu } from '@mantine/core';
import {
  IconBookmarkPlus,
  IconDots,
  IconLink,
  IconLock,
  IconPencil,
  IconTrash,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Kind } from '../../api/kinds';
import { useMe } from '../../api/session';
import { changeView, dropView, saveView, type View, type ViewDraft, views } from '../../api/views';
import { useTell } from '../../kit/failure';
import { useUndo } from '../../kit/undo';
import type { ListSearch } from './address';
import { keptLine, nextStepColumn, readColumns, writeColumns } from './columns';
import { say } from './say';
import { ViewDialog } from './view-dialog';
import classes from './view-tabs.module.css';

interface Props {
  kind: Kind;
  search: ListSearch;
  put: (next: Partial<ListSearch>) => void;
}

const colsOf = (kind: Kind, view: View) =>
  writeColumns(
    readColumns(
      kind,
      view.columns
        .map((each) => `${each.pinned ? '!' : ''}${each.field}${each.width ? `~${each.width}` : ''}`)
        .join(','),
    ),
  );

/** What of a view stands in the address. */
const lookOf = (kind: Kind, view: View): Partial<ListSearch> => ({
  filter: view.filter,
  sort: view.sort,
  cols: colsOf(kind, view),
});

const same = (a: Partial<ListSearch>, b: Partial<ListSearch>) =>
  (['filter', 'sort', 'cols'] as const).every((name) => (a[name] ?? '') === (b[name] ?? ''));

/** The saved views of a list, as tabs over it; what is looked at now can be saved. */
export default function ViewTabs({ kind, search, put }: Props) {
  const { t } = useLingui();
  const me = useMe();
  const client = useQueryClient();
  const tell = useTell();
  const offerUndo = useUndo();
  const { data: all = [] } = useQuery(views(kind.name));
  const [dialog, setDialog] = useState<View | 'new' | null>(null);

  const current = all.find((view) => view.id === search.saved);
  // One's own columns stand in the address as well, and are nothing to be saved by that alone.
  const own = !!search.cols && search.cols === keptLine(kind);
  const dirty = current ? !current.barred && !same(lookOf(kind, current), search) : false;
  const something = !!(search.filter || search.sort || (search.cols && !own));
  if (all.length === 0 && !something) return null;

  const refresh = () => client.invalidateQueries({ queryKey: ['views', kind.name] });
  const draft = (view: Partial<ViewDraft> & { name: string }): ViewDraft => ({
    kind: kind.name,
    ...(search.filter ? { filter: search.filter } : {}),
    ...(search.sort ? { sort: search.sort } : {}),
    // A saved view keeps fields; the next step is none.
    columns: readColumns(kind, search.cols ?? '')
      .filter(({ field }) => field.name !== nextStepColumn)
      .map(({ field, width, pinned }) => ({
        field: field.name,
        ...(width ? { width } : {}),
        ...(pinned ? { pinned } : {}),
      })),
    ...view,
  });

  async function keep(view: View) {
    try {
      const next = await changeView(
        view.id,
        draft({
          name: view.name,
          audience: view.audience,
          version: view.version,
          ...(view.group ? { group: view.group.id } : {}),
        }),
      );
      client.setQueryData(views(kind.name).queryKey, (now: View[] | undefined) =>
        now?.map((each) => (each.id === next.id ? next : each)),
      );
    } catch (failure) {
      tell(failure);
      void refresh();
    }
  }

  async function drop(view: View) {
    try {
      await dropView(view.id);
      if (search.saved === view.id) put({ saved: '' });
      await refresh();
      offerUndo(<Trans>The view is deleted.</Trans>, async () => {
        await saveView({
          kind: kind.name,
          name: view.name,
          filter: view.filter,
          sort: view.sort,
          columns: view.columns,
          audience: view.audience,
          ...(view.group ? { group: view.group.id } : {}),
        });
        await refresh();
      });
    } catch (failure) {
      tell(failure);
    }
  }

  return (
    <nav className={classes.bar} aria-label={t`Saved views`}>
      <button
        type="button"
        className={classes.tab}
        aria-current={!search.saved && !something ? 'true' : undefined}
        onClick={() => put({ filter: '', sort: '', cols: '', saved: '' })}
      >
        <Trans>All</Trans>
      </button>
      {all.map((view) => {
        const active = view === current;
        return (
          <span key={view.id} className={classes.group}>
            <button
              type="button"
              className={classes.tab}
              aria-current={active ? 'true' : undefined}
              aria-disabled={view.barred || undefined}
              title={
                view.barred
                  ? t`This view filters or sorts by a field that you may not use. ${view.owner.name} made it.`
                  : view.mine
                    ? undefined
                    : t`Made by ${view.owner.name}`
              }
              onClick={() =>
                view.barred
                  ? say(
                      t`This view filters or sorts by a field that you may not use. ${view.owner.name} made it.`,
                    )
                  : put({ ...lookOf(kind, view), saved: view.id, search: '' })
              }
            >
              {view.barred ? (
                <IconLock size={13} aria-label={t`closed to you`} />
              ) : view.audience === 'everyone' ? (
                <IconUsers size={13} aria-label={t`for everyone`} />
              ) : view.audience === 'group' ? (
                <IconUsersGroup size={13} aria-label={t`for ${view.group?.name ?? ''}`} />
              ) : null}
              <span className={classes.name}>{view.name}</span>
            </button>
            {active && !me.view_as && (
              <Menu position="bottom-start">
                <Menu.Target>
                  <ActionIcon size={24} aria-label={t`What to do with the view ${view.name}`}>
                    <IconDots size={14} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {view.may_edit && (
                    <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setDialog(view)}>
                      <Trans>Name and who sees it…</Trans>
                    </Menu.Item>
                  )}
                  <Menu.Item
                    leftSection={<IconLink size={15} />}
                    onClick={() =>
                      navigator.clipboard?.writeText(window.location.href).then(
                        () => say(t`The link is copied. It shows each reader what they may see.`),
                        () => {},
                      )
                    }
                  >
                    <Trans>Copy the link</Trans>
                  </Menu.Item>
                  {(view.may_edit || view.mine) && (
                    <Menu.Item
                      c="var(--c-danger)"
                      leftSection={<IconTrash size={15} />}
                      onClick={() => void drop(view)}
                    >
                      <Trans>Delete the view</Trans>
                    </Menu.Item>
                  )}
                </Menu.Dropdown>
              </Menu>
            )}
          </span>
        );
      })}
      {!me.view_as && (
        <span className={classes.end}>
          {dirty && current && (
            <>
              {current.may_edit && (
                <Button variant="light" size="compact-xs" onClick={() => void keep(current)}>
                  <Trans>Keep the changes</Trans>
                </Button>
              )}
              <Button
                variant="subtle"
                color="gray"
                size="compact-xs"
                onClick={() => put(lookOf(kind, current))}
              >
                <Trans>As it was</Trans>
              </Button>
            </>
          )}
          {something && (!current || dirty) && (
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<IconBookmarkPlus size={14} />}
              onClick={() => setDialog('new')}
            >
              <Trans>Save as a view</Trans>
            </Button>
          )}
        </span>
      )}
      {dialog && (
        <ViewDialog
          plural={kind.plural}
          view={dialog === 'new' ? null : dialog}
          onClose={() => setDialog(null)}
          onSave={async (said) => {
            const next =
              dialog === 'new'
                ? await saveView(draft(said))
                : await changeView(dialog.id, {
                    kind: kind.name,
                    filter: dialog.filter,
                    sort: dialog.sort,
                    columns: dialog.columns,
                    version: dialog.version,
                    ...said,
                  });
            await refresh();
            setDialog(null);
            if (dialog === 'new') put({ saved: next.id });
          }}
        />
      )}
    </nav>
  );
}
