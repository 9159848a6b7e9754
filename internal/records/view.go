package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// View is a way of looking at a list that somebody has saved. It gives nobody a
// right: it is a question, asked under the rights of whoever opens it.
type View struct {
	ID       int64
	Version  int64
	Kind     string
	Name     string
	Owner    actor.PersonID
	Audience string        // AudiencePrivate, AudienceEveryone, AudienceGroup
	Group    actor.GroupID // of AudienceGroup
	Look     Look

	// Barred says that the reader may not filter or sort as the view does. Its
	// filter and order are left out then, and it cannot be opened.
	Barred  bool
	MayEdit bool
}

// Who sees a saved view besides its owner.
const (
	AudiencePrivate  = "private"
	AudienceEveryone = "everyone" // who may see records of the kind
	AudienceGroup    = "group"    // members of a group
)

// Look is what a view shows.
type Look struct {
	Filter  string   `json:"filter,omitempty"`
	Sort    string   `json:"sort,omitempty"`
	Columns []Column `json:"columns,omitempty"`
}

// Column is one column of a view.
type Column struct {
	Field  string `json:"field"`
	Width  int    `json:"width,omitempty"` // in pixels; 0: as it comes
	Pinned bool   `json:"pinned,omitempty"`
}

const (
	viewNameMost    = 80
	viewsMost       = 200 // of one person and kind
	viewColumnsMost = 60
	columnNarrowest = 60
	columnWidest    = 900
)

// Views lists the saved views of a kind that the actor may open or at least know
// of: their own, and those shared with everyone or with a group of theirs. While
// looking through another's eyes, nobody's private views are shown.
func (b *Book) Views(ctx context.Context, who actor.Actor, kindName string) ([]View, error) {
	kind, st, err := b.viewing(ctx, who, kindName)
	if err != nil {
		return nil, err
	}
	if st.Grade(kind, policy.View) == policy.Denied {
		return nil, nil
	}
	rows, err := b.db.Query(ctx, store.Text("SELECT "+viewColumns+" FROM saved_view WHERE kind = ? ORDER BY id"), int64(kind.Number))
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	defer rows.Close()
	var all []View
	for rows.Next() {
		v, err := scanView(rows, kind)
		if err != nil {
			return nil, err
		}
		if v.isFor(who, st) {
			b.narrow(who, st, kind, &v)
			all = append(all, v)
		}
	}
	return all, rows.Err()
}

func (b *Book) viewing(ctx context.Context, who actor.Actor, kindName string) (*schema.Kind, *policy.Standing, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, nil, err
	}
	st, err := b.standing(ctx, who)
	return kind, st, err
}

const viewColumns = "id, version, name, owner, audience, COALESCE(workgroup, 0), settings"

func scanView(row interface{ Scan(...any) error }, kind *schema.Kind) (View, error) {
	v := View{Kind: kind.Name}
	var text string
	err := row.Scan(&v.ID, &v.Version, &v.Name, &v.Owner, &v.Audience, &v.Group, &text)
	if errors.Is(err, store.ErrNoRows) {
		return v, fault.NotFound()
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &v.Look)
	}
	if err != nil {
		return v, fmt.Errorf("read a view: %w", err)
	}
	return v, nil
}

// isFor tells whether the actor may know of a view.
func (v *View) isFor(who actor.Actor, st *policy.Standing) bool {
	switch {
	case v.Owner == who.Person && who.ViewAs == 0:
		return true
	case v.Audience == AudienceEveryone:
		return true
	}
	return v.Audience == AudienceGroup && v.Group != 0 && slices.Contains(st.Groups(), v.Group)
}

// mayEdit tells whether the actor may change or delete the view.
func (v *View) mayEdit(who actor.Actor, st *policy.Standing) bool {
	if who.ViewAs != 0 {
		return false
	}
	if v.Owner == who.Person && v.Audience == AudiencePrivate {
		return true
	}
	may, _ := st.Can(policy.ShareViews)
	return may
}

// narrow leaves out of a view what its reader may not ask for. A filter tells what
// somebody looked for, so one by a field that the reader may not filter by is not
// shown to them; a column that they may not see is not named.
func (b *Book) narrow(who actor.Actor, st *policy.Standing, kind *schema.Kind, v *View) {
	v.MayEdit = v.mayEdit(who, st)
	g := st.Decide(kind, policy.View, ListOf(kind), b.instant())
	if _, _, err := b.ask(who, kind, g, ListOf(kind), Query{Filter: v.Look.Filter, Sort: v.Look.Sort, Fields: []string{}, Zone: time.UTC}); err != nil {
		v.Barred = true
		v.Look.Filter, v.Look.Sort = "", ""
	}
	v.Look.Columns = slices.DeleteFunc(v.Look.Columns, func(c Column) bool {
		f := kind.Field(c.Field)
		return f == nil || g.FieldAnywhere(f) == policy.Hidden
	})
}

