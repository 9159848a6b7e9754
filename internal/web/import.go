package web

import (
	"bytes"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) importRoutes() []route {
	base, one := "/api/v1/imports", "/api/v1/imports/{id}"
	run := need(records.RunImport)
	return []route{
		{method: "GET", path: base, name: "listImports", tag: "Imports", summary: "List imports: one's own, and everybody's for those who may read the ledger", door: run, shape: answers((*call).imports)},
		{method: "POST", path: base, name: "uploadFile", tag: "Imports", summary: "Bring a file (CSV, XLSX, vCard), whose name stands in the header Castellan-File-Name; it is recognised and nothing is changed", door: run, surface: records.OnList, headers: []parameter{fileName}, body: exchange.MaxFile, timeout: longWork, shape: uploadShape()},
		{method: "GET", path: one, name: "getImport", tag: "Imports", summary: "Tell how an import stands", door: run, surface: records.OnList, shape: answers((*call).readImport)},
		{method: "PATCH", path: one, name: "adjustImport", tag: "Imports", summary: "Decide about a file that has not been started, and see what would happen", door: run, surface: records.OnList, body: largeBody, timeout: longWork, shape: takes((*call).adjustImport)},
		{method: "POST", path: one + "/start", name: "startImport", tag: "Imports", summary: "Let an import happen, in the background", door: run, shape: answers((*call).startImport)},
		{method: "GET", path: one + "/refused", name: "getRefusedRows", tag: "Imports", summary: "The rows that were refused, and why, as CSV; for whoever imports", door: run, surface: records.OnList, timeout: longWork, shape: text("text/csv; charset=utf-8", (*call).refusedRows)},
		{method: "POST", path: one + "/undo", name: "undoImport", tag: "Imports", summary: "Take an import back, in the background", door: run, fresh: true, shape: answers((*call).undoImport)},
	}
}

func uploadShape() shape {
	s := created(answers((*call).uploadFile))
	s.takes = "application/octet-stream"
	return s
}

type columnAnswer struct {
	Index   int      `json:"index"`
	Heading string   `json:"heading"`
	Field   *string  `json:"field" doc:"null: left out."`
	Label   string   `json:"label,omitempty"`
	Samples []string `json:"samples" nullable:"false"`
}

type guessAnswer struct {
	Source     string         `json:"source"`
	Format     string         `json:"format"`
	Encoding   string         `json:"encoding,omitempty"`
	Delimiter  string         `json:"delimiter,omitempty"`
	Sheet      string         `json:"sheet,omitempty"`
	HeaderLine int            `json:"header_line"`
	Language   string         `json:"language"`
	Columns    []columnAnswer `json:"columns" nullable:"false"`
}

type previewRow struct {
	Line    int         `json:"line"`
	What    string      `json:"what" enum:"create,update,skip,refused"`
	Title   string      `json:"title"`
	Phones  []string    `json:"phones" nullable:"false"`
	Emails  []string    `json:"emails" nullable:"false"`
	Reasons []rowReason `json:"reasons" nullable:"false" doc:"Why it is refused, or what of it is left out."`
}

type rowReason struct {
	Code   string `json:"code"`
	Column string `json:"column,omitempty" doc:"The heading of the column that it is about."`
	Detail string `json:"detail" doc:"A sentence in the language of the asker, as in the file of refused rows. It names the place, never the value."`
}

type filePreview struct {
	Create   int          `json:"create"`
	Update   int          `json:"update"`
	Skip     int          `json:"skip"`
	Refused  int          `json:"refused"`
	Warnings int          `json:"warnings" doc:"Rows of which a value would be left out."`
	More     bool         `json:"more" doc:"There are more rows than were looked at."`
	Rows     []previewRow `json:"rows" nullable:"false"`
}

type importSettings struct {
	Mapping     map[string]*string `json:"mapping,omitempty" required:"false" doc:"By index of the column: a field, or null to leave it out. A field of one's own can be made for it first."`
	Encoding    string             `json:"encoding,omitempty" required:"false"`
	Delimiter   string             `json:"delimiter,omitempty" required:"false"`
	Duplicates  string             `json:"duplicates,omitempty" required:"false" enum:"skip,fill,update"`
	Responsible *string            `json:"responsible,omitempty" required:"false" doc:"A person; null: whom the file names, else whoever imports."`
	Group       *string            `json:"group,omitempty" required:"false" doc:"New clients are shared with it; null: with none."`
	Tags        []string           `json:"tags,omitempty" required:"false" nullable:"false"`
	Region      string             `json:"region,omitempty" required:"false"`
	Language    string             `json:"language,omitempty" required:"false"`
}

