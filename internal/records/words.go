package records

import (
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
)

// The words of the policy that the face needs to speak. It has no door to the
// policy itself, so that it can name a right and never decide about one.
type (
	Ability    = policy.Ability
	Action     = policy.Action
	Grade      = policy.Grade
	Reason     = policy.Reason
	ShareLevel = policy.ShareLevel
	Sighting   = scribe.Sighting
)

// Surfaces that routes speak for.
const (
	OnList     = policy.List
	OnCard     = policy.Card
	OnDropDown = policy.DropDown
	OnJournal  = policy.Journal
	OnBooking  = policy.Booking
	OnAPI      = policy.API
	OnExport   = policy.ExportFile

	OnAppointments = policy.Appointments
	OnDashboard    = policy.Dashboard
	OnMessages     = policy.Messages
)

// ListOf is where records of a kind are shown beneath each other: on lists, or
// on a surface of their own.
func ListOf(k *schema.Kind) Surface {
	if k.ListedOn != "" {
		return Surface(k.ListedOn)
	}
	return policy.List
}

// CardOf is where one record of a kind is shown.
func CardOf(k *schema.Kind) Surface {
	if k.ShownOn != "" {
		return Surface(k.ShownOn)
	}
	return policy.Card
}

// How much of a field is shown.
const (
	Hidden = policy.Hidden
	Masked = policy.Masked
	Click  = policy.Click
	Plain  = policy.Plain
)

// Levels of a share with a person.
const (
	ShareView = policy.ShareView
	ShareEdit = policy.ShareEdit
)

// Abilities that routes ask for.
const (
	ManagePeople    = policy.ManagePeople
	ManageRoles     = policy.ManageRoles
	ManageGroups    = policy.ManageGroups
	ManageRails     = policy.ManageRails
	ManageSettings  = policy.ManageSettings
	ManageFields    = policy.ManageFields
	ManagePipelines = policy.ManagePipelines
	ManageKeys      = policy.ManageKeys
	ManageSecurity  = policy.ManageSecurity
	SyncAccounts    = policy.SyncAccounts
	ReadLedger      = policy.ReadLedger
	RunImport       = policy.RunImport
	ShareRecords    = policy.ShareRecords
	FindExact       = policy.FindExact
	ChangeInBulk    = policy.ChangeInBulk
	RevertRecords   = policy.RevertRecords
	MergeRecords    = policy.MergeRecords
	SeeSightings    = policy.SeeSightings
	ViewAs          = policy.ViewAs
	Explain         = policy.Explain
	IssueInvoices   = policy.IssueInvoices
	PrintInvoices   = policy.PrintInvoices
	SeeBusy         = policy.SeeBusy
	ManageSchedule  = policy.ManageSchedule
)

// Surfaces are all surfaces there are.
func Surfaces() []Surface { return policy.Surfaces() }

// Actions are all actions there are.
func Actions() []Action { return policy.Actions() }

// Abilities are all abilities there are, each with its sentence.
func Abilities() []policy.AbilityWords { return policy.Abilities() }

// ReadyRole gives the name and the purpose of a ready role by language.
func ReadyRole(key string) (name, about schema.Labels, ok bool) {
	r, ok := policy.ReadyNamed(key)
	return r.Labels, r.About, ok
}
