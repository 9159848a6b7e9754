package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"castellan/internal/schema"
)

// The vocabulary is the words by which records of a kind are found, each once.
// It tells which spellings of a word are worth looking for, in a few index
// probes each; what is then found is decided by the grant as ever. A word
// leaves it with the last record that has it.

// Words of so many letters are kept: shorter ones are similar to too many.
const (
	LeastLearned = 4
	mostLearned  = 40
)

// known are the words that belong into the vocabulary, each once.
func known(words []string) []string {
	var all []string
	for _, w := range words {
		if w = plainWord(w); unlike(w) {
			continue
		}
		all = append(all, w)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func unlike(w string) bool {
	n := utf8.RuneCountInString(w)
	for _, r := range w {
		if unicode.IsLetter(r) {
			return n < LeastLearned || n > mostLearned
		}
	}
	return true // a number: one digit more or less is another
}

// learn keeps the words. PostgreSQL has no constraint on them, so that two who
// write the same new word at the same time need not wait for each other: then
// it is there twice.
func (tx *Tx) learn(ctx context.Context, k *schema.Kind, words []string) error {
	words = known(words)
	if !hasWords(k) || len(words) == 0 {
		return nil
	}
	text, all := `INSERT INTO word (word, kind) SELECT w.value, ? FROM json_each(?) AS w WHERE NOT EXISTS (SELECT 1 FROM word AS o WHERE o.word = w.value AND o.kind = ?)`, []any{int64(k.Number), nil, int64(k.Number)}
	if tx.Engine() == Postgres {
		text = `INSERT INTO word (word, kind) SELECT w, ?::bigint FROM unnest(?::text[]) AS w WHERE NOT EXISTS (SELECT 1 FROM word AS o WHERE o.word = w AND o.kind = ?)`
	}
	var err error
	if all[1], err = tx.several(words); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, Text(text), all...); err != nil {
		return fmt.Errorf("keep words: %w", err)
	}
	return nil
}

// ForgetWords takes words out of the vocabulary that no record of the kind has
// any more, once one that had them is dropped or has others.
func (tx *Tx) ForgetWords(ctx context.Context, k *schema.Kind, words []string) error {
	words = known(words)
	if !hasWords(k) || len(words) == 0 {
		return nil
	}
	table := quoted(k.Name + "_words")
	text := `DELETE FROM word WHERE kind = ? AND word IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM ` + table + ` WHERE ` + table + ` MATCH '"' || word.word || '"')`
	if tx.Engine() == Postgres {
		text = `DELETE FROM word WHERE kind = ? AND word = ANY(?::text[]) AND NOT EXISTS (SELECT 1 FROM search AS s WHERE s.kind = word.kind AND s.words @@ quote_literal(word.word)::tsquery)`
	}
	all, err := tx.several(words)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, Text(text), int64(k.Number), all); err != nil {
		return fmt.Errorf("forget words: %w", err)
	}
	return nil
}

func (tx *Tx) several(words []string) (any, error) { return several(tx.Engine(), words) }

// several are words as one argument.
func several(e Engine, words []string) (any, error) {
	if e == Postgres {
		return words, nil
	}
	text, err := json.Marshal(words)
	return string(text), err
}

// unheard tells that nothing can be found by the words, as no record of the kind
// has a word that begins so. On PostgreSQL that is worth knowing beforehand: of
// what is not there it would look through the newest.
func (r *reading) unheard(ctx context.Context, from asker) (bool, error) {
	if r.db.engine != Postgres || r.ask.Search == nil || r.ids != nil || r.ask.Deleted || r.ask.Search.digits() != "" || r.ask.Search.Address != "" {
		return false, nil
	}
	readings := r.ask.Search.readings()
	var asked []string
	for _, places := range readings {
		for _, spellings := range places {
			asked = append(asked, known(spellings)...)
		}
	}
	if len(asked) == 0 {
		return false, nil
	}
	a, err := from.ask(ctx, `SELECT c.value FROM unnest(?::text[]) AS c(value) WHERE EXISTS (SELECT 1 FROM word AS w WHERE w.word >= c.value AND w.word < c.value || chr(1114111) AND w.kind = ?)`, []any{asked, int64(r.kind.Number)})
	if err != nil {
		return false, fmt.Errorf("look into the vocabulary: %w", err)
	}
	begun := map[string]bool{}
	more, err := a.next()
	for ; more && err == nil; more, err = a.next() {
		word, _ := a.value(0).(string)
		begun[word] = true
	}
	if err := errors.Join(err, a.close()); err != nil {
		return false, fmt.Errorf("look into the vocabulary: %w", err)
	}
	may := func(w string) bool { return begun[w] || unlike(w) }
	for _, places := range readings {
		if !slices.ContainsFunc(places, func(spellings []string) bool { return !slices.ContainsFunc(spellings, may) }) {
			return false, nil
		}
	}
	return true, nil
}

// mostAlike bounds what one look into the vocabulary brings.
const mostAlike = 4000

// Begun tells which of the beginnings some word of a kind has, by the number of
// the kind. It looks at words of every record, also of those that whoever asks
// may not see: it may choose what is looked for, and must not be shown.
func (db *DB) Begun(ctx context.Context, beginnings []string) (map[int][]string, error) {
	beginnings = known(beginnings)
	if len(beginnings) == 0 {
		return nil, nil
	}
	all, err := several(db.engine, beginnings)
	if err != nil {
		return nil, err
	}
	text := `SELECT DISTINCT w.kind, c.value FROM json_each(?) AS c CROSS JOIN word AS w WHERE w.word >= c.value AND w.word < c.value || char(1114111) LIMIT ?`
	if db.engine == Postgres {
		text = `SELECT DISTINCT w.kind, c.value FROM unnest(?::text[]) AS c(value) CROSS JOIN LATERAL (SELECT o.kind FROM word AS o WHERE o.word >= c.value AND o.word < c.value || chr(1114111) LIMIT 200) AS w LIMIT ?`
	}
	rows, err := db.Query(ctx, Text(text), all, int64(mostAlike))
	if err != nil {
		return nil, fmt.Errorf("look into the vocabulary: %w", err)
	}
	begun := map[int][]string{}
	for rows.Next() {
		v := rows.Values()
		kind, _ := v[0].(int64)
		word, _ := v[1].(string)
		begun[int(kind)] = append(begun[int(kind)], word)
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("look into the vocabulary: %w", err)
	}
	return begun, nil
}
