package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// CustomField is a field that a firm has added to a kind. Its name begins with
// "x_", is never given twice to a kind, and is its column.
type CustomField struct {
	ID       int64
	Version  int64
	Kind     string
	Name     string
	Type     schema.Type
	Class    schema.Class
	Labels   schema.Labels
	Options  []schema.Option
	Target   string
	Required bool
}

// customTypes are the types that a custom field can have: all but those that
// play a part of their own.
var customTypes = [...]schema.Type{
	schema.Text, schema.LongText, schema.Integer, schema.Number, schema.Money, schema.Bool, schema.Date, schema.DateTime,
	schema.Choice, schema.Choices, schema.Phones, schema.Emails, schema.Tags, schema.URL, schema.Person, schema.Relation,
}

// maxCustom is how many fields a firm can add to a kind.
const maxCustom = 200

// field is the schema's view of it.
func (c CustomField) field() *schema.Field {
	f := &schema.Field{Name: c.Name, Type: c.Type, Class: c.Class, Labels: c.Labels, Options: c.Options, Target: c.Target, Required: c.Required, Custom: true}
	switch c.Type {
	case schema.Text:
		f.Free, f.Keyed, f.Indexed, f.Max = true, true, true, 250
	case schema.LongText:
		f.Free, f.Max = true, 20_000
	case schema.Integer, schema.Number, schema.Money, schema.Bool, schema.Date, schema.DateTime, schema.Choice, schema.Person, schema.Relation:
		f.Indexed = true
	case schema.Phones:
		f.Search = schema.ByDigits
	case schema.Emails:
		f.Search = schema.ByAddress
	}
	return f
}

// catalogWith is the catalog of the built-in kinds and these fields. A custom
// field is never required of records that were there before it: it is required
// of what people write, which the page and Prepare see to.
func catalogWith(custom []CustomField) (*schema.Catalog, error) {
	kinds := Kinds()
	for i := range kinds {
		for _, c := range custom {
			if c.Kind == kinds[i].Name {
				f := c.field()
				f.Required = false
				kinds[i].Fields = append(kinds[i].Fields, f)
			}
		}
	}
	return schema.New(kinds...)
}

// Fields lists the custom fields of a kind.
func (w *Workspace) Fields(kind string) []CustomField {
	var all []CustomField
	for _, f := range w.latest().fields {
		if f.Kind == kind {
			all = append(all, f)
		}
	}
	return all
}

