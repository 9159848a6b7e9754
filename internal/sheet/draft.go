package sheet

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/value"
)

// Code names what is wrong, for the page to translate by.
type Code string

const (
	NoName          Code = "noName"          // neither a name nor a company
	NoPhone         Code = "noPhone"         // neither a phone nor a mail address
	Nothing         Code = "nothing"         // no name, company, phone or mail address: refused
	PhoneFormat     Code = "phoneFormat"     // not a number that can be called
	PhoneScientific Code = "phoneScientific" // cut to powers of ten by a spreadsheet
	Masked          Code = "masked"          // hidden by a mask in the file already
	EmailFormat     Code = "emailFormat"     // not a mail address
	DateFormat      Code = "dateFormat"      // not a date
	DateAmbiguous   Code = "dateAmbiguous"   // day and month cannot be told apart
	LinkRefused     Code = "linkRefused"     // not a web address, or one that could run a program
	GenderUnknown   Code = "genderUnknown"   // a word that is no gender we know
	NumberFormat    Code = "numberFormat"    // not a number
	TooLong         Code = "tooLong"         // longer than the field takes
	TooMany         Code = "tooMany"         // more values than the field takes
	TooManyCells    Code = "tooManyCells"    // a row with more cells than headings: refused
	BadQuoting      Code = "badQuoting"      // a quotation mark that is never closed: refused
)

// Problem is what could not be taken over from a row. The rest of the row is not
// affected, unless Refuses says that the row cannot become a contact.
type Problem struct {
	Line    int
	Column  int    // index of the column, -1 if it is about the row
	Heading string // of the column
	Code    Code
	Public  string // a sentence that names line and column, never the value
	Value   string // what could not be taken over, as the file has it: client data
	Refuses bool
}

// Draft is a contact as a row tells of it, every value in its canonical form. A
// value that could not be read is absent here and in a Problem; it is not moved
// into the note, where people might see it who must not see phone numbers.
type Draft struct {
	Line int
	// Name is how the contact is shown. It is empty (and NoName is reported) where
	// the row has neither name nor company: whoever imports must choose a word,
	// never the number or address, which are guarded more closely than names.
	Name, Given, Middle, Family string

	Phones  []value.Phone
	Emails  []value.Email
	Address string
	City    string
	Country string
	Website string // http or https

	Birthday value.Date
	Gender   string // "female", "male", "other" or ""
	Company  string
	JobTitle string
	Language string // "en", "ru", "it", "pl" or ""
	Tags     []string
	Source   string
	Note     string
	Discount string // per cent, a decimal such as "12.5"
	Card     string

	ExternalID  string     // in the former system
	Responsible string     // name or mail address, as the file has it
	Created     value.Date // in the former system

	// Extra is what the other columns hold, by their headings.
	Extra map[string]string
}

// Mapping says what each column means. It is made of a Guess and holds nothing of
// the file but its headings.
type Mapping struct {
	Source    string
	Workbook  bool
	DateOrder value.DateOrder
	Columns   []Column
}

// Mapping of a guess as it stands, or as a person corrected it.
func (g Guess) Mapping() Mapping {
	m := Mapping{Source: g.Source, Workbook: g.Format == Workbook, DateOrder: g.DateOrder, Columns: slices.Clone(g.Columns)}
	for i := range m.Columns {
		m.Columns[i].Samples = nil
	}
	return m
}

// Bounds of a contact's fields, in characters or values.
const (
	maxText  = 250
	maxNote  = 20_000
	maxMulti = 50
	maxTag   = 60
)

// Contact makes a draft of a row. region is where phones without a country code
// belong ("RU"); language decides how a whole name is split and shown; now bounds
// two-digit years. Problems come in the order of the columns. Nothing is invented.
func (m Mapping) Contact(row Row, region, language string, now time.Time) (Draft, []Problem) {
	r := reading{
		mapping: m, row: row, region: region, language: language,
		today: value.Date{Year: now.Year(), Month: now.Month(), Day: now.Day()},
		draft: Draft{Line: row.Line},
	}
	for _, c := range m.Columns {
		if c.Index < 0 || c.Index >= len(row.Cells) {
			continue
		}
		r.column, r.heading = c.Index, headingOf(c)
		r.take(c, row.Cells[c.Index])
	}
	r.finish()
	return r.draft, r.problems
}

