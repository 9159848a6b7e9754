package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/sheet"
	"castellan/internal/value"
)

// atOnce is how many lines go into one transaction: a colleague who saves
// meanwhile waits a few milliseconds.
const atOnce = 50

// Problems that only the house can know of; sheet has the others.
const (
	notFitting     sheet.Code = "notFitting"     // a value that its field does not take
	notSaved       sheet.Code = "notSaved"       // the row was refused as a whole
	notResponsible sheet.Code = "notResponsible" // the file names somebody who cannot become responsible
	notAssigned    sheet.Code = "notAssigned"    // whoever imports may not make others responsible
	notCompany     sheet.Code = "notCompany"     // the company could not be added
	unreadable     sheet.Code = "unreadable"     // the row brings our reading down
)

// line is one row of a file on its way into the base.
type line struct {
	place    int64 // which row of the file it is, from 1
	row      sheet.Row
	draft    sheet.Draft
	problems []sheet.Problem
	refused  bool

	hash  [sha256.Size]byte
	marks []records.Mark

	values      records.Values // without company and responsible
	responsible actor.PersonID // of a new client; zero: whoever imports
}

func (l *line) warn(code sheet.Code, heading, why string) {
	public := fmt.Sprintf("Line %d: %s", l.row.Line, why)
	if heading != "" {
		public = fmt.Sprintf("Line %d, “%s”: %s", l.row.Line, heading, why)
	}
	l.problems = append(l.problems, sheet.Problem{Line: l.row.Line, Column: -1, Heading: heading, Code: code, Public: public})
}

// reader gives the lines of an import.
type reader struct {
	m       *Imports
	ctx     context.Context // of the work for which the file was opened
	i       *Import
	who     actor.Actor
	rows    *sheet.Reader
	mapping sheet.Mapping
	now     time.Time
	place   int64
	custom  map[int]*schema.Field // by index of the column
	named   map[string]bool       // people whom the file names and nobody here is, told once
}

