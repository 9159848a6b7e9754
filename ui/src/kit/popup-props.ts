import type { ReactNode } from 'react';

/** What a popup is told, and its body, which comes later, with it. */
export interface PopupProps {
  opened: boolean;
  onChange: (opened: boolean) => void;
  width: number;
  position?: 'bottom-start' | 'bottom-end';
  trapFocus?: boolean;
  padding?: 0 | 'sm';
  /** What it is called, for those who hear it. */
  label?: string;
  /** What is clicked. */
  target: ReactNode;
  children: ReactNode;
}
