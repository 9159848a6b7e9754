package identity

import (
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
)

func TestViewingIsOverAfterTenMinutesAndTheLedgerSaysSo(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		through := Viewing{Person: ana.Person.ID}
		v, err := h.BeginViewing(h.ctx, h.owner.Actor, through)
		h.fine(err)
		h.clock.pass(ViewingLasts - time.Second)
		looking, _, err := h.LookThrough(h.ctx, h.owner.Actor, through)
		h.fine(err)
		if looking.ViewAs != ana.Person.ID || looking.Person != h.owner.Person.ID || v.Ends.IsZero() {
			h.Errorf("%+v", looking)
		}
		h.fine(h.EndViewings(h.ctx))
		if n := h.count("viewing.ended"); n != 0 {
			h.Errorf("%d looks ended before their time", n)
		}
		h.clock.pass(2 * time.Second)
		_, _, err = h.LookThrough(h.ctx, h.owner.Actor, through)
		h.refused(fault.Denied, "viewas.over", err)
		h.fine(h.EndViewings(h.ctx))
		h.fine(h.EndViewings(h.ctx))
		h.fine(h.EndViewing(h.ctx, h.owner.Actor))
		if n := h.count("viewing.ended"); n != 1 {
			h.Errorf("the ledger tells of %d ends", n)
		}
	})
}

func TestViewingTakesWhoHoldsAsMuchAndSeesWithTheirOwnEyes(t *testing.T) {
	each(t, func(h *house) {
		ana, admin := h.person("ana@example.com", h.role("manager")), h.person("adam@example.com", h.role("administrator"))
		gone := h.person("gone@example.com", h.role("manager"))
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, gone.Person.ID))
		for _, c := range []struct {
			who  actor.Actor
			at   Viewing
			kind fault.Kind
			code string
		}{
			{ana.Actor, Viewing{Person: admin.Person.ID}, fault.Denied, "ability.missing"},
			{admin.Actor, Viewing{Person: h.owner.Person.ID}, fault.Denied, "rights.more_than_held"},
			{admin.Actor, Viewing{Role: h.role("owner")}, fault.Denied, "rights.more_than_held"},
			{admin.Actor, Viewing{Person: gone.Person.ID}, fault.Missing, "person.missing"},
			{admin.Actor, Viewing{Person: 999}, fault.Missing, "person.missing"},
			{admin.Actor, Viewing{Role: 999}, fault.Missing, "role.missing"},
			{admin.Actor, Viewing{Person: admin.Person.ID}, fault.Invalid, "viewas.whom"},
			{admin.Actor, Viewing{Person: ana.Person.ID, Role: h.role("manager")}, fault.Invalid, "viewas.whom"},
			{admin.Actor, Viewing{}, fault.Invalid, "viewas.whom"},
			{Viewing{Person: ana.Person.ID}.through(admin.Actor), Viewing{Role: h.role("manager")}, fault.Denied, "viewas.person"},
			{actor.Actor{Kind: actor.Program, Person: h.owner.Person.ID, Role: h.role("owner"), Key: 7}, Viewing{Person: ana.Person.ID}, fault.Denied, "viewas.person"},
		} {
			_, err := h.BeginViewing(h.ctx, c.who, c.at)
			h.refused(c.kind, c.code, err)
		}
		// A new look ends the one before it.
		_, err := h.BeginViewing(h.ctx, admin.Actor, Viewing{Person: ana.Person.ID})
		h.fine(err)
		_, err = h.BeginViewing(h.ctx, admin.Actor, Viewing{Role: h.role("manager")})
		h.fine(err)
		_, _, err = h.LookThrough(h.ctx, admin.Actor, Viewing{Person: ana.Person.ID})
		h.refused(fault.Denied, "viewas.over", err)
		looking, _, err := h.LookThrough(h.ctx, admin.Actor, Viewing{Role: h.role("manager")})
		h.fine(err)
		st, err := h.Rights.Standing(h.ctx, looking)
		h.fine(err)
		if role, _ := st.Role(); role.Built != "manager" || st.Person() != admin.Person.ID {
			h.Errorf("the look with a role is that of %d as %s", st.Person(), role.Name)
		}
		if n := h.count("viewing.ended"); n != 1 {
			h.Errorf("the ledger tells of %d ends", n)
		}
		// A look is over with the ability for it, however long it had still to go.
		h.fine(h.SetRole(h.ctx, h.owner.Actor, admin.Person.ID, h.role("manager")))
		_, _, err = h.LookThrough(h.ctx, looking, Viewing{Role: h.role("manager")})
		if !fault.Is(err, fault.Denied) {
			h.Errorf("without the ability: %v", err)
		}
	})
}
