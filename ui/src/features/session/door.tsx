import type { ReactNode } from 'react';
import classes from './door.module.css';

/** What stands before the door: one card in the middle. */
export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <main className={classes.place}>
      <div className={classes.card}>
        <img src="/icon.svg" width={36} height={36} alt="Castellan" />
        <h1 className={classes.title}>{title}</h1>
        {lead && <p className={classes.lead}>{lead}</p>}
        {children}
      </div>
    </main>
  );
}
