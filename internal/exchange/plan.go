package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/sheet"
	"castellan/internal/store"
	"castellan/internal/value"
)

// line is one row of a file on its way into the base.
type line struct {
	row      sheet.Row
	draft    sheet.Draft
	problems []sheet.Problem
	refused  bool

	hash  [sha256.Size]byte
	marks []records.Mark
	match schema.RecordID // the client that it is; zero: a new one
	known bool            // an earlier line said the same
}

// reader gives the lines of an import.
type reader struct {
	m       *Imports
	i       *Import
	rows    *sheet.Reader
	mapping sheet.Mapping
	now     time.Time
}

func (m *Imports) lines(ctx context.Context, i *Import) (*reader, error) {
	rows, guess, err := sheet.Open(m.content(ctx, i), i.Size, i.Name, &i.Settings.Guess)
	if err != nil {
		return nil, err
	}
	return &reader{m: m, i: i, rows: rows, mapping: guess.Mapping(), now: m.DB.Now()}, nil
}

// next gives the next line, or io.EOF.
func (r *reader) next() (*line, error) {
	row, err := r.rows.Next()
	var bad *sheet.RowError
	if errors.As(err, &bad) {
		return &line{row: sheet.Row{Line: bad.Line}, problems: []sheet.Problem{bad.Problem}, refused: true}, nil
	}
	if err != nil {
		return nil, err
	}
	l := &line{row: row}
	l.draft, l.problems = r.mapping.Contact(row, r.i.Settings.Region, r.i.Settings.Language, r.now)
	l.refused = slices.ContainsFunc(l.problems, func(p sheet.Problem) bool { return p.Refuses })
	l.hash = r.m.Vault.Fingerprint("import line "+r.mapping.Source, []byte(strings.Join(row.Cells, "\x1f")))
	for _, p := range l.draft.Phones {
		l.marks = append(l.marks, records.Mark{Field: "phones", Key: value.PhoneKey(p)})
	}
	for _, e := range l.draft.Emails {
		l.marks = append(l.marks, records.Mark{Field: "emails", Key: value.EmailKey(e.Address)})
	}
	if id := l.externalID(r.mapping.Source); id != "" {
		l.marks = append(l.marks, records.Mark{Field: "external_id", Key: value.TextKey(id)})
	}
	return l, nil
}

// externalID is the id in the former system, which counts only together with
// the name of that system.
func (l *line) externalID(source string) string {
	if l.draft.ExternalID == "" {
		return ""
	}
	return source + " " + l.draft.ExternalID
}

// slice reads up to 50 lines that do not meet each other: a line that bears a
// mark of an earlier one waits for the next slice, when the earlier one is in
// the base and can be matched.
func (r *reader) slice(waiting *line) (all []*line, next *line, err error) {
	taken := map[records.Mark]bool{}
	hashes := map[[sha256.Size]byte]bool{}
	for l := waiting; len(all) < 50; l = nil {
		if l == nil {
			if l, err = r.next(); err == io.EOF {
				return all, nil, io.EOF
			} else if err != nil {
				return nil, nil, err
			}
		}
		if hashes[l.hash] || slices.ContainsFunc(l.marks, func(m records.Mark) bool { return taken[m] }) {
			return all, l, nil
		}
		if !l.refused {
			hashes[l.hash] = true
			for _, m := range l.marks {
				taken[m] = true
			}
		}
		all = append(all, l)
	}
	return all, nil, nil
}

// meet finds the clients that the lines are, and the lines that were imported
// before.
func (m *Imports) meet(ctx context.Context, who actor.Actor, all []*line) error {
	var marks []records.Mark
	var hashes []any
	for _, l := range all {
		if !l.refused {
			marks = append(marks, l.marks...)
			hashes = append(hashes, l.hash[:])
		}
	}
	found, err := m.Book.Match(ctx, who, "contact", marks)
	if err != nil {
		return err
	}
	seen, err := m.imported(ctx, hashes)
	if err != nil {
		return err
	}
	for _, l := range all {
		for _, mark := range l.marks {
			if id, ok := found[mark]; ok {
				l.match = id
				break
			}
		}
		l.known = seen[l.hash]
	}
	return nil
}

