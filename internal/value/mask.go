package value

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands in place of hidden contact data.
const (
	PhoneMask = "XXXX"     // one for a whole number, however long
	EmailMask = "[e-mail]" // one for a whole address
)

// ContactKind tells what a Span holds.
type ContactKind uint8

const (
	PhoneContact ContactKind = iota
	EmailContact
)

// Span is a piece of text: bytes Start to End.
type Span struct {
	Start, End int
	Kind       ContactKind
}

// FindContacts finds phone numbers and mail addresses inside free text, in
// order, without overlap.
//
// A phone is seven digits or more, of any script, with spaces, brackets, dashes,
// dots or slashes between them; five, after a word such as "tel.". Dates, times,
// years and prices are not phones. Where the two cannot be told apart it is a
// phone: a hidden order number is a nuisance, a shown phone number a leak.
// Numbers that somebody means to smuggle (in words, over several lines) are
// beyond it.
func FindContacts(text string) []Span {
	if !mayHoldContact(text) {
		return nil
	}
	spans := findEmails(text)
	spans = append(spans, findPhones(text, spans)...)
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	// An extension can reach into what follows: then they are one.
	apart := spans[:0]
	for _, s := range spans {
		if n := len(apart); n > 0 && s.Start < apart[n-1].End {
			apart[n-1].End = max(apart[n-1].End, s.End)
			continue
		}
		apart = append(apart, s)
	}
	return apart
}

// mayHoldContact is the quick no that most notes get.
func mayHoldContact(text string) bool {
	digits := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			if digits++; digits >= 5 {
				return true
			}
		case c == '@':
			return true
		case c >= 0xd9: // other digits, other at signs: look properly
			if r, _ := utf8.DecodeRuneInString(text[i:]); r == '＠' || r == '﹫' {
				return true
			} else if _, ok := digit(r); ok {
				digits++
			}
			if digits >= 5 {
				return true
			}
		}
	}
	return false
}

// MaskContacts replaces every phone number and mail address in the text by its
// mask. No five digits in a row of a number that was found are left anywhere in
// the text, and masking twice changes nothing more.
func MaskContacts(text string) (masked string, found bool) {
	// What stands beside a number decides how it is read, so a masked text is
	// read again. Every round removes digits or an @, so it ends.
	for {
		spans := FindContacts(text)
		if len(spans) == 0 {
			return text, found
		}
		found = true
		var numbers []string
		for _, s := range spans {
			if s.Kind == PhoneContact {
				numbers = append(numbers, PhoneDigits(text[s.Start:s.End]))
			}
		}
		var b strings.Builder
		last := 0
		for _, s := range spans {
			b.WriteString(hideEchoes(text[last:s.Start], numbers))
			if s.Kind == PhoneContact {
				b.WriteString(PhoneMask)
			} else {
				b.WriteString(EmailMask)
			}
			last = s.End
		}
		b.WriteString(hideEchoes(text[last:], numbers))
		text = b.String()
	}
}

var digitRun = regexp.MustCompile(`\p{Nd}{5,}`)

// hideEchoes hides runs of digits that repeat a part of a number that was found
// ("+7 916 555-00-10, ends in 55500").
func hideEchoes(text string, numbers []string) string {
	if len(numbers) == 0 || text == "" {
		return text
	}
	return digitRun.ReplaceAllStringFunc(text, func(run string) string {
		d := PhoneDigits(run)
		for _, n := range numbers {
			for i := 0; i+5 <= len(d); i++ {
				if strings.Contains(n, d[i:i+5]) {
					return PhoneMask
				}
			}
		}
		return run
	})
}

