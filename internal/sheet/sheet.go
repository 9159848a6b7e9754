// Package sheet turns a file that a client brings into headed rows, whatever wrote it, and says what each column means.
//
// Open looks at the file itself (never at its name's word for it), finds its
// encoding, delimiter, heading line and columns, and gives a Reader that streams
// rows. Mapping turns a row into a Draft, a contact ready for import, and says
// in Problems what could not be read.
//
// Delimited text, workbooks (XLSX) and address cards (vCard 2.1 to 4.0) all
// become rows with headings, so that nothing behind this package knows them
// apart. Memory does not grow with the file, except for the shared texts of a
// workbook, which are bounded. Nothing that a file holds makes this package
// panic, call out or write to disk.
//
// A guess is a guess: a person sees it with samples, corrects it and opens the
// file again with the corrected Guess.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"castellan/internal/fault"
	"castellan/internal/value"
)

// Formats.
const (
	Delimited = "delimited"
	Workbook  = "workbook"
	Cards     = "vcard"
)

// Guess is what a file seems to be. Empty fields of a Guess that is given to
// Open are guessed anew; others are believed.
type Guess struct {
	Format     string          // Delimited, Workbook or Cards
	Source     string          // amocrm, amocrm_leads, google, google_old, hubspot, nocrm, outlook, yclients, dikidi, vcard or generic
	Encoding   string          // "utf-8", "windows-1251" …; "" for workbooks
	Delimiter  string          // "," ";" "\t" "|"; "" unless delimited
	Sheet      string          // name of the sheet; "" unless a workbook
	HeaderLine int             // line of the headings, from 1; NoHeader: there are none
	Columns    []Column        // in the order of the file
	DateOrder  value.DateOrder // of day and month in the columns that hold dates
	Language   string          // of the headings: "en", "ru", "it" or "pl"
	Rows       int             // an estimate of how many rows there are
}

// NoHeader as HeaderLine says that the first line is data already.
const NoHeader = -1

// Column is one column and what it means.
type Column struct {
	Index   int
	Heading string
	Field   string   // one of Fields, or "" for what is kept aside under its heading
	Label   string   // of phones and mail addresses: mobile, work, home …; of addresses: which of several
	Samples []string // the first non-empty values
}

// Row is one line of data. Cells has one entry for each column.
type Row struct {
	Line  int // of the file, where the row begins
	Cells []string
}

// RowError is a row that could not be read. Reading goes on behind it.
type RowError struct{ Problem }

func (e *RowError) Error() string { return e.Public }

func rowError(line int, code Code, reason, raw string) *RowError {
	if len(raw) > 4096 {
		raw = raw[:4096]
	}
	return &RowError{Problem{Line: line, Code: code, Value: strings.ToValidUTF8(raw, ""), Refuses: true,
		Public: fmt.Sprintf("Line %d cannot be read: %s.", line, reason)}}
}

// record is what a format gives: cells, or why there are none. err is io.EOF, a
// *RowError, or what ends the reading.
type record struct {
	line  int
	cells []string
	err   error
}

type recordSource interface{ next() record }

// Reader gives the rows of an open file.
type Reader struct {
	source recordSource
	queue  []record // read ahead to look at
	header []string // folded headings, to know their repetition
	skip   int      // rows up to this line stand above or are the headings
	width  int
}

const (
	detectBytes = 256 << 10
	lookRows    = 300 // rows that a guess is made from
	headLines   = 10  // records among which the headings are looked for
	samples     = 5
	maxColumns  = 2000
	maxCell     = 32767 // characters that a spreadsheet's cell can hold
)

// Detect guesses from the beginning of a file alone. The tables inside a workbook
// can only be seen with the whole file: Open tells of them.
func Detect(name string, head []byte) (Guess, error) {
	if isZip(head) {
		return Guess{Format: Workbook, Source: "generic"}, nil
	}
	_, g, err := open(bytes.NewReader(head), int64(len(head)), name, nil, true)
	return g, err
}

// Open opens a file. g is nil, or an earlier guess with a person's corrections.
// name is only used to say what a file seems to be. Errors are faults that say in
// plain words why nothing can be read.
func Open(r io.ReaderAt, size int64, name string, g *Guess) (*Reader, Guess, error) {
	return open(r, size, name, g, false)
}

