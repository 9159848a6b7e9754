import { expect, test } from 'vitest';
import type { Field } from '../../api/kinds';
import { demanded } from './demanded';

const subject = { name: 'subject', required: true } as Field;
const channel = { name: 'channel', required: true } as Field;

test('a subject is asked of mails alone, and everything else as the kind says', () => {
  const message = { name: 'message' };
  for (const draft of [{}, { channel: 'chat' }, { channel: 'sms' }])
    expect(demanded(message, subject, draft).required).toBe(false);
  expect(demanded(message, subject, { channel: 'mail' }).required).toBe(true);
  expect(demanded(message, channel, {}).required).toBe(true);
  expect(demanded({ name: 'task' }, subject, {}).required).toBe(true);
});