// HasMask reports whether a value that somebody writes holds a mask that they
// were shown in place of the real thing. Letters beside it make it a word
// ("size XXXXL"), not a mask.
func HasMask(s string) bool {
	if strings.Contains(s, EmailMask) {
		return true
	}
	for i := 0; i < len(s); {
		if !strings.HasPrefix(s[i:], PhoneMask) && !strings.HasPrefix(s[i:], "••••") {
			i++
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		end := i
		for end < len(s) && (s[end] == 'X' || strings.HasPrefix(s[end:], "•")) {
			if s[end] == 'X' {
				end++
			} else {
				end += len("•")
			}
		}
		after, _ := utf8.DecodeRuneInString(s[end:])
		if (i == 0 || !unicode.IsLetter(before)) && (end == len(s) || !unicode.IsLetter(after)) {
			return true
		}
		i = end
	}
	return false
}

// findEmails looks left and right of every at sign.
func findEmails(text string) []Span {
	var spans []Span
	floor := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r != '@' && r != '＠' && r != '﹫' {
			i += size
			continue
		}
		start := localStart(text, i, floor)
		end := domainEnd(text, i+size)
		if start < i && end > i+size {
			spans = append(spans, Span{start, end, EmailContact})
			floor, i = end, end
			continue
		}
		i += size
	}
	return spans
}

func localStart(text string, at, floor int) int {
	start := at
	for spaces := 0; start > floor; spaces++ {
		r, size := utf8.DecodeLastRuneInString(text[floor:start])
		if start == at && spaces < 2 && r == ' ' {
			// "ivan @ example.com": look past the spaces, then for the name.
			if inner := localStart(text, start-size, floor); inner < start-size {
				return inner
			}
			return at
		}
		if !addressRune(r) && (r == utf8.RuneError || !strings.ContainsRune("!#$%&'*+/=?^`{|}~", r)) {
			break
		}
		start -= size
	}
	// Punctuation before the name is the sentence's.
	for start < at && strings.IndexByte(".'*/=?!#", text[start]) >= 0 {
		start++
	}
	return start
}

func domainEnd(text string, from int) int {
	i := from
	for n := 0; n < 2 && i < len(text) && text[i] == ' '; n++ {
		i++
	}
	end, dot, letters := i, -1, 0
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '.' || r == '．' || r == '。':
			if next, _ := utf8.DecodeRuneInString(text[i+size:]); !unicode.IsLetter(next) && !unicode.IsDigit(next) {
				i = len(text)
				continue
			}
			dot, letters = i, 0
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '-' || r == '_':
			if unicode.IsLetter(r) {
				letters++
			}
			end = i + size
		default:
			i = len(text)
			continue
		}
		i += size
	}
	if dot < 0 || letters < 1 {
		return from
	}
	return end
}

func addressRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '.' || r == '_' || r == '-')
}

// A group is a run of digits; gap is what stands between it and the next one.
type group struct {
	start, end int // bytes
	digits     string
}

// maxGap is how many separators may stand between two groups of one number.
const maxGap = 5

// findPhones reads the text as chains of digit groups and takes out of each what
// is a date, a time, a year or a price.
func findPhones(text string, mails []Span) []Span {
	all := chains(text, mails)
	if !slices.ContainsFunc(all, func(chain []group) bool { return digitsOf(chain) >= 5 }) {
		return nil
	}
	blocked := dateAndTimeSpans(text)
	var spans []Span
	for _, chain := range all {
		spans = append(spans, phonesInChain(text, chain, blocked)...)
	}
	return spans
}

func chains(text string, mails []Span) [][]group {
	var all [][]group
	var chain []group
	flush := func() {
		if len(chain) > 0 {
			all = append(all, chain)
			chain = nil
		}
	}
	gap, mail := 0, 0
	var run []byte
	runStart := -1
	endRun := func(at int) {
		if runStart >= 0 {
			chain = append(chain, group{runStart, at, string(run)})
			run, runStart, gap = nil, -1, 0
		}
	}
	for i := 0; i < len(text); {
		if mail < len(mails) && i == mails[mail].Start {
			endRun(i)
			flush()
			i = mails[mail].End
			mail++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if d, ok := digit(r); ok {
			if runStart < 0 {
				runStart = i
			}
			run = append(run, d)
			i += size
			continue
		}
		if runStart >= 0 && unicode.Is(unicode.Cf, r) {
			i += size // an invisible mark inside a run does not part it
			continue
		}
		endRun(i)
		if gap++; r == '+' || r == '＋' || gap > maxGap || !separator(r) {
			flush()
		}
		i += size
	}
	endRun(len(text))
	flush()
	return all
}

// separator tells what may stand between the groups of one number. Not a comma
// (lists of numbers) and not a line end (tables).
func separator(r rune) bool {
	switch r {
	case '.', '-', '(', ')', '[', ']', '/', '\\', '_', '*', '~', ':', '·', '•', '−', '\t', '．', '（', '）':
		return true
	}
	return unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r)
}

