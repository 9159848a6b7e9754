package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Template is a letter that somebody has stored. It holds names of fields and
// never what they hold, so that it tells nobody anything of a client; what it
// becomes is decided when it is written to somebody, under the writer's rights.
type Template struct {
	ID            int64
	Version       int64
	Name          string
	Subject, Body string
	Owner         actor.PersonID
	Audience      string        // as of a View
	Group         actor.GroupID // of AudienceGroup

	// Barred says that the letter names a field that the reader may not see. Its
	// subject and text are left out then, and it cannot be sent.
	Barred  bool
	MayEdit bool
}

const (
	templateNameMost = 80
	templatesMost    = 200 // of one person
)

// reach is who sees a template: the same people as a view of that audience.
func (t *Template) reach() *View {
	return &View{Owner: t.Owner, Audience: t.Audience, Group: t.Group}
}

// mayUseTemplates gives the standing of somebody who may write to clients at all.
func (b *Book) mayUseTemplates(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	message, err := b.kind("message")
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	if who.Person == 0 || st.Grade(message, policy.Create) == policy.Denied {
		return nil, fault.NotFound()
	}
	return st, nil
}

// Templates lists the stored letters that the actor may use or at least know of.
// While looking through another's eyes, nobody's private ones are shown.
func (b *Book) Templates(ctx context.Context, who actor.Actor) ([]Template, error) {
	st, err := b.mayUseTemplates(ctx, who)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.db.Query(ctx, store.Text("SELECT "+templateColumns+" FROM letter_template ORDER BY id"))
	if err != nil {
		return nil, fmt.Errorf("list letters: %w", err)
	}
	defer rows.Close()
	var all []Template
	for rows.Next() {
		t, err := scanTemplate(rows)
		if err != nil {
			return nil, err
		}
		if t.reach().isFor(who, st) {
			b.narrowTemplate(who, st, &t)
			all = append(all, t)
		}
	}
	return all, rows.Err()
}

const templateColumns = "id, version, name, subject, body, owner, audience, COALESCE(workgroup, 0)"

func scanTemplate(row interface{ Scan(...any) error }) (Template, error) {
	var t Template
	err := row.Scan(&t.ID, &t.Version, &t.Name, &t.Subject, &t.Body, &t.Owner, &t.Audience, &t.Group)
	if errors.Is(err, store.ErrNoRows) {
		return t, fault.NotFound()
	}
	if err != nil {
		return t, fmt.Errorf("read a stored letter: %w", err)
	}
	return t, nil
}

// narrowTemplate leaves out what its reader could not send.
func (b *Book) narrowTemplate(who actor.Actor, st *policy.Standing, t *Template) {
	t.MayEdit = t.reach().mayEdit(who, st)
	if !b.placesSeen(st, t.Subject) || !b.placesSeen(st, t.Body) {
		t.Barred, t.Subject, t.Body = true, "", ""
	}
}

// placesSeen tells whether every field that a text names in braces may be seen of
// some client.
func (b *Book) placesSeen(st *policy.Standing, text string) bool {
	contact := b.catalog().Kind("contact")
	g := st.Decide(contact, policy.View, CardOf(contact), b.instant())
	for {
		_, rest, open := strings.Cut(text, "{")
		if !open {
			return true
		}
		name, after, closed := strings.Cut(rest, "}")
		f := contact.Field(strings.TrimSpace(name))
		if !closed || f == nil || f.Type != schema.Text || g.FieldAnywhere(f) != policy.Plain {
			return false
		}
		text = after
	}
}

