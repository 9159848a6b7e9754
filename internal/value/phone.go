package value

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// Phone is one telephone number.
type Phone struct {
	Number string `json:"number"`          // E.164: "+" and digits
	Ext    string `json:"ext,omitempty"`   // digits of the extension
	Typed  string `json:"typed,omitempty"` // as it was typed, only where Number and Ext say less than that
	Label  string `json:"label,omitempty"` // mobile, work, home, fax …
}

// Why a phone was refused.
var (
	ErrPhoneEmpty      = errors.New("there is no phone number")
	ErrPhoneMasked     = errors.New("the phone number is hidden by a mask")
	ErrPhoneScientific = errors.New("the phone number was cut to powers of ten by a spreadsheet")
	ErrPhoneShort      = errors.New("the phone number has too few digits")
	ErrPhoneLong       = errors.New("the phone number has too many digits")
	ErrPhoneInvalid    = errors.New("the phone number does not exist in its country")
)

// phoneRunes bounds what is looked at as one phone number.
const phoneRunes = 120

var (
	scientific = regexp.MustCompile(`^\d+(?:[.,]\d+)?[eE]\+?\d{1,3}$`)
	maskRun    = regexp.MustCompile(`[XxХх]{3,}|[*•●∙×]{2,}`)
	extension  = regexp.MustCompile(`(?i)[\s,;.]*(?:доб(?:авочный)?\.?|внутр?\.?|вн\.|wewn?\.?|int(?:erno)?\.?|ext(?:ension)?\.?|x|#)[\s:=]*(\d{1,7})\s*\)?$`)
)

// ParsePhone reads one phone number. Numbers without a country code belong to
// the region ("RU", "IT", "PL"; empty: there is none, and only international
// numbers are understood).
//
// A number typed nationally must exist in the numbering plan of its region. One
// typed internationally must only have a length that its country uses: plans
// grow faster than the copy of them inside this program. Words around a number
// ("ask for Anna") are kept in Typed. Errors are TypedErrors.
func ParsePhone(typed, region string) (Phone, error) {
	if number, ok := plainPhone(typed, region); ok {
		return Phone{Number: number}, nil
	}
	p, err := parsePhone(typed, region)
	if err != nil {
		return Phone{}, &TypedError{Typed: typed, Err: err}
	}
	return p, nil
}

func parsePhone(typed, region string) (Phone, error) {
	line := unwrapCell(visible(Line(typed)))
	switch digits := countDigits(line); {
	case line == "":
		return Phone{}, ErrPhoneEmpty
	case scientific.MatchString(strings.ReplaceAll(line, " ", "")):
		return Phone{}, ErrPhoneScientific
	case maskRun.MatchString(line):
		return Phone{}, ErrPhoneMasked
	case digits == 0 && !strings.ContainsFunc(line, unicode.IsLetter), digits < 3:
		return Phone{}, ErrPhoneShort
	case utf8.RuneCountInString(line) > phoneRunes, digits > 40:
		return Phone{}, ErrPhoneLong
	}
	main, ext := line, ""
	if m := extension.FindStringSubmatchIndex(line); m != nil && countDigits(line[:m[0]]) >= 5 {
		main, ext = strings.TrimSpace(line[:m[0]]), line[m[2]:m[3]]
	}
	number, libExt, err := dial(main, region)
	if err != nil {
		// The number may stand among words. Only one number: of two, neither is
		// more the client's than the other.
		spans := FindContacts(main)
		if len(spans) != 1 || spans[0].Kind != PhoneContact || len(main) == spans[0].End-spans[0].Start {
			return Phone{}, err
		}
		var inner error
		if number, libExt, inner = dial(main[spans[0].Start:spans[0].End], region); inner != nil {
			return Phone{}, err
		}
	}
	if ext == "" {
		ext = libExt
	}
	p := Phone{Number: number, Ext: ext}
	if saysMore(line, p) {
		p.Typed = line
	}
	return p, nil
}

