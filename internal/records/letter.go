package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Letter is a mail to somebody of whom there is a record. In braces may stand
// names of fields of the record, which are filled in.
type Letter struct {
	Subject, Body string
	About         schema.RecordID // a deal that it is about; zero: none
}

// Posted is a letter as it goes out. Whoever wrote it never gets the address.
type Posted struct{ To, Name, Subject, Body string }

// Post puts a letter into the transaction that keeps it, and gives the number by
// which Settled and Answered know it.
type Post func(ctx context.Context, tx *store.Tx, p Posted) (number int64, err error)

const (
	longestSubject = 200
	longestLetter  = 20_000
	usualLetters   = 100 // of one person in an hour
)

// How a letter stands.
const (
	letterWaiting = "waiting"
	letterSent    = "sent"
	letterFailed  = "failed"
)

// Write sends a letter to the first mail address of a record, and keeps it as a
// message of theirs, in one transaction. The address is found here: the writer
// must be allowed to know that there is one, not which. Under the key of once
// one letter is sent, however often it is asked for.
func (b *Book) Write(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, l Letter, once Once) (schema.RecordID, error) {
	if b.post == nil {
		return 0, fault.New(fault.Conflict, "mail.none", "No mail server is set. The operator sets one with --mail-server.")
	}
	var made schema.RecordID
	err := b.write(ctx, who, func(p *pen) error {
		mark, before, err := p.once(once)
		if err != nil || before != 0 {
			made = before
			return err
		}
		kind, s, v, err := p.addressee(kindName, id)
		if err != nil {
			return err
		}
		if l, err = filled(s, v, l); err != nil {
			return err
		}
		to := addressOf(s, v)
		if to == "" {
			return noAddress()
		}
		if err := p.brake(); err != nil {
			return err
		}
		message, err := b.kind("message")
		if err != nil {
			return err
		}
		values := Values{"subject": l.Subject, "body": l.Body, "channel": "mail", "direction": "out", "addresses": []any{to}, kind.Name: id}
		if l.About != 0 {
			values["deal"] = l.About
		}
		p.kept = Values{"delivery": letterWaiting}
		if made, err = p.create(message, values); err != nil {
			return err
		}
		if err := p.post(made, s, to, l.Subject, l.Body); err != nil {
			return err
		}
		if err := p.madeUnder(mark, made); err != nil {
			return err
		}
		return p.note("letter.sent", kind, id, nil)
	})
	return made, err
}

// WriteAgain sends a letter again that could not be delivered, to what is now the
// first mail address of whom it was for. It takes the right to edit the message,
// and that its writer may still write to them.
func (b *Book) WriteAgain(ctx context.Context, who actor.Actor, id schema.RecordID) error {
	if b.post == nil {
		return fault.New(fault.Conflict, "mail.none", "No mail server is set. The operator sets one with --mail-server.")
	}
	return b.write(ctx, who, func(p *pen) error {
		message, err := b.kind("message")
		if err != nil {
			return err
		}
		m, g, err := p.reach(message, id, policy.Edit)
		if err != nil {
			return err
		}
		if m.stored.Binned {
			return fault.NotFound()
		}
		if m.held("delivery") != letterFailed {
			return fault.New(fault.Conflict, "letter.under_way", "This mail has not failed: it is under way, or was sent.")
		}
		to, s := "", (*state)(nil)
		for _, name := range []string{"contact", "company"} {
			client, linked := m.held(name).(int64)
			if !linked {
				continue
			}
			var v policy.Verdict
			if _, s, v, err = p.addressee(name, schema.RecordID(client)); err != nil {
				return err
			}
			to = addressOf(s, v)
			break
		}
		if to == "" {
			return noAddress()
		}
		if err := p.brake(); err != nil {
			return err
		}
		subject, _ := m.held("subject").(string)
		body, _ := m.held("body").(string)
		if err := p.post(id, s, to, subject, body); err != nil {
			return err
		}
		cells, err := p.b.cellsOf(message, Values{"delivery": letterWaiting, "problem": nil, "addresses": []any{to}})
		if err != nil {
			return err
		}
		return p.change(g, m, cells, "letter.again", nil)
	})
}

func noAddress() error {
	return fault.New(fault.Invalid, "letter.address", "No mail address of this client is known.").At("emails")
}

// addressOf is the first mail address of a record, for whoever may know that
// there is one.
func addressOf(s *state, v policy.Verdict) string {
	f := s.kind.Field("emails")
	if f == nil || v.Sees(f) == policy.Hidden {
		return ""
	}
	return firstAddress(s.stored.Cells[f.Index()])
}

// post hands a letter to the outbox, and remembers which message it is.
func (p *pen) post(message schema.RecordID, to *state, address, subject, body string) error {
	name, _ := to.stored.Cells[to.kind.TitleField().Index()].Column.(string)
	number, err := p.b.post(p.ctx, p.tx, Posted{To: address, Name: name, Subject: subject, Body: body})
	if err != nil {
		return err
	}
	_, err = p.tx.Exec(p.ctx, store.Text("INSERT INTO letter (mail, message, writer, sent_at) VALUES (?, ?, ?, ?)"), number, int64(message), int64(p.who.Person), p.tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("remember a letter: %w", err)
	}
	return nil
}