// phonesInChain cuts the dates and times out of a chain and judges what is left.
func phonesInChain(text string, chain []group, blocked []Span) []Span {
	var pieces [][]group
	var piece []group
	for _, g := range chain {
		if inSpans(blocked, g) {
			if len(piece) > 0 {
				pieces = append(pieces, piece)
				piece = nil
			}
			continue
		}
		piece = append(piece, g)
	}
	if len(piece) > 0 {
		pieces = append(pieces, piece)
	}
	// "+7 4872 12.05.2024" is a phone that looks like a date at its end.
	if len(pieces) > 0 && digitsOf(chain) >= 7 {
		first := pieces[0]
		if n := digitsOf(first); n >= 3 && n < 7 && first[0] == chain[0] && len(first) < len(chain) && international(text, first) {
			pieces = [][]group{chain}
		}
	}
	var spans []Span
	for _, p := range pieces {
		n := digitsOf(p)
		if n < 5 || n < 7 && !afterPhoneWord(text, p) || n >= 7 && (years(p) || price(text, p)) {
			continue
		}
		spans = append(spans, spanOf(text, p))
	}
	return spans
}

func digitsOf(chain []group) int {
	n := 0
	for _, g := range chain {
		n += len(g.digits)
	}
	return n
}

func inSpans(spans []Span, g group) bool {
	for _, s := range spans {
		if s.Start <= g.start && g.end <= s.End {
			return true
		}
	}
	return false
}

// international tells whether a group of digits begins with + or a bracket.
func international(text string, chain []group) bool {
	before := strings.TrimRight(text[:chain[0].start], " ")
	return strings.HasSuffix(before, "+") || strings.HasSuffix(before, "(") || strings.HasSuffix(before, "＋")
}

var (
	extensionTail = regexp.MustCompile(`(?i)^[\s,;.]*(?:доб(?:авочный)?\.?|внутр?\.?|wewn?\.?|int(?:erno)?\.?|ext(?:ension)?\.?|x|#)[\s:=]*\d{1,7}`)
	phoneWord     = regexp.MustCompile(`(?i)(?:тел(?:ефон)?|моб(?:ильный)?|сот|phone|tel|mob(?:ile)?|cell|cellulare|telefono?|komórka|kom|fax|факс|whatsapp|viber|☎|📞|📱)[\s.:#№-]*\(?\+?$`)
)

func afterPhoneWord(text string, chain []group) bool {
	from := max(chain[0].start-40, 0)
	return phoneWord.MatchString(strings.ToValidUTF8(text[from:chain[0].start], " "))
}

// spanOf includes the plus or bracket before, a closing bracket that belongs to
// it, and an extension behind.
func spanOf(text string, chain []group) Span {
	s := Span{chain[0].start, chain[len(chain)-1].end, PhoneContact}
	for s.Start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:s.Start])
		if r != '+' && r != '(' && r != '＋' && r != '（' || r == '(' && !strings.Contains(text[s.Start:s.End], ")") {
			break
		}
		s.Start -= size
	}
	if m := extensionTail.FindStringIndex(text[s.End:]); m != nil {
		// Eight digits in a row are no extension.
		if r, _ := utf8.DecodeRuneInString(text[s.End+m[1]:]); !unicode.IsDigit(r) {
			s.End += m[1]
		}
	}
	return s
}

func years(chain []group) bool {
	for _, g := range chain {
		if len(g.digits) != 4 || g.digits[:2] != "19" && g.digits[:2] != "20" {
			return false
		}
	}
	return true
}

var (
	fullDate   = regexp.MustCompile(`\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d\d`)
	clockTime  = regexp.MustCompile(`(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?`)
	moneyAfter = regexp.MustCompile(`(?i)^[\s]*(?:тыс\.?\s*|млн\.?\s*)?(?:[₽$€£¥₴₸]|(?:zł|zl|pln|rub|rur|eur|euro|usd|gbp|uah|kzt|руб|р|грн|тг|тенге|долл|евро)(?:\P{L}|$))`)
	moneyFront = regexp.MustCompile(`(?i)(?:[₽$€£¥₴₸]|(?:^|\P{L})(?:pln|rub|eur|usd|gbp|uah|kzt))\s*$`)
	decimals   = regexp.MustCompile(`^,\d{1,2}(?:\D|$)`)
)

