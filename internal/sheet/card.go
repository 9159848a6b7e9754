package sheet

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"castellan/internal/value"
)

// Address cards are read by one tolerant reader for all versions: phones write
// 2.1 with 3.0's parameters, 3.0 with 2.1's encodings, line ends of their own,
// and cards that are never ended. Pictures, sounds and keys are passed over
// without being kept.

// cardColumns are the columns that a card has as a row. Several values of one
// column stand in lines.
func cardColumns() []Column {
	phone := func(label string) Column { return Column{Heading: "TEL " + label, Field: FieldPhones, Label: label} }
	mail := func(label string) Column { return Column{Heading: "EMAIL " + label, Field: FieldEmails, Label: label} }
	columns := []Column{
		{Heading: "FN", Field: FieldName},
		{Heading: "N given", Field: FieldGiven}, {Heading: "N middle", Field: FieldMiddle}, {Heading: "N family", Field: FieldFamily},
		phone("mobile"), phone("work"), phone("home"), phone("main"), phone("fax"), phone("pager"), phone("other"),
		mail("work"), mail("home"), mail("other"),
		{Heading: "ORG", Field: FieldCompany}, {Heading: "TITLE", Field: FieldJobTitle},
		{Heading: "BDAY", Field: FieldBirthday}, {Heading: "GENDER", Field: FieldGender},
		{Heading: "ADR", Field: FieldAddress}, {Heading: "ADR locality", Field: FieldCity}, {Heading: "ADR country", Field: FieldCountry},
		{Heading: "URL", Field: FieldWebsite}, {Heading: "CATEGORIES", Field: FieldTags}, {Heading: "NOTE", Field: FieldNote},
		{Heading: "UID", Field: FieldExternalID}, {Heading: "NICKNAME"}, {Heading: "ROLE"},
	}
	for i := range columns {
		columns[i].Index = i
	}
	return columns
}

var cardStart = regexp.MustCompile(`(?im)^\s*BEGIN\s*:\s*VCARD\s*$`)

func looksLikeCards(text string) bool {
	first := strings.TrimSpace(text[:min(len(text), 4096)])
	return len(first) >= 5 && strings.EqualFold(first[:5], "begin") && cardStart.MatchString(text)
}

func openCards(r io.Reader, text string, size, looked int64, g Guess) (*Reader, Guess, error) {
	g.Format, g.Source, g.Delimiter, g.HeaderLine = Cards, "vcard", "", NoHeader
	columns := cardColumns()
	c := &cards{lines: newLines(r), index: map[string]int{}}
	for _, col := range columns {
		c.index[col.Heading] = col.Index
	}
	reader := &Reader{source: c, width: len(columns)}
	if err := reader.lookAhead(); err != nil {
		return nil, g, err
	}
	if len(g.Columns) == 0 {
		g.Columns = columns
	}
	for i := range g.Columns {
		g.Columns[i].Samples = reader.sample(g.Columns[i].Index)
	}
	if g.Language == "" {
		g.Language = "en"
	}
	if n := len(reader.queue); errors.Is(reader.queue[n-1].err, io.EOF) {
		g.Rows = n - 1
	} else {
		g.Rows = max(n, int(float64(len(cardStart.FindAllStringIndex(text, -1)))*float64(size)/float64(max(looked, 1))))
	}
	return reader, g, nil
}

// cards reads cards one by one.
type cards struct {
	lines *lines
	index map[string]int // of columns by heading
}

// property is one line of a card, taken apart.
type property struct {
	name, group string
	params      map[string][]string
	value       string
}

func (c *cards) next() record {
	for {
		text, line, err := c.logical()
		if err != nil {
			return record{line: line, err: err}
		}
		if isMark(text, "BEGIN") {
			return c.card(line)
		}
		// Between cards there is nothing; what stands there is no card.
	}
}

func isMark(text, mark string) bool {
	name, val, ok := strings.Cut(text, ":")
	return ok && strings.EqualFold(strings.TrimSpace(name), mark) && strings.EqualFold(strings.TrimSpace(val), "VCARD")
}

