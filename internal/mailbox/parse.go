package mailbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails are written in other alphabets
	"github.com/emersion/go-message/mail"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"castellan/internal/records"
	"castellan/internal/value"
)

const (
	mostParts   = 200
	deepest     = 12
	mostText    = 1 << 20 // bytes of one part that is read as text
	mostFiles   = 20
	mostSenders = 5
	mostAnswers = 50
)

// header is what the header of a mail says. Nothing of it is true because a mail
// says it.
type header struct {
	id, date string
	from     []string
	subject  string
	answers  []string // Message-IDs
	written  time.Time
	proven   bool // the server that received it found it to be from where it says
	report   bool // a report about the delivery of another mail
}

// identity is what tells one mail from another, whatever its number in the folder.
func (h *header) identity(raw []byte) []byte {
	if h.id == "" {
		return raw
	}
	return fmt.Appendf(nil, "%s\n%s\n%s", h.id, strings.Join(h.from, ","), h.date)
}

// parseHeader reads a header as far as it can be read. by is the name with which
// the server that received it signs what it found.
func parseHeader(raw []byte, by string) header {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: mostHeader + 1})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return header{}
	}
	h := readHeader(e.Header)
	h.proven = proven(e.Header, by)
	return h
}

func readHeader(of message.Header) header {
	m := mail.Header{Header: of}
	h := header{date: of.Get("Date"), id: messageID(of.Get("Message-Id"))}
	if subject, err := m.Subject(); err == nil || subject != "" {
		h.subject = subject
	}
	if at, err := m.Date(); err == nil && at.Year() > 1970 && at.Year() < 2200 {
		h.written = at
	}
	if all, err := m.AddressList("From"); err == nil {
		for _, a := range all[:min(len(all), mostSenders)] {
			h.from = append(h.from, a.Address)
		}
	}
	for _, key := range []string{"In-Reply-To", "References"} {
		// Read as words: a header that some program has mangled still names what it answers.
		for _, word := range strings.FieldsFunc(of.Get(key), func(r rune) bool {
			return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == ',' || r == '<' || r == '>'
		}) {
			if len(h.answers) < mostAnswers && strings.Contains(word, "@") {
				h.answers = append(h.answers, word)
			}
		}
	}
	kind, parameters, _ := of.ContentType()
	h.report = strings.EqualFold(kind, "multipart/report") && strings.EqualFold(parameters["report-type"], "delivery-status")
	return h
}

func messageID(text string) string {
	return strings.Trim(strings.TrimSpace(text), "<>")
}

// sameAddress compares two mail addresses as keys of clients are compared.
func sameAddress(a, b string) bool {
	return value.EmailKey(strings.TrimSpace(a)) == value.EmailKey(strings.TrimSpace(b))
}

// content is what a mail holds.
type content struct {
	text     string
	files    []records.Enclosed
	left     int      // files beyond the number that is taken
	unread   bool     // there is something, and none of it could be read
	returned []string // Message-IDs of mails that this one says were not delivered

	parts  int
	failed bool // a report says so
}

// parse reads a mail. Whatever it is given, it answers with what could be read.
func parse(raw []byte) (c content) {
	defer func() {
		// A library that stumbles over what strangers wrote must not stop the next mail.
		if recover() != nil {
			c = content{unread: true}
		}
	}()
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: mostHeader + 1})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return content{unread: true}
	}
	c.text = strings.TrimSpace(c.part(e, 0, true))
	if !c.failed {
		c.returned = nil
	}
	c.unread = c.text == "" && len(c.files) == 0 && c.left == 0 && c.parts > 0 && len(bytes.TrimSpace(afterHeader(raw))) > 0
	return c
}

func afterHeader(raw []byte) []byte {
	for _, gap := range [][]byte{[]byte("\r\n\r\n"), []byte("\n\n")} {
		if _, rest, there := bytes.Cut(raw, gap); there {
			return rest
		}
	}
	return nil
}

// part gives the text of one part, and keeps what files are in it.
func (c *content) part(e *message.Entity, depth int, body bool) string {
	if c.parts++; c.parts > mostParts || depth > deepest {
		return ""
	}
	kind, _, _ := e.Header.ContentType()
	kind = strings.ToLower(kind)
	if parts := e.MultipartReader(); parts != nil {
		return c.several(parts, kind, depth)
	}
	disposition, name := fileName(e.Header)
	switch {
	case kind == "message/delivery-status":
		c.status(e.Body)
		return ""
	case (kind == "message/rfc822" || kind == "text/rfc822-headers") && !strings.EqualFold(disposition, "attachment"):
		c.names(e.Body)
		if kind == "text/rfc822-headers" {
			return ""
		}
	case (kind == "" || strings.HasPrefix(kind, "text/")) && !strings.EqualFold(disposition, "attachment") && name == "":
		text, err := io.ReadAll(io.LimitReader(e.Body, mostText))
		if err != nil && len(text) == 0 {
			return ""
		}
		if kind == "text/html" {
			return plain(text)
		}
		if kind == "" || kind == "text/plain" || body {
			return strings.ToValidUTF8(string(text), "\uFFFD")
		}
		return ""
	}
	c.file(name, e.Body)
	return ""
}

