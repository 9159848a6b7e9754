package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"castellan/internal/value"
)

// A workbook is read by ourselves, from the zip and its XML as a stream: the
// library that writes our workbooks reads them whole into memory, or spills them
// in plain text into a temporary directory, and a client base should be in
// neither place.
const (
	maxSheetBytes  = 4 << 30   // of one sheet, unpacked
	maxSharedBytes = 512 << 20 // of the shared texts, unpacked
	maxSharedText  = 256 << 20 // of the shared texts, in memory
	maxPartBytes   = 64 << 20  // of every other part
	maxToken       = 8 << 20   // of one XML token
	maxSheets      = 200
)

var errWorkbook = refuse("workbook", "The workbook is damaged. Open it, save it anew as XLSX or CSV, and bring that.")

// book is an open workbook.
type book struct {
	zip    *zip.Reader
	shared []string
	dates  []bool // by cell style: does it show a date
	epoch  time.Time
}

func openWorkbook(r io.ReaderAt, size int64, g Guess) (*Reader, Guess, error) {
	g.Format, g.Encoding, g.Delimiter = Workbook, "", ""
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, g, errWorkbook
	}
	b := &book{zip: z, epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	main, ok := b.mainPart()
	if !ok {
		return nil, g, refuse("archive", "This is an archive, not a workbook. Unpack it and bring the table inside.")
	}
	sheets, err := b.sheets(main)
	if err != nil {
		return nil, g, err
	}
	if err := b.readShared(path.Join(path.Dir(main), "sharedStrings.xml")); err != nil {
		return nil, g, err
	}
	b.readStyles(path.Join(path.Dir(main), "styles.xml"))
	return b.chooseSheet(sheets, g)
}

// chooseSheet takes the sheet that was asked for, else the first with headings
// that are known, else the first with anything.
func (b *book) chooseSheet(sheets []sheetPart, g Guess) (*Reader, Guess, error) {
	var fallback *Reader
	var second Guess
	for _, s := range sheets {
		if g.Sheet != "" && s.name != g.Sheet {
			continue
		}
		rows, err := b.rows(s.part)
		if err != nil {
			return nil, g, err
		}
		reader := &Reader{source: rows}
		if err := reader.lookAhead(); err != nil {
			return nil, g, err
		}
		if len(reader.queue) < 2 {
			continue
		}
		found := g
		found.Sheet = s.name
		reader.settle(&found)
		found.Rows = rows.count(reader)
		meant := 0
		for _, c := range found.Columns {
			if c.Field != "" {
				meant++
			}
		}
		if meant > 0 || g.Sheet != "" {
			return reader, found, nil
		}
		if fallback == nil {
			fallback, second = reader, found
		}
	}
	if fallback == nil {
		return nil, g, refuse("empty", "The workbook is empty.")
	}
	return fallback, second, nil
}

// part opens a part of the package, bounded.
func (b *book) part(name string, limit int64) (io.ReadCloser, error) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	for _, f := range b.zip.File {
		if !strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name) {
			continue
		}
		rc, err := f.Open()
		if err != nil {
			return nil, errWorkbook
		}
		return struct {
			io.Reader
			io.Closer
		}{&bounded{r: rc, left: limit}, rc}, nil
	}
	return nil, io.EOF
}

var errTooLarge = refuse("large", "The workbook is too large when unpacked. Save it as CSV, or bring it in parts.")

// bounded stops a part that unpacks to more than it may.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// metered stops one XML token that does not end.
type metered struct {
	r    io.Reader
	read int64
}

func (m *metered) Read(p []byte) (int, error) {
	if m.read > maxToken {
		return 0, errTooLarge
	}
	n, err := m.r.Read(p)
	m.read += int64(n)
	return n, err
}

// tokens walks the elements of a part. visit gets each start element and may read
// on from the decoder; returning io.EOF ends the walk.
type tokens struct {
	dec   *xml.Decoder
	meter *metered
}

func newTokens(r io.Reader) *tokens {
	m := &metered{r: r}
	d := xml.NewDecoder(m)
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		page, ok := encodingNamed(label)
		if !ok {
			return nil, errWorkbook
		}
		return page.decoded(in), nil
	}
	return &tokens{d, m}
}

