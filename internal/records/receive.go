package records

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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

// Received is a mail that somebody has written to the firm.
type Received struct {
	From    []string // mail addresses of whoever wrote it
	Answers []int64  // numbers of letters of ours that it answers
	Subject string
	Body    string    // plain text
	At      time.Time // when it was received
	Written time.Time // when its sender says that it was written; zero: it does not say
	Sender  string    // what is known of whom it is from
	Files   []Enclosed
	Left    int                   // files that were left where they are
	Note    func(n string) string // says so under the text; nil: nothing does
}

// What is known of whom a mail is from.
const (
	SenderProven   = "proven"   // the server that received it found it to be from where it says
	SenderUnproven = "unproven" // nothing proves it
	SenderOther    = "other"    // it answers a letter of ours, from an address that the client does not have
)

// Enclosed is a file that came with a mail.
type Enclosed struct {
	Name string
	Open func() (io.Reader, error)
}

// correspondents are the kinds of record that mails are matched with.
var correspondents = []string{"contact", "company"}

// mostCorrespondents bounds on how many cards one mail is put: an address that
// more clients share says of none of them that they wrote.
const mostCorrespondents = 20

// longestReceived is how much of a mail's text is kept, in characters.
const longestReceived = 99_000

// Correspondent is a client whom a mail is from.
type Correspondent struct {
	Kind string
	ID   schema.RecordID
}