// dial asks the library, and reads a leading 00 as "+" where the region has no
// other use for it: people copy international numbers with 00 into countries
// whose own prefix is 011 or 810.
func dial(text, region string) (number, ext string, err error) {
	if number, ext, err = libraryPhone(text, region); err == nil {
		return number, ext, nil
	}
	if digits := PhoneDigits(text); strings.HasPrefix(digits, "00") && !strings.Contains(text, "+") && len(digits) > 8 {
		if number, ext, again := libraryPhone("+"+digits[2:], region); again == nil {
			return number, ext, nil
		}
	}
	return "", "", err
}

// libraryPhone is the numbering plans' own opinion.
func libraryPhone(text, region string) (number, ext string, err error) {
	if region = strings.ToUpper(region); !phonenumbers.GetSupportedRegions()[region] {
		region = "ZZ"
	}
	n, err := phonenumbers.Parse(text, region)
	switch {
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "", "", ErrPhoneShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "", "", ErrPhoneLong
	case err != nil:
		return "", "", ErrPhoneInvalid
	}
	international := strings.HasPrefix(strings.TrimLeft(text, " (["), "+") || strings.HasPrefix(text, "tel:+") || strings.HasPrefix(text, "＋")
	if !phonenumbers.IsValidNumber(n) {
		switch phonenumbers.IsPossibleNumberWithReason(n) {
		case phonenumbers.IS_POSSIBLE:
			if !international || !stable(n) {
				return "", "", ErrPhoneInvalid
			}
		case phonenumbers.TOO_LONG:
			return "", "", ErrPhoneLong
		case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
			return "", "", ErrPhoneShort
		default:
			return "", "", ErrPhoneInvalid
		}
	}
	return phonenumbers.Format(n, phonenumbers.E164), n.GetExtension(), nil
}

// stable tells whether a number still is the same after it was printed. Of
// numbers outside the plan some are not: what looked like a country's own prefix
// is cut off once more each time.
func stable(n *phonenumbers.PhoneNumber) bool {
	printed := phonenumbers.Format(n, phonenumbers.E164)
	again, err := phonenumbers.Parse(printed, "ZZ")
	return err == nil && phonenumbers.Format(again, phonenumbers.E164) == printed
}

// plainPhone is the fast path: mobile numbers of the regions that most files
// come from, written with digits and separators only. It says yes only where
// the library would say the same, which a test holds it to on random spellings;
// it is some fifteen times faster.
func plainPhone(s, region string) (string, bool) {
	var digits [12]byte
	n, plus := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			if n == len(digits) {
				return "", false
			}
			digits[n] = c
			n++
		case c == '+' && i == 0:
			plus = true
		case c == ' ', c == '-', c == '(', c == ')':
		default:
			return "", false
		}
	}
	d := string(digits[:n])
	if plus {
		switch {
		case n == 11 && d[0] == '7' && d[1] == '9',
			n == 11 && d[0] == '1' && d[1] >= '2' && d[4] >= '2',
			n == 11 && d[:2] == "48" && polishMobile(d[2:4]),
			n == 12 && d[:3] == "393" && d[3] >= '2':
			return "+" + d, true
		}
		return "", false
	}
	switch region {
	case "RU":
		switch {
		case n == 11 && (d[0] == '8' || d[0] == '7') && d[1] == '9':
			return "+7" + d[1:], true
		case n == 10 && d[0] == '9':
			return "+7" + d, true
		}
	case "PL":
		if n == 9 && polishMobile(d[:2]) {
			return "+48" + d, true
		}
	case "IT":
		if n == 10 && d[0] == '3' && d[1] >= '2' {
			return "+39" + d, true
		}
	}
	return "", false
}

// polishMobile knows the two-digit beginnings that are mobile as a whole.
func polishMobile(head string) bool {
	switch head {
	case "50", "51", "53", "60", "66", "69", "72", "78", "79", "88":
		return true
	}
	return false
}

// ParsePhones reads a cell that may hold several numbers, parted by commas,
// semicolons, slashes, bars, line ends or " ::: ". Every part is either a
// phone or an error (a TypedError); the same number twice is one phone.
func ParsePhones(cell, region string) ([]Phone, []error) {
	var phones []Phone
	var errs []error
	for _, part := range splitPhones(cell) {
		p, err := ParsePhone(part.text, region)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if part.rest != "" {
			p.Typed = Line(part.text + part.rest)
		}
		if !containsPhone(phones, p) {
			phones = append(phones, p)
		}
	}
	return phones, errs
}

