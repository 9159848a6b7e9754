import { useLingui } from '@lingui/react/macro';

// Where the name and the thing go is left open by two marks that no text holds.
const who = '\ue001';
const record = '\ue002';

/**
 * The sentence of each event of the log, in the reader's language. One that is
 * not known here is told by the server, in English.
 */
export function useEventWords(): Record<string, string> {
  const { t } = useLingui();
  return {
    'workspace.founded': t`${who} set up the workspace and became its owner`,
    'session.started': t`${who} signed in`,
    'session.halfway': t`${who} gave the right password; the second step is outstanding`,
    'session.refused': t`A sign-in was refused`,
    'session.ended': t`${who} ended a session of ${record}`,
    'session.disowned': t`${who} said of a session that it was not theirs`,
    'sessions.ended': t`${who} ended every session of ${record}`,
    'sessions.all_ended': t`${who} ended the sessions of everybody`,
    'setup.refused': t`A try to set up the workspace was refused`,
    'link.created': t`${who} made a one-time sign-in link for ${record}`,
    'handover.started': t`${who} began to hand over what ${record} is responsible for`,
    'handover.finished': t`What ${record} was responsible for is handed over`,
    'handover.undone': t`A hand-over of what ${record} was responsible for was taken back`,
    'link.revoked': t`${who} revoked the one-time links of ${record}`,
    'reset.requested': t`Somebody asked at the sign-in page for a new password`,
    'email.change_requested': t`${who} asked to change their own mail address`,
    'link.refused': t`A one-time sign-in link was refused`,
    'person.created': t`${who} created the account of ${record}`,
    'person.changed': t`${who} changed the account of ${record}`,
    'person.role_changed': t`${who} changed the role of ${record}`,
    'person.deactivated': t`${who} deactivated the account of ${record}`,
    'person.reactivated': t`${who} reactivated the account of ${record}`,
    'person.password_changed': t`${who} changed the password of ${record}`,
    'mail.tested': t`${who} sent a test mail`,
    'mail.given_up': t`A mail could not be delivered`,
    'factor.enrolled': t`${who} added a second step`,
    'factor.postponed': t`${who} left it for later to add a second step`,
    'factor.renamed': t`${who} renamed a second step`,
    'factor.removed': t`${who} took a second step away`,
    'factor.reset': t`${who} took every second step of ${record} away`,
    'factor.proved': t`${who} proved the second step`,
    'factor.refused': t`A second step of ${record} was refused`,
    'factor.locked': t`Too many wrong second steps of ${record}: the next try must wait`,
    'recovery.issued': t`${who} made new recovery codes`,
    'recovery.used': t`${who} used a recovery code`,
    'stepup.passed': t`${who} proved once more who they are`,
    'stepup.refused': t`${who} could not prove once more who they are`,
    'key.created': t`${who} created the program key ${record}`,
    'key.changed': t`${who} changed the program key ${record}`,
    'key.ended': t`${who} ended the program key ${record}`,
    'key.refused': t`A program key was refused`,
    'provider.created': t`${who} added the sign-in provider ${record}`,
    'provider.changed': t`${who} changed the sign-in provider ${record}`,
    'provider.deleted': t`${who} removed the sign-in provider ${record}`,
    'tie.expected': t`${who} lets ${record} in through a sign-in provider`,
    'tie.made': t`The account of ${record} was linked to a sign-in provider`,
    'tie.ended': t`${who} unlinked the account of ${record} from a sign-in provider`,
    'person.synced': t`${who} keeps the account of ${record} in step with the directory`,
    'group.synced': t`${who} keeps the group ${record} in step with the directory`,
    'directory.changed': t`${who} changed how accounts are kept in step with the directory`,
    'role.created': t`${who} created the role ${record}`,
    'role.changed': t`${who} changed the role ${record}`,
    'role.deleted': t`${who} deleted the role ${record}`,
    'group.created': t`${who} created the group ${record}`,
    'group.changed': t`${who} renamed the group ${record}`,
    'group.deleted': t`${who} deleted the group ${record}`,
    'group.members_changed': t`${who} changed the members of the group ${record}`,
    'rights.differences_changed': t`${who} changed the personal rights of ${record}`,
    'rails.changed': t`${who} changed the guard rails`,
    'terms.changed': t`${who} changed on what terms people are let in`,
    'terms.lifted': t`${who} lifted networks and hours of entry at the server`,
    'viewing.begun': t`${who} began to look through the eyes of ${record}`,
    'viewing.ended': t`${who} sees with their own eyes again, and no more through those of ${record}`,
    'entry.refused': t`${who} was not let in`,
    'job.given_up': t`A job failed for the last time`,
    'record.listed': t`${who} saw a list of records`,
    'record.searched': t`${who} searched`,
    'record.counted': t`${who} counted records`,
    'record.opened': t`${who} opened a record`,
    'record.revealed': t`${who} revealed protected fields`,
    'record.found': t`${who} looked a client up by full number or address`,
    'record.compared': t`${who} looked for records of the same client`,
    'record.merged': t`${who} merged two records`,
    'record.unmerged': t`${who} took a merge back`,
    'record.relinked': t`What led to one record leads to another since ${who} merged them, or took that back`,
    'access.asked': t`${who} asked for access to a record that may be out of their sight`,
    'access.passed_on': t`A request for access to ${record} was passed on to whoever is responsible`,
    'view.saved': t`${who} saved a view of a list`,
    'view.changed': t`${who} changed a saved view of a list`,
    'view.deleted': t`${who} deleted a saved view of a list`,
    'record.created': t`${who} created a record`,
    'record.changed': t`${who} changed a record`,
    'letter.sent': t`${who} sent a mail to ${record}`,
    'letter.settled': t`A mail to a client was sent, or could not be: ${record}`,
    'letter.again': t`${who} sent a mail again: ${record}`,
    'letter.received': t`A mail from a client came in: ${record}`,
    'letter.followed': t`Mails of a client follow the rights of the client: ${record}`,
    'template.saved': t`${who} stored a letter`,
    'template.deleted': t`${who} deleted a stored letter`,
    'mailbox.set': t`${who} set the mailbox that is read`,
    'mailbox.removed': t`${who} removed the mailbox that was read`,
    'record.deleted': t`${who} moved a record to the bin`,
    'record.restored': t`${who} brought a record back from the bin`,
    'record.reverted': t`${who} brought a record back to an earlier state`,
    'record.shared': t`${who} shared a record`,
    'record.unshared': t`${who} ended a share`,
    'record.share_ended': t`A share of ${record} reached its end date`,
    'record.history_read': t`${who} read the history of a record`,
    'record.sightings_read': t`${who} asked who has seen a record`,
    'record.explained': t`${who} asked who can see a record, or why`,
    'record.exported': t`${who} exported records`,
    'file.fetched': t`${who} fetched a file`,
    'file.glanced': t`${who} saw the small picture of a file`,
    'invoice.issued': t`${who} issued an invoice`,
    'invoice.paid': t`${who} said that an invoice is paid`,
    'invoice.unpaid': t`${who} took back that an invoice is paid`,
    'invoice.voided': t`${who} made an invoice void`,
    'invoice.printed': t`${who} fetched an invoice as PDF`,
    'process.not_started': t`A post-sale process did not start by itself from ${record}`,
    'bin.listed': t`${who} looked into the bin`,
    'bulk.done': t`${who} changed many records at once`,
    'bulk.undone': t`${who} undid a bulk change`,
    'rights.previewed': t`${who} looked through another’s eyes`,
    'field.declared': t`${who} declared a custom field`,
    'field.changed': t`${who} changed a custom field`,
    'field.withdrawn': t`${who} withdrew a custom field`,
    'pipeline.created': t`${who} created a pipeline`,
    'pipeline.deleted': t`${who} deleted a pipeline`,
    'pipeline.changed': t`${who} changed a pipeline or its stages`,
    'settings.changed': t`${who} changed the workspace settings`,
    'export.asked': t`${who} asked for a file of records`,
    'export.refused': t`${who} tried to export and may not`,
    'export.made': t`The file that ${who} asked for is made`,
    'export.taken': t`${who} took a file of records out`,
    'export.fetched': t`${who} fetched an exported file from the archive`,
    'export.seen': t`${who} got records in a file that somebody had exported`,
    'export.ended': t`An export ended before its file was taken`,
    'export.expired': t`An exported file was not taken in time`,
    'import.uploaded': t`${who} brought in a file`,
    'import.started': t`${who} started an import`,
    'import.progressed': t`${who} imported rows`,
    'import.finished': t`${who} finished an import`,
    'import.undone': t`${who} undid an import`,
    'import.refused_read': t`${who} fetched the file of refused rows`,
    heartbeat: t`Castellan is awake`,
    'ledger.incarnated': t`${who} accepted a loss: the log goes on in a new incarnation`,
    'ledger.erased': t`${who} erased the details of entries for good`,
    'house.started': t`Castellan started`,
    'house.stopped': t`Castellan stopped`,
    'ledger.read': t`${who} read the log`,
  };
}

export type Part = 'who' | 'record' | { text: string };

/** A sentence cut where the name and the thing go. The server marks these places in words. */
export function parts(sentence: string): Part[] {
  return sentence
    .replaceAll('{who}', who)
    .replaceAll('{record}', record)
    .split(/([\ue001\ue002])/u)
    .filter(Boolean)
    .map((piece) => (piece === who ? 'who' : piece === record ? 'record' : { text: piece }));
}

/** A sentence that stands alone, as in a list to choose from. */
export const plain = (sentence: string) =>
  parts(sentence)
    .map((part) => (typeof part === 'object' ? part.text : '…'))
    .join('')
    .replace(/^…\s*/u, '')
    .replace(/\s*…$/u, '');