// soundTemplate checks a stored letter. Others see it whoever they are, so that
// one for others holds no way to reach anybody.
func (b *Book) soundTemplate(st *policy.Standing, t *Template) error {
	t.Name, t.Subject, t.Body = value.Line(t.Name), value.Line(t.Subject), value.Paragraphs(t.Body)
	var wrong []fault.Fault
	for _, part := range []struct {
		field, text string
		most        int
	}{{"name", t.Name, templateNameMost}, {"subject", t.Subject, longestSubject}, {"body", t.Body, longestLetter}} {
		switch {
		case part.text == "":
			wrong = append(wrong, *fault.New(fault.Invalid, "template.empty", "A stored letter has a name, a subject and a text.").At(part.field))
		case utf8.RuneCountInString(part.text) > part.most:
			wrong = append(wrong, *fault.Newf(fault.Invalid, "letter.long", "This part of a letter has at most %d characters.", part.most).At(part.field))
		case part.field != "name" && !b.placesSeen(st, part.text):
			wrong = append(wrong, *fault.New(fault.Invalid, "letter.place", "Between braces there must be the name of a field that you may see, such as {name}.").At(part.field))
		}
		if _, found := value.MaskContacts(part.text); found && (part.field == "name" || t.Audience != AudiencePrivate) {
			wrong = append(wrong, *fault.New(fault.Invalid, "template.contact", "A letter that is stored for others holds no phone number and no mail address, and a name never does.").At(part.field))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

// SaveTemplate stores a letter, new where its ID is zero. One that others see takes
// ShareViews, and one for a group that its maker belongs to it or may arrange groups.
func (b *Book) SaveTemplate(ctx context.Context, who actor.Actor, t Template) (Template, error) {
	if _, err := b.writer(ctx, who); err != nil {
		return Template{}, err
	}
	st, err := b.mayUseTemplates(ctx, who)
	if err != nil {
		return Template{}, err
	}
	v := t.reach()
	if err := b.reaches(st, v); err != nil {
		return Template{}, err
	}
	t.Audience, t.Group = v.Audience, v.Group
	if err := b.soundTemplate(st, &t); err != nil {
		return Template{}, err
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		if t.ID == 0 {
			return b.insertTemplate(ctx, tx, who, &t)
		}
		return b.updateTemplate(ctx, tx, who, st, &t)
	})
	if err != nil {
		return Template{}, err
	}
	b.narrowTemplate(who, st, &t)
	return t, nil
}

func (b *Book) insertTemplate(ctx context.Context, tx *store.Tx, who actor.Actor, t *Template) error {
	var n int
	if err := tx.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM letter_template WHERE owner = ?"), who.Person).Scan(&n); err != nil {
		return fmt.Errorf("count stored letters: %w", err)
	}
	if n >= templatesMost {
		return fault.Newf(fault.Large, "template.many", "Nobody stores more than %d letters. Delete some first.", templatesMost)
	}
	t.ID, t.Version, t.Owner = int64(tx.NewID()), 1, who.Person
	_, err := tx.Exec(ctx, store.Text("INSERT INTO letter_template (id, version, name, subject, body, owner, audience, workgroup, created_at, updated_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)"),
		t.ID, t.Name, t.Subject, t.Body, t.Owner, t.Audience, groupOrNull(t.Group), tx.Now(), tx.Now())
	if err != nil {
		return fmt.Errorf("store a letter: %w", err)
	}
	return b.tellTemplate(ctx, tx, who, "template.saved", t)
}

func (b *Book) updateTemplate(ctx context.Context, tx *store.Tx, who actor.Actor, st *policy.Standing, t *Template) error {
	was, err := scanTemplate(tx.QueryRow(ctx, store.Text("SELECT "+templateColumns+" FROM letter_template WHERE id = ?"), t.ID))
	if err != nil {
		return err
	}
	if err := b.mayChangeTemplate(who, st, &was); err != nil {
		return err
	}
	if t.Audience == AudiencePrivate && was.Owner != who.Person {
		return fault.New(fault.Denied, "view.owner", "Only whoever made it can take it back from the others. You can delete it.")
	}
	if t.Version != 0 && t.Version != was.Version {
		return fault.New(fault.Conflict, "view.meanwhile", "Somebody has changed this letter meanwhile. Look at it again before you save.")
	}
	t.Owner, t.Version = was.Owner, was.Version+1
	n, err := tx.Exec(ctx, store.Text("UPDATE letter_template SET version = version + 1, name = ?, subject = ?, body = ?, audience = ?, workgroup = ?, updated_at = ? WHERE id = ? AND version = ?"),
		t.Name, t.Subject, t.Body, t.Audience, groupOrNull(t.Group), tx.Now(), t.ID, was.Version)
	if err != nil {
		return fmt.Errorf("change a stored letter: %w", err)
	}
	if n != 1 {
		return fault.New(fault.Conflict, "view.meanwhile", "Somebody has changed this letter meanwhile. Look at it again before you save.")
	}
	return b.tellTemplate(ctx, tx, who, "template.saved", t)
}

// mayChangeTemplate refuses whoever may not change or delete a stored letter. One
// that they may not know of does not exist.
func (b *Book) mayChangeTemplate(who actor.Actor, st *policy.Standing, t *Template) error {
	v := t.reach()
	if !v.isFor(who, st) {
		return fault.NotFound()
	}
	if t.Owner == who.Person || v.mayEdit(who, st) {
		return nil
	}
	_, why := st.Can(policy.ShareViews)
	return lacks(policy.ShareViews, why)
}

// DropTemplate deletes a stored letter.
func (b *Book) DropTemplate(ctx context.Context, who actor.Actor, id int64) error {
	if _, err := b.writer(ctx, who); err != nil {
		return err
	}
	st, err := b.mayUseTemplates(ctx, who)
	if err != nil {
		return err
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		t, err := scanTemplate(tx.QueryRow(ctx, store.Text("SELECT "+templateColumns+" FROM letter_template WHERE id = ?"), id))
		if err != nil {
			return err
		}
		if err := b.mayChangeTemplate(who, st, &t); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM letter_template WHERE id = ?"), id); err != nil {
			return fmt.Errorf("delete a stored letter: %w", err)
		}
		return b.tellTemplate(ctx, tx, who, "template.deleted", &t)
	})
}

// tellTemplate writes the entry: which fields a letter names, never its text.
func (b *Book) tellTemplate(ctx context.Context, tx *store.Tx, who actor.Actor, event scribe.Event, t *Template) error {
	fields := []string{}
	for _, part := range strings.Split(t.Subject+"\n"+t.Body, "{")[1:] {
		if name, _, closed := strings.Cut(part, "}"); closed && !slices.Contains(fields, strings.TrimSpace(name)) {
			fields = append(fields, strings.TrimSpace(name))
		}
	}
	err := b.scribe.Write(ctx, tx, scribe.Entry{Event: event, Who: who, Details: map[string]any{"template": t.ID, "name": t.Name, "audience": t.Audience, "group": t.Group, "fields": fields}})
	if err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	return nil
}