func (t *tokens) next() (xml.Token, error) {
	t.meter.read = 0
	tok, err := t.dec.RawToken()
	if err == nil || errors.Is(err, io.EOF) {
		return tok, err
	}
	if errors.Is(err, errTooLarge) {
		return nil, errTooLarge
	}
	return nil, errWorkbook
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements calls visit for every start element of a part. A missing part has
// none.
func (b *book) elements(name string, visit func(xml.StartElement)) error {
	rc, err := b.part(name, maxPartBytes)
	if errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	defer rc.Close()
	t := newTokens(rc)
	for {
		tok, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if e, ok := tok.(xml.StartElement); ok {
			visit(e)
		}
	}
}

// mainPart finds the workbook's own part.
func (b *book) mainPart() (string, bool) {
	main := ""
	err := b.elements("_rels/.rels", func(e xml.StartElement) {
		if e.Name.Local == "Relationship" && strings.HasSuffix(attribute(e, "Type"), "/officeDocument") {
			main = strings.TrimPrefix(attribute(e, "Target"), "/")
		}
	})
	if err != nil || main == "" {
		main = "xl/workbook.xml"
	}
	rc, err := b.part(main, 1)
	if err != nil {
		return "", false
	}
	rc.Close()
	return main, strings.HasSuffix(main, ".xml") && !strings.HasPrefix(main, "word/") && !strings.HasPrefix(main, "ppt/")
}

type sheetPart struct{ name, part string }

// sheets lists the visible sheets in their order.
func (b *book) sheets(main string) ([]sheetPart, error) {
	targets := map[string]string{}
	dir := path.Dir(main)
	err := b.elements(path.Join(dir, "_rels", path.Base(main)+".rels"), func(e xml.StartElement) {
		if e.Name.Local == "Relationship" {
			target := attribute(e, "Target")
			if strings.HasPrefix(target, "/") {
				target = strings.TrimPrefix(target, "/")
			} else {
				target = path.Join(dir, target)
			}
			targets[attribute(e, "Id")] = target
		}
	})
	if err != nil {
		return nil, err
	}
	var sheets []sheetPart
	err = b.elements(main, func(e xml.StartElement) {
		switch e.Name.Local {
		case "workbookPr":
			if v := attribute(e, "date1904"); v == "1" || v == "true" {
				b.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
			}
		case "sheet":
			id := ""
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
			if target, ok := targets[id]; ok && attribute(e, "state") != "hidden" && attribute(e, "state") != "veryHidden" && len(sheets) < maxSheets {
				sheets = append(sheets, sheetPart{attribute(e, "name"), target})
			}
		}
	})
	return sheets, err
}

// readShared reads the texts that cells refer to by number.
func (b *book) readShared(name string) error {
	rc, err := b.part(name, maxSharedBytes)
	if errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	defer rc.Close()
	t := newTokens(rc)
	total := 0
	for {
		tok, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "si" {
			text, err := t.text("si")
			if err != nil {
				return err
			}
			// A slice header beside each text: empty ones cost memory too.
			if total += len(text) + 16; total > maxSharedText {
				return errTooLarge
			}
			b.shared = append(b.shared, text)
		}
	}
}

// text collects what the <t> elements inside the element end say, without the
// reading aids of Japanese (rPh).
func (t *tokens) text(end string) (string, error) {
	var b strings.Builder
	in, aid := false, false
	for {
		tok, err := t.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errWorkbook
			}
			return "", err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "t":
				in = !aid
			case "rPh":
				aid = true
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "t":
				in = false
			case "rPh":
				aid = false
			case end:
				return b.String(), nil
			}
		case xml.CharData:
			if in && b.Len() < maxToken {
				b.Write(e)
			}
		}
	}
}

// readStyles learns which cell styles show dates. A workbook whose styles cannot
// be read shows none: its dates stay numbers, and the mapping knows what to do.
func (b *book) readStyles(name string) {
	custom := map[string]string{}
	inCells := false
	err := b.elements(name, func(e xml.StartElement) {
		switch e.Name.Local {
		case "numFmt":
			custom[attribute(e, "numFmtId")] = attribute(e, "formatCode")
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs", "cellStyleXfs":
			inCells = false
		case "xf":
			if inCells {
				b.dates = append(b.dates, dateFormat(attribute(e, "numFmtId"), custom))
			}
		}
	})
	if err != nil {
		b.dates = nil
	}
}

// dateFormat knows the built-in date formats, and custom ones by the letters of
// years, months, days outside of quotes and brackets.
func dateFormat(id string, custom map[string]string) bool {
	if code, ok := custom[id]; ok {
		quoted, bracket := false, false
		for i := 0; i < len(code); i++ {
			switch c := code[i]; {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '\\' || c == '_' || c == '*':
				i++
			case c == '[':
				bracket = true
			case c == ']':
				bracket = false
			case bracket:
			case strings.IndexByte("yYdD", c) >= 0:
				return true
			}
		}
		return false
	}
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58)
}

