import { createContext, type ReactNode, useContext, useEffect } from 'react';
import { createPortal } from 'react-dom';
import classes from './page.module.css';

/** Where pages put their title: an element of the top bar. */
export const TitleSlot = createContext<HTMLElement | null>(null);

/** The page's title, shown in the top bar. It names kinds and places, never a client: titles stay in histories. */
export function PageTitle({ title, children }: { title: string; children?: ReactNode }) {
  const slot = useContext(TitleSlot);
  useEffect(() => {
    document.title = `${title} · Castellan`;
  }, [title]);
  const content = (
    <div className={classes.title}>
      <h1 className={classes.h1}>{title}</h1>
      {children}
    </div>
  );
  return slot ? createPortal(content, slot) : content;
}

/** A page that is read from top to bottom, in a column that the eye can follow. */
export function Column({ children, wide = false }: { children: ReactNode; wide?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, also where nothing in it is a button
    <div className={classes.scroll} tabIndex={0}>
      <div className={classes.column} data-wide={wide || undefined}>
        {children}
      </div>
    </div>
  );
}

/** A part of a page with a heading of its own and what can be done with it. */
export function Panel({
  title,
  note,
  action,
  children,
  label,
  flush = false,
}: {
  title?: ReactNode;
  note?: ReactNode;
  action?: ReactNode;
  /** Of a page with several, so that those who hear it find their way. */
  label?: string;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className={classes.panel} aria-label={label}>
      {(title || action) && (
        <header className={classes.head}>
          <div>
            {title && <h2 className={classes.h2}>{title}</h2>}
            {note && <p className={classes.note}>{note}</p>}
          </div>
          {action}
        </header>
      )}
      <div className={flush ? undefined : classes.body}>{children}</div>
    </section>
  );
}
