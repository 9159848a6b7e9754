import { useLingui } from '@lingui/react/macro';

/**
 * What the server refuses, in the reader's language, by its code. A code that
 * is not known here is said in the server's own words, which are English.
 */
export function useFaultWords(): Record<string, string> {
  const { t } = useLingui();
  const meanwhile = t`Somebody changed this meanwhile. Look again and repeat.`;
  const role = t`Your role does not open this. Whoever manages roles can change that.`;
  const masked = t`A hidden value (XXXX) cannot be saved. Leave the field as it was, or write it anew.`;
  return {
    'record.changed': meanwhile,
    'field.changed': meanwhile,
    'pipeline.changed': meanwhile,
    'person.version': meanwhile,
    'ability.missing': role,
    'reveal.denied': role,
    'filter.field': t`You may not filter by this field.`,
    'sort.field': t`You may not sort by this field.`,
    'record.outofreach': t`You cannot carry a record to where you may not change it yourself.`,
    'viewas.readonly': t`While viewing as somebody else nothing can be changed or shown.`,
    'viewas.reads_only': t`While viewing as somebody else nothing can be changed or shown.`,
    'session.insecure': t`Without https a password could be read on its way. Use https, or open Castellan on its own machine.`,
    'signin.often': t`Too many tries. Wait a little.`,
    'signin.busy': t`Too many people are signing in at this moment. Try again in a few seconds.`,
    'signin.refused': t`The address or the password is not right.`,
    'password.wrong': t`The old password is not right.`,
    'password.short': t`A password has at least 12 characters.`,
    'password.long': t`The password is too long.`,
    'password.guessable': t`This password is among the first that somebody would guess. Take a few unrelated words.`,
    'email.invalid': t`This is not a mail address.`,
    'email.taken': t`Somebody else signs in with this mail address.`,
    'name.taken': t`This name is taken.`,
    'person.last_owner': t`This is the last active owner. Make somebody else an owner first.`,
    'person.self': t`Nobody deactivates their own account.`,
    'person.deactivated': t`This account is deactivated.`,
    'role.in_use': t`This role is in use. Give another one to whoever has it first.`,
    'members.self': t`Only administrators change their own place in a group.`,
    'rails.loosen': t`Only an administrator takes a guard rail away.`,
    'differences.owner': t`An owner holds everything. Give the person another role first.`,
    'key.owner': t`A key may do no more than its owner.`,
    'key.ends': t`The end lies in the past.`,
    'share.past': t`The end lies in the past.`,
    'share.ends': t`Only a share with a person has an end date.`,
    'field.option_held': t`An option cannot be removed while records have it.`,
    'field.type': t`The sort of a field cannot change: it already holds something.`,
    'stage.held': t`A stage cannot be removed while deals are in it. Move them to another stage first.`,
    'pipeline.open': t`A pipeline needs a stage in which deals are open.`,
    'deal.pipeline': t`There is no pipeline yet. One must be made first.`,
    'deal.stage': t`The stage belongs to another pipeline.`,
    'import.broken': t`The file did not arrive whole. Try again.`,
    'import.notdone': t`Only an import that has ended can be undone.`,
    'import.started': t`This import has been started already.`,
    'import.gone': t`The file of this import has been thrown away. Bring it again.`,
    'operation.undone': t`This has been undone already.`,
    masked,
    'field.required': t`This must not be empty.`,
    'field.date': t`This is not a date.`,
    'field.datetime': t`This is not a date.`,
    'field.phone': t`This is not a number that can be called.`,
    'field.email': t`This is not a mail address.`,
    'field.url': t`This is not a web address.`,
    'field.integer': t`This must be a whole number.`,
    'field.number': t`This must be a number.`,
    'field.tag_contact': t`A tag must not hold phone numbers or mail addresses.`,
    'field.label': t`This word must be short, and hold no numbers or addresses.`,
    'field.masked': masked,
    draining: t`Castellan is stopping.`,
  };
}