type importAnswer struct {
	ID       string         `json:"id"`
	File     string         `json:"file"`
	State    string         `json:"state" enum:"draft,running,done,failed,undoing,undone"`
	At       string         `json:"created_at"`
	Finished *string        `json:"finished_at"`
	By       named          `json:"by"`
	Guess    guessAnswer    `json:"guess"`
	Preview  *filePreview   `json:"preview,omitempty"`
	Settings importSettings `json:"settings"`
	Done     int            `json:"done" doc:"Rows that have been dealt with."`
	Total    int            `json:"total"`
	Created  int            `json:"created"`
	Updated  int            `json:"updated"`
	Skipped  int            `json:"skipped"`
	Refused  int            `json:"refused"`
	Told     int            `json:"told" doc:"Rows in the file of refused rows: those that were refused, and those of which a value was left out. Zero in lists."`
	Reason   string         `json:"reason,omitempty" doc:"Of a failed import."`
}

// importOf shows an import, with what would happen if it has not been started.
func (c *call) importOf(im *exchange.Import, look bool) (importAnswer, error) {
	by, err := c.person(im.By)
	if err != nil {
		return importAnswer{}, err
	}
	a := importAnswer{
		ID: c.Vault.Public("import", im.ID), File: im.Name, State: im.State, At: instant(im.At), Finished: instantOr(im.Finished), By: by, Guess: guessOf(im),
		Total: im.Total, Created: im.Created, Updated: im.Updated, Skipped: im.Skipped, Refused: im.Refused, Told: im.Told, Reason: im.Problem,
		Done: im.Created + im.Updated + im.Skipped + im.Refused,
	}
	s := &im.Settings
	a.Settings = importSettings{Mapping: map[string]*string{}, Encoding: s.Guess.Encoding, Delimiter: s.Guess.Delimiter, Duplicates: s.Duplicates, Tags: s.Tags, Region: s.Region, Language: s.Language}
	for i := range a.Guess.Columns {
		a.Settings.Mapping[strconv.Itoa(a.Guess.Columns[i].Index)] = a.Guess.Columns[i].Field
	}
	if s.Responsible != 0 {
		word := c.Vault.Public("person", int64(s.Responsible))
		a.Settings.Responsible = &word
	}
	if s.Group != 0 {
		word := c.Vault.Public("group", int64(s.Group))
		a.Settings.Group = &word
	}
	if im.State == exchange.Ready {
		a.State = "draft"
		if look {
			a.Preview, err = c.previewOf(im.ID)
		}
	}
	return a, err
}

func guessOf(im *exchange.Import) guessAnswer {
	g := &im.Settings.Guess
	a := guessAnswer{Source: g.Source, Format: g.Format, Encoding: g.Encoding, Delimiter: g.Delimiter, Sheet: g.Sheet, HeaderLine: g.HeaderLine, Language: g.Language, Columns: []columnAnswer{}}
	for _, col := range g.Columns {
		one := columnAnswer{Index: col.Index, Heading: col.Heading, Label: col.Label, Samples: col.Samples}
		if one.Samples == nil {
			one.Samples = []string{}
		}
		if col.Field != "" {
			one.Field = &col.Field
		}
		a.Columns = append(a.Columns, one)
	}
	return a
}

func (c *call) previewOf(id int64) (*filePreview, error) {
	p, err := c.Imports.Preview(c.ctx, c.who, id)
	if err != nil {
		return nil, err
	}
	a := &filePreview{Create: p.Create, Update: p.Update, Skip: p.Skipped, Refused: p.Refused, Warnings: p.Warnings, More: p.More, Rows: []previewRow{}}
	for i := range p.Sample {
		r := &p.Sample[i]
		one := previewRow{Line: r.Line, What: r.What, Title: r.Name, Phones: r.Phones, Emails: r.Emails}
		if one.What == "refuse" {
			one.What = "refused"
		}
		if one.Phones == nil {
			one.Phones = []string{}
		}
		if one.Emails == nil {
			one.Emails = []string{}
		}
		one.Reasons = []rowReason{}
		for _, p := range r.Problems {
			one.Reasons = append(one.Reasons, rowReason{string(p.Code), p.Heading, exchange.Sentence(p, c.who.Language)})
		}
		a.Rows = append(a.Rows, one)
	}
	return a, nil
}

