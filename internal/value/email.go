package value

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Email is one mail address.
type Email struct {
	Address string `json:"address"`
	Label   string `json:"label,omitempty"` // work, home …
}

// Why a mail address was refused.
var (
	ErrEmailEmpty   = errors.New("there is no mail address")
	ErrEmailMasked  = errors.New("the mail address is hidden by a mask")
	ErrEmailInvalid = errors.New("this is not a mail address")
)

// ParseEmail reads one mail address: trimmed, without "mailto:" and without the
// name before <…>. The part before @ stays as typed, international letters
// included (RFC 6531); the domain becomes lower case in its readable form.
// Quoted local parts and domains without a dot are refused: they exist in
// standards, not in client bases. Errors are TypedErrors.
func ParseEmail(typed string) (Email, error) {
	address, err := parseEmail(typed)
	if err != nil {
		return Email{}, &TypedError{Typed: typed, Err: err}
	}
	return Email{Address: address}, nil
}

func parseEmail(typed string) (string, error) {
	s := unwrapCell(visible(Line(typed)))
	if HasMask(s) || strings.Contains(s, "…@") || strings.Contains(s, "**") {
		return "", ErrEmailMasked
	}
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		s = s[open+1 : len(s)-1]
	}
	if len(s) >= 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", ErrEmailEmpty
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 254 {
		return "", ErrEmailInvalid
	}
	local, domain := s[:at], s[at+1:]
	if !localPart(local) {
		return "", ErrEmailInvalid
	}
	domain, err := readableDomain(domain)
	if err != nil {
		return "", ErrEmailInvalid
	}
	return local + "@" + domain, nil
}

// localPart is RFC 5322's dot-atom with the letters of RFC 6531.
func localPart(s string) bool {
	if len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !atomByte(byte(r)) && r != '.' {
				return false
			}
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r):
			return false
		}
	}
	return true
}

func atomByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// readableDomain checks a domain and gives it in lower case, in Unicode.
func readableDomain(s string) (string, error) {
	if plain, ok := asciiDomain(s); ok {
		return plain, nil
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil {
		return "", err
	}
	if _, ok := asciiDomain(ascii); !ok && !strings.Contains(ascii, "xn--") || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return "", ErrEmailInvalid
	}
	readable, err := idna.Lookup.ToUnicode(ascii)
	if err != nil {
		return "", err
	}
	// What cannot be turned back is not shown in letters: two different domains
	// must not look the same.
	if back, again := idna.Lookup.ToASCII(readable); again == nil && back == ascii {
		return readable, nil
	}
	return ascii, nil
}

// asciiDomain is the fast way for plain domain names: at least two labels, no
// punycode, the last one with a letter.
func asciiDomain(s string) (string, bool) {
	if len(s) < 3 || len(s) > 253 {
		return "", false
	}
	labels, start, letter, upper := 1, 0, false, false
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			label := s[start:i]
			if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || len(label) > 3 && label[2:4] == "--" {
				return "", false
			}
			if i < len(s) {
				labels++
				letter = false
			}
			start = i + 1
			continue
		}
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
			letter = true
		case 'A' <= c && c <= 'Z':
			letter, upper = true, true
		case '0' <= c && c <= '9', c == '-':
		default:
			return "", false
		}
	}
	if labels < 2 || !letter || len(s)-strings.LastIndexByte(s, '.') < 3 {
		return "", false
	}
	if upper {
		s = strings.ToLower(s)
	}
	return s, true
}

// ParseEmails reads a cell that may hold several addresses, parted by spaces,
// commas, semicolons, bars, line ends or " ::: ". Every part is an address or an
// error (a TypedError); the same address twice is one.
func ParseEmails(cell string) ([]Email, []error) {
	var mails []Email
	var errs []error
	seen := map[string]bool{}
	for _, part := range splitEmails(cell) {
		m, err := ParseEmail(part)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if key := EmailKey(m.Address); !seen[key] {
			seen[key] = true
			mails = append(mails, m)
		}
	}
	return mails, errs
}

func splitEmails(cell string) []string {
	cell = strings.ReplaceAll(cell, ":::", "\n")
	var parts []string
	for _, p := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;|\n\r", r) }) {
		p = strings.TrimSpace(p)
		switch {
		case p == "":
		case strings.Count(p, "@") > 1:
			// "a@example.com b@example.com"
			parts = append(parts, strings.Fields(p)...)
		default:
			parts = append(parts, p)
		}
	}
	return parts
}

// EmailKey is the key for exact comparison: lower case, the domain in ASCII
// (IDNA). Mail systems may tell cases of the local part apart; people do not.
func EmailKey(address string) string {
	address = strings.TrimSpace(address)
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return TextKey(address)
	}
	domain := address[at+1:]
	if plain, ok := asciiDomain(domain); ok {
		domain = plain
	} else if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	} else {
		domain = strings.ToLower(domain)
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(address[:at]))) + "@" + domain
}
