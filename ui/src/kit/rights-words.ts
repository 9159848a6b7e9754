import { useLingui } from '@lingui/react/macro';
import type { Action, Class, Grade, Sight } from '../api/kinds';

/** The words of rights, the same everywhere. */
export function useGradeWords(): Record<Grade, string> {
  const { t } = useLingui();
  return { denied: t`none`, own: t`their own`, group: t`those of their groups`, all: t`all` };
}

export function useActionWords(): Record<Action, string> {
  const { t } = useLingui();
  return { view: t`see`, create: t`create`, edit: t`change`, delete: t`delete`, export: t`export` };
}

export function useSightWords(): Record<Sight, string> {
  const { t } = useLingui();
  return { hidden: t`hidden`, masked: t`masked`, click: t`on click`, plain: t`open` };
}

export function useClassWords(): Record<Class, string> {
  const { t } = useLingui();
  return {
    special: t`health and other delicate data`,
    contact: t`phones and addresses`,
    personal: t`names and birthdays`,
    open: t`everything else`,
  };
}

export function useSurfaceWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    '': t`everywhere`,
    list: t`in lists`,
    card: t`on the card`,
    journal: t`in the journal`,
    booking: t`when booking`,
    'drop-down': t`in drop-downs`,
    dropdown: t`in drop-downs`,
    dashboard: t`on the dashboard`,
    appointments: t`in lists of appointments`,
    messages: t`in messages`,
    calls: t`in calls`,
    export: t`in exports`,
    api: t`through programs`,
  };
}