func (c *cards) card(start int) record {
	var props []property
	depth, total := 1, 0
	for depth > 0 {
		text, _, err := c.logical()
		if errors.Is(err, io.EOF) {
			break // the card was never ended: what it says still counts
		}
		if err != nil {
			return record{line: start, err: err}
		}
		switch {
		case isMark(text, "BEGIN"):
			if len(props) > 0 && strings.HasPrefix(props[len(props)-1].name, "AGENT") {
				depth++ // a card inside a card: somebody else's
				continue
			}
			c.lines.back([]string{text})
			depth = 0
		case isMark(text, "END"):
			depth--
		case depth == 1:
			if total += len(text); total > maxQuoted || len(props) > 500 {
				continue
			}
			if p, ok := parseProperty(text); ok {
				props = append(props, p)
			}
		}
	}
	return record{line: start, cells: c.row(props)}
}

// logical gives the next line with its continuations: lines that begin with a
// space or a tab (folding), and lines after a soft break of quoted-printable.
func (c *cards) logical() (text string, line int, err error) {
	text, _, err = c.lines.next()
	line = c.lines.number
	if err != nil {
		return "", line, err
	}
	head, _, _ := strings.Cut(text, ":")
	head = strings.ToUpper(head)
	quoted := strings.Contains(head, "QUOTED-PRINTABLE")
	binary := strings.Contains(head, "BASE64") || strings.Contains(head, "ENCODING=B") || hasAnyPrefix(head, "PHOTO", "LOGO", "SOUND", "KEY")
	for len(text) < maxQuoted {
		next, _, end := c.lines.next()
		switch {
		case end != nil:
			return text, line, nil //nolint:nilerr // what was read counts; the next call meets the error again
		case quoted && strings.HasSuffix(text, "="):
			text = text[:len(text)-1] + next
		case next == "" && binary:
			return text, line, nil // the blank line that ends BASE64 in 2.1
		case next == "":
		case next[0] != ' ' && next[0] != '\t' && (!binary || strings.ContainsAny(next, ":;")):
			c.lines.back([]string{next})
			return text, line, nil
		case binary:
			text = head + ":" // not kept
		default:
			text += next[1:]
		}
	}
	return text, line, nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	if _, after, ok := strings.Cut(s, "."); ok && !strings.ContainsAny(s[:len(s)-len(after)], ";:") {
		s = after
	}
	return slices.ContainsFunc(prefixes, func(p string) bool {
		return strings.HasPrefix(s, p) && (len(s) == len(p) || s[len(p)] == ';' || s[len(p)] == ':')
	})
}

// parseProperty takes "item1.TEL;TYPE=\"work,voice\";PREF=1:tel:+1" apart and
// decodes its value, which keeps the backslashes of structured values.
func parseProperty(text string) (property, bool) {
	colon, inQuotes := -1, false
	for i := 0; i < len(text) && colon < 0; i++ {
		switch text[i] {
		case '"':
			inQuotes = !inQuotes
		case ':':
			if !inQuotes {
				colon = i
			}
		}
	}
	if colon < 0 {
		if colon = strings.IndexByte(text, ':'); colon < 0 {
			return property{}, false
		}
	}
	p := property{params: map[string][]string{}, value: text[colon+1:]}
	for i, part := range splitOutside(text[:colon], ';') {
		if i == 0 {
			p.name = strings.ToUpper(strings.TrimSpace(part))
			if group, name, ok := strings.Cut(p.name, "."); ok {
				p.group, p.name = group, name
			}
			continue
		}
		key, vals, ok := strings.Cut(part, "=")
		if !ok {
			key, vals = bareParameter(part), part // 2.1: "TEL;WORK;VOICE"
		}
		key = strings.ToUpper(strings.TrimSpace(key))
		for v := range strings.SplitSeq(strings.Trim(vals, `"`), ",") {
			p.params[key] = append(p.params[key], strings.ToLower(strings.TrimSpace(v)))
		}
	}
	if p.name == "" {
		return property{}, false
	}
	p.value = decodeValue(p)
	return p, true
}

func bareParameter(s string) string {
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT", "B":
		return "ENCODING"
	}
	return "TYPE"
}

func decodeValue(p property) string {
	raw := []byte(p.value)
	switch {
	case slices.Contains(p.params["ENCODING"], "quoted-printable"):
		raw = unquotePrintable(p.value)
	case slices.Contains(p.params["ENCODING"], "base64"), slices.Contains(p.params["ENCODING"], "b"):
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(p.value), ""))
		if err != nil || !utf8.Valid(decoded) {
			return ""
		}
		raw = decoded
	}
	if charset := p.params["CHARSET"]; len(charset) > 0 && !utf8.Valid(raw) {
		if page, ok := encodingNamed(charset[0]); ok && page.enc != nil {
			if decoded, err := page.enc.NewDecoder().Bytes(raw); err == nil {
				raw = decoded
			}
		}
	} else if !utf8.Valid(raw) {
		if page, ok := encodingNamed(detectEncoding(raw)); ok && page.enc != nil {
			if decoded, err := page.enc.NewDecoder().Bytes(raw); err == nil {
				raw = decoded
			}
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(string(raw), "\x00", ""), "\uFFFD"))
}

