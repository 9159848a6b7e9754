package scribe

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/ledger"
)

// oftenNamed is how many entries of a span must name a record before it is kept
// beside the filter who met it there. A record on everybody's first page is
// named by every span: without this, "who has ever seen this client" reads the
// whole log. Entries never change, so what is kept of them stays true.
const oftenNamed = 8

// named is a record as entries name it.
type named struct {
	kind   string
	record int64
}

// met is a Sighting as it is kept.
type met struct {
	Kind    uint8    `json:"k"`
	ID      int64    `json:"i"`
	First   int64    `json:"f"` // microseconds
	Last    int64    `json:"l"`
	Times   int      `json:"n"`
	Shown   []string `json:"s,omitempty"`
	Changed bool     `json:"c,omitempty"`
}

// often collects who met the records that the entries first to last name often.
func (s *Scribe) often(ctx context.Context, first, last int64, names map[named]int) (map[named]sightings, error) {
	all := map[named]sightings{}
	for n, times := range names {
		if times >= oftenNamed {
			all[n] = sightings{}
		}
	}
	if len(all) == 0 {
		return all, nil
	}
	_, _, _, err := s.scan(ctx, "SELECT seq, entry FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq", []any{first, last}, nil, func(t Told) bool {
		for i, id := range t.Entry.Records {
			// An entry that names a record twice is one meeting.
			if of, ok := all[named{t.Entry.Kind, id}]; ok && slices.Index(t.Entry.Records, id) == i {
				of.add(&t.Entry)
			}
		}
		return true
	})
	return all, err
}

// keepOften keeps what often has collected of the span that begins at first.
func keepOften(ctx context.Context, tx *store.Tx, first int64, all map[named]sightings) error {
	args := make([]any, 0, 4*len(all))
	for n, of := range all {
		list := make([]met, 0, len(of))
		for _, g := range of {
			list = append(list, met{uint8(g.Kind), g.ID, g.First.UnixMicro(), g.Last.UnixMicro(), g.Times, g.Shown, g.Changed})
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		args = append(args, n.kind, n.record, first, text)
	}
	for len(args) > 0 {
		k := chunk(len(args) / 4)
		if _, err := tx.Exec(ctx, insertOften.of(k), args[:4*k]...); err != nil {
			return err
		}
		args = args[4*k:]
	}
	return nil
}

var insertOften = func() shapes {
	all := rowsOf("INSERT INTO span_often (kind, record, first, met) VALUES ", 4)
	for i := range all {
		all[i] += " ON CONFLICT (kind, record, first) DO NOTHING"
	}
	return all
}()

// metOften gives what is kept of a record, and of which spans, by their first
// entries.
func (s *Scribe) metOften(ctx context.Context, kind string, id schema.RecordID) (sightings, map[int64]bool, error) {
	all, spans := sightings{}, map[int64]bool{}
	rows, err := s.ledger.Query(ctx, store.Text("SELECT first, met FROM span_often WHERE kind = ? AND record = ?"), kind, id)
	if err != nil {
		return nil, nil, fmt.Errorf("read who met a record: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var first int64
		var text []byte
		if err := rows.Scan(&first, &text); err != nil {
			return nil, nil, fmt.Errorf("read who met a record: %w", err)
		}
		var list []met
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, nil, fmt.Errorf("read who met a record: %w", err)
		}
		spans[first] = true
		for _, m := range list {
			all.join(ledger.Actor{Kind: ledger.ActorKind(m.Kind), ID: m.ID}, &Sighting{Kind: actor.Kind(m.Kind), ID: m.ID,
				First: time.UnixMicro(m.First).UTC(), Last: time.UnixMicro(m.Last).UTC(), Times: m.Times, Shown: m.Shown, Changed: m.Changed})
		}
	}
	return all, spans, rows.Close()
}

// join adds what is known of an actor from elsewhere.
func (all sightings) join(who ledger.Actor, g *Sighting) {
	if all[who] == nil {
		all[who] = g
		return
	}
	all[who].merge(g)
}
