package policy

import "castellan/internal/schema"

// HouseReason says for what the house itself must see whole records. The zero
// reason is none.
type HouseReason uint8

const (
	ForHistory    HouseReason = iota + 1 // to keep and show earlier states, which are then masked like the present one
	ForMigration                         // to rewrite records when the program is renewed
	ForDuplicates                        // to guard what must be unique, without telling who holds it
	ForIndex                             // to keep access rows, search words and folded keys
	ForBin                               // to empty the bin when its time has come
	ForRelations                         // to keep links true when a record is deleted, restored or merged
	ForImport                            // to match the rows of a file with records, before each is changed under the importer's grant
	ForErasure                           // to erase by law what a subject may demand
	ForDecision                          // to read the facts of one record that a decision needs
	ForTime                              // to know when people's time is taken, without telling by what
	ForMail                              // to put what clients write on their cards, and to say what became of what they were written
)

var houseNames = [...]string{
	ForHistory: "history", ForMigration: "migration", ForDuplicates: "duplicates", ForIndex: "index", ForBin: "bin",
	ForRelations: "relations", ForImport: "import", ForErasure: "erasure", ForDecision: "decision", ForTime: "time", ForMail: "mail",
}

// String gives the reason's name.
func (r HouseReason) String() string { return name(houseNames[:], int(r)) }

// Whole is the grant of the house itself: every record of the kind, every
// field plain, for every action. It decides nothing about anybody, so what is
// read under it must not reach an actor except through a Grant of that actor.
// A test of the house lists who may call it. An unknown reason, or a nil kind,
// permits nothing.
func Whole(kind *schema.Kind, why HouseReason) Grant {
	if kind == nil || why == 0 || int(why) >= len(houseNames) {
		return Grant{}
	}
	arm := Arm{Scope: Everyone, Why: []Reason{{Code: HouseAdmits, Kind: kind.Name, Plural: kind.Plural, House: why}}}
	arm.sights = newSights(kind)
	for i := range arm.sights {
		arm.sights[i] = Plain
	}
	arm.where.stages.except = true
	arm.finish(kind, 0)
	arms := []Arm{arm}
	return Grant{&grant{kind: kind, action: View, house: why, arms: arms, view: arms}}
}

// House is the reason of a grant of the house, or zero.
func (g Grant) House() HouseReason {
	if g.g == nil {
		return 0
	}
	return g.g.house
}