func open(r io.ReaderAt, size int64, name string, given *Guess, truncated bool) (*Reader, Guess, error) {
	var g Guess
	if given != nil {
		g = *given
		g.Columns = slices.Clone(given.Columns)
	}
	head := make([]byte, min(size, detectBytes))
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, g, fmt.Errorf("read the beginning of the file: %w", err)
	} else {
		head = head[:n]
	}
	if size == 0 || len(bytes.TrimSpace(bytes.Trim(head, "\xef\xbb\xbf\xfe\xff\x00"))) == 0 {
		return nil, g, refuse("empty", "The file is empty.")
	}
	if isZip(head) {
		return openWorkbook(r, size, g)
	}
	if err := notATable(r, size, head, name); err != nil {
		return nil, g, err
	}
	detected := g.Encoding == ""
	if detected {
		g.Encoding = detectEncoding(representative(r, size, head))
	}
	page, ok := encodingNamed(g.Encoding)
	if !ok {
		return nil, g, refuse("encoding", "This encoding is not known.")
	}
	if detected && !isText(page, head) {
		return nil, g, refuse("binary", "This file holds no text that can be read. Bring a table as XLSX or CSV, or a vCard.")
	}
	text := headText(page, head)
	whole := io.NewSectionReader(r, 0, size)
	if looksLikeCards(text) {
		return openCards(page.decoded(whole), text, size, int64(len(head)), g)
	}
	return openDelimited(page.decoded(whole), text, size, int64(len(head)), g, truncated || size > int64(len(head)))
}

func refuse(code, sentence string) error {
	return fault.New(fault.Invalid, "import.file."+code, sentence)
}

func isZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// notATable tells apart what people take for a table and is none.
func notATable(r io.ReaderAt, size int64, head []byte, name string) error {
	start := strings.ToLower(strings.TrimSpace(string(head[:min(len(head), 512)])))
	switch {
	case bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}):
		if compoundHas(r, size, head, "EncryptedPackage") {
			return refuse("password", "The workbook is protected by a password. Open it, save it without the password, and bring it again.")
		}
		return refuse("xls", "This is a workbook of the old kind (XLS). Open it and save it as XLSX or CSV, and bring that.")
	case strings.HasPrefix(start, "%pdf"):
		return refuse("pdf", "This is a PDF, a picture of a table. Bring the table itself, as XLSX or CSV.")
	case strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<table"):
		return refuse("html", "This is a web page that is named like a table. Open it in a spreadsheet program, save it as XLSX or CSV, and bring that.")
	case strings.HasPrefix(start, "<?xml"):
		return refuse("xml", "This is an XML file. Save it as XLSX or CSV, and bring that.")
	case bytes.HasPrefix(head, []byte("Rar!")), bytes.HasPrefix(head, []byte{0x1f, 0x8b}), bytes.HasPrefix(head, []byte("7z\xbc\xaf")):
		return refuse("archive", "This is an archive. Unpack it and bring the table inside.")
	case strings.HasSuffix(strings.ToLower(name), ".numbers"):
		return refuse("numbers", "This is a Numbers file. Export it as XLSX or CSV, and bring that.")
	}
	return nil
}

// isText forgives a few control characters, and in large files one in a hundred:
// exports carry stray ones, pictures and programs are full of them.
func isText(page codePage, head []byte) bool {
	// Whatever breaks at the cut is the cut's doing.
	text, _ := io.ReadAll(page.decoded(bytes.NewReader(head)))
	controls, all := 0, 0
	for _, c := range string(text) {
		all++
		if c < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a", c) {
			controls++
		}
	}
	return controls <= 8 || controls*100 <= all
}

