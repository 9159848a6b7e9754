package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/blob"
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
	About         schema.RecordID   // a deal that it is about; zero: none
	Files         []schema.RecordID // files of the record, or of that deal, that go with it
}

// Posted is a letter as it goes out. Whoever wrote it never gets the address.
type Posted struct{ To, Name, Subject, Body string }

// Post puts a letter into the transaction that keeps it, and gives the number by
// which Settled and Answered know it.
type Post func(ctx context.Context, tx *store.Tx, p Posted) (number int64, err error)

const (
	longestSubject = 200
	longestLetter  = 20_000
	mostEnclosed   = 10
	largestLetter  = 15 << 20 // bytes of its files: mail servers take little more
	usualLetters   = 100      // of one person in an hour
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
	copies, err := b.copies(ctx, who, kindName, id, l)
	kept := false
	defer func() {
		if !kept {
			for _, e := range copies {
				_ = b.shelf.Drop(context.WithoutCancel(ctx), e.whole.ID)   // what is left belongs to nothing, and goes in a day
				_ = b.shelf.Drop(context.WithoutCancel(ctx), e.picture.ID) // the same
			}
		}
	}()
	if err != nil {
		return 0, err
	}
	err = b.write(ctx, who, func(p *pen) error {
		kept = false
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
		if err := p.enclose(kind.Name, id, made, l, copies); err != nil {
			return err
		}
		if err := p.post(made, s, to, l.Subject, l.Body); err != nil {
			return err
		}
		if err := p.madeUnder(mark, made); err != nil {
			return err
		}
		kept = true
		return p.note("letter.sent", kind, id, nil)
	})
	kept = kept && err == nil
	return made, err
}

// fileOf is a file that may go out with a letter: the writer may fetch it, and it
// lies on whom the letter is for, or on the deal that it is about.
func (b *Book) fileOf(ctx context.Context, tx *store.Tx, st *policy.Standing, kindName string, id schema.RecordID, l Letter, one schema.RecordID) (*state, error) {
	file := b.catalog().Kind("file")
	s, v, err := b.visible(ctx, tx, st, file, one, CardOf(file))
	if fault.Is(err, fault.Missing) {
		return nil, noFile()
	}
	if err != nil {
		return nil, err
	}
	about, _ := s.held("about").(int64)
	on := Correspondent{"", schema.RecordID(about)}
	on.Kind, _ = s.held("about_kind").(string)
	if s.stored.Binned || on != (Correspondent{kindName, id}) && (l.About == 0 || on != Correspondent{"deal", l.About}) {
		return nil, noFile()
	}
	if v.Sees(file.Field(file.Content.Size)) != policy.Plain {
		return nil, fault.New(fault.Denied, "file.closed", "Your role does not let you open this file.").At("files")
	}
	return s, nil
}

func noFile() error {
	return fault.New(fault.Invalid, "letter.file", "Only files of this client, or of the deal that the letter is about, can go with it.").At("files")
}

// copies keeps what goes out with a letter once more, so that the message holds
// what was sent whatever becomes of the file.
func (b *Book) copies(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, l Letter) ([]enclosure, error) {
	if len(l.Files) == 0 {
		return nil, nil
	}
	if len(l.Files) > mostEnclosed {
		return nil, fault.Newf(fault.Invalid, "letter.files_many", "At most %d files go with a letter.", mostEnclosed).At("files")
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	file := b.catalog().Kind("file")
	var size int64
	var from []Enclosed
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		if _, _, err := b.sighted(ctx, tx, st, b.catalog().Kind(kindName), id); err != nil {
			return err
		}
		for i, one := range l.Files {
			if slices.Contains(l.Files[:i], one) {
				return fault.New(fault.Invalid, "letter.files_twice", "A file goes with a letter once.").At("files")
			}
			s, err := b.fileOf(ctx, tx, st, kindName, id, l, one)
			if err != nil {
				return err
			}
			n, _ := s.held(file.Content.Size).(int64)
			size += n
			name, _ := s.held(file.Content.Name).(string)
			from = append(from, Enclosed{name, func() (io.Reader, error) { return b.shelf.Of(ctx, one, blob.Whole) }})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if size > largestLetter {
		return nil, fault.Newf(fault.Invalid, "letter.files_large", "The files of a letter have at most %d MB together.", largestLetter>>20).At("files")
	}
	all, left, err := b.enclose(ctx, from)
	if err == nil && left > 0 {
		err = fault.New(fault.Conflict, "letter.file_gone", "One of the files is not there any more.").At("files")
	}
	return all, err
}

// enclose puts the copies on the message, and says which of its files go out.
func (p *pen) enclose(kindName string, id, message schema.RecordID, l Letter, copies []enclosure) error {
	if len(copies) == 0 {
		return nil
	}
	file := p.b.catalog().Kind("file")
	for _, one := range l.Files { // rights may have changed meanwhile
		if _, err := p.b.fileOf(p.ctx, p.tx, p.st, kindName, id, l, one); err != nil {
			return err
		}
	}
	for _, e := range copies {
		p.kept = Values{file.Content.Form: e.form.Name, file.Content.Size: e.whole.Size, file.Content.Picture: e.picture.ID != 0}
		held, err := p.create(file, Values{"about_kind": "message", "about": message, file.Content.Name: e.name})
		if err != nil {
			return err
		}
		if err := p.b.shelf.Give(p.ctx, p.tx, e.whole, held, blob.Whole); err != nil {
			return err
		}
		if e.picture.ID != 0 {
			if err := p.b.shelf.Give(p.ctx, p.tx, e.picture, held, blob.Picture); err != nil {
				return err
			}
		}
		if _, err := p.tx.Exec(p.ctx, store.Text("INSERT INTO letter_file (message, file) VALUES (?, ?)"), int64(message), int64(held)); err != nil {
			return fmt.Errorf("remember the file of a letter: %w", err)
		}
	}
	entry := scribe.Entry{Event: "file.fetched", Who: p.who, Kind: file.Name, Records: l.Files, Surface: string(CardOf(file))}
	if size := file.Field(file.Content.Size); size.Class != schema.Open {
		entry.Shown = []schema.Class{size.Class}
	}
	return p.b.scribe.Write(p.ctx, p.tx, entry)
}

// LetterFiles are the files that go out with a letter. It is for the outbox. One
// that was put into the bin meanwhile is missed: a letter that says "enclosed" does
// not go without what it encloses.
func (b *Book) LetterFiles(ctx context.Context, number int64) ([]Enclosed, error) {
	file := b.catalog().Kind("file")
	var all []Enclosed
	err := b.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, store.Text("SELECT f.file FROM letter_file AS f JOIN letter AS l ON l.message = f.message WHERE l.mail = ? ORDER BY f.file"), number)
		if err != nil {
			return fmt.Errorf("find the files of a letter: %w", err)
		}
		var ids []schema.RecordID
		for rows.Next() {
			ids = append(ids, schema.RecordID(rows.Values()[0].(int64)))
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("find the files of a letter: %w", err)
		}
		for _, id := range ids {
			s, err := b.load(ctx, tx, file, id)
			if err != nil {
				return err
			}
			if s.stored.Binned {
				return fault.NotFound()
			}
			name, _ := s.held(file.Content.Name).(string)
			all = append(all, Enclosed{name, func() (io.Reader, error) { return b.shelf.Of(ctx, id, blob.Whole) }})
		}
		return nil
	})
	return all, err
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
