// Package blocklist says how much of a password is easily guessed.
//
// Whoever guesses passwords begins with those that others have chosen, with
// what is known of the person, with rows of keys and with repetitions. Weight
// counts a password in characters, but takes all such stretches for two
// characters each, however long they are.
//
// The words are those of @zxcvbn-ts/language-common 4.1.3 (MIT, see
// words.LICENSE) of at least four characters, as the first five bytes of their
// SHA-256, sorted. To make the file again:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go run internal/identity/blocklist/generate.go <package/src/passwords.json >internal/identity/blocklist/words.bin
//
// A newcomer would get wrong that there is nothing secret here: the list is
// public, and the hash only makes it small.
package blocklist

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	hashSize  = 5
	shortest  = 4  // shorter stretches are counted by the character
	longest   = 24 // no listed word is longer, and a longer row of keys is counted in parts
	stretched = 2  // what a stretch weighs that is easily guessed
)

//go:embed words.bin
var words string

// Weight is the number of characters of a password in which everything easily
// guessed counts for little. about are words that are known of the person and
// the place: address, name, workspace. Small and capital letters, and the usual
// digits and signs in place of letters, make no difference.
func Weight(password string, about ...string) int {
	plain := []rune(Fold(password))
	known := map[string]bool{}
	for _, text := range about {
		for _, w := range strings.FieldsFunc(Fold(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			known[w] = true
		}
	}
	return min(weight(plain, known), weight(disguised(plain), known))
}

// weight is the cheapest way to put the text together from single characters
// and stretches.
func weight(text []rune, known map[string]bool) int {
	best := make([]int, len(text)+1)
	for end := 1; end <= len(text); end++ {
		best[end] = best[end-1] + 1
		for begin := end - shortest; begin >= 0; begin-- {
			if best[begin]+stretched < best[end] && guessable(text, begin, end, known) {
				best[end] = best[begin] + stretched
			}
		}
	}
	return best[len(text)]
}

func guessable(text []rune, begin, end int, known map[string]bool) bool {
	s := text[begin:end]
	if row(s) || repeats(s) || begin >= len(s) && equal(s, text[begin-len(s):begin]) {
		return true
	}
	if len(s) > longest {
		return false
	}
	w := string(s)
	return known[w] || listed(w)
}

// row tells whether each character follows the one before it, up or down the
// alphabet, the digits or a row of keys.
func row(s []rune) bool {
	if straight(s, 1) || straight(s, -1) {
		return true
	}
	if len(s) > longest {
		return false
	}
	there, back := string(s), make([]rune, len(s))
	for i, r := range s {
		back[len(s)-1-i] = r
	}
	for _, keys := range rowsOfKeys {
		if strings.Contains(keys, there) || strings.Contains(keys, string(back)) {
			return true
		}
	}
	return false
}

var rowsOfKeys = []string{
	"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop",
	"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p",
}

func straight(s []rune, step rune) bool {
	for i := 1; i < len(s); i++ {
		if s[i]-s[i-1] != step {
			return false
		}
	}
	return true
}

// repeats tells whether one, two or three characters are repeated throughout.
func repeats(s []rune) bool {
	for period := 1; period <= 3 && 2*period <= len(s); period++ {
		if equal(s[period:], s[:len(s)-period]) {
			return true
		}
	}
	return false
}

func equal(a, b []rune) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// disguised undoes the usual replacements.
func disguised(text []rune) []rune {
	plain := make([]rune, len(text))
	for i, r := range text {
		plain[i] = r
		if letter, ok := disguises[r]; ok {
			plain[i] = letter
		}
	}
	return plain
}

var disguises = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', '!': 'i', '|': 'l'}

// Fold makes equal what a guesser would try together.
func Fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

func listed(word string) bool {
	h := Hash(word)
	n := len(words) / hashSize
	i := sort.Search(n, func(i int) bool { return words[i*hashSize:(i+1)*hashSize] >= string(h) })
	return i < n && words[i*hashSize:(i+1)*hashSize] == string(h)
}

// Hash is the form in which a folded word is listed.
func Hash(word string) []byte {
	h := sha256.Sum256([]byte(word))
	return bytes.Clone(h[:hashSize])
}
