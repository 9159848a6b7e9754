import { useLingui } from '@lingui/react/macro';
import { IconCheck, IconCircleX, IconClock, IconDoorEnter, IconUserX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Status } from '../../api/journal';

/** In the order of the keys 1 to 4; what is cancelled is not set by one click. */
export const atOnce: Status[] = ['waiting', 'confirmed', 'came', 'no_show'];

export const icons: Record<Status, ReactNode> = {
  waiting: <IconClock size={14} stroke={2} />,
  confirmed: <IconCheck size={14} stroke={2.2} />,
  came: <IconDoorEnter size={14} stroke={2} />,
  no_show: <IconUserX size={14} stroke={2} />,
  cancelled: <IconCircleX size={14} stroke={2} />,
};

/** What the states of an appointment are called, shortly. */
export function useStatusWords(): Record<Status, string> {
  const { t } = useLingui();
  return {
    waiting: t`Waiting`,
    confirmed: t`Confirmed`,
    came: t`Came`,
    no_show: t`Did not come`,
    cancelled: t`Cancelled`,
  };
}

/** The paths of the same icons, for what is drawn without React. */
export const strokes: Record<Status, string[]> = {
  waiting: ['M3 12a9 9 0 1 0 18 0a9 9 0 0 0 -18 0', 'M12 7v5l3 3'],
  confirmed: ['M5 12l5 5l10 -10'],
  came: ['M13 12v.01', 'M3 21h18', 'M5 21v-16a2 2 0 0 1 2 -2h6m4 10.5v7.5', 'M21 7h-7m3 -3l-3 3l3 3'],
  no_show: [
    'M8 7a4 4 0 1 0 8 0a4 4 0 0 0 -8 0',
    'M6 21v-2a4 4 0 0 1 4 -4h3.5',
    'M22 22l-5 -5',
    'M17 22l5 -5',
  ],
  cancelled: ['M3 12a9 9 0 1 0 18 0a9 9 0 1 0 -18 0', 'M10 10l4 4m0 -4l-4 4'],
};