// several reads parts that belong together. Of alternatives the plain one is
// taken, and of what is beside each other all.
func (c *content) several(parts message.MultipartReader, kind string, depth int) string {
	var texts []string
	richest, plainest := "", ""
	for c.parts <= mostParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) || p == nil {
			break
		}
		if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			break
		}
		what, _, _ := p.Header.ContentType()
		text := strings.TrimSpace(c.part(p, depth+1, false))
		if text == "" {
			continue
		}
		if strings.EqualFold(what, "text/plain") && plainest == "" {
			plainest = text
		}
		richest = text
		texts = append(texts, text)
	}
	if kind == "multipart/alternative" {
		if plainest != "" {
			return plainest
		}
		return richest
	}
	return strings.Join(texts, "\n\n")
}

func (c *content) file(name string, body io.Reader) {
	if len(c.files) >= mostFiles {
		c.left++
		return
	}
	held, err := io.ReadAll(io.LimitReader(body, mostMail))
	if err != nil && len(held) == 0 {
		c.left++
		return
	}
	if len(held) == 0 {
		return
	}
	c.files = append(c.files, records.Enclosed{Name: name, Open: func() (io.Reader, error) { return bytes.NewReader(held), nil }})
}

// status reads a report of delivery: does it say that a mail was given up?
func (c *content) status(body io.Reader) {
	text, _ := io.ReadAll(io.LimitReader(body, mostHeader)) // what could be read is enough
	for line := range strings.Lines(string(text)) {
		key, said, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(key), "Action") && strings.EqualFold(strings.TrimSpace(said), "failed") {
			c.failed = true
		}
	}
}

// names keeps the Message-ID of a mail that came back.
func (c *content) names(body io.Reader) {
	held, _ := io.ReadAll(io.LimitReader(body, mostHeader)) // what could be read is enough
	if id := parseHeader(append(held, "\r\n\r\n"...), "").id; id != "" {
		c.returned = append(c.returned, id)
	}
}

// Elements whose content is not text for readers, those that begin a line, and
// those of them after which an empty line stands.
var (
	unseen = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true, atom.Object: true, atom.Svg: true, atom.Math: true, atom.Textarea: true, atom.Select: true}
	breaks = map[atom.Atom]bool{atom.Br: true, atom.P: true, atom.Div: true, atom.Tr: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.Table: true, atom.Blockquote: true, atom.Hr: true, atom.Pre: true,
		atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Dt: true, atom.Dd: true}
	paragraphs = map[atom.Atom]bool{atom.P: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Blockquote: true, atom.Pre: true, atom.Ul: true, atom.Ol: true, atom.Table: true}
)

// plain makes text of HTML. Nothing is rendered and nothing fetched: tags go, and
// what stood between them stays.
func plain(source []byte) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(source))
	z.SetMaxBuf(mostText)
	hidden, hides := 0, atom.Atom(0)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return tidy(b.String())
		case html.TextToken:
			if hidden == 0 {
				b.WriteString(strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if hides == atom.Head && token.DataAtom == atom.Body {
				hidden, hides = 0, 0
			}
			if hidden > 0 {
				if token.DataAtom == hides && token.Type == html.StartTagToken {
					hidden++
				}
				continue
			}
			if unseen[token.DataAtom] && token.Type == html.StartTagToken {
				hidden, hides = 1, token.DataAtom
				continue
			}
			if breaks[token.DataAtom] {
				b.WriteByte('\n')
			}
			if token.DataAtom == atom.Td || token.DataAtom == atom.Th {
				b.WriteByte(' ')
			}
		case html.EndTagToken:
			token := z.Token()
			if hidden > 0 {
				if token.DataAtom == hides {
					hidden--
				}
				continue
			}
			if breaks[token.DataAtom] && token.DataAtom != atom.Br {
				b.WriteByte('\n')
			}
			if paragraphs[token.DataAtom] {
				b.WriteByte('\n')
			}
		}
	}
}

// tidy leaves one space between words and one empty line between paragraphs.
func tidy(s string) string {
	var lines []string
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			empty++
			continue
		}
		if empty > 1 && len(lines) > 0 {
			lines = append(lines, "")
		}
		empty = 0
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
