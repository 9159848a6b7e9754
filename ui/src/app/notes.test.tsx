import { notifications } from '@mantine/notifications';
import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { show } from '../kit/testing/kit';
import Notes from './notes';

test('the way out of every note has a name', async () => {
  show(<Notes />);
  notifications.show({ message: 'The password is changed.' });
  notifications.show({ message: 'It did not go.', color: 'red' });
  expect(await screen.findAllByRole('button', { name: 'Close' })).toHaveLength(2);
});
