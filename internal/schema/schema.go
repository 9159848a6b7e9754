// Package schema says which kinds of record there are, which fields they have, and how sensitive each field is.
//
// It is data: no I/O, no clock, no chance. The kinds of a CRM are written down
// in crm, one file a kind; custom fields join them at run time. Both make a
// Catalog, an immutable snapshot that every other room reads without locks.
//
// A newcomer would get wrong that a kind or a field has no rights by being
// here: the policy gives rights by name and class, and what it does not name
// stays closed.
package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// RecordID names a record of any kind. It is ordered by time of creation and
// never shown outside: vault.Public turns it into a word that cannot be guessed.
type RecordID int64

// Principal is somebody through whom a record is reached: the person who is
// responsible for it, a group that it is shared with, or a person whom it is
// shared with alone. Rows of the table access carry it.
type Principal int64

// ResponsiblePrincipal reaches the records that the person is responsible for.
func ResponsiblePrincipal(person int64) Principal { return Principal(person << 2) }

// GroupPrincipal reaches the records that are shared with the group.
func GroupPrincipal(group int64) Principal { return Principal(group<<2 | 1) }

// SharePrincipal reaches the records that are shared with the person alone.
func SharePrincipal(person int64) Principal { return Principal(person<<2 | 2) }

// Role tells the three apart.
func (p Principal) Role() PrincipalRole { return PrincipalRole(p & 3) }

// Ref is the person's or the group's id.
func (p Principal) Ref() int64 { return int64(p >> 2) }

// PrincipalRole is in what way a principal reaches a record.
type PrincipalRole uint8

const (
	ByResponsibility PrincipalRole = 0
	ByGroup          PrincipalRole = 1
	ByShare          PrincipalRole = 2
)

// Kind describes one kind of record.
type Kind struct {
	Number int    // its code in the tables access, multi, history; never reused
	Name   string // "contact"; also the table and the prefix of public ids
	Plural string // "contacts"; also the path
	One    Labels
	Many   Labels
	Fields []*Field

	Title       string // the field by which people call a record; Text, Keyed
	Responsible string // the Person field that makes a record "own"; every kind has one
	Days        string // the DateTime field by which "only N days back" counts
	Moment      string // the DateTime field by which it stands on timelines, never empty; without one: created_at
	Pipeline    string // for kinds with stages, else empty
	Stage       string // for kinds with stages, else empty

	// ListedOn and ShownOn name the surfaces on which records of this kind are
	// seen beneath each other and one by one; empty: lists and cards. Phone
	// numbers are hidden by surface, and calls are one of their own.
	ListedOn, ShownOn string

	// Within says that a record of this kind lives on another one (a comment
	// on a client): it has the fields about_kind and about, and nobody reaches
	// it who may not view that other record.
	Within bool

	// Lent says that a record of this kind is shared with another one: it lives
	// on that, or follows it as a client's mails follow the client. Such a share
	// is nobody's grant of this very record, so it opens it only to those whose
	// rights let them have any of the kind. The number is the kind's place, from
	// 1 to LentMost, in what a share remembers, and stays its own for ever; 0: no.
	Lent int

	// Content says by which fields a record holds a file; nil for kinds that
	// hold none.
	Content *Content

	// Time says how a record takes the time of whoever is responsible for it;
	// nil for kinds that take none.
	Time *Time

	byName map[string]*Field
}

// LentMost bounds the places of kinds that are shared with other records.
const LentMost = 7

// Content names the fields by which a record holds a file. The house keeps all
// but the name.
type Content struct {
	Name    string // Text
	Form    string // Choice: what the file is, by what it holds
	Size    string // Integer, in bytes; whoever sees it plainly may fetch the file
	Picture string // Bool: there is a small picture of it
}

// Time names the fields by which a record takes a person's time: an appointment
// with somebody cannot be made while they have another one.
type Time struct {
	Starts, Ends string   // DateTime, required
	Status       string   // Choice
	Frees        []string // options of Status in which the time is free again
	Cancelled    string   // the one of them that says that it will not be
	Beside       string   // Bool: this record may stand beside another one
	Series       string   // Text, kept by the house: the same for all that were made as one series
	Client       string   // Relation: whom it is for
}

