package records

import (
	"context"
	"errors"
	"io"

	"castellan/internal/actor"
	"castellan/internal/blob"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// MaxFile is how many bytes a file may have.
const MaxFile = blob.Most

// File is the content of a record, opened for somebody who may fetch it.
type File struct {
	Name string // as far as its reader sees it
	Size int64
	io.Reader
}

// Attach puts a file on a record and gives the id of the record that holds it.
// Whoever may not do so leaves nothing behind: the right is asked before the
// first byte is kept, and again in the transaction that makes the record
// (attack 21). What the file is, is read off what it holds.
func (b *Book) Attach(ctx context.Context, who actor.Actor, kindName, aboutKind string, about schema.RecordID, name string, r io.Reader) (schema.RecordID, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return 0, err
	}
	if kind.Content == nil || b.shelf == nil {
		return 0, fault.NotFound()
	}
	if err := b.mayAttach(ctx, who, kind, aboutKind, about); err != nil {
		return 0, err
	}
	whole, err := b.shelf.Put(ctx, r)
	if err != nil {
		return 0, err
	}
	var picture blob.Content
	id, err := func() (schema.RecordID, error) {
		form, err := blob.Recognise(whole.Head)
		if err != nil {
			return 0, err
		}
		if form.Shown {
			if picture, err = b.shelf.Sketch(ctx, whole); err != nil {
				return 0, err
			}
		}
		return b.hold(ctx, who, kind, Values{"about_kind": aboutKind, "about": about, kind.Content.Name: form.NameOf(name)}, form, whole, picture)
	}()
	if err != nil {
		away := context.WithoutCancel(ctx)
		return 0, errors.Join(err, b.shelf.Drop(away, whole.ID), b.shelf.Drop(away, picture.ID))
	}
	return id, nil
}

// hold makes the record that holds what has arrived.
func (b *Book) hold(ctx context.Context, who actor.Actor, kind *schema.Kind, v Values, form blob.Form, whole, picture blob.Content) (schema.RecordID, error) {
	var id schema.RecordID
	err := b.write(ctx, who, func(p *pen) error {
		p.kept = Values{kind.Content.Form: form.Name, kind.Content.Size: whole.Size, kind.Content.Picture: picture.ID != 0}
		var err error
		if id, err = p.create(kind, v); err != nil {
			return err
		}
		if err := b.shelf.Give(ctx, p.tx, whole, id, blob.Whole); err != nil {
			return err
		}
		if picture.ID == 0 {
			return nil
		}
		return b.shelf.Give(ctx, p.tx, picture, id, blob.Picture)
	})
	return id, err
}

// mayAttach refuses whoever may not put files on that record, in the words of
// the write that would follow.
func (b *Book) mayAttach(ctx context.Context, who actor.Actor, kind *schema.Kind, aboutKind string, about schema.RecordID) error {
	st, err := b.writer(ctx, who)
	if err != nil {
		return err
	}
	parent, err := b.kind(aboutKind)
	if err != nil {
		return err
	}
	return b.db.Read(ctx, func(tx *store.Tx) error {
		s, _, err := b.visible(ctx, tx, st, parent, about, CardOf(parent))
		if err != nil {
			return err
		}
		if s.stored.Binned || parent.Within {
			return fault.NotFound()
		}
		if g := st.Decide(kind, policy.Create, CardOf(kind), tx.Now()); g.Empty() {
			return refused(g.Reasons())
		}
		return nil
	})
}

// fetch opens what a file holds, or the small picture of it, for whoever sees the
// record, the record that it lives on, and its content plainly (attack 19). It is
// noted before the first byte is given out.
func (b *Book) fetch(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, part blob.Part, on Surface) (*File, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if kind.Content == nil || b.shelf == nil {
		return nil, fault.NotFound()
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	f := &File{Name: "file"}
	size := kind.Field(kind.Content.Size)
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, v, err := b.visible(ctx, tx, st, kind, id, on)
		if err != nil {
			return err
		}
		if v.Sees(size) != policy.Plain {
			return fault.New(fault.Denied, "file.closed", "Your role does not let you open this file.")
		}
		name := kind.Field(kind.Content.Name)
		if v.Sees(name) == policy.Plain {
			f.Name, _ = shownText(s.stored.Cells[name.Index()], v.Contact).(string)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	content, err := b.shelf.Of(ctx, id, part)
	if err != nil {
		return nil, err
	}
	f.Size, f.Reader = content.Size, content
	e := scribe.Entry{Event: "file.fetched", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(on)}
	if part == blob.Picture {
		e.Event = "file.glanced"
	}
	if size.Class != schema.Open {
		e.Shown = []schema.Class{size.Class}
	}
	return f, b.scribe.Note(ctx, e)
}

// FetchFile opens what a file holds.
func (b *Book) FetchFile(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, on Surface) (*File, error) {
	return b.fetch(ctx, who, kindName, id, blob.Whole, on)
}

// GlanceAt opens the small picture of a file.
func (b *Book) GlanceAt(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, on Surface) (*File, error) {
	return b.fetch(ctx, who, kindName, id, blob.Picture, on)
}
