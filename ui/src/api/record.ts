import type { Count } from './generated';
import type { Sight } from './kinds';

/**
 * A record as the asker may see it: hidden fields are absent, `sight` names
 * those that are not plain. Kinds and fields are known at run time alone.
 */
export interface Record_ {
  id: string;
  kind: string;
  version: number;
  created_at?: string | null;
  updated_at?: string | null;
  sight?: Partial<Record<string, Sight>>;
  can?: { edit?: boolean; delete?: boolean; merge?: boolean };
  binned?: boolean;
  [field: string]: unknown;
}

export interface Page {
  items: Record_[];
  next: string | null;
  count?: Count;
}
