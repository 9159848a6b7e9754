package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Offered are the words that a firm offers where somebody writes a tag, or says
// where a client comes from, so that all write the same. They bind nobody: what
// is typed besides is taken too, and a word that is no longer offered stays where
// it was written.
type Offered struct {
	Tags    []string `json:"tags"`
	Sources []string `json:"sources"`
}

// How many words of each are offered, and how long one may be.
const (
	offeredMost = 300
	offeredLong = 60
)

// settingOffered is where they lie among the settings.
const settingOffered = "offered"

// Offered are the words as they are now, in the order in which they are offered.
func (w *Workspace) Offered() Offered { return w.latest().offered.clone() }

// ChangeOffered replaces the words that are offered. It needs ManageFields. Blanks
// around a word are taken away; a word twice, in whatever case, is refused.
func (w *Workspace) ChangeOffered(ctx context.Context, who actor.Actor, next Offered) error {
	next = next.clone()
	if err := fault.Join(append(tidied("tags", next.Tags), tidied("sources", next.Sources)...)); err != nil {
		return err
	}
	return w.change(ctx, who, policy.ManageFields, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		if slices.Equal(is.offered.Tags, next.Tags) && slices.Equal(is.offered.Sources, next.Sources) {
			return nil, nil
		}
		text, err := json.Marshal(next)
		if err != nil {
			return nil, fmt.Errorf("encode offered words: %w", err)
		}
		_, err = tx.Exec(ctx, store.Text("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"), settingOffered, string(text))
		if err != nil {
			return nil, fmt.Errorf("write offered words: %w", err)
		}
		return &scribe.Entry{Event: "settings.changed", Details: map[string]any{"before": is.offered, "after": next}}, nil
	})
}

// clone is a copy whose lists are never nil.
func (o Offered) clone() Offered {
	return Offered{append([]string{}, o.Tags...), append([]string{}, o.Sources...)}
}

// tidied takes the blanks from around the words and says what is wrong with them.
func tidied(field string, words []string) []fault.Fault {
	var wrong []fault.Fault
	if len(words) > offeredMost {
		return append(wrong, *fault.Newf(fault.Invalid, "offered.many", "At most %d words are offered.", offeredMost).At(field))
	}
	met := map[string]bool{}
	for i, word := range words {
		word = strings.Join(strings.Fields(word), " ")
		words[i] = word
		at := fmt.Sprintf("%s.%d", field, i)
		key := value.TextKey(word)
		switch {
		case word == "" || len([]rune(word)) > offeredLong:
			wrong = append(wrong, *fault.Newf(fault.Invalid, "offered.word", "A word has 1 to %d characters.", offeredLong).At(at))
		case holdsContact(word):
			wrong = append(wrong, *fault.New(fault.Invalid, "offered.contact", "A word that is offered holds no phone number and no mail address.").At(at))
		case met[key]:
			wrong = append(wrong, *fault.New(fault.Invalid, "offered.twice", "The same word is offered already.").At(at))
		}
		met[key] = true
	}
	return wrong
}

// holdsContact tells of what would stand open to everybody in a drop-down.
func holdsContact(word string) bool {
	_, found := value.MaskContacts(word)
	return found || value.HasMask(word)
}

func readOffered(ctx context.Context, tx *store.Tx) (Offered, error) {
	var o Offered
	var text string
	rows, err := tx.Query(ctx, store.Text("SELECT value FROM setting WHERE name = ?"), settingOffered)
	if err != nil {
		return o, fmt.Errorf("read offered words: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return o, fmt.Errorf("read offered words: %w", err)
		}
	}
	if err := rows.Err(); err != nil || text == "" {
		return o.clone(), err
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return o, fmt.Errorf("read offered words: %w", err)
	}
	return o.clone(), nil
}
