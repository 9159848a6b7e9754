package mailbox

import (
	"strings"

	"github.com/emersion/go-message"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// proven tells whether the server that received a mail has found that it is from
// the domain that it says (RFC 8601). Only what that server says is heard: anybody
// can write such a header, and what is signed with another name, or lies below
// where the server wrote, counts for nothing. by is the name that the server signs
// with; empty: it is not known, and nothing is proven.
//
// Of several headers the uppermost that speaks of a method decides about it: what
// was there when the mail came lies below what the server adds.
func proven(of message.Header, by string) bool {
	if by == "" {
		return false
	}
	from := senderDomain(of)
	if from == "" {
		return false
	}
	said := map[string][]result{}
	began := false
	for all := of.Fields(); all.Next(); {
		switch strings.ToLower(all.Key()) {
		case "received":
			if began {
				return authentic(said, from)
			}
		case "authentication-results":
			id, results, sound := readResults(all.Value())
			if !named(id, by) {
				continue
			}
			if !sound {
				return false
			}
			began = true
			here := map[string][]result{}
			for _, r := range results {
				here[r.method] = append(here[r.method], r)
			}
			for method, results := range here {
				if said[method] == nil {
					said[method] = results
				}
			}
		}
	}
	return authentic(said, from)
}

// senderDomain is the domain of whom a mail is from, or empty if it does not name
// exactly one sender.
func senderDomain(of message.Header) string {
	n := 0
	for all := of.FieldsByKey("From"); all.Next(); {
		n++
	}
	h := readHeader(of)
	if n != 1 || len(h.from) != 1 {
		return ""
	}
	at := strings.LastIndexByte(h.from[0], '@')
	return domain(h.from[0][at+1:])
}

// named tells whether a server signs with a name that is believed; *.example.com
// stands for all servers of that domain.
func named(id, by string) bool {
	id, by = strings.ToLower(id), strings.ToLower(by)
	if whole, many := strings.CutPrefix(by, "*"); many {
		return len(id) > len(whole) && strings.HasSuffix(id, whole)
	}
	return id != "" && id == by
}

// authentic weighs what was found: DMARC if the domain has a word on it, and else a
// signature or a sending server of the same organisation.
func authentic(said map[string][]result, from string) bool {
	passes := false
	for _, r := range said["dmarc"] {
		switch {
		case r.value == "pass" && domain(r.of("header.from")) == from:
			passes = true
		case r.value != "none":
			return false
		}
	}
	if passes {
		return true
	}
	for _, r := range said["dkim"] {
		d := r.of("header.d")
		if d == "" {
			d = afterAt(r.of("header.i"))
		}
		if r.value == "pass" && related(domain(d), from) {
			return true
		}
	}
	for _, r := range said["spf"] {
		if r.value == "pass" && related(domain(afterAt(r.of("smtp.mailfrom"))), from) {
			return true
		}
	}
	return false
}

func afterAt(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// domain is a domain as it is compared, or empty.
func domain(text string) string {
	text = strings.TrimSuffix(strings.ToLower(text), ".")
	if a, err := idna.Lookup.ToASCII(text); err == nil {
		return a
	}
	return text
}

// related tells whether two domains belong to one organisation.
func related(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	one, err := publicsuffix.EffectiveTLDPlusOne(a)
	if err != nil {
		return false
	}
	other, err := publicsuffix.EffectiveTLDPlusOne(b)
	return err == nil && one == other
}

// result is what a server says of one method.
type result struct {
	method, value string
	about         [][2]string
}

func (r *result) of(name string) string {
	for _, a := range r.about {
		if a[0] == name {
			return a[1]
		}
	}
	return ""
}

// readResults reads one header of RFC 8601. What whoever sends a mail may put into
// it (an address with a quoted semicolon, a comment) is read as what it is, and a
// header that is not sound is not believed at all.
func readResults(text string) (id string, all []result, sound bool) {
	s := scanner{text}
	if id, sound = s.value(); !sound || id == "" {
		return "", nil, false
	}
	if version, _ := s.value(); version != "" && version != "1" {
		return id, nil, false
	}
	for s.skip() {
		if !s.take(';') {
			return id, nil, false
		}
		if !s.skip() {
			break // some end with one
		}
		method := s.word()
		if method == "none" && !s.take('=') {
			continue
		} else if method == "none" {
			return id, nil, false
		}
		if s.take('/') {
			s.word() // the version of a method
		}
		if method == "" || !s.take('=') {
			return id, nil, false
		}
		r := result{method: method}
		if r.value, sound = s.value(); !sound {
			return id, nil, false
		}
		r.value = strings.ToLower(r.value)
		for s.skip() && s.left[0] != ';' {
			name := s.word()
			if name == "" || !s.take('=') {
				return id, nil, false
			}
			held, sound := s.value()
			if !sound {
				return id, nil, false
			}
			r.about = append(r.about, [2]string{name, held})
		}
		if s.broken() {
			return id, nil, false
		}
		all = append(all, r)
	}
	return id, all, !s.broken()
}

// scanner reads a header from its beginning.
type scanner struct{ left string }

// skip goes over space and comments, and tells whether anything is left.
func (s *scanner) skip() bool {
	depth := 0
	for i := 0; i < len(s.left); i++ {
		switch c := s.left[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || depth > 0:
		default:
			s.left = s.left[i:]
			return true
		}
	}
	if depth > 0 {
		s.left = unended
		return false
	}
	s.left = ""
	return false
}

// unended is what is left of a header with a comment or quotation without an end.
const unended = "("

func (s *scanner) broken() bool { return s.left == unended }

func (s *scanner) take(c byte) bool {
	if !s.skip() || s.left[0] != c {
		return false
	}
	s.left = s.left[1:]
	return true
}

// word is a name, in small letters: of a method or of what it is about.
func (s *scanner) word() string {
	if !s.skip() {
		return ""
	}
	n := 0
	for n < len(s.left) && (s.left[n] >= 'a' && s.left[n] <= 'z' || s.left[n] >= 'A' && s.left[n] <= 'Z' || s.left[n] >= '0' && s.left[n] <= '9' || strings.IndexByte("-_.", s.left[n]) >= 0) {
		n++
	}
	w := s.left[:n]
	s.left = s.left[n:]
	return strings.ToLower(w)
}

// value is what stands for a name; parts of it may be quoted.
func (s *scanner) value() (string, bool) {
	if !s.skip() {
		return "", !s.broken()
	}
	var b strings.Builder
	for len(s.left) > 0 {
		switch c := s.left[0]; c {
		case ' ', '\t', '\r', '\n', ';', '(':
			return b.String(), true
		case '"':
			rest, ended := s.quoted(&b)
			if !ended {
				s.left = unended
				return "", false
			}
			s.left = rest
		default:
			b.WriteByte(c)
			s.left = s.left[1:]
		}
	}
	return b.String(), true
}

func (s *scanner) quoted(into *strings.Builder) (rest string, ended bool) {
	for i := 1; i < len(s.left); i++ {
		switch s.left[i] {
		case '"':
			return s.left[i+1:], true
		case '\\':
			if i++; i == len(s.left) {
				return "", false
			}
		}
		into.WriteByte(s.left[i])
	}
	return "", false
}