func headingOf(c Column) string {
	if c.Heading != "" {
		return c.Heading
	}
	return fmt.Sprintf("column %d", c.Index+1)
}

// reading is one row on its way to a draft.
type reading struct {
	mapping          Mapping
	row              Row
	region, language string
	today            value.Date

	draft    Draft
	problems []Problem
	column   int
	heading  string

	phoneLabel, emailLabel, extraLabel string
	place                              string // which of several addresses was taken
	notes                              []string
}

func (r *reading) report(code Code, what, val string) {
	r.problems = append(r.problems, Problem{Line: r.row.Line, Column: r.column, Heading: r.heading, Code: code, Value: val,
		Public: fmt.Sprintf("Line %d, “%s”: %s, so it was left out.", r.row.Line, r.heading, what)})
}

func (r *reading) take(c Column, cell string) {
	d := &r.draft
	cell = unguarded(cell)
	switch c.Field {
	case FieldSkip:
	case FieldPhoneLabel:
		r.phoneLabel = contactLabel(cell)
	case FieldEmailLabel:
		r.emailLabel = contactLabel(cell)
	case FieldExtraLabel:
		r.extraLabel = value.Line(cell)
	case FieldExtra:
		r.keep(r.extraLabel, cell)
		r.extraLabel = ""
	case FieldPhones:
		r.phones(cell, first(c.Label, r.phoneLabel))
		r.phoneLabel = ""
	case FieldEmails:
		r.emails(cell, first(c.Label, r.emailLabel))
		r.emailLabel = ""
	case FieldName:
		r.text(&d.Name, cell, maxText)
	case FieldGiven:
		r.text(&d.Given, cell, maxText)
	case FieldMiddle:
		r.text(&d.Middle, cell, maxText)
	case FieldFamily:
		r.text(&d.Family, cell, maxText)
	case FieldCompany:
		r.text(&d.Company, cell, maxText)
	case FieldJobTitle:
		r.text(&d.JobTitle, cell, maxText)
	case FieldSource:
		r.text(&d.Source, cell, maxText)
	case FieldResponsible:
		r.text(&d.Responsible, cell, maxText)
	case FieldExternalID:
		r.text(&d.ExternalID, cell, 100)
	case FieldCard:
		r.text(&d.Card, cell, maxText)
	case FieldCity, FieldCountry, FieldAddress:
		r.address(c, cell)
	case FieldBirthday:
		r.date(&d.Birthday, cell)
	case FieldCreated:
		r.date(&d.Created, cell)
	case FieldGender:
		r.gender(cell)
	case FieldLanguage:
		r.languageOf(cell)
	case FieldWebsite:
		r.website(cell)
	case FieldTags:
		r.tags(cell)
	case FieldNote:
		r.note(cell)
	case FieldDiscount:
		r.discount(cell)
	default:
		r.keep(r.heading, cell)
	}
}

// unguarded takes off the apostrophe that exports put before what a spreadsheet
// would run as a formula, so that a round trip changes nothing. Other
// apostrophes belong to names ('t Hooft).
func unguarded(cell string) string {
	inner, ok := strings.CutPrefix(cell, "'")
	if !ok {
		return cell
	}
	if start := strings.TrimLeft(inner, " \t\r\n"); start != inner || strings.ContainsAny(firstRune(start), "=+-@＝＋－＠") {
		return inner
	}
	return cell
}

func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// text takes one line. A second column of the same meaning is kept aside if it
// says something else.
func (r *reading) text(into *string, cell string, limit int) {
	s := value.Line(cell)
	switch {
	case s == "" || s == *into:
	case value.HasMask(s):
		r.report(Masked, "the value is hidden by a mask", cell)
	case utf8.RuneCountInString(s) > limit:
		r.report(TooLong, fmt.Sprintf("the text is longer than %d characters", limit), cell)
	case *into != "":
		r.keep(r.heading, cell)
	default:
		*into = s
	}
}

