import type { Field, Kind } from '../../api/kinds';
import type { Values } from '../../api/records';

/**
 * A field as a new record asks for it. Text messages and chats have no subject:
 * the server calls them by their first line, so that it is asked for mails alone.
 */
export const demanded = (kind: Pick<Kind, 'name'>, field: Field, draft: Values): Field =>
  kind.name === 'message' && field.name === 'subject'
    ? { ...field, required: draft.channel === 'mail' }
    : field;
