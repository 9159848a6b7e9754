import { Notifications } from '@mantine/notifications';

/** Where notes stand: what was done, with an undo, and what went wrong. */
export default function Notes() {
  return <Notifications position="bottom-center" limit={3} containerWidth={460} />;
}