// keep puts a value aside under a heading.
func (r *reading) keep(heading, cell string) {
	s := value.Paragraphs(cell)
	if s == "" {
		return
	}
	if heading == "" {
		heading = r.heading
	}
	switch {
	case value.HasMask(s):
		r.report(Masked, "the value is hidden by a mask", cell)
		return
	case utf8.RuneCountInString(s) > maxNote:
		r.report(TooLong, fmt.Sprintf("the text is longer than %d characters", maxNote), cell)
		return
	}
	if r.draft.Extra == nil {
		r.draft.Extra = map[string]string{}
	}
	if before, ok := r.draft.Extra[heading]; ok && before != s {
		s = before + "\n" + s
	}
	r.draft.Extra[heading] = s
}

func (r *reading) phones(cell, label string) {
	found, errs := value.ParsePhones(cell, r.region)
	for _, p := range found {
		p.Label = label
		same := func(q value.Phone) bool { return q.Number == p.Number && q.Ext == p.Ext }
		switch {
		case slices.ContainsFunc(r.draft.Phones, same):
		case len(r.draft.Phones) >= maxMulti:
			r.report(TooMany, "there are too many phone numbers", p.Number)
		default:
			r.draft.Phones = append(r.draft.Phones, p)
		}
	}
	for _, err := range errs {
		typed := typedValue(err)
		switch {
		case errors.Is(err, value.ErrPhoneEmpty):
		case errors.Is(err, value.ErrPhoneMasked):
			r.report(Masked, "the phone number is hidden by a mask", typed)
		case errors.Is(err, value.ErrPhoneScientific):
			r.report(PhoneScientific, "a spreadsheet cut the phone number to a power of ten", typed)
		case errors.Is(err, value.ErrPhoneShort):
			r.report(PhoneFormat, "the phone number has too few digits", typed)
		case errors.Is(err, value.ErrPhoneLong):
			r.report(PhoneFormat, "the phone number has too many digits", typed)
		default:
			r.report(PhoneFormat, "this is not a phone number that can be called", typed)
		}
	}
}

func typedValue(err error) string {
	var typed *value.TypedError
	if errors.As(err, &typed) {
		return typed.Typed
	}
	return ""
}

func (r *reading) emails(cell, label string) {
	found, errs := value.ParseEmails(cell)
	for _, m := range found {
		m.Label = label
		same := func(o value.Email) bool { return value.EmailKey(o.Address) == value.EmailKey(m.Address) }
		switch {
		case slices.ContainsFunc(r.draft.Emails, same):
		case len(r.draft.Emails) >= maxMulti:
			r.report(TooMany, "there are too many mail addresses", m.Address)
		default:
			r.draft.Emails = append(r.draft.Emails, m)
		}
	}
	for _, err := range errs {
		switch {
		case errors.Is(err, value.ErrEmailEmpty):
		case errors.Is(err, value.ErrEmailMasked):
			r.report(Masked, "the mail address is hidden by a mask", typedValue(err))
		default:
			r.report(EmailFormat, "this is not a mail address", typedValue(err))
		}
	}
}

func (r *reading) date(into *value.Date, cell string) {
	// Day numbers of spreadsheets have five digits from 1927 on. Four are a year
	// alone, which is no date.
	bare := strings.TrimSpace(cell)
	whole, _, _ := strings.Cut(bare, ".")
	d, err := value.ParseDate(cell, value.DateHint{Order: r.mapping.DateOrder, Serial: len(whole) == 5, Latest: r.today})
	switch {
	case errors.Is(err, value.ErrDateAmbiguous):
		r.report(DateAmbiguous, "the day and the month cannot be told apart", cell)
	case err != nil:
		r.report(DateFormat, "this is not a date", cell)
	case d.IsZero():
	case into.IsZero():
		*into = d
	case *into != d:
		r.keep(r.heading, cell)
	}
}