// sheetRows streams the rows of one sheet.
type sheetRows struct {
	book *book
	t    *tokens
	line int
	last int // the last row of the sheet's own dimension, 0 if it tells none
	done error
}

func (b *book) rows(name string) (*sheetRows, error) {
	rc, err := b.part(name, maxSheetBytes)
	if errors.Is(err, io.EOF) {
		return nil, errWorkbook
	} else if err != nil {
		return nil, err
	}
	return &sheetRows{book: b, t: newTokens(rc)}, nil
}

// count is exact for a short sheet, and else what its dimension says.
func (s *sheetRows) count(r *Reader) int {
	n := 0
	for _, rec := range r.queue {
		if rec.err == nil && r.isData(rec) {
			n++
		}
		if errors.Is(rec.err, io.EOF) {
			return n
		}
	}
	return max(n, s.last-r.skip)
}

func (s *sheetRows) next() record {
	for s.done == nil {
		tok, err := s.t.next()
		if err != nil {
			s.done = err
			break
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "dimension":
			if _, to, ok := strings.Cut(attribute(e, "ref"), ":"); ok {
				s.last, _ = strconv.Atoi(strings.TrimLeft(to, "ABCDEFGHIJKLMNOPQRSTUVWXYZ$"))
			}
		case "row":
			if s.line++; attribute(e, "r") != "" {
				if n, err := strconv.Atoi(attribute(e, "r")); err == nil && n >= s.line && n < 1<<24 {
					s.line = n
				}
			}
			cells, err := s.cells()
			if err != nil {
				s.done = err
				break
			}
			return record{line: s.line, cells: cells}
		}
	}
	return record{line: s.line, err: s.done}
}

func (s *sheetRows) cells() ([]string, error) {
	var cells []string
	column := -1
	for {
		tok, err := s.t.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errWorkbook
			}
			return nil, err
		}
		switch e := tok.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return cells, nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			if column++; attribute(e, "r") != "" {
				if n := columnNumber(attribute(e, "r")); n >= 0 {
					column = n
				}
			}
			text, err := s.cell(e)
			if err != nil {
				return nil, err
			}
			if text == "" || column >= maxColumns {
				continue
			}
			for len(cells) <= column {
				cells = append(cells, "")
			}
			cells[column] = text
		}
	}
}

// columnNumber reads "C" of "C12" as 2.
func columnNumber(ref string) int {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

// cell gives a cell as a person would type it: whole numbers without an exponent,
// dates as 2006-01-02.
func (s *sheetRows) cell(start xml.StartElement) (string, error) {
	kind, style := attribute(start, "t"), attribute(start, "s")
	raw, inline, in := "", "", false
	for {
		tok, err := s.t.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errWorkbook
			}
			return "", err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "v":
				in = true
			case "is":
				if inline, err = s.t.text("is"); err != nil {
					return "", err
				}
			}
		case xml.CharData:
			if in && len(raw) < maxToken {
				raw += string(e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "v":
				in = false
			case "c":
				return s.shown(kind, style, raw, inline), nil
			}
		}
	}
}

func (s *sheetRows) shown(kind, style, raw, inline string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(raw)); err == nil && i >= 0 && i < len(s.book.shared) {
			return s.book.shared[i]
		}
		return ""
	case "inlineStr":
		return inline
	case "str", "d":
		return raw
	case "b":
		if raw == "1" {
			return "true"
		}
		return "false"
	case "e":
		return ""
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(raw), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return raw
	}
	if i, err := strconv.Atoi(style); err == nil && i >= 0 && i < len(s.book.dates) && s.book.dates[i] && n >= 1 && n < 2958466 {
		return s.date(n)
	}
	if math.Abs(n) >= 1e18 {
		return raw
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// date turns a day number into a date, with its time if it has one.
func (s *sheetRows) date(n float64) string {
	day := math.Floor(n)
	if s.book.epoch.Year() == 1899 && day < 61 {
		// The calendar of spreadsheets has a 29 February 1900: before it they are
		// one day behind.
		day++
	}
	d := s.book.epoch.AddDate(0, 0, int(day))
	seconds := int(math.Round((n - math.Floor(n)) * 86400))
	date := value.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}.String()
	if seconds == 0 || seconds == 86400 {
		return date
	}
	return fmt.Sprintf("%s %02d:%02d:%02d", date, seconds/3600, seconds/60%60, seconds%60)
}