// Longest bounds how long one record takes anybody's time, so that those that
// reach into an hour are found without looking at all that came before it.
const Longest = 24 * time.Hour

// Field finds a field by name, or nil.
func (k *Kind) Field(name string) *Field { return k.byName[name] }

// TitleField, ResponsibleField, DaysField, MomentField, PipelineField and StageField are the
// fields with a part to play; nil where the kind has none.
func (k *Kind) TitleField() *Field       { return k.byName[k.Title] }
func (k *Kind) ResponsibleField() *Field { return k.byName[k.Responsible] }
func (k *Kind) DaysField() *Field        { return k.byName[k.Days] }
func (k *Kind) MomentField() *Field {
	if k.Moment == "" {
		return k.byName["created_at"]
	}
	return k.byName[k.Moment]
}
func (k *Kind) PipelineField() *Field { return k.byName[k.Pipeline] }
func (k *Kind) StageField() *Field    { return k.byName[k.Stage] }

// Catalog is every kind at one moment. It is never changed after New.
type Catalog struct {
	kinds    []*Kind
	byName   map[string]*Kind
	byPlural map[string]*Kind
	byNumber map[int]*Kind
}

// identifier is what names of kinds and fields may look like: they become
// tables, columns, paths and keys of JSON.
var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// New checks the kinds and makes a catalog of copies. House fields that every
// record has (id and version apart) must be among the fields given.
func New(kinds ...Kind) (*Catalog, error) {
	c := &Catalog{byName: map[string]*Kind{}, byPlural: map[string]*Kind{}, byNumber: map[int]*Kind{}}
	for i := range kinds {
		k := kinds[i]
		k.byName = make(map[string]*Field, len(k.Fields))
		fields := make([]*Field, len(k.Fields))
		if !identifier.MatchString(k.Name) || !identifier.MatchString(k.Plural) || k.Number <= 0 {
			return nil, fmt.Errorf("kind %q: name, plural or number cannot be used", k.Name)
		}
		if c.byName[k.Name] != nil || c.byPlural[k.Plural] != nil || c.byNumber[k.Number] != nil {
			return nil, fmt.Errorf("kind %q: name, plural or number is taken", k.Name)
		}
		for j, f := range k.Fields {
			g := *f
			g.index = j
			if !identifier.MatchString(g.Name) || strings.HasSuffix(g.Name, "_key") || strings.HasSuffix(g.Name, "_masked") {
				return nil, fmt.Errorf("kind %s: field %q: name cannot be used", k.Name, g.Name)
			}
			if k.byName[g.Name] != nil || slices.Contains(reserved, g.Name) {
				return nil, fmt.Errorf("kind %s: field %q: name is taken", k.Name, g.Name)
			}
			if (g.Keyed || g.Free && g.Type != Lines) && g.Type != Text && g.Type != LongText {
				return nil, fmt.Errorf("kind %s: field %q: only text is keyed or free", k.Name, g.Name)
			}
			if g.Type == Relation && g.Target == "" {
				return nil, fmt.Errorf("kind %s: field %q: a relation needs a target", k.Name, g.Name)
			}
			if (g.Type == Choice || g.Type == Choices) && len(g.Options) == 0 {
				return nil, fmt.Errorf("kind %s: field %q: a choice needs options", k.Name, g.Name)
			}
			fields[j] = &g
			k.byName[g.Name] = &g
		}
		k.Fields = fields
		for _, need := range []struct{ role, name string }{{"title", k.Title}, {"responsible person", k.Responsible}, {"date", k.Days}} {
			if k.byName[need.name] == nil {
				return nil, fmt.Errorf("kind %s: the field for its %s is missing", k.Name, need.role)
			}
		}
		if (k.Stage == "") != (k.Pipeline == "") || k.Stage != "" && (k.byName[k.Stage] == nil || k.byName[k.Pipeline] == nil) {
			return nil, fmt.Errorf("kind %s: stage and pipeline go together", k.Name)
		}
		if k.Moment != "" && (k.byName[k.Moment] == nil || k.byName[k.Moment].Type != DateTime) {
			return nil, fmt.Errorf("kind %s: the field by which it stands on timelines is missing", k.Name)
		}
		if k.Within && (k.byName["about"] == nil || k.byName["about_kind"] == nil) {
			return nil, fmt.Errorf("kind %s: lives on other records but does not name them", k.Name)
		}
		if k.Within && k.Lent == 0 || k.Lent < 0 || k.Lent > LentMost ||
			k.Lent != 0 && slices.ContainsFunc(c.kinds, func(o *Kind) bool { return o.Lent == k.Lent }) {
			return nil, fmt.Errorf("kind %s: its place in what a share remembers is missing or taken", k.Name)
		}
		if k.Time != nil {
			if err := k.checkTime(); err != nil {
				return nil, err
			}
		}
		if k.Content != nil {
			if err := k.checkContent(); err != nil {
				return nil, err
			}
		}
		kind := &k
		for _, f := range kind.Fields {
			f.kind = kind
		}
		c.kinds = append(c.kinds, kind)
		c.byName[k.Name], c.byPlural[k.Plural], c.byNumber[k.Number] = kind, kind, kind
	}
	for _, k := range c.kinds {
		for _, f := range k.Fields {
			if f.Type == Relation && c.byName[f.Target] == nil && f.Target != AnyKind {
				return nil, fmt.Errorf("kind %s: field %q leads to an unknown kind", k.Name, f.Name)
			}
			f.copies = nil
			for _, name := range f.Copies {
				kind, field, _ := strings.Cut(name, ".")
				of := c.byName[kind]
				if of == nil || of.byName[field] == nil {
					return nil, fmt.Errorf("kind %s: field %q copies %q, which there is not", k.Name, f.Name, name)
				}
				f.copies = append(f.copies, of.byName[field])
			}
		}
	}
	return c, nil
}