func (r *reading) gender(cell string) {
	switch value.TextKey(cell) {
	case "":
	case "ж", "жен", "женский", "женщина", "f", "female", "w", "woman", "femmina", "donna", "femminile", "k", "kobieta", "żeńska", "kobiecy", "2":
		r.draft.Gender = "female"
	case "м", "муж", "мужской", "мужчина", "m", "male", "man", "maschio", "uomo", "maschile", "mężczyzna", "męska", "męski", "1":
		r.draft.Gender = "male"
	case "o", "x", "d", "other", "другой", "другое", "altro", "inna", "inne", "non-binary", "diverse":
		r.draft.Gender = "other"
	case "n", "u", "0", "none", "unknown", "unspecified", "-", "не указан", "не указано", "неизвестно":
	default:
		r.report(GenderUnknown, "this word is no gender that is known here", cell)
	}
}

func (r *reading) languageOf(cell string) {
	switch key := value.TextKey(cell); key {
	case "":
	case "en", "eng", "english", "en-us", "en-gb", "английский", "inglese", "angielski":
		r.draft.Language = "en"
	case "ru", "rus", "russian", "русский", "russo", "rosyjski", "ru-ru":
		r.draft.Language = "ru"
	case "it", "ita", "italian", "итальянский", "italiano", "włoski", "it-it":
		r.draft.Language = "it"
	case "pl", "pol", "polish", "польский", "polacco", "polski", "pl-pl":
		r.draft.Language = "pl"
	default:
		r.keep(r.heading, cell)
	}
}

// website takes http and https, and a bare domain. A link that a colleague
// clicks must not run a program.
func (r *reading) website(cell string) {
	s := value.Line(cell)
	if head, _, ok := strings.Cut(s, " ::: "); ok {
		s = head
	}
	if s == "" {
		return
	}
	address := strings.ReplaceAll(s, "\\:", ":")
	if !strings.Contains(address, ":") || strings.HasPrefix(strings.ToLower(address), "www.") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(u.Hostname(), ".") || u.User != nil || strings.ContainsAny(address, " <>\""):
		r.report(LinkRefused, "this is not a web address", cell)
	case utf8.RuneCountInString(address) > 500:
		r.report(TooLong, "the web address is longer than 500 characters", cell)
	case r.draft.Website == "":
		r.draft.Website = address
	case r.draft.Website != address:
		r.keep(r.heading, cell)
	}
}

// address takes the parts of one address; those of others are kept aside.
func (r *reading) address(c Column, cell string) {
	d := &r.draft
	if strings.TrimSpace(cell) == "" {
		return
	}
	if r.place == "" {
		r.place = c.Label + "\n" // a mark that even an empty label is taken
	}
	switch {
	case c.Label+"\n" != r.place:
		r.keep(r.heading, cell)
	case c.Field == FieldCity:
		r.text(&d.City, cell, maxText)
	case c.Field == FieldCountry:
		r.text(&d.Country, cell, maxText)
	default:
		s := strings.Trim(value.Line(cell), " ,")
		if s == "" {
			return
		}
		if d.Address != "" {
			s = d.Address + ", " + s
		}
		switch {
		case value.HasMask(s):
			r.report(Masked, "the value is hidden by a mask", cell)
		case utf8.RuneCountInString(s) > 500:
			r.report(TooLong, "the address is longer than 500 characters", cell)
		default:
			d.Address = s
		}
	}
}

// tags are parted by commas, semicolons, lines or " ::: ". Google's own groups
// ("* myContacts") say nothing about a client.
func (r *reading) tags(cell string) {
	cell = strings.ReplaceAll(cell, ":::", "\n")
	for _, t := range strings.FieldsFunc(cell, func(c rune) bool { return strings.ContainsRune(",;\n\r", c) }) {
		tag := value.Line(strings.TrimPrefix(strings.TrimSpace(t), "* "))
		key := value.TextKey(tag)
		switch {
		case key == "", key == "mycontacts", key == "my contacts", key == "starred" && strings.HasPrefix(strings.TrimSpace(t), "*"):
		case slices.ContainsFunc(r.draft.Tags, func(o string) bool { return value.TextKey(o) == key }):
		case value.HasMask(tag):
			r.report(Masked, "the value is hidden by a mask", tag)
		case utf8.RuneCountInString(tag) > maxTag:
			r.report(TooLong, fmt.Sprintf("a tag is longer than %d characters", maxTag), tag)
		case len(r.draft.Tags) >= maxMulti:
			r.report(TooMany, "there are too many tags", tag)
		default:
			r.draft.Tags = append(r.draft.Tags, tag)
		}
	}
}

