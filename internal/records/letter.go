package records

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
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

// Post puts a letter into the transaction that keeps it.
type Post func(ctx context.Context, tx *store.Tx, p Posted) error

const (
	longestSubject = 200
	longestLetter  = 20_000
)

// Write sends a letter to the first mail address of a record, and keeps it as a
// message of theirs, in one transaction. The address is found here: the writer
// must be allowed to know that there is one, not which.
func (b *Book) Write(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, l Letter) (schema.RecordID, error) {
	if b.post == nil {
		return 0, fault.New(fault.Conflict, "mail.none", "No mail server is set. The operator sets one with --mail-server.")
	}
	var made schema.RecordID
	err := b.write(ctx, who, func(p *pen) error {
		kind, s, v, err := p.addressee(kindName, id)
		if err != nil {
			return err
		}
		if l, err = filled(s, v, l); err != nil {
			return err
		}
		f := kind.Field("emails")
		to := ""
		if f != nil && v.Sees(f) > policy.Hidden {
			to = firstAddress(s.stored.Cells[f.Index()])
		}
		if to == "" {
			return fault.New(fault.Invalid, "letter.address", "No mail address of this client is known.").At("emails")
		}
		message, err := b.kind("message")
		if err != nil {
			return err
		}
		values := Values{"subject": l.Subject, "body": l.Body, "channel": "mail", "direction": "out", "addresses": []any{to}, kind.Name: id}
		if l.About != 0 {
			values["deal"] = l.About
		}
		if made, err = p.create(message, values); err != nil {
			return err
		}
		name, _ := s.stored.Cells[kind.TitleField().Index()].Column.(string)
		if err := b.post(ctx, p.tx, Posted{To: to, Name: name, Subject: l.Subject, Body: l.Body}); err != nil {
			return err
		}
		return p.note("letter.sent", kind, id, nil)
	})
	return made, err
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