// Correspondents are the clients that bear the very address, or if nobody does,
// those to whom the letters went that the mail answers: then the address is known
// of nobody. It is for the house: whom a mail is from is told to nobody by this.
func (b *Book) Correspondents(ctx context.Context, m Received) (all []Correspondent, known bool, err error) {
	var answered []Correspondent
	err = b.db.Read(ctx, func(tx *store.Tx) (err error) {
		if answered, err = b.answered(ctx, tx, m.Answers); err != nil {
			return err
		}
		all, err = b.addressees(ctx, tx, m.From)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(all) == 0 {
		return answered, false, nil
	}
	// Of several with one address, the one who was written to has answered.
	if both := slices.DeleteFunc(slices.Clone(all), func(c Correspondent) bool { return !slices.Contains(answered, c) }); len(both) > 0 {
		return both, true, nil
	}
	if len(all) > mostCorrespondents {
		return nil, true, nil
	}
	return all, true, nil
}

func (b *Book) addressees(ctx context.Context, tx *store.Tx, from []string) ([]Correspondent, error) {
	var all []Correspondent
	for _, name := range correspondents {
		kind := b.catalog().Kind(name)
		if kind == nil || kind.Field("emails") == nil {
			continue
		}
		var marks []Mark
		for _, address := range from {
			if e, err := value.ParseEmail(address); err == nil {
				marks = append(marks, Mark{"emails", value.EmailKey(e.Address)})
			}
		}
		if len(marks) == 0 {
			continue
		}
		found, err := b.bearersOf(ctx, tx, kind, marks)
		if err != nil {
			return nil, err
		}
		for _, ids := range found {
			for _, id := range ids {
				c := Correspondent{name, id}
				live, err := b.live(ctx, tx, c)
				if err != nil {
					return nil, err
				}
				if live != nil && !slices.Contains(all, c) {
					all = append(all, c)
				}
				if len(all) > mostCorrespondents {
					return all, nil
				}
			}
		}
	}
	return all, nil
}

func (b *Book) answered(ctx context.Context, tx *store.Tx, letters []int64) ([]Correspondent, error) {
	message := b.catalog().Kind("message")
	var all []Correspondent
	for _, number := range letters {
		var id int64
		err := tx.QueryRow(ctx, store.Text("SELECT message FROM letter WHERE mail = ?"), number).Scan(&id)
		if errors.Is(err, store.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find a letter: %w", err)
		}
		m, err := b.load(ctx, tx, message, schema.RecordID(id))
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range correspondents {
			client, linked := m.held(name).(int64)
			c := Correspondent{name, schema.RecordID(client)}
			if !linked || slices.Contains(all, c) {
				continue
			}
			live, err := b.live(ctx, tx, c)
			if err != nil {
				return nil, err
			}
			if live != nil {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// live is the client if it is there and not in the bin, else nil.
func (b *Book) live(ctx context.Context, tx *store.Tx, c Correspondent) (*state, error) {
	kind, err := b.kind(c.Kind)
	if err != nil {
		return nil, err
	}
	s, err := b.load(ctx, tx, kind, c.ID)
	if fault.Is(err, fault.Missing) || err == nil && s.stored.Binned {
		return nil, nil
	}
	return s, err
}

// Receive keeps a mail as a message of each of the clients, in one transaction
// with what within does: it answers false where the mail is here already, and then
// nothing is kept. The message is seen by whoever sees the client, as far as their
// role sees messages: it has the same responsible person and the same shares. It
// gives how many files were not taken.
func (b *Book) Receive(ctx context.Context, m Received, to []Correspondent, within func(context.Context, *store.Tx) (bool, error)) (left int, err error) {
	kept := make([][]enclosure, len(to))
	away := context.WithoutCancel(ctx)
	defer func() {
		if err == nil {
			return
		}
		for _, all := range kept {
			for _, e := range all {
				err = errors.Join(err, b.shelf.Drop(away, e.whole.ID), b.shelf.Drop(away, e.picture.ID))
			}
		}
	}()
	if b.shelf != nil {
		for i := range to {
			if kept[i], left, err = b.enclose(ctx, m.Files); err != nil {
				return left, err
			}
		}
	}
	if left += m.Left; left > 0 && m.Note != nil {
		m.Body = strings.TrimSpace(cut(m.Body, longestReceived) + "\n\n" + m.Note(strconv.Itoa(left)))
	}
	return left, b.db.Write(ctx, func(tx *store.Tx) error {
		if fresh, err := within(ctx, tx); err != nil || !fresh {
			return err
		}
		for i, c := range to {
			if err := b.receiveFor(ctx, tx, m, c, kept[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

type enclosure struct {
	name           string
	form           blob.Form
	whole, picture blob.Content
}

// enclose keeps files that belong to nothing yet. One that is not taken (too
// large, empty, of a form that has no business here) does not keep the mail from
// coming in.
func (b *Book) enclose(ctx context.Context, files []Enclosed) (all []enclosure, left int, err error) {
	for _, f := range files {
		e := enclosure{}
		r, err := f.Open()
		if err == nil {
			e.whole, err = b.shelf.Put(ctx, r)
		}
		if err == nil {
			e.form, err = blob.Recognise(e.whole.Head)
		}
		if err == nil && e.form.Shown {
			e.picture, err = b.shelf.Sketch(ctx, e.whole)
		}
		if _, plain := fault.As(err); plain {
			left++
			if err := b.shelf.Drop(ctx, e.whole.ID); err != nil {
				return all, left, err
			}
			continue
		}
		all = append(all, e)
		if err != nil {
			return all, left, err
		}
		all[len(all)-1].name = e.form.NameOf(f.Name)
	}
	return all, left, nil
}

func (b *Book) receiveFor(ctx context.Context, tx *store.Tx, m Received, c Correspondent, files []enclosure) error {
	client, err := b.live(ctx, tx, c)
	if err != nil || client == nil {
		return err
	}
	message, err := b.kind("message")
	if err != nil {
		return err
	}
	p := &pen{b: b, ctx: ctx, tx: tx, who: actor.House()}
	v := Values{"subject": cut(value.Line(m.Subject), message.Field("subject").Max), "body": cut(value.Paragraphs(m.Body), message.Field("body").Max),
		"channel": "mail", "direction": "in", "at": m.At.UTC().Format(time.RFC3339Nano), c.Kind: c.ID}
	if m.Sender != "" {
		v["sender"] = m.Sender
	}
	if !m.Written.IsZero() {
		v["claimed_at"] = m.Written.UTC().Format(time.RFC3339)
	}
	if v["subject"] == "" {
		v["subject"] = "…"
	}
	if r := client.responsible(); r != 0 {
		v[message.Responsible] = r
	}
	if addresses := addressesOf(m.From); len(addresses) > 0 {
		v["addresses"] = addresses
	}
	id, err := p.keepAs(policy.Whole(message, policy.ForMail), v, following(client.shares, message, client.responsible()))
	if err != nil {
		return err
	}
	if err := b.scribe.Write(ctx, tx, scribe.Entry{Event: "letter.received", Who: actor.House(), Kind: c.Kind, Records: []schema.RecordID{c.ID}, Surface: string(CardOf(client.kind))}); err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	file := b.catalog().Kind("file")
	for _, e := range files {
		v := Values{"about_kind": "message", "about": id, file.Content.Name: e.name, file.Content.Form: e.form.Name, file.Content.Size: e.whole.Size, file.Content.Picture: e.picture.ID != 0}
		if r := client.responsible(); r != 0 {
			v[file.Responsible] = r
		}
		held, err := p.keepAs(policy.Whole(file, policy.ForMail), v, nil)
		if err != nil {
			return err
		}
		if err := b.shelf.Give(ctx, tx, e.whole, held, blob.Whole); err != nil {
			return err
		}
		if e.picture.ID == 0 {
			continue
		}
		if err := b.shelf.Give(ctx, tx, e.picture, held, blob.Picture); err != nil {
			return err
		}
	}
	return nil
}

// keepAs makes a record that nobody of the firm has written.
func (p *pen) keepAs(g policy.Grant, v Values, shares []share) (schema.RecordID, error) {
	kind, at := g.Kind(), p.tx.Now().UnixMicro()
	s := &state{kind: kind, now: at, stored: &store.Stored{ID: p.tx.NewID(), Version: 1, Cells: make([]store.Cell, len(kind.Fields))}, shares: shares}
	for i, f := range kind.Fields {
		s.stored.Cells[i] = store.Cell{Field: f}
	}
	cells, err := p.b.cellsOf(kind, v)
	if err != nil {
		return 0, err
	}
	cells = append(cells, store.Cell{Field: kind.Field("created_at"), Column: at}, store.Cell{Field: kind.Field("updated_at"), Column: at})
	s = s.with(cells)
	if err := missing(s); err != nil {
		return 0, err
	}
	if err := p.insert(g, s); err != nil {
		return 0, err
	}
	return s.stored.ID, p.note("record.created", kind, s.stored.ID, changes(nil, s, cells))
}

// addressesOf are those that can be kept.
func addressesOf(from []string) []any {
	var all []any
	for _, address := range from {
		if e, err := value.ParseEmail(address); err == nil && len(all) < mostCorrespondents {
			all = append(all, e.Address)
		}
	}
	return all
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if most <= 0 || utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// Settled says what became of a letter: reason is empty where it was sent, and
// else why it was not. A try that was followed by another says nothing any more,
// and neither does one of which nothing is known.
func (b *Book) Settled(ctx context.Context, tx *store.Tx, number int64, reason string) error {
	var id, last int64
	err := tx.QueryRow(ctx, store.Text("SELECT message, (SELECT MAX(later.mail) FROM letter AS later WHERE later.message = letter.message) FROM letter WHERE mail = ?"), number).Scan(&id, &last)
	if errors.Is(err, store.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find a letter: %w", err)
	}
	if last != number {
		return nil
	}
	message, err := b.kind("message")
	if err != nil {
		return err
	}
	s, err := b.load(ctx, tx, message, schema.RecordID(id))
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	said := Values{"delivery": letterSent, "problem": nil}
	if reason != "" {
		said = Values{"delivery": letterFailed, "problem": reason}
	}
	cells, err := b.cellsOf(message, said)
	if err != nil {
		return err
	}
	p := &pen{b: b, ctx: ctx, tx: tx, who: actor.House()}
	return p.say(s, cells, "letter.settled")
}

// say writes into a record what the house has to say of it, in the bin or not.
func (p *pen) say(s *state, cells []store.Cell, event scribe.Event) error {
	cells = slices.DeleteFunc(cells, func(c store.Cell) bool { return s.stored.Cells[c.Field.Index()].Column == c.Column })
	if len(cells) == 0 {
		return nil
	}
	touched := slices.Clone(cells)
	at := max(p.tx.Now().UnixMicro(), s.updated()+1)
	if err := p.remember(s, at); err != nil {
		return err
	}
	cells = append(cells, store.Cell{Field: s.kind.Field("updated_at"), Column: at}, store.Cell{Field: s.kind.Field("updated_by")})
	after := s.with(cells)
	if s.stored.Binned {
		// It is in no list and no index, so that there is nothing to keep in step.
		for i, c := range cells {
			step := ""
			if i == 0 {
				step = "version = version + 1, "
			}
			if _, err := p.tx.Exec(p.ctx, store.Text("UPDATE "+s.kind.Name+" SET "+step+c.Field.Name+" = ? WHERE id = ? AND deleted_at IS NOT NULL"), c.Column, int64(s.stored.ID)); err != nil {
				return fmt.Errorf("say how a %s stands: %w", s.kind.Name, err)
			}
		}
		return p.note(event, s.kind, s.stored.ID, changes(s, after, touched))
	}
	old := make([]store.Cell, len(cells))
	for i, c := range cells {
		old[i] = s.stored.Cells[c.Field.Index()]
	}
	if err := p.tx.UpdateRecord(p.ctx, policy.Whole(s.kind, policy.ForMail), s.stored.ID, s.stored.Version, old, cells, s.place(), after.place()); err != nil {
		return err
	}
	return p.note(event, s.kind, s.stored.ID, changes(s, after, touched))
}

// mailFollows keeps what clients wrote under the rights of the client: whoever
// loses the client loses their mails, and whoever gets the client gets them, in
// the transaction that changes it. Messages that people wrote down are their own.
func (p *pen) mailFollows(client *state) error {
	if !slices.Contains(correspondents, client.kind.Name) || p.trial != nil {
		return nil
	}
	message, err := p.b.kind("message")
	if err != nil {
		return err
	}
	shares, err := sharesOf(p.ctx, p.tx, client.kind, client.stored.ID)
	if err != nil {
		return err
	}
	shares = following(shares, message, client.responsible())
	var moved []schema.RecordID
	for _, where := range []string{"deleted_at IS NULL", "deleted_at IS NOT NULL"} {
		rows, err := p.tx.Query(p.ctx, store.Text("SELECT id FROM message WHERE "+client.kind.Name+" = ? AND channel = 'mail' AND direction = 'in' AND created_by IS NULL AND "+where+" ORDER BY id"), int64(client.stored.ID))
		if err != nil {
			return fmt.Errorf("find the mails of a client: %w", err)
		}
		var ids []schema.RecordID
		for rows.Next() {
			ids = append(ids, schema.RecordID(rows.Values()[0].(int64)))
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("find the mails of a client: %w", err)
		}
		for _, id := range ids {
			followed, err := p.mailFollowsTo(message, id, client, shares)
			if err != nil {
				return err
			}
			if followed {
				moved = append(moved, id)
			}
		}
	}
	for part := range slices.Chunk(moved, slice) {
		if err := p.b.scribe.Write(p.ctx, p.tx, scribe.Entry{Event: "letter.followed", Who: actor.House(), Kind: message.Name, Records: part}); err != nil {
			return fmt.Errorf("write the ledger entry: %w", err)
		}
	}
	return nil
}

// following are the shares that a client's mails have by those of the client: of
// each as much as its giver held of them.
func following(client []share, message *schema.Kind, responsible actor.PersonID) (all []share) {
	for _, sh := range client {
		if level, ok := sh.loan().Follows(message, responsible); ok {
			sh.level = level
			all = append(all, sh)
		}
	}
	return all
}

func (p *pen) mailFollowsTo(message *schema.Kind, id schema.RecordID, client *state, shares []share) (bool, error) {
	m, err := p.b.load(p.ctx, p.tx, message, id)
	if err != nil {
		return false, err
	}
	as := func(all []share) (same []share) {
		for _, s := range all {
			same = append(same, share{principal: s.principal, level: s.level, ends: s.ends, by: s.by, lends: s.lends})
		}
		return same
	}
	if m.responsible() == client.responsible() && slices.Equal(as(m.shares), as(shares)) {
		return false, nil
	}
	if _, err := p.tx.Exec(p.ctx, store.Text("DELETE FROM share WHERE kind = ? AND record = ?"), int64(message.Number), int64(id)); err != nil {
		return false, fmt.Errorf("share the mails of a client: %w", err)
	}
	for _, s := range shares {
		if err := p.insertShare(m, s); err != nil {
			return false, err
		}
	}
	at := max(p.tx.Now().UnixMicro(), m.updated()+1)
	if err := p.remember(m, at); err != nil {
		return false, err
	}
	field := message.ResponsibleField()
	cell := store.Cell{Field: field}
	if r := client.responsible(); r != 0 {
		cell.Column = int64(r)
	}
	after := m.with([]store.Cell{cell})
	after.shares = shares
	if err := p.filesFollow(id, cell.Column); err != nil {
		return false, err
	}
	if m.stored.Binned {
		_, err := p.tx.Exec(p.ctx, store.Text("UPDATE message SET version = version + 1, "+field.Name+" = ? WHERE id = ? AND deleted_at IS NOT NULL"), cell.Column, int64(id))
		if err != nil {
			return false, fmt.Errorf("give the mails of a client: %w", err)
		}
		return true, nil
	}
	return true, p.tx.UpdateRecord(p.ctx, policy.Whole(message, policy.ForMail), id, m.stored.Version, []store.Cell{m.stored.Cells[field.Index()]}, []store.Cell{cell}, m.place(), after.place())
}

// filesFollow gives the files that came with a mail to whoever has the mail. They
// live on it, and are in no list of their own.
func (p *pen) filesFollow(message schema.RecordID, responsible any) error {
	file := p.b.catalog().Kind("file")
	if file == nil {
		return nil
	}
	_, err := p.tx.Exec(p.ctx, store.Text("UPDATE file SET version = version + 1, "+file.Responsible+" = ? WHERE about_kind = 'message' AND about = ? AND created_by IS NULL"), responsible, int64(message))
	if err != nil {
		return fmt.Errorf("give the files of a mail: %w", err)
	}
	return nil
}
