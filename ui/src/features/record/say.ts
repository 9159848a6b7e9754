import { notifications } from '@mantine/notifications';

/** Says one sentence in the corner. */
export const say = (message: string) => notifications.show({ message, autoClose: 5000 });
