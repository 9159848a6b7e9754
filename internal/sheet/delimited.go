package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxLine   = 1 << 20 // bytes of one physical line
	maxQuoted = 1 << 18 // bytes of one record that goes over several lines
	maxSpan   = 400     // lines of one record
)

// lines reads physical lines, whatever ends them: LF, CR, CRLF, CRCRLF, mixed.
type lines struct {
	scan   *bufio.Scanner
	number int // of the line read last, from 1
	ahead  []string
	long   bool // the piece read last has no end yet
}

func newLines(r io.Reader) *lines {
	l := &lines{scan: bufio.NewScanner(r)}
	l.scan.Buffer(make([]byte, 64<<10), maxLine+4)
	l.scan.Split(l.split)
	return l
}

func (l *lines) split(data []byte, atEOF bool) (int, []byte, error) {
	l.long = false
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		if data[i] == '\n' {
			return i + 1, data[:i], nil
		}
		j := i
		for j < len(data) && data[j] == '\r' {
			j++
		}
		switch {
		case j == len(data) && !atEOF && j-i < 64:
			return 0, nil, nil // what follows decides whether this is one line end
		case j < len(data) && data[j] == '\n':
			return j + 1, data[:i], nil
		}
		return i + 1, data[:i], nil
	}
	if len(data) >= maxLine {
		l.long = true
		return len(data), data, nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// next gives the next line. cut says that it was longer than maxLine and lost its
// end.
func (l *lines) next() (line string, cut bool, err error) {
	if len(l.ahead) > 0 {
		line, l.ahead = l.ahead[0], l.ahead[1:]
		l.number++
		return line, false, nil
	}
	if !l.scan.Scan() {
		if err := l.scan.Err(); err != nil {
			return "", false, err
		}
		return "", false, io.EOF
	}
	l.number++
	line = clean(l.scan.Bytes())
	for cut = l.long; l.long && l.scan.Scan(); {
	}
	return line, cut, nil
}

// back gives lines back, to be read again.
func (l *lines) back(lines []string) {
	l.number -= len(lines)
	l.ahead = append(lines, l.ahead...)
}

func clean(b []byte) string {
	if bytes.IndexByte(b, 0) >= 0 {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return string(b)
}

// delimited reads records of a CSV file as RFC 4180 has them, and as they are:
// with quotes that nobody closed, or that stand where none should.
type delimited struct {
	lines *lines
	sep   string
	width int // cells of a whole record, 0 while unknown
}

func (d *delimited) next() record {
	text, cut, err := d.lines.next()
	start := d.lines.number
	switch {
	case err != nil:
		return record{line: start, err: err}
	case cut:
		return record{line: start, err: rowError(start, TooLong, "this line is longer than a megabyte", "")}
	case strings.IndexByte(text, '"') < 0:
		return record{line: start, cells: strings.Split(text, d.sep)}
	}
	cells, open, stray := splitQuoted(text, d.sep)
	if !open {
		return record{line: start, cells: cells}
	}
	// The record goes on over the next lines, or a quote was never closed.
	first := text
	var more []string
	for open && len(more) < maxSpan && len(text) < maxQuoted {
		next, cut, err := d.lines.next()
		if err != nil || cut {
			break
		}
		more = append(more, next)
		text += "\n" + next
		if strings.IndexByte(next, '"') >= 0 {
			cells, open, stray = splitQuoted(text, d.sep)
		}
	}
	if !open && (!stray || d.width > 0 && len(cells) == d.width) {
		if alone := strings.Split(first, d.sep); !stray || len(alone) != d.width {
			return record{line: start, cells: cells}
		}
	}
	d.lines.back(more)
	alone := strings.Split(first, d.sep)
	if d.width > 0 && len(alone) != d.width {
		return record{line: start, err: rowError(start, BadQuoting, "a quotation mark is opened and never closed", first)}
	}
	return record{line: start, cells: alone}
}

// splitQuoted splits one record. open: a quote is not closed at the end. stray:
// a quote stood inside a quoted cell without being doubled.
func splitQuoted(text, sep string) (cells []string, open, stray bool) {
	for {
		trimmed := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(trimmed, `"`) {
			i := strings.Index(text, sep)
			if i < 0 {
				return append(cells, text), false, stray
			}
			cells, text = append(cells, text[:i]), text[i+len(sep):]
			continue
		}
		var b strings.Builder
		rest := trimmed[1:]
		closed := false
		for !closed {
			i := strings.IndexByte(rest, '"')
			if i < 0 {
				b.WriteString(rest)
				return append(cells, b.String()), true, stray
			}
			b.WriteString(rest[:i])
			rest = rest[i+1:]
			after := strings.TrimLeft(rest, " ")
			switch {
			case strings.HasPrefix(rest, `"`):
				b.WriteByte('"')
				rest = rest[1:]
			case after == "" || strings.HasPrefix(after, sep):
				closed, rest = true, after
			case sep == "\t" && strings.HasPrefix(rest, sep):
				closed = true
			default:
				stray = true
				b.WriteByte('"')
			}
		}
		cells = append(cells, b.String())
		if rest == "" {
			return cells, false, stray
		}
		text = rest[len(sep):]
	}
}

// guessDelimiter takes the separator that parts most records of a text into the
// same number of cells, at least two. "" if none does: a list of one column.
func guessDelimiter(text string, truncated bool) string {
	best, chosen := 0.0, ""
	for _, sep := range []string{";", ",", "\t", "|"} {
		width, share := usualWidth(text, sep, truncated)
		if width < 2 {
			continue
		}
		// How many records agree counts more than how many cells they have.
		if score := share + 0.02*float64(min(width, 20)); score > best {
			best, chosen = score, sep
		}
	}
	return chosen
}

// usualWidth is the number of cells that most records have, and their share.
func usualWidth(text, sep string, truncated bool) (width int, share float64) {
	if !strings.Contains(text, sep) {
		return 1, 1
	}
	d := &delimited{lines: newLines(strings.NewReader(text)), sep: sep}
	var widths []int
	for len(widths) < 200 {
		rec := d.next()
		if errors.Is(rec.err, io.EOF) {
			if truncated && len(widths) > 1 {
				widths = widths[:len(widths)-1] // cut in the middle
			}
			break
		}
		if rec.err == nil && !blank(rec.cells) {
			widths = append(widths, len(rec.cells))
		}
	}
	counts := map[int]int{}
	for _, w := range widths {
		if counts[w]++; counts[w] > counts[width] || counts[w] == counts[width] && w > width {
			width = w
		}
	}
	return width, float64(counts[width]) / float64(max(len(widths), 1))
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}
