package scribe

import "castellan/internal/policy"

// Event names what happened. Every event is in the catalogue; an entry with any
// other name is refused.
type Event string

// Description is one line of the catalogue.
type Description struct {
	Event    Event
	Sentence string         // in English, with {who} and {record}; the page has it in other languages
	Details  string         // what the erasable details hold, in words
	Reader   policy.Ability // who may read such entries
	Read     bool           // a reading: noted before the answer goes out, and not part of any change
}

// Catalogue lists every event, the sentence it is told by, and who may read of it.
func Catalogue() []Description {
	all := make([]Description, len(catalogue))
	copy(all, catalogue[:])
	return all
}

// Describe finds an event.
func Describe(e Event) (Description, bool) {
	d, known := byName[e]
	return d, known
}

var byName = func() map[Event]Description {
	all := make(map[Event]Description, len(catalogue))
	for _, d := range catalogue {
		all[d.Event] = d
	}
	return all
}()

var catalogue = [...]Description{
	{Event: "workspace.founded", Sentence: "{who} set up the workspace and became its owner", Details: "language", Reader: policy.ReadLedger},
	{Event: "session.started", Sentence: "{who} signed in", Details: "how (password, link, setup, passkey, provider), the provider, factor if one was proved, device (browser, version, system, form), whether it is new", Reader: policy.ReadLedger},
	{Event: "session.halfway", Sentence: "{who} gave the right password, and a second factor is outstanding", Details: "how, needs (factor, enrol), device (browser, version, system, form), whether it is new", Reader: policy.ReadLedger},
	{Event: "session.refused", Sentence: "A sign-in was refused", Details: "reason (unknown, password, deactivated, nopassword, slowed, network, hour, challenge, passkey, unlinked, provider), person id if known, device; never what was typed", Reader: policy.ReadLedger},
	{Event: "session.ended", Sentence: "{who} ended a session of {record}", Details: "session, how (signed_out, replaced, ended)", Reader: policy.ReadLedger},
	{Event: "session.disowned", Sentence: "{who} said of a session that it was not theirs", Details: "session", Reader: policy.ReadLedger},
	{Event: "sessions.ended", Sentence: "{who} ended every session of {record}", Details: "number, why (asked, password, role, deactivated, disowned)", Reader: policy.ReadLedger},
	{Event: "sessions.all_ended", Sentence: "{who} ended the sessions of everybody", Details: "number", Reader: policy.ReadLedger},
	{Event: "setup.refused", Sentence: "A try to set up the workspace was refused", Details: "reason (link, slowed, done)", Reader: policy.ReadLedger},
	{Event: "link.created", Sentence: "{who} made a one-time sign-in link for {record}", Details: "purpose (invite, reset), expires, whether it was mailed or shown", Reader: policy.ReadLedger},
	{Event: "link.revoked", Sentence: "{who} revoked the one-time links of {record}", Details: "", Reader: policy.ReadLedger},
	{Event: "reset.requested", Sentence: "Somebody asked at the sign-in page for a new password", Details: "reason why not (unknown, deactivated, slowed), person id if known; never what was typed", Reader: policy.ReadLedger},
	{Event: "email.change_requested", Sentence: "{who} asked to change their own mail address", Details: "", Reader: policy.ReadLedger},
	{Event: "link.refused", Sentence: "A one-time sign-in link was refused", Details: "reason", Reader: policy.ReadLedger},
	{Event: "person.created", Sentence: "{who} created the account of {record}", Details: "role, email, name, language", Reader: policy.ReadLedger},
	{Event: "person.changed", Sentence: "{who} changed the account of {record}", Details: "before, after (email, name, language, time_zone)", Reader: policy.ReadLedger},
	{Event: "person.role_changed", Sentence: "{who} changed the role of {record}", Details: "before, after (role ids)", Reader: policy.ReadLedger},
	{Event: "person.deactivated", Sentence: "{who} deactivated the account of {record}", Details: "sessions, keys (numbers ended)", Reader: policy.ReadLedger},
	{Event: "person.reactivated", Sentence: "{who} reactivated the account of {record}", Details: "", Reader: policy.ReadLedger},
	{Event: "person.password_changed", Sentence: "{who} changed the password of {record}", Details: "by (self, other, link)", Reader: policy.ReadLedger},
	{Event: "mail.tested", Sentence: "{who} sent a test mail", Details: "outcome (sent, or what went wrong and the code of the mail server)", Reader: policy.ReadLedger},
	{Event: "mail.given_up", Sentence: "A mail could not be delivered", Details: "number of the mail, what went wrong and the code of the mail server; never an address", Reader: policy.ReadLedger},
	{Event: "factor.enrolled", Sentence: "{who} added a second factor", Details: "kind (totp, passkey), name", Reader: policy.ReadLedger},
	{Event: "factor.postponed", Sentence: "{who} left it for later to add a second factor", Details: "", Reader: policy.ReadLedger},
	{Event: "factor.renamed", Sentence: "{who} renamed a second factor", Details: "name", Reader: policy.ReadLedger},
	{Event: "factor.removed", Sentence: "{who} took a second factor away", Details: "kind, name", Reader: policy.ReadLedger},
	{Event: "factor.reset", Sentence: "{who} took every second factor of {record} away", Details: "kinds", Reader: policy.ReadLedger},
	{Event: "factor.proved", Sentence: "{who} proved a second factor", Details: "kind (totp, passkey, recovery)", Reader: policy.ReadLedger},
	{Event: "factor.refused", Sentence: "A second factor of {record} was refused", Details: "kind, reason (code, used, none, recovery, passkey, challenge, cloned); never what was typed", Reader: policy.ReadLedger},
	{Event: "factor.locked", Sentence: "Too many wrong second factors of {record}: the next try must wait", Details: "tries, seconds", Reader: policy.ReadLedger},
	{Event: "recovery.issued", Sentence: "{who} made new recovery codes", Details: "", Reader: policy.ReadLedger},
	{Event: "recovery.used", Sentence: "{who} used a recovery code", Details: "left", Reader: policy.ReadLedger},
	{Event: "stepup.passed", Sentence: "{who} proved once more who they are", Details: "kind (totp, passkey, recovery, password)", Reader: policy.ReadLedger},
	{Event: "stepup.refused", Sentence: "{who} could not prove once more who they are", Details: "kind, reason (factor, password, kind)", Reader: policy.ReadLedger},
	{Event: "key.created", Sentence: "{who} created the program key {record}", Details: "name, role, ends_at", Reader: policy.ReadLedger},
	{Event: "key.changed", Sentence: "{who} changed the program key {record}", Details: "before, after (name, networks, ends_at)", Reader: policy.ReadLedger},
	{Event: "key.ended", Sentence: "{who} ended the program key {record}", Details: "owner, why", Reader: policy.ReadLedger},
	{Event: "key.refused", Sentence: "A program key was refused", Details: "reason (unknown throttled samples only; ended; owner; network; hour)", Reader: policy.ReadLedger},
	{Event: "provider.created", Sentence: "{who} added the sign-in provider {record}", Details: "after (everything but the secret)", Reader: policy.ReadLedger},
	{Event: "provider.changed", Sentence: "{who} changed the sign-in provider {record}", Details: "before, after, whether the secret was changed, sessions ended", Reader: policy.ReadLedger},
	{Event: "provider.deleted", Sentence: "{who} removed the sign-in provider {record}", Details: "before, ties and sessions ended (numbers)", Reader: policy.ReadLedger},
	{Event: "tie.expected", Sentence: "{who} lets {record} in through a sign-in provider", Details: "provider", Reader: policy.ReadLedger},
	{Event: "tie.made", Sentence: "The account of {record} was linked to a sign-in provider", Details: "provider, how (self, expected, domain, newcomer)", Reader: policy.ReadLedger},
	{Event: "tie.ended", Sentence: "{who} unlinked the account of {record} from a sign-in provider", Details: "provider, sessions ended", Reader: policy.ReadLedger},
	{Event: "person.synced", Sentence: "{who} keeps the account of {record} in step with the directory", Details: "removed, closed", Reader: policy.ReadLedger},
	{Event: "group.synced", Sentence: "{who} keeps the group {record} in step with the directory", Details: "made", Reader: policy.ReadLedger},
	{Event: "directory.changed", Sentence: "{who} changed how accounts are kept in step with the directory", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "role.created", Sentence: "{who} created the role {record}", Details: "after", Reader: policy.ReadLedger},
	{Event: "role.changed", Sentence: "{who} changed the role {record}", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "role.deleted", Sentence: "{who} deleted the role {record}", Details: "before", Reader: policy.ReadLedger},
	{Event: "group.created", Sentence: "{who} created the group {record}", Details: "after (name)", Reader: policy.ReadLedger},
	{Event: "group.changed", Sentence: "{who} renamed the group {record}", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "group.deleted", Sentence: "{who} deleted the group {record}", Details: "before (name, members)", Reader: policy.ReadLedger},
	{Event: "group.members_changed", Sentence: "{who} changed the members of the group {record}", Details: "before, after (person, role)", Reader: policy.ReadLedger},
	{Event: "rights.differences_changed", Sentence: "{who} changed the personal rights of {record}", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "rails.changed", Sentence: "{who} changed the guard rails", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "terms.changed", Sentence: "{who} changed the terms of entry", Details: "scope (workspace, role, person), before, after", Reader: policy.ReadLedger},
	{Event: "terms.lifted", Sentence: "{who} lifted the terms of entry at the server", Details: "what was lifted: networks and hours, by scope", Reader: policy.ReadLedger},
	{Event: "entry.refused", Sentence: "{who} was not let in", Details: "reason (network, hour)", Reader: policy.ReadLedger},
	{Event: "job.given_up", Sentence: "A job failed for the last time", Details: "kind, attempts", Reader: policy.ReadLedger},
	{Event: "record.listed", Sentence: "{who} saw a list of records", Details: "filter and order as text (no values), how many, surface", Reader: policy.ReadLedger, Read: true},
	{Event: "record.searched", Sentence: "{who} searched", Details: "which fields were searched, how many found (never the words)", Reader: policy.ReadLedger, Read: true},
	{Event: "record.counted", Sentence: "{who} counted records", Details: "filter fields", Reader: policy.ReadLedger, Read: true},
	{Event: "record.opened", Sentence: "{who} opened a record", Details: "surface", Reader: policy.ReadLedger, Read: true},
	{Event: "record.revealed", Sentence: "{who} revealed protected fields", Details: "field names", Reader: policy.ReadLedger, Read: true},
	{Event: "record.found", Sentence: "{who} looked a client up by full number or address", Details: "field, how many found", Reader: policy.ReadLedger, Read: true},
	{Event: "record.compared", Sentence: "{who} looked for records of the same client", Details: "names of the fields by which any were found", Reader: policy.ReadLedger, Read: true},
	{Event: "access.asked", Sentence: "{who} asked for access to a record that may be out of their sight", Details: "field", Reader: policy.ReadLedger},
	{Event: "access.passed_on", Sentence: "A request for access to {record} was passed on to whoever is responsible", Details: "person, task", Reader: policy.ReadLedger},
	{Event: "record.created", Sentence: "{who} created a record", Details: "values after", Reader: policy.ReadLedger},
	{Event: "record.changed", Sentence: "{who} changed a record", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "letter.sent", Sentence: "{who} sent a mail to {record}", Details: "", Reader: policy.ReadLedger},
	{Event: "letter.settled", Sentence: "A mail to a client was sent, or could not be: {record}", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "letter.again", Sentence: "{who} sent a mail again: {record}", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "letter.received", Sentence: "A mail from a client came in: {record}", Details: "", Reader: policy.ReadLedger},
	{Event: "letter.followed", Sentence: "Mails of a client follow the rights of the client: {record}", Details: "", Reader: policy.ReadLedger},
	{Event: "template.saved", Sentence: "{who} stored a letter", Details: "name, for whom, fields that it names; never its text", Reader: policy.ReadLedger},
	{Event: "template.deleted", Sentence: "{who} deleted a stored letter", Details: "name, for whom, fields that it named", Reader: policy.ReadLedger},
	{Event: "mailbox.set", Sentence: "{who} set the mailbox that is read", Details: "host, port, security, folder, since, active, whether the password was changed; never the user or the password", Reader: policy.ReadLedger},
	{Event: "mailbox.removed", Sentence: "{who} removed the mailbox that was read", Details: "", Reader: policy.ReadLedger},
	{Event: "record.deleted", Sentence: "{who} moved a record to the bin", Details: "", Reader: policy.ReadLedger},
	{Event: "record.restored", Sentence: "{who} brought a record back from the bin", Details: "", Reader: policy.ReadLedger},
	{Event: "record.reverted", Sentence: "{who} brought a record back to an earlier state", Details: "version", Reader: policy.ReadLedger},
	{Event: "record.shared", Sentence: "{who} shared a record", Details: "principal, level, end, what it opens of what lies on it", Reader: policy.ReadLedger},
	{Event: "record.unshared", Sentence: "{who} ended a share", Details: "principal", Reader: policy.ReadLedger},
	{Event: "record.share_ended", Sentence: "A share of {record} reached its end date", Details: "principal", Reader: policy.ReadLedger},
	{Event: "record.history_read", Sentence: "{who} read the history of a record", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "record.sightings_read", Sentence: "{who} asked who has seen a record", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "record.explained", Sentence: "{who} asked who can see a record, or why", Details: "person, field", Reader: policy.ReadLedger, Read: true},
	{Event: "record.exported", Sentence: "{who} exported records", Details: "export", Reader: policy.ReadLedger, Read: true},
	{Event: "file.fetched", Sentence: "{who} fetched a file", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "file.glanced", Sentence: "{who} saw the small picture of a file", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "invoice.issued", Sentence: "{who} issued an invoice", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "invoice.paid", Sentence: "{who} said that an invoice is paid", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "invoice.unpaid", Sentence: "{who} took back that an invoice is paid", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "invoice.voided", Sentence: "{who} made an invoice void", Details: "fields with before and after", Reader: policy.ReadLedger},
	{Event: "invoice.printed", Sentence: "{who} fetched an invoice as PDF", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "process.not_started", Sentence: "A post-sale process did not start by itself from {record}", Details: "pipeline, with whose rights, code of what was refused", Reader: policy.ReadLedger},
	{Event: "bin.listed", Sentence: "{who} looked into the bin", Details: "kind", Reader: policy.ReadLedger, Read: true},
	{Event: "bulk.done", Sentence: "{who} changed many records at once", Details: "operation, action, how many done and refused", Reader: policy.ReadLedger},
	{Event: "bulk.undone", Sentence: "{who} undid a bulk change", Details: "operation, how many", Reader: policy.ReadLedger},
	{Event: "view.saved", Sentence: "{who} saved a view of a list", Details: "after (name, for whom, fields of the filter)", Reader: policy.ReadLedger},
	{Event: "view.changed", Sentence: "{who} changed a saved view of a list", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "view.deleted", Sentence: "{who} deleted a saved view of a list", Details: "before", Reader: policy.ReadLedger},
	{Event: "record.merged", Sentence: "{who} merged two records", Details: "operation, what was taken of which, fields with before and after, with whom the one that stays came to be shared", Reader: policy.ReadLedger},
	{Event: "record.unmerged", Sentence: "{who} took a merge back", Details: "operation, whether something changed since was left", Reader: policy.ReadLedger},
	{Event: "record.relinked", Sentence: "What led to one record leads to another since {who} merged them, or took that back", Details: "operation, field, before, after", Reader: policy.ReadLedger},
	{Event: "handover.started", Sentence: "{who} began to hand over what {record} is responsible for", Details: "to whom", Reader: policy.ReadLedger},
	{Event: "handover.finished", Sentence: "What {record} was responsible for is handed over", Details: "to whom, how many done and refused", Reader: policy.ReadLedger},
	{Event: "handover.undone", Sentence: "A hand-over of what {record} was responsible for was taken back", Details: "from whom, how many done and refused", Reader: policy.ReadLedger},
	{Event: "rights.previewed", Sentence: "{who} looked through another's eyes", Details: "person or role", Reader: policy.ReadLedger, Read: true},
	{Event: "viewing.begun", Sentence: "{who} began to look through the eyes of {record}", Details: "until", Reader: policy.ReadLedger},
	{Event: "viewing.ended", Sentence: "{who} sees with their own eyes again, and no more through those of {record}", Details: "how (left, time, another)", Reader: policy.ReadLedger},
	{Event: "field.declared", Sentence: "{who} declared a custom field", Details: "kind, name, type, class", Reader: policy.ReadLedger},
	{Event: "field.changed", Sentence: "{who} changed a custom field", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "field.withdrawn", Sentence: "{who} withdrew a custom field", Details: "kind, name", Reader: policy.ReadLedger},
	{Event: "pipeline.created", Sentence: "{who} created a pipeline", Details: "name", Reader: policy.ReadLedger},
	{Event: "pipeline.deleted", Sentence: "{who} deleted a pipeline", Details: "before, starts_no_longer", Reader: policy.ReadLedger},
	{Event: "pipeline.changed", Sentence: "{who} changed a pipeline or its stages", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "staff.changed", Sentence: "{who} changed when {record} takes appointments", Details: "before, after (hours, days, position, colour)", Reader: policy.ReadLedger},
	{Event: "staff.removed", Sentence: "{who} took {record} off the journal", Details: "before", Reader: policy.ReadLedger},
	{Event: "staff.ordered", Sentence: "{who} put the columns of the journal in order", Details: "", Reader: policy.ReadLedger},
	{Event: "settings.changed", Sentence: "{who} changed the workspace settings", Details: "before, after", Reader: policy.ReadLedger},
	{Event: "import.uploaded", Sentence: "{who} brought in a file", Details: "name, size, hash, recognised format", Reader: policy.ReadLedger},
	{Event: "import.started", Sentence: "{who} started an import", Details: "import, settings", Reader: policy.ReadLedger},
	{Event: "import.progressed", Sentence: "{who} imported rows", Details: "import, ids of the records, how many", Reader: policy.ReadLedger},
	{Event: "import.finished", Sentence: "{who} finished an import", Details: "counts", Reader: policy.ReadLedger},
	{Event: "import.undone", Sentence: "{who} undid an import", Details: "import, counts", Reader: policy.ReadLedger},
	{Event: "import.refused_read", Sentence: "{who} fetched the file of refused rows", Details: "import", Reader: policy.ReadLedger, Read: true},
	{Event: "export.asked", Sentence: "{who} asked for a file of records", Details: "kind, format, how many, columns, which of them are masked, whether it was filtered, searched or named one by one (no values, not the reason)", Reader: policy.ReadLedger},
	{Event: "export.refused", Sentence: "{who} tried to export and may not", Details: "kind", Reader: policy.ReadLedger, Read: true},
	{Event: "export.made", Sentence: "The file that {who} asked for is made", Details: "kind, format, how many records, size, hash", Reader: policy.ReadLedger},
	{Event: "export.taken", Sentence: "{who} took a file of records out", Details: "kind, how many records, size", Reader: policy.ReadLedger},
	{Event: "export.fetched", Sentence: "{who} fetched an exported file from the archive", Details: "", Reader: policy.ReadLedger, Read: true},
	{Event: "export.seen", Sentence: "{who} got records in a file that somebody had exported", Details: "export", Reader: policy.ReadLedger, Read: true},
	{Event: "export.ended", Sentence: "An export ended before its file was taken", Details: "why (session, entry, rights, cancelled, fault), how many records it had", Reader: policy.ReadLedger},
	{Event: "export.expired", Sentence: "An exported file was not taken in time", Details: "", Reader: policy.ReadLedger},
	{Event: "heartbeat", Sentence: "Castellan is awake", Details: "", Reader: policy.ReadLedger},
	{Event: "ledger.incarnated", Sentence: "{who} accepted a loss: the log goes on in a new incarnation", Details: "missing range, old and new head", Reader: policy.ReadLedger},
	{Event: "ledger.erased", Sentence: "{who} erased the details of entries for good", Details: "", Reader: policy.ReadLedger},
	{Event: "house.started", Sentence: "Castellan started", Details: "version, database engine", Reader: policy.ReadLedger},
	{Event: "house.stopped", Sentence: "Castellan stopped", Details: "", Reader: policy.ReadLedger},
	{Event: "ledger.read", Sentence: "{who} read the log", Details: "question", Reader: policy.ReadLedger, Read: true},
}
