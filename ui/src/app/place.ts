import type { ReactNode } from 'react';

/** A page that somebody may go to, as the rail and the search know it. */
export interface Place {
  to: string;
  label: string;
  icon: ReactNode;
  further?: boolean;
  below?: boolean;
}
