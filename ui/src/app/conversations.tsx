import { Suspense } from 'react';
import { MessagesPage } from '../features/messages/messages-page';
import { later, part } from '../kit/later';

const CreateDrawer = part(later(() => import('../features/record/create')));
const LetterDrawer = part(later(() => import('../features/record/letter')));

/** The conversations, with the ways to note a message and to write a mail that the cards have, too. */
export function Conversations() {
  return (
    <MessagesPage
      note={(kind, done) => (
        <Suspense>
          <CreateDrawer
            kind={kind}
            opened
            begin={{ channel: 'chat', direction: 'in' }}
            onClose={() => done(null)}
            onCreated={done}
          />
        </Suspense>
      )}
      letter={(client, done) => (
        <Suspense>
          <LetterDrawer id={client.id} name={client.title} onClose={done} onSent={done} />
        </Suspense>
      )}
    />
  );
}
