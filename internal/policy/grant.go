package policy

import (
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Grant is the answer to one question: what may this person do to records of
// this kind, on this surface, now? Only Decide and Whole make one that permits
// anything; the zero Grant permits nothing. A Grant is never changed and may
// be kept for the UTC day that it was decided on.
type Grant struct{ g *grant }

type grant struct {
	standing *Standing
	kind     *schema.Kind
	action   Action
	surface  Surface
	now      time.Time
	house    HouseReason
	arms     []Arm // which rows
	view     []Arm // what is seen of them; the same slice when the action is View
}

// Scope says which records an arm reaches before its condition.
type Scope uint8

const (
	Nowhere  Scope = iota // none; the zero arm reaches nothing
	Everyone              // every record of the kind
	Through               // records that the table access gives to one of the arm's principals
)

// Arm is one way to records: those in Scope that meet Cond.
type Arm struct {
	Scope      Scope
	Principals []schema.Principal // for Through; in order, once each
	Least      ShareLevel         // where a principal is a share, the least level that counts; NoShare where none is
	Cond       query.Cond         // nil: no condition
	Sights     []Sight            // by index of the kind's Fields; never more than the arm's own source shows
	Contact    Sight              // of phone numbers and mail addresses typed into free text
	Why        []Reason           // the sources that the arm stands for

	role   *Role    // whose sight rules these are; before arms are united
	rel    relation // at which they count; as role
	sights sights
	where  where
}

// finish fills in what the store reads.
func (a *Arm) finish(kind *schema.Kind, person actor.PersonID) {
	n := len(kind.Fields)
	a.Sights, a.Contact = a.sights[:n:n], a.sights[n]
	a.Cond = a.where.cond(kind, person)
}

// reaches tells whether every record of b is surely one of a. All arms of a
// grant that count shares count the same level, so levels need no comparing.
func (a *Arm) reaches(b *Arm) bool {
	if a.Scope == Everyone {
		return a.where.covers(b.where)
	}
	if b.Scope == Everyone || !a.where.covers(b.where) {
		return false
	}
	// What the person is responsible for within a group, they are responsible for.
	mine := b.where.own && slices.ContainsFunc(a.Principals, func(p schema.Principal) bool { return p.Role() == schema.ByResponsibility })
	return mine || subset(b.Principals, a.Principals)
}

// normal drops arms that another arm makes needless, and unites those that
// differ only in their principals. The order is that of the sources.
func normal(all []Arm) []Arm {
	var kept []Arm
	for i := range all {
		needless := false
		for j := range all {
			if i == j || !all[j].reaches(&all[i]) || !all[j].sights.covers(all[i].sights) {
				continue
			}
			// Of two equal arms the first stays.
			if equal := all[i].reaches(&all[j]) && all[i].sights.covers(all[j].sights); !equal || j < i {
				needless = true
				break
			}
		}
		if !needless {
			kept = append(kept, all[i])
		}
	}
	var united []Arm
next:
	for _, arm := range kept {
		for i := range united {
			if u := &united[i]; u.unites(&arm) {
				u.Principals = append(slices.Clone(u.Principals), arm.Principals...)
				slices.Sort(u.Principals)
				u.Principals = slices.Compact(u.Principals)
				u.Least = max(u.Least, arm.Least)
				u.Why = append(slices.Clone(u.Why), arm.Why...)
				continue next
			}
		}
		united = append(united, arm)
	}
	return united
}

// unites tells whether two arms differ only in their principals. A share that
// must be of a certain level stays an arm of its own.
func (a *Arm) unites(b *Arm) bool {
	return a.Scope == Through && b.Scope == Through && a.Least <= ShareView && b.Least <= ShareView &&
		slices.Equal(a.sights, b.sights) && a.where.covers(b.where) && b.where.covers(a.where)
}

// Arms are the ways to the rows on which the action is permitted: a record is
// permitted if any arm admits it. Do not change them.
//
// For View the sights of a record are the greatest over the arms that admit
// it. For other actions they are the greatest over those ViewArms that admit
// it; the sights of these arms are then a safe lower bound.
func (g Grant) Arms() []Arm {
	if g.g == nil {
		return nil
	}
	return g.g.arms
}

// ViewArms decide what is seen of a permitted record. For View they are Arms.
func (g Grant) ViewArms() []Arm {
	if g.g == nil {
		return nil
	}
	return g.g.view
}

// Empty tells whether the grant permits nothing at all.
func (g Grant) Empty() bool { return len(g.Arms()) == 0 }

// Kind is the kind of record asked about; nil for the zero Grant.
func (g Grant) Kind() *schema.Kind {
	if g.g == nil {
		return nil
	}
	return g.g.kind
}

// Action is the action asked about.
func (g Grant) Action() Action {
	if g.g == nil {
		return 0
	}
	return g.g.action
}

// Lets tells whether the grant was made for an action on a kind; that of the
// house is for every action. It says nothing of any one record.
func (g Grant) Lets(kind *schema.Kind, a Action) bool {
	return !g.Empty() && kind != nil && g.g.kind.Name == kind.Name && (g.g.action == a || g.g.house != 0)
}

// Surface is the surface asked about; empty for a grant of the house.
func (g Grant) Surface() Surface {
	if g.g == nil {
		return ""
	}
	return g.g.surface
}

// Now is the moment asked about: shares that ended by it do not count.
func (g Grant) Now() time.Time {
	if g.g == nil {
		return time.Time{}
	}
	return g.g.now
}

// Person is whose grant it is; zero for the house and for nobody.
func (g Grant) Person() actor.PersonID {
	if g.g == nil {
		return 0
	}
	return g.g.standing.Person()
}

// FieldEverywhere is what is seen of a field on every permitted record, at
// least. A field that is Plain here needs no guard in a filter or an order.
// A nil field, or one of another kind or catalog, is Hidden.
func (g Grant) FieldEverywhere(f *schema.Field) Sight {
	least := Plain
	if g.Empty() || !g.speaksOf(f) {
		return Hidden
	}
	for _, arm := range g.Arms() {
		least = min(least, arm.Sights[f.Index()])
	}
	return least
}

// FieldAnywhere is the most that is seen of a field on any permitted record.
func (g Grant) FieldAnywhere(f *schema.Field) Sight {
	most := Hidden
	if g.Empty() || !g.speaksOf(f) {
		return Hidden
	}
	for _, arm := range g.ViewArms() {
		most = max(most, arm.Sights[f.Index()])
	}
	return most
}

// ContactEverywhere is what is seen of contact data typed into free text on
// every permitted record, at least.
func (g Grant) ContactEverywhere() Sight {
	if g.Empty() {
		return Hidden
	}
	least := Plain
	for _, arm := range g.Arms() {
		least = min(least, arm.Contact)
	}
	return least
}

// speaksOf tells whether the field is one that the grant was decided for.
// Custom fields come and go with catalogs, and the index of a field of another
// catalog may mean another field here.
func (g Grant) speaksOf(f *schema.Field) bool { return f != nil && f.Kind() == g.g.kind }