func (c *call) imports() (listOf[importAnswer], error) {
	imports, err := c.Imports.List(c.ctx, c.who)
	if err != nil {
		return listOf[importAnswer]{}, err
	}
	var all []importAnswer
	for _, im := range imports {
		a, err := c.importOf(im, false)
		if err != nil {
			return listOf[importAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

// fileName is what the file is called: of a header, percent-encoded because
// headers hold no other letters. Only its last part counts.
func (c *call) fileName() (string, error) {
	word, err := url.PathUnescape(c.header(fileName))
	if err != nil || strings.ContainsAny(word, "\x00\r\n") || len(word) > 255 {
		return "", fault.New(fault.Invalid, "import.name", "The header Castellan-File-Name must hold the name of the file, percent-encoded.")
	}
	word = strings.ReplaceAll(word, `\`, "/")
	if i := strings.LastIndexByte(word, '/'); i >= 0 {
		word = word[i+1:]
	}
	if word == "" {
		word = "file"
	}
	return word, nil
}

func (c *call) uploadFile() (importAnswer, error) {
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media == "multipart/form-data" || media == "application/x-www-form-urlencoded" {
		return importAnswer{}, fault.New(fault.Invalid, "body.media", "Send the file itself as the body, not a form, and its name in the header Castellan-File-Name.")
	}
	name, err := c.fileName()
	if err != nil {
		return importAnswer{}, err
	}
	im, err := c.Imports.Upload(c.ctx, c.who, name, c.r.Body)
	if err != nil {
		return importAnswer{}, err
	}
	return c.importOf(im, true)
}

func (c *call) importInPath() (int64, error) { return c.numbered("import", "id") }

func (c *call) readImport() (importAnswer, error) {
	id, err := c.importInPath()
	if err != nil {
		return importAnswer{}, err
	}
	im, err := c.Imports.Status(c.ctx, c.who, id)
	if err != nil {
		return importAnswer{}, err
	}
	return c.importOf(im, im.By == c.who.Person)
}

func (c *call) adjustImport(b importSettings) (importAnswer, error) {
	id, err := c.importInPath()
	if err != nil {
		return importAnswer{}, err
	}
	im, err := c.Imports.Status(c.ctx, c.who, id)
	if err != nil {
		return importAnswer{}, err
	}
	s := im.Settings
	if err := c.decided(&s, b); err != nil {
		return importAnswer{}, err
	}
	if im, err = c.Imports.Adjust(c.ctx, c.who, id, s); err != nil {
		return importAnswer{}, err
	}
	return c.importOf(im, true)
}

// decided puts what the body names into the settings.
func (c *call) decided(s *exchange.Settings, b importSettings) error {
	s.Guess.Columns = append(s.Guess.Columns[:0:0], s.Guess.Columns...)
	for word, field := range b.Mapping {
		i, err := strconv.Atoi(word)
		if err != nil || i < 0 || i >= len(s.Guess.Columns) {
			return fault.New(fault.Invalid, "import.column", "The file has no such column.").At("mapping")
		}
		s.Guess.Columns[i].Field = ""
		if field != nil {
			s.Guess.Columns[i].Field = *field
		}
	}
	for _, m := range []struct {
		given string
		into  *string
	}{{b.Encoding, &s.Guess.Encoding}, {b.Delimiter, &s.Guess.Delimiter}, {b.Duplicates, &s.Duplicates}, {b.Region, &s.Region}, {b.Language, &s.Language}} {
		if m.given != "" {
			*m.into = m.given
		}
	}
	if b.Tags != nil {
		s.Tags = b.Tags
	}
	if b.Responsible != nil {
		s.Responsible = 0
		if *b.Responsible != "" {
			id, ok := c.Records.Person(*b.Responsible)
			if !ok {
				return fault.New(fault.Invalid, "import.responsible", "There is no such person.").At("responsible")
			}
			s.Responsible = id
		}
	}
	if b.Group != nil {
		s.Group = 0
		if *b.Group != "" {
			id, ok := c.Vault.ID("group", *b.Group)
			if !ok {
				return fault.New(fault.Invalid, "import.group", "There is no such group.").At("group")
			}
			s.Group = actor.GroupID(id)
		}
	}
	return nil
}

func (c *call) startImport() (importAnswer, error) {
	id, err := c.importInPath()
	if err != nil {
		return importAnswer{}, err
	}
	if err := c.Imports.Start(c.ctx, c.who, id); err != nil {
		return importAnswer{}, err
	}
	return c.readImport()
}

func (c *call) undoImport() (importAnswer, error) {
	id, err := c.importInPath()
	if err != nil {
		return importAnswer{}, err
	}
	if err := c.Imports.Undo(c.ctx, c.who, id); err != nil {
		return importAnswer{}, err
	}
	return c.readImport()
}

func (c *call) refusedRows() ([]byte, error) {
	id, err := c.importInPath()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := c.Imports.Refused(c.ctx, c.who, id, &b); err != nil {
		return nil, err
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="refused.csv"`)
	return b.Bytes(), nil
}