// SaveView keeps a view, new where its ID is zero. A view that others see takes
// ShareViews, and one for a group that its maker belongs to it or may arrange
// groups. What it asks for must be what its maker may ask for.
func (b *Book) SaveView(ctx context.Context, who actor.Actor, v View) (View, error) {
	if _, err := b.writer(ctx, who); err != nil {
		return View{}, err
	}
	kind, st, err := b.viewing(ctx, who, v.Kind)
	if err != nil {
		return View{}, err
	}
	if kind.Within || st.Grade(kind, policy.View) == policy.Denied || who.Person == 0 {
		return View{}, fault.NotFound()
	}
	if err := b.sound(who, st, kind, &v); err != nil {
		return View{}, err
	}
	text, err := json.Marshal(v.Look)
	if err != nil {
		return View{}, fmt.Errorf("encode a view: %w", err)
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		if v.ID == 0 {
			return b.insertView(ctx, tx, who, kind, &v, string(text))
		}
		return b.updateView(ctx, tx, who, st, kind, &v, string(text))
	})
	if err != nil {
		return View{}, stale(err)
	}
	b.narrow(who, st, kind, &v)
	return v, nil
}

func (b *Book) insertView(ctx context.Context, tx *store.Tx, who actor.Actor, kind *schema.Kind, v *View, text string) error {
	var n int
	if err := tx.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM saved_view WHERE kind = ? AND owner = ?"), int64(kind.Number), who.Person).Scan(&n); err != nil {
		return fmt.Errorf("count views: %w", err)
	}
	if n >= viewsMost {
		return fault.Newf(fault.Large, "view.many", "Nobody keeps more than %d views of one list. Delete some first.", viewsMost)
	}
	v.ID, v.Version, v.Owner = int64(tx.NewID()), 1, who.Person
	_, err := tx.Exec(ctx, store.Text("INSERT INTO saved_view (id, version, kind, name, owner, audience, workgroup, settings, created_at, updated_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)"),
		v.ID, int64(kind.Number), v.Name, v.Owner, v.Audience, groupOrNull(v.Group), text, tx.Now(), tx.Now())
	if err != nil {
		return fmt.Errorf("keep a view: %w", err)
	}
	return b.tellView(ctx, tx, who, "view.saved", kind, map[string]any{"after": v.told(kind, b)})
}

func (b *Book) updateView(ctx context.Context, tx *store.Tx, who actor.Actor, st *policy.Standing, kind *schema.Kind, v *View, text string) error {
	was, err := scanView(tx.QueryRow(ctx, store.Text("SELECT "+viewColumns+" FROM saved_view WHERE id = ? AND kind = ?"), v.ID, int64(kind.Number)), kind)
	if err != nil {
		return err
	}
	if !was.isFor(who, st) {
		return fault.NotFound()
	}
	if own := was.Owner == who.Person && v.Audience == AudiencePrivate; !was.mayEdit(who, st) && !own {
		_, why := st.Can(policy.ShareViews)
		return lacks(policy.ShareViews, why)
	}
	if v.Audience == AudiencePrivate && was.Owner != who.Person {
		return fault.New(fault.Denied, "view.owner", "Only whoever made a view can take it back from the others. You can delete it.")
	}
	if v.Version != 0 && v.Version != was.Version {
		return fault.New(fault.Conflict, "view.meanwhile", "Somebody has changed this view meanwhile. Look at it again before you save.")
	}
	v.Owner, v.Version = was.Owner, was.Version+1
	n, err := tx.Exec(ctx, store.Text("UPDATE saved_view SET version = version + 1, name = ?, audience = ?, workgroup = ?, settings = ?, updated_at = ? WHERE id = ? AND version = ?"),
		v.Name, v.Audience, groupOrNull(v.Group), text, tx.Now(), v.ID, was.Version)
	if err == nil && n != 1 {
		err = store.ErrStale
	}
	if err != nil {
		return fmt.Errorf("change a view: %w", err)
	}
	return b.tellView(ctx, tx, who, "view.changed", kind, map[string]any{"before": was.told(kind, b), "after": v.told(kind, b)})
}

