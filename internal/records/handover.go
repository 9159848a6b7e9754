package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// HandOver gives everything that one person is responsible for to another, and
// lets the other see what was shared with the first. It is bulk work: each
// record is decided by itself under the rights of whoever began it, slice by
// slice, and goes on after the house was closed in the middle.
type HandOver struct {
	ID       int64
	From, To actor.PersonID
	By       actor.PersonID
	State    string // running, done, undoing, undone, failed
	Done     int64
	Refused  int64
	Began    time.Time
	Ended    time.Time // zero: not yet
}

// Holding is how many records of a kind somebody is responsible for.
type Holding struct {
	Kind   string
	Number int
}

// handOverKind is the job that carries a hand-over on.
const handOverKind = "records.hand_over"

type handOverArgs struct {
	HandOver int64 `json:"hand_over"`
}

// piece is one bulk operation of a hand-over.
type piece struct {
	Kind      string `json:"kind"`
	What      string `json:"what"`
	Operation int64  `json:"operation"`
}

// handedKinds are those that have somebody responsible.
func (b *Book) handedKinds() []*schema.Kind {
	var all []*schema.Kind
	for _, k := range b.catalog().Kinds() {
		if !k.Within && k.Responsible != "" {
			all = append(all, k)
		}
	}
	return all
}

func (b *Book) heldBy(kind *schema.Kind, person actor.PersonID) Query {
	return Query{Filter: kind.Responsible + ` = "` + b.PersonWord(person) + `"`}
}

// Holdings tells how much a person is responsible for, as far as the actor may
// see it, and how many records are shared with them alone.
func (b *Book) Holdings(ctx context.Context, who actor.Actor, person actor.PersonID) (all []Holding, shared int, err error) {
	for _, kind := range b.handedKinds() {
		q := b.heldBy(kind, person)
		q.Count = Exact
		c, err := b.CountOf(ctx, who, kind.Name, ListOf(kind), q)
		if fault.Is(err, fault.Denied) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		if c.N > 0 {
			all = append(all, Holding{kind.Name, c.N})
		}
	}
	err = b.db.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM share WHERE principal = ? AND (ends_at IS NULL OR ends_at > ?)"),
		int64(schema.SharePrincipal(int64(person))), b.db.Now()).Scan(&shared)
	if err != nil {
		return nil, 0, fmt.Errorf("count shares: %w", err)
	}
	return all, shared, nil
}

// HandingOver gives a function that begins a hand-over in the transaction of
// another room, such as the one that closes the account of whoever gives; id is
// told by it. The work itself is done by a job. It needs the right to change many
// records at once and to give records away.
func (b *Book) HandingOver(ctx context.Context, who actor.Actor, from, to actor.PersonID, id *int64) (func(context.Context, *store.Tx) error, error) {
	if who.Kind != actor.Person {
		return nil, fault.New(fault.Denied, "handover.person", "Only a person hands over what another is responsible for.")
	}
	st, err := b.writer(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, a := range []policy.Ability{policy.ChangeInBulk, policy.AssignRecords} {
		if may, why := st.Can(a); !may {
			return nil, lacks(a, why)
		}
	}
	if from == to {
		return nil, fault.New(fault.Invalid, "handover.self", "Choose somebody else.").At("to")
	}
	return func(ctx context.Context, tx *store.Tx) error {
		p := &pen{b: b, ctx: ctx, tx: tx, who: who, st: st}
		if err := p.exists(Share{Person: to}); fault.Is(err, fault.Invalid) {
			return fault.New(fault.Invalid, "handover.nobody", "There is no such person, or the account is not active.").At("to")
		} else if err != nil {
			return err
		}
		var running int
		if err := tx.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM hand_over WHERE giver = ? AND state IN ('running', 'undoing')"), from).Scan(&running); err != nil {
			return fmt.Errorf("look for hand-overs: %w", err)
		}
		if running > 0 {
			return fault.New(fault.Conflict, "handover.running", "A hand-over of this person is running. Wait until it is done.")
		}
		var work []piece
		for _, kind := range b.handedKinds() {
			for _, what := range []string{BulkUpdate, BulkShare} {
				op, err := p.operation(0, kind, what)
				if err != nil {
					return err
				}
				work = append(work, piece{kind.Name, what, op})
			}
		}
		text, err := json.Marshal(work)
		if err != nil {
			return fmt.Errorf("begin hand-over: %w", err)
		}
		*id = int64(tx.NewID())
		_, err = tx.Exec(ctx, store.Text("INSERT INTO hand_over (id, giver, taker, made_by, state, work, done, refused, made_at) VALUES (?, ?, ?, ?, 'running', ?, 0, 0, ?)"),
			*id, from, to, who.Person, string(text), tx.Now())
		if err != nil {
			return fmt.Errorf("begin hand-over: %w", err)
		}
		if err := b.runner.Enqueue(ctx, tx, jobs.Order{Kind: handOverKind, Args: handOverArgs{*id}}); err != nil {
			return err
		}
		return b.tellHandOver(ctx, tx, who, "handover.started", from, to, 0, 0)
	}, nil
}

