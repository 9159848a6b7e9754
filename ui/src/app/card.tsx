import { Suspense } from 'react';
import { Visits } from '../features/journal/visits';
import { CardPlace as Place } from '../features/record/card';
import { later, part } from '../kit/later';

const Contents = part(later(() => import('../features/record/contents')));

/** The card of a record; that of a client shows their appointments, that of a list or a folder what is in it. */
export function CardPlace() {
  return (
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
  );
}
