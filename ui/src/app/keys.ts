import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

const places: Record<string, string> = {
  h: '/dashboard',
  c: '/contacts',
  f: '/companies',
  d: '/deals',
  j: '/journal',
  t: '/days',
  m: '/conversations',
  s: '/security',
  b: '/bin',
  ',': '/settings',
};

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);

/** The keys that work everywhere. Those of a list are the list's own. */
export function useKeys({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  const navigate = useNavigate();
  const went = useRef(0);
  useHotkeys(
    [
      ['mod+K', onSearch],
      ['/', onSearch],
      ['shift+?', onHelp],
      ['?', onHelp],
    ],
    ['INPUT', 'TEXTAREA', 'SELECT'],
  );
  // In a field Ctrl+K searches too; the other keys are letters there.
  useHotkeys([['mod+K', onSearch]], []);

  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (event.key === 'g') {
        went.current = event.timeStamp;
        return;
      }
      const to = places[event.key];
      if (to && event.timeStamp - went.current < 1200) {
        went.current = 0;
        event.preventDefault();
        void navigate({ to });
      }
    }
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate]);
}
