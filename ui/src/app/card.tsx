import { Visits } from '../features/journal/visits';
import { CardPlace as Place } from '../features/record/card';

/** The card of a record; that of a client shows their appointments. */
export function CardPlace() {
  return (
    <Place
      beside={(kind, record, readOnly) =>
        kind.name === 'contact' ? <Visits client={record.id} readOnly={readOnly} /> : null
      }
    />
  );
}