func readFields(ctx context.Context, tx *store.Tx) ([]CustomField, error) {
	rows, err := tx.Query(ctx, store.Text("SELECT id, version, kind, name, type, class, labels, options, target, required FROM custom_field WHERE withdrawn_at IS NULL ORDER BY kind, place, id"))
	if err != nil {
		return nil, fmt.Errorf("read custom fields: %w", err)
	}
	defer rows.Close()
	names := map[int64]string{}
	for _, k := range Kinds() {
		names[int64(k.Number)] = k.Name
	}
	var all []CustomField
	for rows.Next() {
		var c CustomField
		var kind, required int64
		var typ, class, labels, options string
		if err := rows.Scan(&c.ID, &c.Version, &kind, &c.Name, &typ, &class, &labels, &options, &c.Target, &required); err != nil {
			return nil, fmt.Errorf("read custom fields: %w", err)
		}
		c.Kind, c.Required = names[kind], required != 0
		var known, classed bool
		c.Type, known = schema.TypeNamed(typ)
		c.Class, classed = schema.ClassNamed(class)
		if c.Kind == "" || !known || !classed {
			return nil, fmt.Errorf("read custom field %d: kind, type or class is not known", c.ID)
		}
		if err := json.Unmarshal([]byte(labels), &c.Labels); err != nil {
			return nil, fmt.Errorf("read custom field %d: %w", c.ID, err)
		}
		if err := json.Unmarshal([]byte(options), &c.Options); err != nil {
			return nil, fmt.Errorf("read custom field %d: %w", c.ID, err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// check says what is wrong with a field.
func (c CustomField) check() error {
	if n := len([]rune(strings.TrimSpace(c.Labels.In("en")))); n == 0 && len(c.Labels) == 0 {
		return fault.New(fault.Invalid, "field.label", "A field needs a name that people read.").At("label")
	}
	for _, l := range c.Labels {
		if len([]rune(l)) > 100 {
			return fault.New(fault.Invalid, "field.label", "The name of a field has at most 100 characters.").At("label")
		}
	}
	if !slices.Contains(customTypes[:], c.Type) {
		return fault.New(fault.Invalid, "field.type", "There is no such type of field.").At("type")
	}
	if chosen := c.Type == schema.Choice || c.Type == schema.Choices; chosen != (len(c.Options) > 0) || len(c.Options) > 500 {
		return fault.New(fault.Invalid, "field.options", "A choice has from 1 to 500 options, and other fields have none.").At("options")
	}
	seen := map[string]bool{}
	for _, o := range c.Options {
		if o.Key == "" || len(o.Key) > 60 || seen[o.Key] || len(o.Labels) == 0 {
			return fault.New(fault.Invalid, "field.options", "Every option needs a key of its own and a name.").At("options")
		}
		seen[o.Key] = true
	}
	if related := c.Type == schema.Relation; related != (c.Target != "") {
		return fault.New(fault.Invalid, "field.target", "A relation names the kind that it leads to, and other fields name none.").At("target")
	}
	return nil
}

// DeclareField adds a field to a kind, as a column of its table. The field has
// no rights but those that roles give to its class (attack 11): its name was
// never used before. It needs ManageFields, and gives the field as it is now.
func (w *Workspace) DeclareField(ctx context.Context, who actor.Actor, c CustomField) (CustomField, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	err := w.change(ctx, who, policy.ManageFields, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		kind := is.catalog.Kind(c.Kind)
		if kind == nil || c.Target != "" && (is.catalog.Kind(c.Target) == nil || is.catalog.Kind(c.Target).Within) {
			return nil, errGone("kind")
		}
		n := 0
		for _, f := range is.fields {
			if f.Kind == c.Kind {
				n++
			}
		}
		if n >= maxCustom {
			return nil, fault.Newf(fault.Large, "field.many", "A kind can have at most %d fields of your own.", maxCustom)
		}
		var err error
		if c.Name, err = freeName(ctx, tx, kind, c); err != nil {
			return nil, err
		}
		c.ID, c.Version = int64(tx.NewID()), 1
		if _, err := catalogWith(append(slices.Clone(is.fields), c)); err != nil {
			return nil, fault.New(fault.Invalid, "field.refused", "This field cannot be added.").Because(err)
		}
		if err := tx.AddColumns(ctx, policy.Whole(kind, policy.ForMigration), c.field()); err != nil {
			return nil, err
		}
		if err := c.insert(ctx, tx, kind); err != nil {
			return nil, err
		}
		return &scribe.Entry{Event: "field.declared", Kind: "field", Records: []schema.RecordID{schema.RecordID(c.ID)}, Details: c.told()}, nil
	})
	return c, err
}

// freeName makes a name that no field of the kind has or ever had.
func freeName(ctx context.Context, tx *store.Tx, kind *schema.Kind, c CustomField) (string, error) {
	base := "x_" + slug(c.Labels.In("en"))
	for i := 1; i <= 10*maxCustom; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s_%d", base, i)
		}
		var n int64
		if err := tx.QueryRow(ctx, store.Text("SELECT count(*) FROM custom_field WHERE kind = ? AND name = ?"), int64(kind.Number), name).Scan(&n); err != nil {
			return "", fmt.Errorf("look for a free name: %w", err)
		}
		if n == 0 {
			return name, nil
		}
	}
	return "", fault.New(fault.Conflict, "field.names", "Too many fields had this name. Choose another one.").At("label")
}

// slug keeps the letters and digits of a label that can stand in a column.
func slug(label string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(label) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() == 24 {
			break
		}
	}
	s := strings.Trim(b.String(), "_")
	if s == "" {
		return "field"
	}
	// The endings of twin columns are not for names.
	for strings.HasSuffix(s, "_key") || strings.HasSuffix(s, "_masked") {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "_key"), "_masked")
	}
	return s
}