func (r *reading) note(cell string) {
	s := value.Paragraphs(cell)
	switch {
	case s == "" || slices.Contains(r.notes, s):
	case value.HasMask(s):
		r.report(Masked, "the note holds something hidden by a mask", cell)
	case utf8.RuneCountInString(strings.Join(r.notes, "\n\n"))+utf8.RuneCountInString(s) > maxNote-2:
		r.report(TooLong, fmt.Sprintf("the note is longer than %d characters", maxNote), cell)
	default:
		r.notes = append(r.notes, s)
	}
}

func (r *reading) discount(cell string) {
	s := strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(cell), "%")), ",", ".")
	if s == "" {
		return
	}
	whole, frac, _ := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 3 || len(frac) > 6 || strings.Trim(whole+frac, "0123456789") != "" {
		r.report(NumberFormat, "this is not a percentage", cell)
		return
	}
	r.draft.Discount = s
}

// contactLabel brings the labels of address books to our words. Others stay as
// they are, unless they hold contact data themselves.
func contactLabel(cell string) string {
	s := value.Line(strings.TrimPrefix(strings.TrimSpace(cell), "* "))
	switch key := value.TextKey(s); key {
	case "mobile", "cell", "мобильный", "cellulare", "komórka", "komórkowy", "iphone":
		return "mobile"
	case "work", "рабочий", "lavoro", "ufficio", "praca", "służbowy", "business":
		return "work"
	case "home", "домашний", "casa", "dom", "domowy", "internet":
		return "home"
	case "main", "основной", "principale", "główny":
		return "main"
	case "work fax", "home fax", "fax", "факс", "other fax", "рабочий факс", "домашний факс":
		return "fax"
	case "pager", "other", "другой", "altro", "inny":
		return map[bool]string{true: "pager", false: "other"}[key == "pager"]
	}
	if _, found := value.MaskContacts(s); found || utf8.RuneCountInString(s) > 40 {
		return ""
	}
	return s
}

// finish decides the name and whether the row can become a contact.
func (r *reading) finish() {
	d := &r.draft
	d.Note = strings.Join(r.notes, "\n\n")
	r.column, r.heading = -1, ""
	parts := d.Given != "" || d.Middle != "" || d.Family != ""
	switch {
	case parts:
		shown := value.DisplayName(d.Given, d.Middle, d.Family, r.language)
		if d.Name == "" || sameWords(d.Name, shown) {
			d.Name = shown
		}
	case d.Name != "":
		d.Given, d.Middle, d.Family = value.SplitName(d.Name, r.language)
	case d.Company != "":
		d.Name = d.Company
	}
	if utf8.RuneCountInString(d.Name) > maxText {
		r.problems = append(r.problems, Problem{Line: r.row.Line, Column: -1, Code: TooLong, Value: d.Name,
			Public: fmt.Sprintf("Line %d: the name is longer than %d characters, so it was left out.", r.row.Line, maxText)})
		d.Name = ""
	}
	reachable := len(d.Phones) > 0 || len(d.Emails) > 0
	rowProblem := func(code Code, refuses bool, sentence string) {
		r.problems = append(r.problems, Problem{Line: r.row.Line, Column: -1, Code: code, Refuses: refuses,
			Public: fmt.Sprintf("Line %d: %s", r.row.Line, sentence)})
	}
	switch {
	case d.Name == "" && !reachable:
		rowProblem(Nothing, true, "there is no name, no phone number and no mail address, so there is nobody to add.")
	case d.Name == "":
		rowProblem(NoName, false, "there is no name.")
	case !reachable:
		rowProblem(NoPhone, false, "there is neither a phone number nor a mail address.")
	}
}

// sameWords: the same name in another order.
func sameWords(a, b string) bool {
	x, y := value.Words(a), value.Words(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
