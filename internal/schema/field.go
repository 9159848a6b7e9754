package schema

// Class is how sensitive a field is. Rights are given to classes; exceptions
// name single fields. The zero Class is the most guarded one, so that a field
// whose author forgot to classify it is closed, not open.
type Class uint8

const (
	Special  Class = iota // special categories (GDPR art. 9) and whatever was not classified
	Contact               // ways to reach a person: phone numbers, mail addresses, postal addresses
	Personal              // says who somebody is: names, birthday
	Open                  // of use to everyone who sees the record: stage, tags, source
)

// Classes lists every class, most guarded first.
func Classes() []Class { return []Class{Special, Contact, Personal, Open} }

// String gives the name that roles, the API and the ledger use.
func (c Class) String() string {
	switch c {
	case Contact:
		return "contact"
	case Personal:
		return "personal"
	case Open:
		return "open"
	}
	return "special"
}

// ClassNamed is the inverse of String.
func ClassNamed(name string) (Class, bool) {
	for _, c := range Classes() {
		if c.String() == name {
			return c, true
		}
	}
	return Special, false
}

// Type is what a field holds and how it lies in the database. Both databases
// use the same form: INTEGER is BIGINT on PostgreSQL, TEXT compares under
// COLLATE "C" there.
type Type uint8

const (
	Text     Type = iota // one line; TEXT
	LongText             // several lines; TEXT
	Integer              // INTEGER
	Number               // decimal with six places; INTEGER, scaled by 1,000,000
	Money                // INTEGER, minor units of the record's currency
	Bool                 // INTEGER, 0 or 1
	Date                 // TEXT, "2006-01-02", or "--01-02" where the year is unknown
	DateTime             // INTEGER, microseconds since 1970 in UTC
	Choice               // TEXT, an option's key
	Choices              // several options; TEXT, a JSON array of keys, and a row of multi for each
	Phones               // TEXT, a JSON array of value.Phone, and a row of multi for each (E.164)
	Emails               // TEXT, a JSON array of value.Email, and a row of multi for each (folded address)
	Tags                 // TEXT, a JSON array of words as typed, and a row of multi for each (folded)
	URL                  // TEXT, http or https only
	Person               // INTEGER, actor.PersonID
	Relation             // INTEGER, RecordID of the target kind
	Pipeline             // INTEGER, id of a pipeline
	Stage                // INTEGER, id of a stage of the record's pipeline
	Lines                // TEXT, a JSON array of lines of an invoice (value.InvoiceLine); read and written whole, never compared
)

var typeNames = [...]string{
	Text: "text", LongText: "longtext", Integer: "integer", Number: "number", Money: "money", Bool: "bool",
	Date: "date", DateTime: "datetime", Choice: "choice", Choices: "choices", Phones: "phones", Emails: "emails",
	Tags: "tags", URL: "url", Person: "person", Relation: "relation", Pipeline: "pipeline", Stage: "stage", Lines: "lines",
}

// String gives the name that the API uses.
func (t Type) String() string { return typeNames[t] }

// TypeNamed is the inverse of String.
func TypeNamed(name string) (Type, bool) {
	for t, n := range typeNames {
		if n == name {
			return Type(t), true
		}
	}
	return Text, false
}

// Multi tells whether a field of this type holds several values, each with a
// row in the table multi by which it is found.
func (t Type) Multi() bool { return t == Choices || t == Phones || t == Emails || t == Tags }

// Numeric tells whether the column is an INTEGER.
func (t Type) Numeric() bool {
	switch t {
	case Integer, Number, Money, Bool, DateTime, Person, Relation, Pipeline, Stage:
		return true
	}
	return false
}

// Search is how a field takes part in the search box.
type Search uint8

const (
	Unsearched Search = iota
	ByWords           // by the beginning of each word, in any script
	ByDigits          // by three or more digits in a row (phones)
	ByAddress         // by the beginning or the whole (mail addresses)
)

// Labels are the words for a thing by language ("en", "ru", "it", "pl").
type Labels map[string]string

// In gives the label in the language, else in English, else the empty string.
func (l Labels) In(language string) string {
	if s := l[language]; s != "" {
		return s
	}
	return l["en"]
}

// Option is one choice of a Choice or Choices field.
type Option struct {
	Key    string
	Labels Labels
}

// Field describes one field of a kind. Fields are made once, by crm, and never
// changed: a custom field that is declared or altered makes a new Catalog.
type Field struct {
	Name    string // as the API spells it; also the column
	Type    Type
	Class   Class
	Labels  Labels
	Options []Option // for Choice and Choices
	Target  string   // for Relation: the kind it leads to
	Follows string   // in a merge the value comes from the record that this other field's comes from, as parts of a name follow the name; the other is declared before

	// Copies names fields of other kinds ("legal_entity.address") whose value this
	// one keeps as it once was: a sight rule that names one of them cuts what is
	// seen of this one, too.
	Copies []string

	Required bool
	Max      int    // longest text in characters, or most values of a multi field; 0: the type's own bound
	Keyed    bool   // text with a folded twin column "<name>_key": value.TextKey of the masked text; text is compared, filtered and sorted by it alone, so that no digit typed into a text can be probed
	Free     bool   // free text into which people type phone numbers: has a twin "<name>_masked", NULL where nothing needs masking
	Search   Search // how the search box looks into it
	Sort     bool   // an index serves this order
	Indexed  bool   // an index on (the column or its key, updated_at, id) serves a filter by it
	Custom   bool   // declared at run time
	House    bool   // kept by the house (created_at, …): shown, never written by a caller

	index  int
	kind   *Kind
	copies []*Field
}

// Index is the position in its kind's Fields; sights are kept by it.
func (f *Field) Index() int { return f.index }

// Kind is the kind that the field belongs to.
func (f *Field) Kind() *Kind { return f.kind }

// Originals are the fields that Copies names. Do not change them.
func (f *Field) Originals() []*Field { return f.copies }

// KeyColumn is the folded twin of a Keyed field.
func (f *Field) KeyColumn() string { return f.Name + "_key" }

// MaskedColumn is the masked twin of a Free field.
func (f *Field) MaskedColumn() string { return f.Name + "_masked" }

// Option finds an option by key.
func (f *Field) Option(key string) (Option, bool) {
	for _, o := range f.Options {
		if o.Key == key {
			return o, true
		}
	}
	return Option{}, false
}
