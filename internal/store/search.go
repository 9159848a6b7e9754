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

	Spelled [][]string // by place of Words: other beginnings that do there as well
	Or      [][]string // other readings of what was typed: all words of one of them do as well as Words
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
	if err := tx.learn(ctx, k, words); err != nil {
		return err
	}
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

// plainWord is a word without signs that would mean something to the engine.
func plainWord(w string) string {
	return cut(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, w), maxWord)
}

// readings are the ways to read what was typed. A record is found by one of
// them: by every place of it, and there by one of its spellings.
func (s Search) readings() [][][]string {
	var all [][][]string
	add := func(words []string, spelled [][]string) {
		var places [][]string
		for i, w := range words {
			if w = plainWord(w); w == "" {
				continue
			}
			place := []string{w}
			if i < len(spelled) {
				for _, o := range spelled[i] {
					if o = plainWord(o); o != "" && !slices.Contains(place, o) {
						place = append(place, o)
					}
				}
			}
			places = append(places, place)
		}
		if len(places) > 0 {
			all = append(all, places)
		}
	}
	add(s.Words, s.Spelled)
	for _, words := range s.Or {
		add(words, nil)
	}
	return all
}

// whole tells whether a word is looked for as a whole: the beginnings of a
// single letter are too many to be of use.
func whole(word string) bool { return utf8.RuneCountInString(word) == 1 }

// writeReadings writes them in the words of an engine.
func writeReadings(all [][][]string, or, and string, one func(word string) string) string {
	readings := make([]string, len(all))
	for i, places := range all {
		parts := make([]string, len(places))
		for j, spellings := range places {
			words := make([]string, len(spellings))
			for k, w := range spellings {
				words[k] = one(w)
			}
			parts[j] = "(" + strings.Join(words, or) + ")"
		}
		readings[i] = "(" + strings.Join(parts, and) + ")"
	}
	return strings.Join(readings, or)
}

// match writes the readings as FTS5 asks for them.
func match(all [][][]string) string {
	return writeReadings(all, " OR ", " AND ", func(w string) string {
		if whole(w) {
			return `"` + w + `"`
		}
		return `"` + w + `"*`
	})
}

// tsquery writes the readings as PostgreSQL asks for them.
func tsquery(all [][][]string) string {
	return writeReadings(all, " | ", " & ", func(w string) string {
		if whole(w) {
			return `'` + w + `'`
		}
		return `'` + w + `':*`
	})
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