// imported tells which lines a living client came from before. The client of a
// line that is in the bin, or that an undone import made, may come again.
func (m *Imports) imported(ctx context.Context, hashes []any) (map[[sha256.Size]byte]bool, error) {
	seen := map[[sha256.Size]byte]bool{}
	if len(hashes) == 0 {
		return seen, nil
	}
	for len(hashes) < 50 {
		hashes = append(hashes, hashes[len(hashes)-1])
	}
	rows, err := m.DB.Query(ctx, store.Text("SELECT l.hash FROM import_line l JOIN contact c ON c.id = l.record WHERE c.deleted_at IS NULL AND l.hash IN (?"+strings.Repeat(", ?", len(hashes)-1)+")"), hashes...)
	if err != nil {
		return nil, fmt.Errorf("look for lines that came before: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		if err := rows.Scan(&hash); err != nil {
			return nil, fmt.Errorf("look for lines that came before: %w", err)
		}
		seen[[sha256.Size]byte(hash)] = true
	}
	return seen, rows.Err()
}

// values are what a new or changed client gets from a line.
func (m *Imports) values(ctx context.Context, i *Import, source string, l *line, company schema.RecordID) records.Values {
	d := l.draft
	v := records.Values{}
	put := func(name, text string) {
		if text != "" {
			v[name] = text
		}
	}
	put("name", d.Name)
	put("given_name", d.Given)
	put("middle_name", d.Middle)
	put("family_name", d.Family)
	if len(d.Phones) > 0 {
		v["phones"] = d.Phones
	}
	if len(d.Emails) > 0 {
		v["emails"] = d.Emails
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
	put("external_id", l.externalID(source))
	if company != 0 {
		v["company"] = company
	}
	if tags := append(slices.Clone(d.Tags), i.Settings.Tags...); len(tags) > 0 {
		v["tags"] = tags
	}
	for _, c := range i.Settings.Guess.Columns {
		if f := m.custom(c.Field); f != nil {
			put(f.Name, strings.TrimSpace(l.draft.Extra[c.Heading]))
		}
	}
	if l.match == 0 {
		if person := m.responsible(ctx, i, d.Responsible); person != 0 {
			v["responsible"] = person
		}
		if d.Name == "" && d.Given == "" && d.Family == "" {
			v["name"] = nameless(i.Settings.Language)
		}
	}
	return v
}

// responsible is the person whom the settings name, else whom the file names.
func (m *Imports) responsible(ctx context.Context, i *Import, named string) actor.PersonID {
	if i.Settings.Responsible != 0 {
		return i.Settings.Responsible
	}
	if named == "" {
		return 0
	}
	person, ok := m.Person(ctx, named)
	if !ok {
		return 0
	}
	return person
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

// Preview is what would happen.
type Preview struct {
	Rows                             int
	Create, Update, Skipped, Refused int
	Warnings                         int  // rows of which a value would be left out
	More                             bool // there are more rows than were looked at
	Sample                           []PreviewRow
}

// PreviewRow is one of the first rows.
type PreviewRow struct {
	Line     int
	What     string // "create", "update", "skip" or "refuse"
	Name     string
	Phones   []string
	Emails   []string
	Problems []sheet.Problem // without values
}

const (
	previewRows   = 20_000
	previewSample = 30
)

// Preview looks at the file as it would be imported, and changes nothing. Lines
// that meet each other in the file count as the same client.
func (m *Imports) Preview(ctx context.Context, who actor.Actor, id int64) (*Preview, error) {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return nil, err
	}
	r, err := m.lines(ctx, i)
	if err != nil {
		return nil, err
	}
	p := &Preview{}
	earlier := map[records.Mark]bool{}
	hashes := map[[sha256.Size]byte]bool{}
	for end := false; !end; {
		var all []*line
		for len(all) < 50 {
			l, err := r.next()
			if err == io.EOF {
				end = true
				break
			}
			if err != nil {
				return nil, err
			}
			all = append(all, l)
		}
		if err := m.meet(ctx, who, all); err != nil {
			return nil, err
		}
		for _, l := range all {
			twin := hashes[l.hash] || slices.ContainsFunc(l.marks, func(m records.Mark) bool { return earlier[m] })
			what := l.fate(i.Settings.Duplicates, twin)
			p.add(l, what)
			if what == "create" || what == "update" && i.Settings.Duplicates == Update {
				hashes[l.hash] = true
				for _, mark := range l.marks {
					earlier[mark] = true
				}
			}
		}
		if p.Rows >= previewRows && !end {
			p.More = true
			break
		}
	}
	return p, m.total(ctx, i, p)
}

// fate is what becomes of a line.
func (l *line) fate(duplicates string, twin bool) string {
	switch {
	case l.refused:
		return "refuse"
	case l.known, (l.match != 0 || twin) && duplicates == Skip:
		return "skip"
	case l.match != 0 || twin:
		return "update"
	}
	return "create"
}

func (p *Preview) add(l *line, what string) {
	p.Rows++
	switch what {
	case "create":
		p.Create++
	case "update":
		p.Update++
	case "skip":
		p.Skipped++
	case "refuse":
		p.Refused++
	}
	if !l.refused && len(l.problems) > 0 {
		p.Warnings++
	}
	if len(p.Sample) >= previewSample && (what != "refuse" || len(p.Sample) >= 2*previewSample) {
		return
	}
	row := PreviewRow{Line: l.row.Line, What: what, Name: l.draft.Name}
	for _, ph := range l.draft.Phones {
		row.Phones = append(row.Phones, ph.Number)
	}
	for _, e := range l.draft.Emails {
		row.Emails = append(row.Emails, e.Address)
	}
	for _, pr := range l.problems {
		pr.Value = ""
		row.Problems = append(row.Problems, pr)
	}
	p.Sample = append(p.Sample, row)
}

// total remembers how many rows there are, for the progress.
func (m *Imports) total(ctx context.Context, i *Import, p *Preview) error {
	n := p.Rows
	if p.More {
		n = max(n, i.Settings.Guess.Rows)
	}
	err := m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE import SET total = ? WHERE id = ?"), int64(n), i.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("remember the size of an import: %w", err)
	}
	return nil
}