func (k *Kind) checkContent() error {
	if !k.Within {
		return fmt.Errorf("kind %s: a file lives on another record", k.Name)
	}
	for _, need := range []struct {
		name string
		t    Type
		kept bool
	}{{k.Content.Name, Text, false}, {k.Content.Form, Choice, true}, {k.Content.Size, Integer, true}, {k.Content.Picture, Bool, true}} {
		if f := k.byName[need.name]; f == nil || f.Type != need.t || f.House != need.kept {
			return fmt.Errorf("kind %s: field %q does not say what file it holds", k.Name, need.name)
		}
	}
	return nil
}

func (k *Kind) checkTime() error {
	for _, need := range []struct {
		name string
		t    Type
	}{{k.Time.Starts, DateTime}, {k.Time.Ends, DateTime}, {k.Time.Status, Choice}, {k.Time.Beside, Bool}, {k.Time.Series, Text}, {k.Time.Client, Relation}} {
		if f := k.byName[need.name]; f == nil || f.Type != need.t {
			return fmt.Errorf("kind %s: field %q does not say when time is taken", k.Name, need.name)
		}
	}
	for _, key := range append([]string{k.Time.Cancelled}, k.Time.Frees...) {
		if _, ok := k.byName[k.Time.Status].Option(key); !ok {
			return fmt.Errorf("kind %s: %q is no state of it", k.Name, key)
		}
	}
	return nil
}

// AnyKind is the target of a relation whose kind is named by the field
// "<name>_kind" beside it.
const AnyKind = "*"

// reserved are the columns that every record table has besides its fields.
var reserved = []string{"id", "version", "deleted_at", "deleted_by", "kind", "sight"}

// Kinds lists every kind in the order of declaration. Do not change it.
func (c *Catalog) Kinds() []*Kind { return c.kinds }

// Kind finds a kind by name, or nil.
func (c *Catalog) Kind(name string) *Kind { return c.byName[name] }

// Plural finds a kind by the word in its path, or nil.
func (c *Catalog) Plural(plural string) *Kind { return c.byPlural[plural] }

// Numbered finds a kind by its code, or nil.
func (c *Catalog) Numbered(n int) *Kind { return c.byNumber[n] }
