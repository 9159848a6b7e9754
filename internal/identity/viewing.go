package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// Viewing is a look through the eyes of another person, or of oneself with
// another role. It belongs to one session.
type Viewing struct {
	Person actor.PersonID // zero if it is a role
	Role   actor.RoleID   // zero if it is a person
	Ends   time.Time
}

// ViewingLasts is how long a look lasts that nobody ends before.
const ViewingLasts = 10 * time.Minute

// BeginViewing begins a look in the actor's session; one that was begun before is
// over. It takes ViewAs and a standing that covers the person or the role, which
// rights asks again with every reading of the look. Programs do not look: a look
// is for eyes.
func (a *Accounts) BeginViewing(ctx context.Context, who actor.Actor, v Viewing) (Viewing, error) {
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		picture, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if who.ViewAs != 0 || who.Kind != actor.Person || who.Session == 0 {
			return fault.New(fault.Denied, "viewas.person", "Only a person who is signed in, and sees with their own eyes, looks through those of others.")
		}
		if (v.Person == 0) == (v.Role == 0) || v.Person == who.Person {
			return fault.New(fault.Invalid, "viewas.whom", "Name another person, or a role.")
		}
		if _, err := picture.Standing(v.through(who)); err != nil {
			return err
		}
		if err := a.endViewing(ctx, tx, who, "another"); err != nil {
			return err
		}
		v.Ends = tx.Now().Add(ViewingLasts)
		var person, role *int64
		kind, subject := "person", int64(v.Person)
		if person = &subject; v.Role != 0 {
			kind, subject, person, role = "role", int64(v.Role), nil, &subject
		}
		if _, err := tx.Exec(ctx, store.Text(`INSERT INTO viewing (session, person, role, ends_at) VALUES (?, ?, ?, ?)`), who.Session, person, role, v.Ends); err != nil {
			return fmt.Errorf("begin viewing: %w", err)
		}
		return a.tell(ctx, tx, who, "viewing.begun", kind, subject, struct {
			Until time.Time `json:"until"`
		}{v.Ends})
	})
	return v, err
}

// through is the actor as they look.
func (v Viewing) through(who actor.Actor) actor.Actor {
	who.ViewAs, who.ViewRole = v.Person, v.Role
	if v.Role != 0 {
		who.ViewAs = who.Person
	}
	return who
}

// LookThrough gives the actor the eyes of their viewing, which must have been begun for
// just this person or role and not be over. Ends of the answer is when it will be.
func (a *Accounts) LookThrough(ctx context.Context, who actor.Actor, v Viewing) (actor.Actor, Viewing, error) {
	over := fault.New(fault.Denied, "viewas.over", "This look is over, or was never begun. Begin it anew.")
	if who.Kind != actor.Person || who.Session == 0 {
		return who, v, over
	}
	var begun Viewing
	err := a.DB.QueryRow(ctx, store.Text(`SELECT COALESCE(person, 0), COALESCE(role, 0), ends_at FROM viewing WHERE session = ?`), who.Session).
		Scan(&begun.Person, &begun.Role, &begun.Ends)
	if errors.Is(err, store.ErrNoRows) {
		return who, v, over
	}
	if err != nil {
		return who, v, fmt.Errorf("read viewing: %w", err)
	}
	if begun.Person != v.Person || begun.Role != v.Role || !a.DB.Now().Before(begun.Ends) {
		return who, v, over
	}
	looking := begun.through(who)
	_, err = a.Rights.Standing(ctx, looking)
	return looking, begun, err
}

// EndViewing ends the look of the actor's session, if there is one.
func (a *Accounts) EndViewing(ctx context.Context, who actor.Actor) error {
	if who.Kind != actor.Person || who.Session == 0 {
		return NotSignedIn()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error { return a.endViewing(ctx, tx, who, "left") })
}

func (a *Accounts) endViewing(ctx context.Context, tx *store.Tx, who actor.Actor, how string) error {
	var v Viewing
	err := tx.QueryRow(ctx, store.Text(`DELETE FROM viewing WHERE session = ? RETURNING COALESCE(person, 0), COALESCE(role, 0), ends_at`), who.Session).
		Scan(&v.Person, &v.Role, &v.Ends)
	if errors.Is(err, store.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end viewing: %w", err)
	}
	if !tx.Now().Before(v.Ends) {
		how = "time"
	}
	kind, subject := "person", int64(v.Person)
	if v.Role != 0 {
		kind, subject = "role", int64(v.Role)
	}
	return a.tell(ctx, tx, who, "viewing.ended", kind, subject, struct {
		How string `json:"how"`
	}{how})
}

// EndViewings writes down the end of looks whose time has passed. They show
// nothing any more by then; this is for the ledger, and for the house's regular work.
func (a *Accounts) EndViewings(ctx context.Context) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, store.Text(`SELECT v.session, s.person FROM viewing v JOIN session s ON s.id = v.session WHERE v.ends_at <= ? ORDER BY v.session`), tx.Now())
		if err != nil {
			return fmt.Errorf("find viewings: %w", err)
		}
		var all []actor.Actor
		for rows.Next() {
			who := actor.Actor{Kind: actor.Person}
			if err := rows.Scan(&who.Session, &who.Person); err != nil {
				rows.Close()
				return fmt.Errorf("find viewings: %w", err)
			}
			all = append(all, who)
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("find viewings: %w", err)
		}
		for _, who := range all {
			if err := a.endViewing(ctx, tx, who, "time"); err != nil {
				return err
			}
		}
		return nil
	})
}