// lines opens the file of an import behind the rows that are dealt with.
func (m *Imports) lines(ctx context.Context, who actor.Actor, i *Import) (*reader, error) {
	rows, guess, err := sheet.Open(m.content(ctx, i), i.Size, i.Name, &i.Settings.Guess)
	if err != nil {
		return nil, err
	}
	r := &reader{m: m, ctx: ctx, i: i, who: who, rows: rows, mapping: guess.Mapping(), now: m.DB.Now(), custom: map[int]*schema.Field{}, named: map[string]bool{}}
	for _, c := range r.mapping.Columns {
		if f := m.custom(c.Field); f != nil {
			r.custom[c.Index] = f
		}
	}
	var bad *sheet.RowError
	for r.place < i.place {
		if _, err := rows.Next(); err != nil && !errors.As(err, &bad) {
			return nil, err
		}
		if r.place++; r.place%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return r, nil
}

// next gives the next line, or io.EOF.
func (r *reader) next() (*line, error) {
	row, err := r.rows.Next()
	var bad *sheet.RowError
	if errors.As(err, &bad) {
		// The line is told of; reading goes on behind it.
		r.place++
		return &line{place: r.place, row: sheet.Row{Line: bad.Line}, problems: []sheet.Problem{bad.Problem}, refused: true}, nil
	}
	if err != nil {
		return nil, err
	}
	r.place++
	l := &line{place: r.place, row: row}
	r.read(l)
	return l, nil
}

// read makes a draft of a line. A row that brings that down is refused alone
// (attack 56).
func (r *reader) read(l *line) {
	defer func() {
		if p := recover(); p != nil {
			r.m.panicked(r.i.ID, p)
			l.refused, l.marks = true, nil
			l.warn(unreadable, "", "this row cannot be read.")
		}
	}()
	l.draft, l.problems = r.mapping.Contact(l.row, r.i.Settings.Region, r.i.Settings.Language, r.now)
	l.refused = slices.ContainsFunc(l.problems, func(p sheet.Problem) bool { return p.Refuses })
	l.hash = r.m.Vault.Fingerprint("import line", r.content(l.row))
	for _, p := range l.draft.Phones {
		l.mark("phones", value.PhoneKey(p))
	}
	for _, e := range l.draft.Emails {
		l.mark("emails", value.EmailKey(e.Address))
	}
	if id := l.externalID(r.mapping.Source); id != "" {
		l.mark("external_id", value.TextKey(id))
	}
	if !l.refused {
		r.fill(l)
	}
}

func (l *line) mark(field, key string) {
	if m := (records.Mark{Field: field, Key: key}); !slices.Contains(l.marks, m) {
		l.marks = append(l.marks, m)
	}
}

// content is what a line says, whatever the columns are taken to mean: a row of
// our own file of refused rows says the same as the row that was refused.
func (r *reader) content(row sheet.Row) []byte {
	var b []byte
	for _, c := range r.mapping.Columns {
		if c.Index >= len(row.Cells) || ours(c.Heading) {
			continue
		}
		if cell := strings.TrimSpace(strings.TrimPrefix(row.Cells[c.Index], "'")); cell != "" {
			b = append(append(append(append(b, value.TextKey(c.Heading)...), '\x1f'), cell...), '\x1e')
		}
	}
	return b
}

// externalID is the id in the former system, which counts only together with
// the name of that system.
func (l *line) externalID(source string) string {
	if l.draft.ExternalID == "" {
		return ""
	}
	return source + " " + l.draft.ExternalID
}

// fill makes the values that the line has for a client.
func (r *reader) fill(l *line) {
	d := &l.draft
	l.values = records.Values{}
	put := func(name, text string) {
		if text != "" {
			l.values[name] = text
		}
	}
	put("name", d.Name)
	put("given_name", d.Given)
	put("middle_name", d.Middle)
	put("family_name", d.Family)
	if len(d.Phones) > 0 {
		l.values["phones"] = d.Phones
	}
	if len(d.Emails) > 0 {
		l.values["emails"] = d.Emails
	}
	put("address", d.Address)
	put("city", d.City)
	put("country", d.Country)
	put("website", d.Website)
	put("birthday", d.Birthday.String())
	put("gender", d.Gender)
	put("job_title", d.JobTitle)
	put("language", d.Language)
	put("source", d.Source)
	put("note", d.Note)
	put("discount", d.Discount)
	put("card", d.Card)
	put("external_id", l.externalID(r.mapping.Source))
	if tags := slices.Concat(d.Tags, r.i.Settings.Tags); len(tags) > 0 {
		l.values["tags"] = tags
	}
	for _, c := range r.mapping.Columns {
		f := r.custom[c.Index]
		if f == nil || c.Index >= len(l.row.Cells) {
			continue
		}
		v, rest, ok := r.convert(f, l.row.Cells[c.Index])
		if !ok || rest {
			l.warn(notFitting, c.Heading, "this is not what the field takes, so it was left out.")
		}
		if ok && v != nil {
			l.values[f.Name] = v
		}
	}
}

// slice reads lines that do not meet each other: a line that bears a mark of an
// earlier one waits for the next slice, when the earlier one is in the base and
// can be matched. The error is io.EOF with the last of them.
func (r *reader) slice(waiting *line) (all []*line, next *line, err error) {
	taken := map[records.Mark]bool{}
	hashes := map[[sha256.Size]byte]bool{}
	for l := waiting; len(all) < atOnce; l = nil {
		if l == nil {
			if l, err = r.next(); errors.Is(err, io.EOF) {
				return all, nil, io.EOF
			} else if err != nil {
				return nil, nil, err
			}
		}
		if !l.refused {
			if hashes[l.hash] || slices.ContainsFunc(l.marks, func(m records.Mark) bool { return taken[m] }) {
				return all, l, nil
			}
			hashes[l.hash] = true
			for _, m := range l.marks {
				taken[m] = true
			}
		}
		all = append(all, l)
	}
	return all, nil, nil
}

// assign finds who becomes responsible: the person whom the settings name, else
// whom the file names. Where whoever imports may not give clients away, or the
// file means nobody here, the client is theirs, and that is told: once for each
// name that is not known.
func (r *reader) assign(all []*line) {
	known := map[string]actor.PersonID{}
	may := r.m.Rights.May(r.ctx, r.who, policy.AssignRecords) == nil
	for _, l := range all {
		if l.responsible = r.i.Settings.Responsible; l.responsible != 0 || l.refused || l.draft.Responsible == "" {
			continue
		}
		named := l.draft.Responsible
		person, looked := known[named]
		if !looked {
			person, _ = r.m.Person(r.ctx, named)
			known[named] = person
		}
		switch {
		case person == 0 && !r.named[named]:
			r.named[named] = true
			l.warn(notResponsible, "", "nobody here has the name of the responsible person, so whoever imports is responsible, as for other rows with this name.")
		case person != 0 && person != r.who.Person && !may:
			l.warn(notAssigned, "", "you may not make others responsible, so you are.")
		case person != 0:
			l.responsible = person
		}
	}
}

// nameless is what a client is called of whom the file has a number or an
// address and no name. The number itself is guarded more closely than a name.
func nameless(language string) string {
	switch language {
	case "ru":
		return "Без имени"
	case "it":
		return "Senza nome"
	case "pl":
		return "Bez nazwy"
	}
	return "No name"
}