// unquotePrintable keeps what is no code as it stands: half the writers forget
// to encode "=".
func unquotePrintable(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && i+2 < len(s) {
			if code, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b = append(b, code[0])
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}

// splitOutside splits at a separator that is neither escaped nor in quotes.
func splitOutside(s string, sep byte) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case sep:
			if !quoted {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, s[start:])
}

// splitEscaped splits a structured value at a separator that is not escaped.
func splitEscaped(s string, sep byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// unescape takes the backslashes out of a text.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// row puts the properties of a card into its columns.
func (c *cards) row(props []property) []string {
	cells := make([]string, len(c.index))
	labels := map[string]string{} // of Apple's groups: item1.X-ABLabel
	for _, p := range props {
		if p.name == "X-ABLABEL" && p.group != "" {
			labels[p.group] = strings.Trim(p.value, "_$!<>")
		}
	}
	add := func(column, text string) {
		i, ok := c.index[column]
		if text = strings.TrimSpace(text); !ok || text == "" {
			return
		}
		if cells[i] != "" {
			text = cells[i] + "\n" + text
		}
		cells[i] = text
	}
	once := func(column, text string) {
		if i, ok := c.index[column]; ok && cells[i] == "" {
			cells[i] = strings.TrimSpace(text)
		}
	}
	for _, p := range props {
		switch p.name {
		case "FN":
			once("FN", value.Line(unescape(p.value)))
		case "N":
			parts := splitEscaped(p.value, ';')
			for i, column := range []string{"N family", "N given", "N middle"} {
				if i < len(parts) {
					once(column, value.Line(unescape(strings.Join(splitEscaped(parts[i], ','), " "))))
				}
			}
		case "TEL":
			add("TEL "+phoneLabel(p.params["TYPE"], labels[p.group]), unescape(p.value))
		case "EMAIL":
			add("EMAIL "+mailLabel(p.params["TYPE"], labels[p.group]), unescape(p.value))
		case "ORG":
			once("ORG", unescape(splitEscaped(p.value, ';')[0]))
		case "TITLE", "ROLE", "BDAY", "GENDER", "UID", "NICKNAME":
			text := unescape(p.value)
			if p.name == "GENDER" {
				text, _, _ = strings.Cut(text, ";")
			}
			once(p.name, text)
		case "ADR":
			addAddress(once, p.value)
		case "URL":
			once("URL", unescape(p.value))
		case "CATEGORIES":
			for _, tag := range splitEscaped(p.value, ',') {
				add("CATEGORIES", unescape(tag))
			}
		case "NOTE":
			add("NOTE", unescape(p.value))
		}
	}
	return cells
}

func addAddress(once func(column, text string), text string) {
	parts := splitEscaped(text, ';')
	for len(parts) < 7 {
		parts = append(parts, "")
	}
	var street []string
	for _, i := range []int{0, 1, 2, 4, 5} { // box, flat, street, region, code
		if s := strings.Trim(value.Line(unescape(parts[i])), " ,"); s != "" {
			street = append(street, s)
		}
	}
	once("ADR", strings.Join(street, ", "))
	once("ADR locality", value.Line(unescape(parts[3])))
	once("ADR country", value.Line(unescape(parts[6])))
}

func phoneLabel(types []string, apple string) string {
	types = append(slices.Clone(types), strings.ToLower(apple))
	for _, t := range []struct{ in, label string }{
		{"fax", "fax"}, {"homefax", "fax"}, {"workfax", "fax"}, {"pager", "pager"}, {"cell", "mobile"}, {"mobile", "mobile"}, {"iphone", "mobile"},
		{"main", "main"}, {"work", "work"}, {"home", "home"},
	} {
		if slices.Contains(types, t.in) {
			return t.label
		}
	}
	return "other"
}

func mailLabel(types []string, apple string) string {
	for _, label := range []string{"work", "home"} {
		if slices.Contains(types, label) || strings.EqualFold(apple, label) {
			return label
		}
	}
	return "other"
}