// dateAndTimeSpans are the dates and times that stand alone, not as a part of a
// longer chain of the same separators (01.02.03.04.05 is a French phone).
func dateAndTimeSpans(text string) []Span {
	var spans []Span
	for _, m := range fullDate.FindAllStringIndex(text, -1) {
		if realDate(text[m[0]:m[1]]) && alone(text, m[0], m[1], "./-") {
			spans = append(spans, Span{Start: m[0], End: m[1]})
		}
	}
	for _, m := range clockTime.FindAllStringIndex(text, -1) {
		if alone(text, m[0], m[1], ":") {
			spans = append(spans, Span{Start: m[0], End: m[1]})
		}
	}
	return spans
}

// alone: no digit touches it, nor a separator with a digit behind.
func alone(text string, start, end int, separators string) bool {
	if start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if unicode.IsDigit(r) {
			return false
		}
		if strings.ContainsRune(separators, r) {
			if q, _ := utf8.DecodeLastRuneInString(text[:start-size]); unicode.IsDigit(q) {
				return false
			}
		}
	}
	if end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if unicode.IsDigit(r) {
			return false
		}
		if strings.ContainsRune(separators, r) {
			if q, _ := utf8.DecodeRuneInString(text[end+size:]); unicode.IsDigit(q) {
				return false
			}
		}
	}
	return true
}

// realDate: equal separators, a day and a month that exist.
func realDate(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	seps := strings.Trim(s, "0123456789")
	var kinds []rune
	for _, r := range seps {
		if r < '0' || r > '9' {
			kinds = append(kinds, r)
		}
	}
	if len(parts) != 3 || len(kinds) != 2 || kinds[0] != kinds[1] {
		return false
	}
	a, b, c := small(parts[0]), small(parts[1]), small(parts[2])
	if len(parts[0]) == 4 {
		return b >= 1 && b <= 12 && c >= 1 && c <= 31
	}
	return a >= 1 && b >= 1 && (a <= 31 && b <= 12 || a <= 12 && b <= 31)
}

// small reads up to four digits.
func small(s string) int {
	n := 0
	for i := 0; i < len(s) && i < 4; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// price: digits grouped by thousands with decimals, with a currency beside them,
// or rounded to thousands; or one amount, or two with a dash, beside a currency.
// Never more than nine digits before the decimals.
func price(text string, chain []group) bool {
	if international(text, chain) {
		return false
	}
	end := chain[len(chain)-1].end
	money := moneyAfter.MatchString(text[end:]) || moneyFront.MatchString(strings.ToValidUTF8(text[max(chain[0].start-12, 0):chain[0].start], " "))
	tail := decimals.MatchString(text[end:])
	whole := chain
	if n := len(chain); n >= 2 && len(chain[n-1].digits) == 2 && text[chain[n-2].end:chain[n-1].start] == "." {
		whole, tail = chain[:n-1], true
	}
	total := digitsOf(whole)
	if total > 9 {
		return false
	}
	switch {
	case len(whole) == 1:
		return money || tail && total <= 8
	case thousands(text, whole):
		last := whole[len(whole)-1].digits
		return money || tail || total <= 8 && last == "000"
	case len(whole) == 2 && money:
		gap := strings.TrimSpace(text[whole[0].end:whole[1].start])
		return len(whole[0].digits) <= 5 && len(whole[1].digits) <= 5 && (gap == "-" || gap == "–" || gap == "—")
	}
	return false
}

// thousands: up to three digits, then threes, all with the same one separator.
func thousands(text string, chain []group) bool {
	if len(chain) < 2 || len(chain[0].digits) > 3 {
		return false
	}
	sep := text[chain[0].end:chain[1].start]
	if sep != " " && sep != "\u00a0" && sep != "\u202f" && sep != "." {
		return false
	}
	for i, g := range chain[1:] {
		if len(g.digits) != 3 || text[chain[i].end:g.start] != sep {
			return false
		}
	}
	return true
}