// compoundHas looks for an entry in the directory of an OLE compound file.
func compoundHas(r io.ReaderAt, size int64, head []byte, entry string) bool {
	if len(head) < 76 {
		return false
	}
	shift := uint(head[30])
	if shift < 7 || shift > 16 {
		return false
	}
	sector := int64(head[48]) | int64(head[49])<<8 | int64(head[50])<<16 | int64(head[51])<<24
	at := (sector + 1) << shift
	if at >= size {
		return false
	}
	directory := make([]byte, 4<<10)
	n, err := r.ReadAt(directory, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	var wide []byte
	for i := 0; i < len(entry); i++ {
		wide = append(wide, entry[i], 0)
	}
	return bytes.Contains(directory[:n], wide)
}

// representative is the beginning of the file, or where it is all ASCII, the
// first place that is not: the letters that tell the encoding may come late.
func representative(r io.ReaderAt, size int64, head []byte) []byte {
	high := func(b []byte) int { return bytes.IndexFunc(b, func(c rune) bool { return c >= utf8.RuneSelf }) }
	if high(head) >= 0 || bytes.IndexByte(head, 0) >= 0 {
		return head
	}
	buf := make([]byte, detectBytes)
	for at := int64(len(head)); at < size; at += int64(len(buf)) {
		n, err := r.ReadAt(buf, at)
		if i := high(buf[:n]); i >= 0 {
			// From the beginning of a word, so that its neighbours count.
			window := make([]byte, 64<<10)
			m, _ := r.ReadAt(window, max(at+int64(i)-16, 0))
			return window[:m]
		}
		if err != nil {
			break
		}
	}
	return head
}

func headText(page codePage, head []byte) string {
	// Whatever breaks at the cut is the cut's doing.
	text, _ := io.ReadAll(page.decoded(bytes.NewReader(head)))
	return strings.ToValidUTF8(strings.ReplaceAll(string(text), "\x00", ""), "\uFFFD")
}

func openDelimited(r io.Reader, text string, size, looked int64, g Guess, truncated bool) (*Reader, Guess, error) {
	g.Format = Delimited
	// Excel's own directive, on a line before everything.
	directive := ""
	if first, _, ok := strings.Cut(text, "\n"); ok {
		if sep, found := strings.CutPrefix(strings.TrimRight(first, "\r"), "sep="); found && len(sep) == 1 {
			directive = sep
		}
	}
	if g.Delimiter == "" {
		if g.Delimiter = directive; g.Delimiter == "" {
			g.Delimiter = guessDelimiter(text, truncated)
		}
	}
	if g.Delimiter == "" {
		g.Delimiter = ","
	}
	if len(g.Delimiter) > 4 || strings.ContainsAny(g.Delimiter, "\"\r\n ") {
		return nil, g, refuse("delimiter", "This cannot part columns.")
	}
	d := &delimited{lines: newLines(r), sep: g.Delimiter}
	d.width, _ = usualWidth(text, g.Delimiter, truncated)
	reader := &Reader{source: d}
	if directive != "" {
		reader.skip = 1
	}
	if err := reader.lookAhead(); err != nil {
		return nil, g, err
	}
	reader.settle(&g)
	g.Rows = estimateRows(reader, size, looked, text, d)
	return reader, g, nil
}

// estimateRows counts exactly what was read to the end, and else takes the rows
// that were read for typical.
func estimateRows(r *Reader, size, looked int64, text string, d *delimited) int {
	n := 0
	for _, rec := range r.queue {
		if rec.err == nil && r.isData(rec) {
			n++
		}
		if errors.Is(rec.err, io.EOF) {
			return n
		}
	}
	// Lines of the sample against lines of the rows.
	inSample := strings.Count(text, "\n") + strings.Count(text, "\r") - strings.Count(text, "\r\n")
	if inSample == 0 || d.lines.number == 0 {
		return n
	}
	total := float64(inSample) * float64(size) / float64(max(looked, 1))
	return int(total * float64(n) / float64(d.lines.number))
}

// lookAhead fills the queue with rows to guess from.
func (r *Reader) lookAhead() error {
	for len(r.queue) < lookRows {
		rec := r.source.next()
		var re *RowError
		if rec.err != nil && !errors.Is(rec.err, io.EOF) && !errors.As(rec.err, &re) {
			return rec.err
		}
		r.queue = append(r.queue, rec)
		if errors.Is(rec.err, io.EOF) {
			break
		}
	}
	return nil
}

// settle decides headings and columns, unless the guess brings them.
func (r *Reader) settle(g *Guess) {
	var candidates []record
	for _, rec := range r.queue {
		if rec.err == nil && rec.line > r.skip && !blank(rec.cells) && len(candidates) < headLines {
			candidates = append(candidates, rec)
		}
	}
	if g.HeaderLine == 0 {
		g.HeaderLine = headerLine(candidates)
	}
	var headings []string
	if g.HeaderLine > 0 {
		r.skip = max(r.skip, g.HeaderLine)
		for _, rec := range r.queue {
			if rec.err == nil && rec.line == g.HeaderLine {
				headings = trimRight(rec.cells)
			}
		}
		for _, h := range headings {
			r.header = append(r.header, headingKey(h))
		}
	}
	r.width = min(max(len(headings), r.dataWidth(), len(g.Columns), 1), maxColumns)
	for len(headings) < r.width {
		headings = append(headings, "")
	}
	source, language, meanings := recognise(headings[:r.width])
	if g.Source == "" {
		g.Source = source
	}
	if g.Language == "" {
		g.Language = language
	}
	fresh := len(g.Columns) == 0
	if fresh {
		for i := range r.width {
			g.Columns = append(g.Columns, Column{Index: i, Heading: value.Line(headings[i]), Field: meanings[i].field, Label: meanings[i].label})
		}
	}
	for i := range g.Columns {
		if c := &g.Columns[i]; c.Samples == nil {
			c.Samples = r.sample(c.Index)
		}
	}
	if fresh {
		guessByContent(g)
	}
	if g.DateOrder == value.AnyOrder {
		g.DateOrder = r.dateOrder(g)
	}
}

// dataWidth is the width of most rows; without headings, of the widest.
func (r *Reader) dataWidth() int {
	widest, usual, counts := 0, 0, map[int]int{}
	for _, rec := range r.queue {
		if rec.err != nil || !r.isData(rec) {
			continue
		}
		w := len(trimRight(rec.cells))
		if widest = max(widest, w); r.header == nil {
			continue
		}
		if counts[w]++; counts[w] > counts[usual] {
			usual = w
		}
	}
	if r.header == nil {
		return widest
	}
	return usual
}

func trimRight(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// headerLine finds the headings among the first records: the one with most
// headings that are known; failing that, the first with several cells that are
// all words. A first record that holds addresses or numbers is data.
func headerLine(candidates []record) int {
	best, line := 0, 0
	for _, rec := range candidates {
		n := 0
		for _, c := range rec.cells {
			if _, ok := headingMeaning(c); ok {
				n++
			}
		}
		// A title ("Clients;;;") is one known word among empty cells.
		if filled := countFilled(rec.cells); n > best && (filled > 1 || len(trimRight(rec.cells)) == len(rec.cells)) && 3*n >= filled-20 && !holdsData(rec.cells) {
			best, line = n, rec.line
		}
	}
	if line > 0 {
		return line
	}
	for _, rec := range candidates {
		filled := countFilled(rec.cells)
		if holdsData(rec.cells) {
			return NoHeader
		}
		if filled >= 2 || len(rec.cells) == 1 {
			return rec.line
		}
	}
	return NoHeader
}

func countFilled(cells []string) int {
	n := 0
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// holdsData: an address, a number or a date among the cells.
func holdsData(cells []string) bool {
	for _, c := range cells {
		if len(c) > 200 {
			return true
		}
		if strings.Contains(c, "@") {
			if _, err := value.ParseEmail(c); err == nil {
				return true
			}
		}
		if digits := len(value.PhoneDigits(c)); digits >= 6 {
			return true
		}
	}
	return false
}

func (r *Reader) sample(index int) []string {
	var found []string
	for _, rec := range r.queue {
		if rec.err != nil || !r.isData(rec) || index >= len(rec.cells) {
			continue
		}
		if s := value.Line(rec.cells[index]); s != "" {
			if runes := []rune(s); len(runes) > 120 {
				s = string(runes[:120]) + "…"
			}
			if found = append(found, s); len(found) == samples {
				break
			}
		}
	}
	return found
}

// guessByContent gives a meaning to columns without a known heading, where the
// file has no other column of that meaning: mail addresses, phone numbers, and in
// a file without headings the first text as the name.
func guessByContent(g *Guess) {
	has := map[string]bool{}
	for _, c := range g.Columns {
		has[c.Field] = true
	}
	for i := range g.Columns {
		c := &g.Columns[i]
		if c.Field != "" || len(c.Samples) == 0 {
			continue
		}
		mails, phones, words := 0, 0, 0
		for _, s := range c.Samples {
			if found := value.FindContacts(s); len(found) > 0 && found[0].Kind == value.EmailContact {
				mails++
			} else if digits := len(value.PhoneDigits(s)); digits >= 9 && digits <= 15 && countLetters(s) == 0 && strings.ContainsAny(s[:1], "+0123456789(' ") {
				phones++
			} else if countLetters(s) > digits {
				words++
			}
		}
		switch n := len(c.Samples); {
		case mails*5 >= n*3 && !has[FieldEmails]:
			c.Field = FieldEmails
		case phones*5 >= n*3 && !has[FieldPhones] && (g.HeaderLine == NoHeader || strings.ContainsAny(strings.Join(c.Samples, ""), "+-( ")):
			c.Field = FieldPhones
		case words*5 >= n*3 && g.HeaderLine == NoHeader && !has[FieldName]:
			c.Field = FieldName
		}
		has[c.Field] = true
	}
}

func countLetters(s string) int {
	n := 0
	for _, r := range s {
		if asciiLetter(r) || r >= utf8.RuneSelf && !strings.ContainsRune("\u00a0–—‑", r) {
			n++
		}
	}
	return n
}

// dateOrder decides by the dates themselves, then by the program that wrote them,
// then by the language.
func (r *Reader) dateOrder(g *Guess) value.DateOrder {
	dayFirst, monthFirst := 0, 0
	for _, c := range g.Columns {
		if c.Field != FieldBirthday && c.Field != FieldCreated {
			continue
		}
		for _, rec := range r.queue {
			if rec.err != nil || !r.isData(rec) || c.Index >= len(rec.cells) {
				continue
			}
			cell := rec.cells[c.Index]
			_, asDay := value.ParseDate(cell, value.DateHint{Order: value.DayMonth})
			_, any := value.ParseDate(cell, value.DateHint{})
			if any != nil || asDay != nil || len(cell) < 5 || len(cell) > 4 && cell[4] == '-' {
				continue
			}
			d, _ := value.ParseDate(cell, value.DateHint{})
			first := 0
			for first < len(cell) && cell[first] >= '0' && cell[first] <= '9' {
				first++
			}
			switch n := strings.TrimLeft(cell[:first], "0"); {
			case d.IsZero() || first == 0 || first > 2 || d.Day == int(d.Month):
			case d.Day > 12 && n == fmt.Sprint(d.Day):
				dayFirst++
			case d.Day > 12 && n == fmt.Sprint(int(d.Month)):
				monthFirst++
			}
		}
	}
	switch {
	case dayFirst > 0 && monthFirst == 0:
		return value.DayMonth
	case monthFirst > 0 && dayFirst == 0:
		return value.MonthDay
	case dayFirst > 0 && monthFirst > 0:
		return value.AnyOrder
	case g.Source == "outlook":
		return value.MonthDay
	case g.Language != "en":
		return value.DayMonth
	}
	return value.AnyOrder
}

// isData: neither above the headings, nor the headings again, nor blank.
func (r *Reader) isData(rec record) bool {
	return rec.line > r.skip && !blank(rec.cells) && !r.repeated(rec.cells)
}

func (r *Reader) repeated(cells []string) bool {
	cells = trimRight(cells)
	if len(r.header) < 2 || len(cells) != len(r.header) {
		return false
	}
	for i, c := range cells {
		if headingKey(c) != r.header[i] {
			return false
		}
	}
	return true
}

// Next gives the next row, io.EOF after the last, or a *RowError for a row that
// cannot be read, after which reading goes on. Any other error ends it.
func (r *Reader) Next() (Row, error) {
	for {
		var rec record
		if len(r.queue) > 0 {
			rec = r.queue[0]
			if !errors.Is(rec.err, io.EOF) {
				r.queue = r.queue[1:]
			}
		} else {
			rec = r.source.next()
		}
		switch {
		case rec.err != nil:
			var re *RowError
			if errors.As(rec.err, &re) && rec.line <= r.skip {
				continue
			}
			return Row{}, rec.err
		case !r.isData(rec):
			continue
		}
		cells := rec.cells
		if len(cells) > r.width {
			if cells = trimRight(cells); len(cells) > r.width {
				return Row{}, rowError(rec.line, TooManyCells, "it has more cells than there are headings", strings.Join(rec.cells, " | "))
			}
		}
		for i, c := range cells {
			if len(c) > maxCell && utf8.RuneCountInString(c) > maxCell {
				return Row{}, rowError(rec.line, TooLong, "a cell holds more text than a spreadsheet's cell can", cells[i][:256])
			}
		}
		for len(cells) < r.width {
			cells = append(cells, "")
		}
		return Row{Line: rec.line, Cells: cells}, nil
	}
}
