package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"castellan/internal/schema"
)

// Search is what was typed into the search box, taken apart. A record is found
// if it has all the words, or the digits, or the address. The zero Search finds
// nothing.
type Search struct {
	Words   []string // folded (value.Words); each is the beginning of a word, one of a single letter the whole of it
	Digits  string   // three or more digits in a row of a phone
	Address string   // folded beginning of a mail address
}

// maxWord is how many bytes of a word count; PostgreSQL takes at most 2046.
const maxWord = 500

// leastDigits is the shortest part of a phone that is looked for.
const leastDigits = 3

// hasWords and hasDigits tell whether the kind has tables to be found by.
func hasWords(k *schema.Kind) bool {
	return !k.Within && slices.ContainsFunc(k.Fields, func(f *schema.Field) bool { return f.Search == schema.ByWords })
}

func hasDigits(k *schema.Kind) bool {
	return !k.Within && slices.ContainsFunc(k.Fields, func(f *schema.Field) bool { return f.Search == schema.ByDigits })
}

// PutSearch keeps the words and digits by which a record is found, in place of
// what was kept before. Words are folded as value.Words does.
func (tx *Tx) PutSearch(ctx context.Context, k *schema.Kind, id schema.RecordID, words, digits []string) error {
	if tx.Engine() == Postgres {
		return tx.putSearchPostgres(ctx, k, id, words, digits)
	}
	if err := tx.DropSearch(ctx, k, id); err != nil {
		return err
	}
	if hasWords(k) && len(words) > 0 {
		if _, err := tx.Exec(ctx, Text(`INSERT INTO `+quoted(k.Name+"_words")+`(rowid, words) VALUES (?, ?)`), id, strings.Join(words, " ")); err != nil {
			return fmt.Errorf("keep search words: %w", err)
		}
	}
	if hasDigits(k) && len(digits) > 0 {
		if _, err := tx.Exec(ctx, Text(`INSERT INTO `+quoted(k.Name+"_digits")+`(rowid, digits) VALUES (?, ?)`), id, strings.Join(digits, " ")); err != nil {
			return fmt.Errorf("keep search digits: %w", err)
		}
	}
	return nil
}

func (tx *Tx) putSearchPostgres(ctx context.Context, k *schema.Kind, id schema.RecordID, words, digits []string) error {
	if !hasWords(k) && !hasDigits(k) {
		return nil
	}
	if _, err := tx.Exec(ctx, Text(`INSERT INTO search(kind, record, words, digits) VALUES (?, ?, array_to_tsvector(?::text[]), ?)
		ON CONFLICT (kind, record) DO UPDATE SET words = excluded.words, digits = excluded.digits`),
		k.Number, id, lexemes(words), strings.Join(digits, " ")); err != nil {
		return fmt.Errorf("keep search words: %w", err)
	}
	return nil
}

// DropSearch makes a record unfindable.
func (tx *Tx) DropSearch(ctx context.Context, k *schema.Kind, id schema.RecordID) error {
	var statements []Statement
	if tx.Engine() == Postgres {
		if _, err := tx.Exec(ctx, Text(`DELETE FROM search WHERE kind = ? AND record = ?`), k.Number, id); err != nil {
			return fmt.Errorf("drop search words: %w", err)
		}
		return nil
	}
	if hasWords(k) {
		statements = append(statements, Text(`DELETE FROM `+quoted(k.Name+"_words")+` WHERE rowid = ?`))
	}
	if hasDigits(k) {
		statements = append(statements, Text(`DELETE FROM `+quoted(k.Name+"_digits")+` WHERE rowid = ?`))
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s, id); err != nil {
			return fmt.Errorf("drop search words: %w", err)
		}
	}
	return nil
}

// cut shortens a text to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// words are those to look for, without signs that would mean something to the
// engine.
func (s Search) words() []string {
	var all []string
	for _, w := range s.Words {
		w = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
				return r
			}
			return -1
		}, w)
		if w = cut(w, maxWord); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// whole tells whether a word is looked for as a whole: the beginnings of a
// single letter are too many to be of use.
func whole(word string) bool { return utf8.RuneCountInString(word) == 1 }

// match writes the words as FTS5 asks for them: every one must be there.
func match(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(`"` + w + `"`)
		if !whole(w) {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// tsquery writes the words as PostgreSQL asks for them.
func tsquery(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString(`'` + w + `'`)
		if !whole(w) {
			b.WriteString(":*")
		}
	}
	return b.String()
}

// digits are those of the part of a phone: anything else could not be looked
// for and would mean something to the engine.
func (s Search) digits() string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s.Digits)
}
