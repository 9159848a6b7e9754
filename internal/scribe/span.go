package scribe

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"castellan/internal/schema"
	"castellan/internal/store"
)

// A span is a stretch of entries with a Bloom filter (Bloom 1970) over the
// records that they name. "Who has ever seen this client" reads a few bits of
// each filter and then only the spans that may name the client. An index row
// for each record of each list would cost fifty times the entry itself.

const (
	bitsPerRecord = 10 // about one false alarm in a hundred
	probes        = 7
)

// index writes the filters of spans that have become full. It is done beside
// the appending of entries, which would otherwise stand still for it; a span
// without a filter is read whole.
func (s *Scribe) index(ctx context.Context) error {
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return fmt.Errorf("read the head of the ledger: %w", err)
	}
	first, err := s.indexed(ctx)
	if err != nil {
		return err
	}
	for ; first+spanWidth <= h.size; first += spanWidth {
		filter, names, err := s.filterOf(ctx, first, first+spanWidth-1)
		if err != nil {
			return err
		}
		often, err := s.often(ctx, first, first+spanWidth-1, names)
		if err != nil {
			return fmt.Errorf("read a span: %w", err)
		}
		err = s.commit(ctx, s.ledger, stepIndex, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("INSERT INTO span (first, last, filter) VALUES (?, ?, ?) ON CONFLICT (first) DO NOTHING"), first, first+spanWidth-1, filter)
			if err != nil {
				return err
			}
			return keepOften(ctx, tx, first, often)
		})
		if err != nil {
			return fmt.Errorf("keep a span: %w", err)
		}
	}
	return nil
}

// indexed is how many entries have filters over them.
func (s *Scribe) indexed(ctx context.Context) (int64, error) {
	var last int64
	err := s.ledger.QueryRow(ctx, store.Text("SELECT last FROM span ORDER BY first DESC LIMIT 1")).Scan(&last)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read spans: %w", err)
	}
	return last + 1, nil
}

// filterOf makes the filter over the entries first to last, and counts how many
// of them name each record.
func (s *Scribe) filterOf(ctx context.Context, first, last int64) ([]byte, map[named]int, error) {
	var all []uint64
	names := map[named]int{}
	_, _, _, err := s.scan(ctx, "SELECT seq, entry FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq", []any{first, last}, nil, func(t Told) bool {
		salt := kindSalt(t.Entry.Kind)
		for _, id := range t.Entry.Records {
			all = append(all, mix(uint64(id)^salt))
			names[named{t.Entry.Kind, id}]++
		}
		return true
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read a span: %w", err)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	filter := make([]byte, max(8, len(all)*bitsPerRecord/8+1))
	for _, h := range all {
		for i := range uint64(probes) {
			bit := probe(h, i, filter)
			filter[bit/8] |= 1 << (bit % 8)
		}
	}
	return filter, names, nil
}

// kindSalt keeps person 7 and group 7 apart.
func kindSalt(kind string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * 1099511628211
	}
	return h
}

// mix is the finaliser of SplitMix64: filters are kept for good, so it must
// never change.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// probe is the i-th bit of a record in a filter (Kirsch and Mitzenmacher 2006).
func probe(h, i uint64, filter []byte) uint64 {
	hi, _ := bits.Mul64(mix(h+i*0x632be59bd9b4e019), uint64(len(filter))*8)
	return hi
}

func mayName(filter []byte, h uint64) bool {
	for i := range uint64(probes) {
		if bit := probe(h, i, filter); filter[bit/8]>>(bit%8)&1 == 0 {
			return false
		}
	}
	return true
}

// stretch is a run of entries, first to last.
type stretch struct{ first, last int64 }

// likely yields the stretches, newest first, of the entries from floor up to,
// not including, below that may name a record.
func (s *Scribe) likely(ctx context.Context, size, floor, below int64, kind string, id schema.RecordID) iter.Seq2[stretch, error] {
	h := mix(uint64(id) ^ kindSalt(kind))
	return func(yield func(stretch, error) bool) {
		give := func(first, last int64) bool {
			first, last = max(first, floor), min(last, below-1)
			return first > last || yield(stretch{first, last}, nil)
		}
		next, err := s.indexed(ctx)
		if err != nil {
			yield(stretch{}, err)
			return
		}
		// What has no filter yet. It may be more than a span when the
		// indexing lags.
		for last := size - 1; last >= next; last -= spanWidth {
			if !give(max(next, last-spanWidth+1), last) {
				return
			}
		}
		for next = min(below, next); next > floor; {
			few, err := s.filters(ctx, next, h)
			if err != nil {
				yield(stretch{}, err)
				return
			}
			if few.read == 0 {
				return
			}
			for _, st := range few.likely {
				if !give(st.first, st.last) {
					return
				}
			}
			next = few.next
		}
	}
}

// filtered is what some filters say.
type filtered struct {
	likely []stretch
	read   int
	next   int64 // the first entry of the oldest
}

// filters reads some filters below an entry, newest first.
func (s *Scribe) filters(ctx context.Context, below int64, h uint64) (f filtered, err error) {
	rows, err := s.ledger.Query(ctx, store.Text("SELECT first, last, filter FROM span WHERE first < ? ORDER BY first DESC LIMIT 64"), below)
	if err != nil {
		return f, fmt.Errorf("read spans: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var st stretch
		var filter []byte
		if err := rows.Scan(&st.first, &st.last, &filter); err != nil {
			return f, fmt.Errorf("read spans: %w", err)
		}
		f.read, f.next = f.read+1, st.first
		if len(filter) == 0 || mayName(filter, h) {
			f.likely = append(f.likely, st)
		}
	}
	if err := rows.Close(); err != nil {
		return f, fmt.Errorf("read spans: %w", err)
	}
	return f, nil
}

// naming gives take the entries of a stretch that name a record, newest first,
// until it wants no more.
func (s *Scribe) naming(ctx context.Context, st stretch, kind string, id schema.RecordID, take func(Told) bool) (more bool, err error) {
	_, _, more, err = s.scan(ctx, "SELECT seq, entry FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq DESC", []any{st.first, st.last},
		func(entry []byte) bool { return naming(entry, kind, int64(id)) }, take)
	return more, err
}