// DropView deletes a view.
func (b *Book) DropView(ctx context.Context, who actor.Actor, id int64) error {
	st, err := b.writer(ctx, who)
	if err != nil {
		return err
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		var number int
		err := tx.QueryRow(ctx, store.Text("SELECT kind FROM saved_view WHERE id = ?"), id).Scan(&number)
		kind := b.catalog().Numbered(number)
		if errors.Is(err, store.ErrNoRows) || err == nil && kind == nil {
			return fault.NotFound()
		}
		if err != nil {
			return fmt.Errorf("find a view: %w", err)
		}
		v, err := scanView(tx.QueryRow(ctx, store.Text("SELECT "+viewColumns+" FROM saved_view WHERE id = ?"), id), kind)
		if err != nil {
			return err
		}
		if !v.isFor(who, st) {
			return fault.NotFound()
		}
		if v.Owner != who.Person && !v.mayEdit(who, st) {
			_, why := st.Can(policy.ShareViews)
			return lacks(policy.ShareViews, why)
		}
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM saved_view WHERE id = ?"), id); err != nil {
			return fmt.Errorf("delete a view: %w", err)
		}
		return b.tellView(ctx, tx, who, "view.deleted", kind, map[string]any{"before": v.told(kind, b)})
	})
}

// sound checks a view that is to be kept.
func (b *Book) sound(who actor.Actor, st *policy.Standing, kind *schema.Kind, v *View) error {
	v.Name = strings.Join(strings.Fields(v.Name), " ")
	if n := len([]rune(v.Name)); n == 0 || n > viewNameMost {
		return fault.Newf(fault.Invalid, "view.name", "A view has a name of at most %d characters.", viewNameMost).At("name")
	}
	if _, found := value.MaskContacts(v.Name); found {
		return fault.New(fault.Invalid, "view.name_contact", "The name of a view holds no phone number and no mail address.").At("name")
	}
	if err := b.reaches(st, v); err != nil {
		return err
	}
	g := st.Decide(kind, policy.View, ListOf(kind), b.instant())
	fields := []string{}
	if len(v.Look.Columns) > viewColumnsMost {
		return fault.Newf(fault.Invalid, "view.columns", "A view has at most %d columns.", viewColumnsMost).At("columns")
	}
	for _, c := range v.Look.Columns {
		if c.Width != 0 && (c.Width < columnNarrowest || c.Width > columnWidest) {
			return fault.Newf(fault.Invalid, "view.width", "A column is %d to %d pixels wide.", columnNarrowest, columnWidest).At("columns")
		}
		if slices.Contains(fields, c.Field) {
			return fault.New(fault.Invalid, "view.twice", "A column stands in a view once.").At("columns")
		}
		fields = append(fields, c.Field)
	}
	_, _, err := b.ask(who, kind, g, ListOf(kind), Query{Filter: v.Look.Filter, Sort: v.Look.Sort, Fields: fields, Zone: time.UTC})
	return err
}

// reaches checks for whom a view is.
func (b *Book) reaches(st *policy.Standing, v *View) error {
	if v.Audience == "" {
		v.Audience = AudiencePrivate
	}
	if v.Audience != AudienceGroup {
		v.Group = 0
	}
	if !slices.Contains([]string{AudiencePrivate, AudienceEveryone, AudienceGroup}, v.Audience) {
		return fault.New(fault.Invalid, "view.audience", "A view is private, for everyone, or for a group.").At("audience")
	}
	if v.Audience == AudiencePrivate {
		return nil
	}
	if may, why := st.Can(policy.ShareViews); !may {
		return lacks(policy.ShareViews, why).At("audience")
	}
	if v.Audience == AudienceGroup && !slices.Contains(st.Groups(), v.Group) {
		if may, _ := st.Can(policy.ManageGroups); !may || v.Group == 0 {
			return fault.New(fault.Invalid, "view.group", "Name a group that you belong to.").At("group")
		}
	}
	return nil
}

func groupOrNull(g actor.GroupID) any {
	if g == 0 {
		return nil
	}
	return int64(g)
}

// told is what the ledger holds of a view: of its filter the names of fields, never
// the values.
func (v *View) told(kind *schema.Kind, b *Book) map[string]any {
	told := map[string]any{"view": v.ID, "name": v.Name, "audience": v.Audience, "sort": strings.TrimPrefix(v.Look.Sort, "-"), "columns": len(v.Look.Columns)}
	if v.Group != 0 {
		told["group"] = v.Group
	}
	if v.Look.Filter != "" {
		names := []string{}
		if c, err := query.Parse(kind, v.Look.Filter, b); err == nil {
			for _, f := range query.Fields(c) {
				names = append(names, f.Name)
			}
		}
		told["filter"] = names
	}
	return told
}

func (b *Book) tellView(ctx context.Context, tx *store.Tx, who actor.Actor, event scribe.Event, kind *schema.Kind, details map[string]any) error {
	if err := b.scribe.Write(ctx, tx, scribe.Entry{Event: event, Who: who, Kind: kind.Name, Surface: string(ListOf(kind)), Details: details}); err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	return nil
}
