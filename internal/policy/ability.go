package policy

import "slices"

// Ability is a right that is not about a kind of record. It comes from the
// workspace role and the person's own differences, never from a group's role.
type Ability string

const (
	ManagePeople    Ability = "people.manage"
	ManageRoles     Ability = "roles.manage"
	ManageGroups    Ability = "groups.manage"
	ManageRails     Ability = "rails.manage"
	ManageSettings  Ability = "settings.manage"
	ManageFields    Ability = "fields.manage"
	ManagePipelines Ability = "pipelines.manage"
	ManageKeys      Ability = "keys.manage"
	ManageSecurity  Ability = "security.manage"
	SyncAccounts    Ability = "accounts.sync"
	ReadLedger      Ability = "ledger.read"
	ReadOwnLedger   Ability = "ledger.read_own"
	ReadExports     Ability = "exports.read"
	RunImport       Ability = "import.run"
	ShareRecords    Ability = "records.share"
	AssignRecords   Ability = "records.assign"
	FindExact       Ability = "records.find_exact"
	UseBin          Ability = "records.bin"
	ChangeInBulk    Ability = "records.bulk"
	MergeRecords    Ability = "records.merge"
	AbsorbRecords   Ability = "records.absorb"
	RevertRecords   Ability = "records.revert"
	SeeSightings    Ability = "records.seen"
	ViewAs          Ability = "viewas"
	Explain         Ability = "explain"
	ShareViews      Ability = "views.share"
	IssueInvoices   Ability = "invoices.issue"
	PrintInvoices   Ability = "invoices.print"
	SeeBusy         Ability = "journal.busy"
	ManageSchedule  Ability = "schedule.manage"
)

// AbilityWords is an ability with the sentence that says what it lets do.
type AbilityWords struct {
	Name     Ability
	Sentence string // in English; the page translates by Name
}

var abilities = [...]AbilityWords{
	{ManagePeople, "Invite people, change and deactivate their accounts, and give them roles and rights of their own."},
	{ManageRoles, "Make and change roles."},
	{ManageGroups, "Make and change groups, and say who belongs to them and with which role."},
	{ManageRails, "Set the guard rails over all roles."},
	{ManageSettings, "Change the settings of the workspace."},
	{ManageFields, "Declare and change custom fields."},
	{ManagePipelines, "Make, change and delete pipelines and their stages."},
	{ManageKeys, "Make and revoke program keys."},
	{ManageSecurity, "Say on what terms people are let in: from which networks, at which hours, with which proofs, for how long."},
	{SyncAccounts, "Keep accounts and groups in step with the firm's directory, as far as the owner of the key may. For programs."},
	{ReadLedger, "Read the ledger: who saw, changed or took what."},
	{ReadOwnLedger, "Read the ledger of one's own actions."},
	{ReadExports, "See past exports and imports, and fetch their files."},
	{RunImport, "Import records from files."},
	{ShareRecords, "Share a record with a group, or with one person until a date."},
	{AssignRecords, "Make somebody else responsible for a record."},
	{FindExact, "Find a client by the whole phone number or mail address, even where these are masked."},
	{UseBin, "See deleted records and restore them."},
	{ChangeInBulk, "Change or delete many records at once."},
	{MergeRecords, "Merge records of the same client that one may change and delete."},
	{AbsorbRecords, "Merge also what one may change and not delete: the record that goes lies in the bin until the merge is taken back."},
	{RevertRecords, "Return a record to an earlier state."},
	{SeeSightings, "See who has ever seen a record."},
	{ViewAs, "Look through the eyes of another person or role, without changing anything."},
	{ShareViews, "Make saved views of lists that everyone or a group sees."},
	{IssueInvoices, "Issue invoices, and say that they are paid or void."},
	{PrintInvoices, "Fetch issued invoices as PDF."},
	{SeeBusy, "See in the journal when colleagues are busy, and nothing else of appointments that may not be seen."},
	{ManageSchedule, "Say who takes appointments, and when they work."},
	{Explain, "Ask why somebody may see a record, and who may."},
}

// Abilities lists every ability with its sentence.
func Abilities() []AbilityWords { return slices.Clone(abilities[:]) }

// Known tells whether the ability is in the list. One that is not is held by nobody.
func (a Ability) Known() bool {
	return slices.ContainsFunc(abilities[:], func(w AbilityWords) bool { return w.Name == a })
}
