package value

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line makes one clean line of what was typed: valid UTF-8 in NFC, every run of
// spaces, line ends and control characters one space, no invisible direction
// marks, trimmed. Joiners stay: Persian names and emoji need them.
func Line(s string) string {
	if plainLine(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case r == utf8.RuneError, invisible(r):
			continue
		case unicode.IsSpace(r), unicode.IsControl(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// Paragraphs is Line for text of several lines: line ends become "\n", tabs
// stay, other control characters go, and nothing but the outer space is trimmed.
func Paragraphs(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	back := false
	for _, r := range s {
		switch {
		case r == '\n' && back:
			back = false
			continue
		case r == '\r', r == '\u2028', r == '\u2029', r == '\u0085', r == '\v', r == '\f':
			back = r == '\r'
			b.WriteByte('\n')
			continue
		}
		back = false
		if r == utf8.RuneError || invisible(r) || unicode.IsControl(r) && r != '\n' && r != '\t' {
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(strings.TrimSpace(b.String()))
}

// plainLine reports whether Line would change nothing, for ASCII only.
func plainLine(s string) bool {
	space := true // a leading space is not plain
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf || c < ' ' || c == 0x7f || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space || s == ""
}

// invisible marks change how text looks, not what it says, and make equal names
// unequal: soft hyphen, zero-width space, direction marks, byte order mark.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x61c, r == 0x180e, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	}
	return r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r >= 0xfff9 && r <= 0xfffb
}

// TextKey is the key by which text is compared, sorted and found by prefix: NFC,
// lower case in every script, ё as е, one space between words, trimmed. Keys
// are compared byte by byte. TextKey(TextKey(s)) == TextKey(s).
func TextKey(s string) string {
	if key, ok := asciiKey(s); ok {
		return key
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	// Composed before the loop, so that е with a diaeresis apart is ё, and after
	// it, since lowering can take a composed letter apart (İ).
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r), unicode.IsControl(r):
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		switch r = unicode.ToLower(r); r {
		case 'ё':
			r = 'е'
		case 'ς':
			r = 'σ'
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// asciiKey is TextKey for the most usual input, and copies nothing that is a
// key already.
func asciiKey(s string) (key string, ok bool) {
	changed := false
	space := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return "", false
		case 'A' <= c && c <= 'Z':
			changed, space = true, false
		case c <= ' ' || c == 0x7f:
			changed = changed || space || c != ' '
			space = true
		default:
			space = false
		}
	}
	if !changed && (!space || s == "") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	gap := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' || c == 0x7f {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b), true
}

// Words are the folded words of a text, for search: letters and digits of
// TextKey, Latin and Greek letters without their marks (Łukasz and lukasz are one
// word, but й stays й), in order, each once.
func Words(s string) []string {
	folded := plain(TextKey(s))
	var words []string
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
	}) {
		if !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// plain takes the marks off Latin and Greek letters.
func plain(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	bare := false // the letter before was Latin or Greek: drop marks that follow
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) && bare {
			continue
		}
		bare = unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Greek, r)
		if !bare || r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		if whole, ok := undecomposed(r); ok {
			b.WriteString(whole)
			continue
		}
		for _, d := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, d) {
				b.WriteRune(d)
			}
		}
	}
	return b.String()
}

// undecomposed spells Latin letters that Unicode does not take apart.
func undecomposed(r rune) (string, bool) {
	switch r {
	case 'ł':
		return "l", true
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'ı':
		return "i", true
	case 'ß':
		return "ss", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'þ':
		return "th", true
	}
	return "", false
}