// HandOver begins a hand-over by itself: of somebody who stays, or has gone already.
func (b *Book) HandOver(ctx context.Context, who actor.Actor, from, to actor.PersonID) (int64, error) {
	var id int64
	begin, err := b.HandingOver(ctx, who, from, to, &id)
	if err != nil {
		return 0, err
	}
	return id, b.db.Write(ctx, func(tx *store.Tx) error { return begin(ctx, tx) })
}

func (b *Book) tellHandOver(ctx context.Context, tx *store.Tx, who actor.Actor, event scribe.Event, from, to actor.PersonID, done, refused int64) error {
	return b.scribe.Write(ctx, tx, scribe.Entry{Event: event, Who: who, Kind: "person", Records: []schema.RecordID{schema.RecordID(from)}, Details: struct {
		To      actor.PersonID `json:"to"`
		Done    int64          `json:"done"`
		Refused int64          `json:"refused"`
	}{to, done, refused}})
}

const handOverColumns = "id, giver, taker, made_by, state, done, refused, made_at, COALESCE(finished_at, 0), work"

func scanHandOver(row interface{ Scan(...any) error }) (HandOver, []piece, error) {
	var h HandOver
	var ended int64
	var text string
	if err := row.Scan(&h.ID, &h.From, &h.To, &h.By, &h.State, &h.Done, &h.Refused, &h.Began, &ended, &text); err != nil {
		return h, nil, err
	}
	if ended != 0 {
		h.Ended = time.UnixMicro(ended).UTC()
	}
	var work []piece
	err := json.Unmarshal([]byte(text), &work)
	return h, work, err
}

// HandOvers lists those of what a person was responsible for, newest first. Who
// may ask is for the caller to say.
func (b *Book) HandOvers(ctx context.Context, from actor.PersonID) ([]HandOver, error) {
	rows, err := b.db.Query(ctx, store.Text("SELECT "+handOverColumns+" FROM hand_over WHERE giver = ? ORDER BY id DESC LIMIT 20"), from)
	if err != nil {
		return nil, fmt.Errorf("list hand-overs: %w", err)
	}
	defer rows.Close()
	var all []HandOver
	for rows.Next() {
		h, _, err := scanHandOver(rows)
		if err != nil {
			return nil, fmt.Errorf("list hand-overs: %w", err)
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

// UndoHandOver takes a hand-over back, by a job. Records that somebody has
// changed since stay as they are. Only who began it may, or whoever may bring
// records back to earlier states.
func (b *Book) UndoHandOver(ctx context.Context, who actor.Actor, id int64) error {
	if who.Kind != actor.Person {
		return fault.New(fault.Denied, "handover.person", "Only a person hands over what another is responsible for.")
	}
	st, err := b.needs(ctx, who, policy.ChangeInBulk)
	if err != nil {
		return err
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		h, _, err := scanHandOver(tx.QueryRow(ctx, store.Text("SELECT "+handOverColumns+" FROM hand_over WHERE id = ?"), id))
		if errors.Is(err, store.ErrNoRows) {
			return fault.NotFound()
		}
		if err != nil {
			return fmt.Errorf("read hand-over: %w", err)
		}
		if may, _ := st.Can(policy.RevertRecords); !may && h.By != who.Person {
			return fault.NotFound()
		}
		if h.State != "done" && h.State != "failed" {
			return fault.New(fault.Conflict, "handover.state", "This cannot be taken back now: it is running, or has been taken back already.")
		}
		_, err = tx.Exec(ctx, store.Text("UPDATE hand_over SET state = 'undoing', made_by = ?, done = 0, refused = 0, finished_at = NULL WHERE id = ?"), who.Person, id)
		if err != nil {
			return fmt.Errorf("undo hand-over: %w", err)
		}
		return b.runner.Enqueue(ctx, tx, jobs.Order{Kind: handOverKind, Args: handOverArgs{id}})
	})
}

// carryOn does what is left of a hand-over. It may begin again at any point: what
// is done is not found any more.
func (b *Book) carryOn(ctx context.Context, j jobs.Job) error {
	var args handOverArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of a hand-over: %w", err)
	}
	h, work, err := scanHandOver(b.db.QueryRow(ctx, store.Text("SELECT "+handOverColumns+" FROM hand_over WHERE id = ?"), args.HandOver))
	if err != nil {
		return fmt.Errorf("read hand-over: %w", err)
	}
	who := actor.Actor{Kind: actor.Person, Person: h.By, Device: "hand-over"}
	next, event := "done", scribe.Event("handover.finished")
	step := b.handPiece
	switch h.State {
	case "running":
	case "undoing":
		next, event, step = "undone", "handover.undone", b.unhandPiece
	default:
		return nil
	}
	h.Refused = 0
	for _, one := range work {
		err := step(ctx, who, &h, one)
		if _, refused := fault.As(err); refused {
			next = "failed" // whoever began it may no longer
			break
		}
		if err != nil {
			return err
		}
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		if h.State == "running" {
			// What was done before the house was killed in the middle counts, too.
			if h.Done, err = handedOver(ctx, tx, work); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, store.Text("UPDATE hand_over SET state = ?, done = ?, refused = ?, finished_at = ? WHERE id = ?"), next, h.Done, h.Refused, tx.Now(), h.ID)
		if err != nil {
			return fmt.Errorf("finish hand-over: %w", err)
		}
		if err := b.tellHandOver(ctx, tx, who, event, h.From, h.To, h.Done, h.Refused); err != nil {
			return err
		}
		return j.Finish(ctx, tx)
	})
}

// handedOver counts what is written down of the pieces.
func handedOver(ctx context.Context, tx *store.Tx, work []piece) (all int64, err error) {
	for _, one := range work {
		var n int64
		if err := tx.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM operation_item WHERE operation = ?"), one.Operation).Scan(&n); err != nil {
			return 0, fmt.Errorf("count what was handed over: %w", err)
		}
		all += n
	}
	return all, nil
}

// progress writes down how far a hand-over has come.
func (b *Book) progress(ctx context.Context, h *HandOver, op *Operation) error {
	h.Done, h.Refused = h.Done+int64(op.Done), h.Refused+int64(len(op.Refused))
	return b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE hand_over SET done = ?, refused = ? WHERE id = ?"), h.Done, h.Refused, h.ID)
		return err
	})
}

// handsAt is how many records are handed over before it is written down how far
// the work has come.
const handsAt = 20 * slice

func (b *Book) handPiece(ctx context.Context, who actor.Actor, h *HandOver, one piece) error {
	st, err := b.needs(ctx, who, policy.ChangeInBulk)
	if err != nil {
		return err
	}
	kind := b.catalog().Kind(one.Kind)
	if kind == nil {
		return nil
	}
	var ids []schema.RecordID
	do := func(p *pen, id schema.RecordID) error {
		return p.update(kind, id, 0, Values{kind.Responsible: b.PersonWord(h.To)})
	}
	if one.What == BulkShare {
		if may, _ := st.Can(policy.ShareRecords); !may {
			return nil
		}
		everyone, err := b.rights.Standings(ctx)
		if err != nil {
			return fmt.Errorf("find standings: %w", err)
		}
		if ids, err = b.sharedWith(ctx, kind, h.From, h.To); err != nil {
			return err
		}
		do = func(p *pen, id schema.RecordID) error { return p.shareOn(kind, id, h, everyone) }
	} else if ids, err = b.ids(ctx, st, who, kind, b.heldBy(kind, h.From)); fault.Is(err, fault.Denied) {
		return nil // a kind that the actor does not see has nothing to hand over
	} else if err != nil {
		return err
	}
	for len(ids) > 0 {
		part := ids[:min(handsAt, len(ids))]
		ids = ids[len(part):]
		op, err := b.operate(ctx, who, kind, one.Operation, one.What, len(part), func(p *pen, i int) (schema.RecordID, error) { return part[i], do(p, part[i]) }, nil)
		if err != nil {
			return err
		}
		if err := b.progress(ctx, h, op); err != nil {
			return err
		}
	}
	return nil
}