// brake refuses whoever has written too many letters within an hour. Of two that
// come together one waits here for the other.
func (p *pen) brake() error {
	var n, first int64
	err := p.tx.QueryRow(p.ctx, store.Twin{SQLite: "SELECT id FROM person WHERE id = ?", Postgres: "SELECT id FROM person WHERE id = ? FOR UPDATE"}, int64(p.who.Person)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count letters: %w", err)
	}
	err = p.tx.QueryRow(p.ctx, store.Text("SELECT COUNT(*), COALESCE(MIN(sent_at), 0) FROM letter WHERE writer = ? AND sent_at > ?"),
		int64(p.who.Person), p.tx.Now().Add(-time.Hour).UnixMicro()).Scan(&n, &first)
	if err != nil {
		return fmt.Errorf("count letters: %w", err)
	}
	if n < int64(p.b.letters) {
		return nil
	}
	f := fault.Newf(fault.Often, "letter.often", "Nobody sends more than %d letters in an hour. Wait a little.", p.b.letters)
	f.Wait = max(time.UnixMicro(first).Add(time.Hour).Sub(p.tx.Now()), time.Second)
	return f
}

// FillIn fills a letter in as Write would, with no more than the writer may see
// (attack 17), and tells whether it could be sent.
func (b *Book) FillIn(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, l Letter) (Letter, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return Letter{}, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return Letter{}, err
	}
	var v policy.Verdict
	var s *state
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		if s, v, err = b.sighted(ctx, tx, st, kind, id); err != nil {
			return err
		}
		l, err = filled(s, v, l)
		return err
	})
	if err != nil {
		return Letter{}, err
	}
	return l, b.scribe.Note(ctx, scribe.Entry{Event: "record.opened", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(CardOf(kind)), Shown: classesShown(kind, v.Sights)})
}

func (p *pen) addressee(kindName string, id schema.RecordID) (*schema.Kind, *state, policy.Verdict, error) {
	kind, err := p.b.kind(kindName)
	if err != nil {
		return nil, nil, policy.Verdict{}, err
	}
	s, v, err := p.b.sighted(p.ctx, p.tx, p.st, kind, id)
	return kind, s, v, err
}

// sighted is a record out of the bin, and what of it is seen on its card.
func (b *Book) sighted(ctx context.Context, tx *store.Tx, st *policy.Standing, kind *schema.Kind, id schema.RecordID) (*state, policy.Verdict, error) {
	s, v, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
	if err == nil && s.stored.Binned {
		err = fault.NotFound()
	}
	return s, v, err
}

// filled puts what the writer sees of the record into the places of a letter. A
// field that they do not see is to them like one that is not there.
func filled(s *state, v policy.Verdict, l Letter) (Letter, error) {
	l.Subject, l.Body = value.Line(l.Subject), value.Paragraphs(l.Body)
	var wrong []fault.Fault
	for _, part := range []struct {
		name string
		text *string
		most int
	}{{"subject", &l.Subject, longestSubject}, {"body", &l.Body, longestLetter}} {
		var err error
		if *part.text, err = placed(s, v, *part.text); err != nil {
			wrong = append(wrong, *fault.New(fault.Invalid, "letter.place", "Between braces there must be the name of a field that you may see, such as {name}.").At(part.name))
			continue
		}
		switch {
		case strings.TrimSpace(*part.text) == "":
			wrong = append(wrong, *fault.New(fault.Invalid, "letter.empty", "A letter has a subject and a text.").At(part.name))
		case utf8.RuneCountInString(*part.text) > part.most:
			wrong = append(wrong, *fault.Newf(fault.Invalid, "letter.long", "This part of a letter has at most %d characters.", part.most).At(part.name))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return l, err
	}
	return l, nil
}

// placed replaces {name} by what the field holds, in one pass: what stands in a
// value is never taken for a place.
func placed(s *state, v policy.Verdict, text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(text, "{")
		b.WriteString(before)
		if !open {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		f := s.kind.Field(strings.TrimSpace(name))
		if !closed || f == nil || f.Type != schema.Text || v.Sees(f) != policy.Plain {
			return "", errNoPlace
		}
		held, _ := shownText(s.stored.Cells[f.Index()], v.Contact).(string)
		b.WriteString(held)
		text = after
	}
}

var errNoPlace = errors.New("what stands between braces is no field that may be seen")

// firstAddress is the first of the mail addresses that a cell holds.
func firstAddress(c store.Cell) string {
	text, _ := c.Column.(string)
	var all []struct {
		Address string `json:"address"`
	}
	if json.Unmarshal([]byte(text), &all) != nil || len(all) == 0 {
		return ""
	}
	return all[0].Address
}
