package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sound is written in one script and, in the other, in one of several ways,
// the likeliest first.
type sound struct {
	written string
	as      []string
}

// fromLatin has the longer before the shorter. ё is folded to е.
var fromLatin = []sound{
	{"shch", []string{"щ"}}, {"sch", []string{"щ", "ш"}}, {"sz", []string{"ш", "сз"}}, {"cz", []string{"ч", "цз"}},
	{"sh", []string{"ш"}}, {"ch", []string{"ч", "х"}}, {"zh", []string{"ж"}}, {"kh", []string{"х"}}, {"ts", []string{"ц", "тс"}},
	{"ya", []string{"я", "ья"}}, {"ia", []string{"ия", "я"}}, {"ja", []string{"я", "ья"}},
	{"yu", []string{"ю", "ью"}}, {"iu", []string{"ию", "ю"}}, {"ju", []string{"ю", "ью"}},
	{"yo", []string{"е", "йо"}}, {"jo", []string{"е", "йо"}}, {"ye", []string{"е", "ье"}}, {"je", []string{"е", "ье"}},
	{"iy", []string{"ий"}}, {"ij", []string{"ий"}}, {"yy", []string{"ый"}},
	{"a", []string{"а"}}, {"b", []string{"б"}}, {"c", []string{"к", "ц"}}, {"d", []string{"д"}}, {"e", []string{"е", "э"}},
	{"f", []string{"ф"}}, {"g", []string{"г"}}, {"h", []string{"х", "г"}}, {"i", []string{"и", "й"}}, {"j", []string{"й", "ж", "дж"}},
	{"k", []string{"к"}}, {"l", []string{"л", "ль"}}, {"m", []string{"м"}}, {"n", []string{"н", "нь"}}, {"o", []string{"о"}},
	{"p", []string{"п"}}, {"q", []string{"к"}}, {"r", []string{"р"}}, {"s", []string{"с"}}, {"t", []string{"т"}},
	{"u", []string{"у"}}, {"v", []string{"в"}}, {"w", []string{"в"}}, {"x", []string{"кс"}}, {"y", []string{"ы", "й", "и"}}, {"z", []string{"з"}},
}

var fromCyrillic = []sound{
	{"кс", []string{"ks", "x"}}, {"дж", []string{"j", "dzh"}},
	{"а", []string{"a"}}, {"б", []string{"b"}}, {"в", []string{"v", "w"}}, {"г", []string{"g", "h"}}, {"ґ", []string{"g"}}, {"д", []string{"d"}},
	{"е", []string{"e", "ye", "yo"}}, {"є", []string{"ye", "ie"}}, {"ж", []string{"zh", "j", "z"}}, {"з", []string{"z"}}, {"и", []string{"i", "y"}},
	{"і", []string{"i"}}, {"ї", []string{"i", "yi"}}, {"й", []string{"y", "i", "j"}}, {"к", []string{"k", "c"}}, {"л", []string{"l"}},
	{"м", []string{"m"}}, {"н", []string{"n"}}, {"о", []string{"o"}}, {"п", []string{"p"}}, {"р", []string{"r"}}, {"с", []string{"s"}},
	{"т", []string{"t"}}, {"у", []string{"u"}}, {"ф", []string{"f"}}, {"х", []string{"kh", "h", "ch"}}, {"ц", []string{"ts", "c"}},
	{"ч", []string{"ch", "cz"}}, {"ш", []string{"sh", "sz"}}, {"щ", []string{"shch", "sch"}}, {"ъ", []string{""}}, {"ы", []string{"y"}},
	{"ь", []string{"", "y"}}, {"э", []string{"e"}}, {"ю", []string{"yu", "iu", "ju"}}, {"я", []string{"ya", "ia", "ja"}},
}

// At the end of a word some are written otherwise.
var (
	endsLatin    = []sound{{"ey", []string{"ей"}}, {"ay", []string{"ай"}}, {"oy", []string{"ой"}}, {"y", []string{"ий", "ы", "й", "и"}}}
	endsCyrillic = []sound{{"ий", []string{"y", "iy", "ii", "ij", "i"}}, {"ый", []string{"y", "yy"}}}
)

// mostSpellings bounds what Transliterated gives.
const mostSpellings = 10

// Transliterated are the ways in which a folded word of Latin letters is written
// in Cyrillic ones, and back, the likeliest first. Other words have none.
func Transliterated(word string) []string {
	sounds, ends := fromLatin, endsLatin
	switch scriptOf(word) {
	case unicode.Cyrillic:
		sounds, ends = fromCyrillic, endsCyrillic
	case unicode.Latin:
	default:
		return nil
	}
	var parts [][]string
	for rest := word; rest != ""; {
		one := soundAt(rest, sounds, ends)
		parts = append(parts, one.as)
		rest = rest[len(one.written):]
	}
	var all []string
	add := func(place, choice int) {
		var b strings.Builder
		for i, as := range parts {
			if i == place {
				b.WriteString(as[choice])
			} else {
				b.WriteString(as[0])
			}
		}
		if b.Len() > 0 && len(all) < mostSpellings {
			all = append(all, b.String())
		}
	}
	add(-1, 0)
	for choice := 1; choice < 5; choice++ { // each departs from the likeliest in one place
		for place, as := range parts {
			if choice < len(as) {
				add(place, choice)
			}
		}
	}
	return all
}

// soundAt is the sound that a text begins with; a letter that has none stands for itself.
func soundAt(rest string, sounds, ends []sound) sound {
	for _, s := range ends {
		if rest == s.written {
			return s
		}
	}
	for _, s := range sounds {
		if strings.HasPrefix(rest, s.written) {
			return s
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	return sound{rest[:n], []string{rest[:n]}}
}

// scriptOf is the script of all letters of a word, or nil.
func scriptOf(word string) *unicode.RangeTable {
	var script *unicode.RangeTable
	for _, r := range word {
		var of *unicode.RangeTable
		switch {
		case unicode.Is(unicode.Latin, r):
			of = unicode.Latin
		case unicode.Is(unicode.Cyrillic, r):
			of = unicode.Cyrillic
		case !unicode.IsLetter(r):
			continue
		}
		if of == nil || script != nil && script != of {
			return nil
		}
		script = of
	}
	return script
}

// The letters of the same keys on an English and on a Russian keyboard.
const (
	keysLatin    = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
	keysCyrillic = "ёйцукенгшщзхъфывапролджэячсмитьбю"
)

var otherKey = func() map[rune]rune {
	m := map[rune]rune{}
	cyrillic := []rune(keysCyrillic)
	for i, r := range []rune(keysLatin) {
		m[r], m[cyrillic[i]] = cyrillic[i], r
	}
	for shifted, r := range map[rune]rune{'~': 'ё', '{': 'х', '}': 'ъ', ':': 'ж', '"': 'э', '<': 'б', '>': 'ю'} {
		m[shifted] = r
	}
	return m
}()

// OtherKeyboard is what the same keys write when the keyboard is set to the
// other language, English for Russian and back. It is not ok for text that the
// other could not have meant.
func OtherKeyboard(typed string) (other string, ok bool) {
	typed = strings.ToLower(typed)
	var b strings.Builder
	letters := false
	for _, r := range typed {
		o, has := otherKey[r]
		switch {
		case has:
			letters = true
			b.WriteRune(o)
		case unicode.IsLetter(r):
			return "", false
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), letters
}

// Words of such lengths may hold a slip; what is mistyped counts within so many
// letters from the beginning.
const (
	leastSlip = 4
	mostSlip  = 16
)

// Slips are the folded words from which a folded word is one slip away: a letter
// too many, too few, another one, or two that changed places.
func Slips(word string) []string {
	letters := "abcdefghijklmnopqrstuvwxyz"
	switch scriptOf(word) {
	case unicode.Cyrillic:
		letters = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
	case unicode.Latin:
	default:
		return nil
	}
	r := []rune(word)
	if len(r) < leastSlip {
		return nil
	}
	var all []string
	seen := map[string]bool{word: true}
	add := func(parts ...[]rune) {
		var w []rune
		for _, p := range parts {
			w = append(w, p...)
		}
		if s := string(w); len(w) >= leastSlip && !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	for i := range min(len(r), mostSlip) {
		if i+1 < len(r) {
			add(r[:i], r[i+1:i+2], r[i:i+1], r[i+2:])
		}
		add(r[:i], r[i+1:])
		for _, l := range letters {
			add(r[:i], []rune{l}, r[i+1:])
			add(r[:i], []rune{l}, r[i:])
		}
	}
	return all
}