// sharedWith are the records that are shared with one person and not with another.
func (b *Book) sharedWith(ctx context.Context, kind *schema.Kind, one, other actor.PersonID) ([]schema.RecordID, error) {
	rows, err := b.db.Query(ctx, store.Text(`SELECT s.record FROM share s WHERE s.principal = ? AND s.kind = ? AND (s.ends_at IS NULL OR s.ends_at > ?)
		AND NOT EXISTS (SELECT 1 FROM share o WHERE o.kind = s.kind AND o.record = s.record AND o.principal = ?) ORDER BY s.record`),
		int64(schema.SharePrincipal(int64(one))), int64(kind.Number), b.db.Now(), int64(schema.SharePrincipal(int64(other))))
	if err != nil {
		return nil, fmt.Errorf("list shares: %w", err)
	}
	defer rows.Close()
	var all []schema.RecordID
	for rows.Next() {
		all = append(all, schema.RecordID(rows.Values()[0].(int64)))
	}
	return all, rows.Close()
}

// shareOn shares a record with the taker as it is shared with the giver.
func (p *pen) shareOn(kind *schema.Kind, id schema.RecordID, h *HandOver, everyone []*policy.Standing) error {
	s, _, err := p.reach(kind, id, policy.View)
	if err == nil && s.stored.Binned {
		err = fault.NotFound()
	}
	if err != nil {
		return err
	}
	for _, sh := range s.shares {
		if sh.principal != schema.SharePrincipal(int64(h.From)) {
			continue
		}
		if h.To == p.st.Person() {
			return nil // whoever takes over themselves reaches it already
		}
		with := Share{Person: h.To, Level: sh.level}
		if ends, ok := sh.ends.(int64); ok {
			with.Ends = time.UnixMicro(ends).UTC()
		}
		p.touched = true
		return p.share(s, with, sh.most(p.who.Person), everyone)
	}
	return nil
}

func (b *Book) unhandPiece(ctx context.Context, who actor.Actor, h *HandOver, one piece) error {
	if one.What != BulkShare {
		op, err := b.Undo(ctx, who, one.Operation)
		if f, ok := fault.As(err); ok && f.Code == "operation.undone" {
			return nil
		}
		if err != nil {
			return err
		}
		return b.progress(ctx, h, op)
	}
	rows, err := b.db.Query(ctx, store.Text("SELECT record FROM operation_item WHERE operation = ? ORDER BY record"), one.Operation)
	if err != nil {
		return fmt.Errorf("read hand-over: %w", err)
	}
	defer rows.Close()
	var ids []schema.RecordID
	for rows.Next() {
		ids = append(ids, schema.RecordID(rows.Values()[0].(int64)))
	}
	if err := rows.Close(); err != nil {
		return err
	}
	kind := b.catalog().Kind(one.Kind)
	for _, id := range ids {
		err := b.write(ctx, who, func(p *pen) error {
			s, _, err := p.reach(kind, id, policy.View)
			if err == nil {
				err = p.unshare(s, schema.SharePrincipal(int64(h.To)), "record.unshared")
			}
			if _, refused := fault.As(err); err != nil && !refused {
				return err
			}
			_, err = p.tx.Exec(p.ctx, store.Text("DELETE FROM operation_item WHERE operation = ? AND record = ?"), one.Operation, int64(id))
			return err
		})
		if err != nil {
			return err
		}
		h.Done++
	}
	return nil
}