func containsPhone(phones []Phone, p Phone) bool {
	for _, q := range phones {
		if q.Number == p.Number && q.Ext == p.Ext {
			return true
		}
	}
	return false
}

// phonePart is one number of a cell, with a tail too short to be a number of
// its own ("…123-45-67/68").
type phonePart struct{ text, rest string }

func splitPhones(cell string) []phonePart {
	var parts []phonePart
	rest := strings.ReplaceAll(cell, ":::", "\n")
	for rest != "" {
		i := strings.IndexAny(rest, ",;/|\n\r")
		sep, text := "", rest
		if i >= 0 {
			sep, text, rest = rest[i:i+1], rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		// ";ext=102" and ", доб. 12" belong to the number before.
		for i >= 0 && (sep == ";" || sep == ",") && extensionNext(rest) {
			tail := rest
			if j := strings.IndexAny(rest, ",;/|\n\r"); j >= 0 {
				tail, rest = rest[:j], rest[j+1:]
			} else {
				rest = ""
			}
			text += " " + strings.Replace(strings.TrimSpace(tail), "ext=", "x", 1)
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if len(parts) > 0 && countDigits(text) < 5 && countDigits(parts[len(parts)-1].text) >= 5 && !maskRun.MatchString(text) {
			parts[len(parts)-1].rest += ", " + strings.TrimSpace(text)
			continue
		}
		parts = append(parts, phonePart{text: text})
	}
	return parts
}

var extensionStart = regexp.MustCompile(`(?i)^\s*(?:доб|внутр|вн\.|wew|int\.|interno|ext|x\s*\d|#)`)

func extensionNext(s string) bool { return extensionStart.MatchString(s) }

// PhoneKey is the key for exact comparison: the E.164 number. An extension does
// not part two numbers: whoever has the one has the other.
func PhoneKey(p Phone) string { return p.Number }

// PhoneDigits are the digits of what was typed, in ASCII, for search by a part
// of a number.
func PhoneDigits(typed string) string {
	b := make([]byte, 0, len(typed))
	for _, r := range typed {
		if d, ok := digit(r); ok {
			b = append(b, d)
		}
	}
	return string(b)
}

// saysMore reports whether what was typed tells something that the number does
// not: words, a name, digits that are no part of it.
func saysMore(typed string, p Phone) bool {
	if m := extension.FindStringIndex(typed); m != nil && p.Ext != "" {
		typed = typed[:m[0]]
	}
	typed = strings.TrimPrefix(typed, "tel:")
	if strings.ContainsFunc(typed, unicode.IsLetter) {
		return true
	}
	tail := PhoneDigits(p.Number)
	if len(tail) > 7 {
		tail = tail[len(tail)-7:]
	}
	return !strings.HasSuffix(PhoneDigits(typed), tail)
}

// unwrapCell takes off what spreadsheets put around a number so that it stays
// text: a leading apostrophe, ="…".
func unwrapCell(s string) string {
	if inner, ok := strings.CutPrefix(s, `="`); ok {
		s = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.Trim(s, `'"`))
}

// visible drops every format character: in a number or an address even a joiner
// has no meaning.
func visible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if _, ok := digit(r); ok {
			n++
		}
	}
	return n
}

// digit gives the ASCII form of a decimal digit of any script.
func digit(r rune) (byte, bool) {
	if '0' <= r && r <= '9' {
		return byte(r), true
	}
	if r < 0x660 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// Decimal digits of a script stand in runs of ten that begin with zero. Runs
	// may touch, so count from the beginning of the run.
	for _, run := range unicode.Nd.R16 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return '0' + byte((r-rune(run.Lo))%10), true
		}
	}
	for _, run := range unicode.Nd.R32 {
		if rune(run.Lo) <= r && r <= rune(run.Hi) {
			return '0' + byte((r-rune(run.Lo))%10), true
		}
	}
	return 0, false
}

// KnownRegion tells whether phone numbers without a country can belong to the
// region, a country code of two capital letters.
func KnownRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }
