package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one piece of the text form.
type token struct {
	form tokenForm
	text string // of a quoted token: what the quotes hold
	at   int    // position of its first character, from 1
}

type tokenForm uint8

const (
	end tokenForm = iota
	word
	quoted
	sign // one of ( ) , and the comparisons
)

// is tells whether the token is the sign, or the keyword in either case.
func (t token) is(s string) bool {
	return t.form == sign && t.text == s || t.form == word && strings.EqualFold(t.text, s)
}

// signs in the order in which they are tried: the longer first.
var signs = []string{"!=", "<=", ">=", "(", ")", ",", "=", "<", ">"}

// lex cuts the text into tokens, the last of which is the end. It returns the
// position of a character that cannot be there, or 0.
func lex(s string) (tokens []token, bad int) {
	for at := 1; s != ""; {
		t, size := lexOne(s)
		if size == 0 {
			return nil, at
		}
		if t.form != end {
			t.at = at
			tokens = append(tokens, t)
		}
		at += utf8.RuneCountInString(s[:size])
		s = s[size:]
		if s == "" {
			return append(tokens, token{at: at}), 0
		}
	}
	return append(tokens, token{at: 1}), 0
}

// lexOne reads one token, or the end of none for white space. A size of zero
// means that there is none.
func lexOne(s string) (token, int) {
	if space := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace)); space > 0 {
		return token{}, space
	}
	if s[0] == '"' {
		return lexQuoted(s)
	}
	for _, text := range signs {
		if strings.HasPrefix(s, text) {
			return token{form: sign, text: text}, len(text)
		}
	}
	size := strings.IndexFunc(s, func(r rune) bool { return !inWord(r) })
	if size < 0 {
		size = len(s)
	}
	return token{form: word, text: s[:size]}, size
}

func lexQuoted(s string) (token, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return token{form: quoted, text: b.String()}, i + 1
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return token{}, 0
			}
		}
		b.WriteByte(s[i])
	}
	return token{}, 0
}

// inWord tells whether the character can stand in a word without quotes.
func inWord(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsControl(r) && !strings.ContainsRune(`(),=!<>?"`, r)
}

// keywords cannot be the name of a field without quotes.
var keywords = []string{"all", "none", "and", "or", "not", "in", "is", "empty", "has", "any", "starts", "contains"}

func keyword(s string) bool {
	for _, k := range keywords {
		if strings.EqualFold(k, s) {
			return true
		}
	}
	return false
}

// quote writes the text so that lex reads it back as one quoted token.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// bare writes plain words as they are and quotes the rest.
func bare(s string) string {
	for _, r := range s {
		if !inWord(r) || r > unicode.MaxASCII {
			return quote(s)
		}
	}
	if s == "" {
		return quote(s)
	}
	return s
}
