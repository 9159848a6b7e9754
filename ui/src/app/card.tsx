import { Suspense } from 'react';
import { Visits } from '../features/journal/visits';
import { CardPlace as Place } from '../features/record/card';
import { later, part } from '../kit/later';
import { type At, Unsaved } from '../kit/unsaved';

const Contents = part(later(() => import('../features/record/contents')));

interface CardSearch {
  tab?: string;
}

/** The list beside the card may be asked for something else; another record or tab is another thing. */
const offTheCard = (now: At, next: At) =>
  now.pathname !== next.pathname || (now.search as CardSearch).tab !== (next.search as CardSearch).tab;

/** The card of a record; that of a client shows their appointments, that of a list or a folder what is in it. */
export function CardPlace() {
  return (
    <Unsaved leaves={offTheCard}>
      <Place
        beside={(kind, record, readOnly) =>
          kind.name === 'contact' ? (
            <Visits client={record.id} readOnly={readOnly} />
          ) : ['prospect_list', 'folder', 'legal_entity'].includes(kind.name) ? (
            <Suspense>
              <Contents kind={kind} record={record} readOnly={readOnly} />
            </Suspense>
          ) : null
        }
      />
    </Unsaved>
  );
}