func (c CustomField) insert(ctx context.Context, tx *store.Tx, kind *schema.Kind) error {
	labels, options, err := c.texts()
	if err != nil {
		return err
	}
	required := int64(0)
	if c.Required {
		required = 1
	}
	_, err = tx.Exec(ctx, store.Text("INSERT INTO custom_field (id, kind, name, type, class, labels, options, target, required, place, version, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"),
		c.ID, int64(kind.Number), c.Name, c.Type.String(), c.Class.String(), labels, options, c.Target, required, c.ID, tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("write custom field: %w", err)
	}
	return nil
}

func (c CustomField) texts() (labels, options string, err error) {
	l, err := json.Marshal(c.Labels)
	if err != nil {
		return "", "", fmt.Errorf("encode labels: %w", err)
	}
	all := c.Options
	if all == nil {
		all = []schema.Option{}
	}
	o, err := json.Marshal(all)
	if err != nil {
		return "", "", fmt.Errorf("encode options: %w", err)
	}
	return string(l), string(o), nil
}

// told is the field in the details of ledger entries.
func (c CustomField) told() map[string]any {
	return map[string]any{"kind": c.Kind, "name": c.Name, "type": c.Type.String(), "class": c.Class.String(), "labels": c.Labels, "required": c.Required}
}

// ChangeField changes labels, options, class and whether the field is required.
// What it holds stays, so its type stays too, and options in use must stay: an
// option that is left out is refused while a record has it.
func (w *Workspace) ChangeField(ctx context.Context, who actor.Actor, c CustomField) error {
	return w.change(ctx, who, policy.ManageFields, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		i := slices.IndexFunc(is.fields, func(f CustomField) bool { return f.Kind == c.Kind && f.Name == c.Name })
		if i < 0 {
			return nil, errGone("field")
		}
		was := is.fields[i]
		if c.Version != 0 && c.Version != was.Version {
			return nil, fault.New(fault.Conflict, "field.changed", "Somebody has changed the field meanwhile. Look at it again before you save.")
		}
		c.Type, c.Target = was.Type, was.Target
		if err := c.check(); err != nil {
			return nil, err
		}
		kind := is.catalog.Kind(c.Kind)
		for _, o := range was.Options {
			if slices.ContainsFunc(c.Options, func(n schema.Option) bool { return n.Key == o.Key }) {
				continue
			}
			held, err := tx.Holds(ctx, policy.Whole(kind, policy.ForMigration), kind.Field(c.Name), o.Key)
			if err != nil {
				return nil, err
			}
			if held {
				return nil, fault.New(fault.Conflict, "field.option_held", "An option cannot be removed while records have it.").At("options")
			}
		}
		labels, options, err := c.texts()
		if err != nil {
			return nil, err
		}
		required := int64(0)
		if c.Required {
			required = 1
		}
		_, err = tx.Exec(ctx, store.Text("UPDATE custom_field SET labels = ?, options = ?, class = ?, required = ?, version = version + 1 WHERE id = ?"), labels, options, c.Class.String(), required, was.ID)
		if err != nil {
			return nil, fmt.Errorf("change custom field: %w", err)
		}
		return &scribe.Entry{Event: "field.changed", Kind: "field", Records: []schema.RecordID{schema.RecordID(was.ID)}, Details: map[string]any{"before": was.told(), "after": c.told()}}, nil
	})
}

// WithdrawField takes a field away from everybody. Its column and its name stay
// taken, and the rights that named it are forgotten.
func (w *Workspace) WithdrawField(ctx context.Context, who actor.Actor, kindName, name string) error {
	return w.change(ctx, who, policy.ManageFields, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		i := slices.IndexFunc(is.fields, func(f CustomField) bool { return f.Kind == kindName && f.Name == name })
		if i < 0 {
			return nil, errGone("field")
		}
		if _, err := tx.Exec(ctx, store.Text("UPDATE custom_field SET withdrawn_at = ?, version = version + 1 WHERE id = ?"), tx.Now().UnixMicro(), is.fields[i].ID); err != nil {
			return nil, fmt.Errorf("withdraw custom field: %w", err)
		}
		if err := w.rights.ForgetField(ctx, tx, kindName, name); err != nil {
			return nil, err
		}
		return &scribe.Entry{Event: "field.withdrawn", Kind: "field", Records: []schema.RecordID{schema.RecordID(is.fields[i].ID)}, Details: is.fields[i].told()}, nil
	})
}