// told is a refused or warned line as it is kept for the person who imports.
type told struct {
	Cells   []string `json:"cells"`
	Reasons []string `json:"reasons"`
}

// refusedPlace is the place in which a refused line is sealed.
func refusedPlace(id int64, line int) string { return fmt.Sprintf("import:%d:refused:%d", id, line) }

func (m *Imports) keepTold(ctx context.Context, tx *store.Tx, id int64, l *line, more error) error {
	t := told{Cells: l.row.Cells}
	for _, p := range l.problems {
		t.Reasons = append(t.Reasons, p.Public)
		if l.row.Cells == nil && p.Value != "" {
			t.Cells = []string{p.Value}
		}
	}
	if more != nil {
		t.Reasons = append(t.Reasons, publicOf(more)...)
	}
	if len(t.Reasons) == 0 {
		return nil
	}
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("keep a refused line: %w", err)
	}
	refused := int64(0)
	if l.refused || more != nil {
		refused = 1
	}
	_, err = tx.Exec(ctx, store.Text("INSERT INTO import_refused (import, line, refused, data) VALUES (?, ?, ?, ?) ON CONFLICT (import, line) DO UPDATE SET refused = excluded.refused, data = excluded.data"),
		id, int64(l.row.Line), refused, m.Vault.Seal(refusedPlace(id, l.row.Line), text))
	if err != nil {
		return fmt.Errorf("keep a refused line: %w", err)
	}
	return nil
}
