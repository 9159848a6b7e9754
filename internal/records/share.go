package records

import (
	"context"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Share is one way in which a record is shared.
type Share struct {
	Group  actor.GroupID     // with a group,
	Person actor.PersonID    // or with a person alone
	Level  policy.ShareLevel // for a person; what a group's members may do, their roles say
	Ends   time.Time         // zero: when somebody ends it
	By     actor.PersonID
	At     time.Time

	// Opens says how much is opened of what is shared with the record: Own is what
	// whoever shared is responsible for. It is told, and cannot be asked for.
	Opens []Opens
}

// Opens is how much a share opens of one kind.
type Opens struct {
	Kind  string
	Grade policy.Grade
}

// opens tells of each kind that may lie on the record, or follow it, how much of it
// the share lets view.
func (b *Book) opens(kind *schema.Kind, lends policy.Lends) (all []Opens) {
	for _, k := range b.catalog().Kinds() {
		if k.Within || k.Name == "message" && slices.Contains(correspondents, kind.Name) {
			all = append(all, Opens{k.Name, lends.Grade(k, policy.View)})
		}
	}
	return all
}

func (s Share) principal() schema.Principal {
	if s.Group != 0 {
		return schema.GroupPrincipal(int64(s.Group))
	}
	return schema.SharePrincipal(int64(s.Person))
}

// Shares lists with whom a record is shared, to whoever may view it.
func (b *Book) Shares(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID) ([]Share, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	var all []Share
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, _, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		if err != nil {
			return err
		}
		for _, sh := range s.shares {
			if !sh.live(s.now) {
				continue
			}
			one := Share{Level: sh.level, At: time.UnixMicro(sh.at).UTC()}
			switch sh.principal.Role() {
			case schema.ByGroup:
				one.Group = actor.GroupID(sh.principal.Ref())
			default:
				one.Person = actor.PersonID(sh.principal.Ref())
			}
			if ends, ok := sh.ends.(int64); ok {
				one.Ends = time.UnixMicro(ends).UTC()
			}
			one.By = actor.PersonID(sh.by)
			one.Opens = b.opens(kind, sh.lends)
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

// Share shares a record with a group or a person, or changes how. Nobody gives
// more than they hold: a share to view needs the right to view the record, one
// to edit and one with a group the right to edit it (attack 27).
func (b *Book) Share(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, with Share) error {
	everyone, err := b.rights.Standings(ctx)
	if err != nil {
		return fmt.Errorf("find standings: %w", err)
	}
	return b.shareWith(ctx, who, kindName, id, with, func(p *pen, s *state) error { return p.share(s, with, policy.Everything, everyone) })
}

// Unshare ends a share.
func (b *Book) Unshare(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, with Share) error {
	return b.shareWith(ctx, who, kindName, id, with, func(p *pen, s *state) error {
		return p.unshare(s, with.principal(), "record.unshared")
	})
}

func (b *Book) shareWith(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, with Share, do func(*pen, *state) error) error {
	if _, err := b.needs(ctx, who, policy.ShareRecords); err != nil {
		return err
	}
	if (with.Group == 0) == (with.Person == 0) {
		return fault.New(fault.Invalid, "share.with", "A record is shared with one group or with one person.").At("with")
	}
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		if kind.Within {
			return fault.New(fault.Invalid, "share.within", "What is written on a record is shared with the record itself.")
		}
		action := policy.Edit
		if with.Person != 0 && with.Level != policy.ShareEdit {
			action = policy.View
		}
		s, _, err := p.reach(kind, id, action)
		if err != nil {
			return err
		}
		if s.stored.Binned {
			return fault.NotFound()
		}
		return do(p, s)
	})
}

// share shares a record. What is shared with it is opened as far as the actor
// holds it, and no further than most.
func (p *pen) share(s *state, with Share, most policy.Lends, everyone []*policy.Standing) error {
	if with.Person != 0 && with.Level != policy.ShareView && with.Level != policy.ShareEdit {
		return fault.New(fault.Invalid, "share.level", "A record is shared to view or to edit.").At("level")
	}
	if with.Group != 0 && !with.Ends.IsZero() {
		return fault.New(fault.Invalid, "share.ends", "Only a share with a person has an end date.").At("ends_at")
	}
	if !with.Ends.IsZero() && !with.Ends.After(p.tx.Now()) {
		return fault.New(fault.Invalid, "share.past", "The end date must be in the future.").At("ends_at")
	}
	if err := p.exists(with); err != nil {
		return err
	}
	if with.Person != 0 {
		if err := p.useful(s.kind, with.Person, everyone); err != nil {
			return err
		}
	}
	before, after := s.facts(), s.facts()
	after.Principals = append(slices.Clone(after.Principals), with.principal())
	if with.Person != 0 {
		after.Shares = append(slices.Clone(after.Shares), policy.Share{Person: with.Person, Level: with.Level})
	}
	if may, why := p.st.MayShare(s.kind, before, after, everyone, p.tx.Now()); !may {
		return refused([]policy.Reason{why})
	}
	var ends any
	if !with.Ends.IsZero() {
		ends = with.Ends.UnixMicro()
	}
	level := with.Level
	if with.Group != 0 {
		level = policy.ShareEdit // what members may do, their roles in the group say
	}
	sh := share{principal: with.principal(), level: level, ends: ends, by: int64(p.who.Person), at: p.tx.Now().UnixMicro()}
	sh.lends = most & p.lends(s, sh, everyone)
	if err := p.insertShare(s, sh); err != nil {
		return err
	}
	if err := p.moved(s); err != nil {
		return err
	}
	details := map[string]any{"group": with.Group, "person": with.Person, "level": with.Level.String()}
	if ends != nil {
		details["ends_at"] = with.Ends.UTC()
	}
	opened := map[string]policy.Grade{}
	for _, o := range p.b.opens(s.kind, sh.lends) {
		opened[o.Kind] = o.Grade
	}
	details["opens"] = opened
	return p.note("record.shared", s.kind, s.stored.ID, details)
}

// lending is all that decides how much of a kind a share opens in one transaction,
// where the same person shares.
type lending struct {
	kind        int
	among       int // how many there are, of whom those are that it is shared with
	responsible actor.PersonID
	with        schema.Principal
	level       policy.ShareLevel
	loans       string
}

// lends is what a share opens of what is shared with the record. With a group of a
// hundred it takes milliseconds to find, and is mostly the same for many records.
func (p *pen) lends(s *state, sh share, everyone []*policy.Standing) (all policy.Lends) {
	loans := s.loans()
	text := fmt.Sprint(loans)
	for _, kind := range p.b.catalog().Kinds() {
		if kind.Lent == 0 {
			continue
		}
		asked := lending{kind: kind.Number, among: len(everyone), with: sh.principal, level: sh.level, loans: text}
		if !kind.Within { // what lies on a record is not of whoever the record is
			asked.responsible = s.responsible()
		}
		lends, known := p.lent[asked]
		if !known {
			lends = p.st.Lend([]*schema.Kind{kind}, asked.responsible, loans, sh.loan(), everyone, p.tx.Now())
			if p.lent == nil {
				p.lent = map[lending]policy.Lends{}
			}
			p.lent[asked] = lends
		}
		all |= lends
	}
	return all
}

// useful refuses a share that gives nothing to the person. Whoever shares reaches
// the record already: a share with themselves would only outlast the right by
// which they do.
func (p *pen) useful(kind *schema.Kind, person actor.PersonID, everyone []*policy.Standing) error {
	if person == p.st.Person() {
		return fault.New(fault.Invalid, "share.self", "A record is shared with somebody else: you reach it already.").At("person")
	}
	if kind.Lent == 0 {
		return nil
	}
	for _, st := range everyone {
		if st.Person() == person && st.Grade(kind, policy.View) == policy.Denied {
			return fault.Newf(fault.Invalid, "share.closed", "The role of this person is denied all %s, and a share opens none.", kind.Many.In("en")).At("person")
		}
	}
	return nil
}

// most is what another share may open that is made like this one: of what somebody
// put on the record nothing is given by anybody else.
func (s share) most(who actor.PersonID) policy.Lends {
	if s.by == int64(who) {
		return s.lends
	}
	return s.lends.Whole()
}

// insertShare writes a share, in place of an earlier one with the same principal.
func (p *pen) insertShare(s *state, sh share) error {
	_, err := p.tx.Exec(p.ctx, store.Text(`INSERT INTO share (kind, record, principal, level, ends_at, made_by, made_at, lends) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, record, principal) DO UPDATE SET level = excluded.level, ends_at = excluded.ends_at, made_by = excluded.made_by, made_at = excluded.made_at, lends = excluded.lends`),
		int64(s.kind.Number), int64(s.stored.ID), int64(sh.principal), int64(sh.level), sh.ends, sh.by, sh.at, int64(sh.lends))
	if err != nil {
		return fmt.Errorf("share: %w", err)
	}
	return nil
}

// exists refuses to share with nobody.
func (p *pen) exists(with Share) error {
	text, id := store.Text("SELECT count(*) FROM person WHERE id = ? AND state = 'active'"), int64(with.Person)
	if with.Group != 0 {
		text, id = "SELECT count(*) FROM workgroup WHERE id = ?", int64(with.Group)
	}
	var n int64
	if err := p.tx.QueryRow(p.ctx, text, id).Scan(&n); err != nil {
		return fmt.Errorf("find whom to share with: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Invalid, "share.nobody", "There is no such person or group.").At("with")
	}
	return nil
}

func (p *pen) unshare(s *state, principal schema.Principal, event scribe.Event) error {
	n, err := p.tx.Exec(p.ctx, store.Text("DELETE FROM share WHERE kind = ? AND record = ? AND principal = ?"), int64(s.kind.Number), int64(s.stored.ID), int64(principal))
	if err != nil {
		return fmt.Errorf("end a share: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Missing, "share.missing", "The record is not shared like that.")
	}
	if err := p.moved(s); err != nil {
		return err
	}
	details := map[string]any{"person": actor.PersonID(principal.Ref())}
	if principal.Role() == schema.ByGroup {
		details = map[string]any{"group": actor.GroupID(principal.Ref())}
	}
	return p.note(event, s.kind, s.stored.ID, details)
}

// moved keeps access in step after the shares of a record have changed.
func (p *pen) moved(s *state) error {
	shares, err := sharesOf(p.ctx, p.tx, s.kind, s.stored.ID)
	if err != nil {
		return err
	}
	after := *s
	after.shares = shares
	if err := p.mailFollows(s); err != nil {
		return err
	}
	return p.tx.MoveRecord(p.ctx, policy.Whole(s.kind, policy.ForIndex), s.stored.ID, s.place(), after.place())
}

// EndShares ends the shares whose end date has come. Readers do not wait for
// it: a share that has ended opens nothing from that moment on. It is work for
// the house, done every few minutes, a slice at a time.
func (b *Book) EndShares(ctx context.Context) (ended int, err error) {
	for {
		n := 0
		err := b.db.Write(ctx, func(tx *store.Tx) error {
			n = 0
			rows, err := tx.Query(ctx, store.Text("SELECT kind, record, principal FROM share WHERE ends_at <= ? ORDER BY ends_at LIMIT 50"), tx.Now().UnixMicro())
			if err != nil {
				return fmt.Errorf("find ended shares: %w", err)
			}
			type row struct{ kind, record, principal int64 }
			var due []row
			for rows.Next() {
				var r row
				if err := rows.Scan(&r.kind, &r.record, &r.principal); err != nil {
					rows.Close()
					return fmt.Errorf("find ended shares: %w", err)
				}
				due = append(due, r)
			}
			if err := rows.Close(); err != nil {
				return err
			}
			p := &pen{b: b, ctx: ctx, tx: tx, who: actor.House()}
			for _, r := range due {
				kind := b.catalog().Numbered(int(r.kind))
				if kind == nil {
					return fmt.Errorf("end shares: no kind %d", r.kind)
				}
				s, err := b.load(ctx, tx, kind, schema.RecordID(r.record))
				if err != nil {
					return err
				}
				// The share of a client's mail ends with that of the client.
				if err := p.unshare(s, schema.Principal(r.principal), "record.share_ended"); err != nil && !fault.Is(err, fault.Missing) {
					return err
				}
				n++
			}
			return nil
		})
		if ended += n; err != nil || n == 0 {
			return ended, err
		}
	}
}

// GroupGone takes back all that was shared with a group, in the transaction
// that deletes it. The entry of the deletion tells of it.
func GroupGone(ctx context.Context, tx *store.Tx, group actor.GroupID) error {
	return tx.DropPrincipal(ctx, schema.GroupPrincipal(int64(group)))
}
