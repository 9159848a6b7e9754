package scribe

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/ledger"
)

// A span is a stretch of entries with a Bloom filter (Bloom 1970) over the
// records that they name. "Who has ever seen this client" reads a few bits of
// each filter and then only the spans that may name the client. An index row
// for each record of each list would cost fifty times the entry itself.

const (
	bitsPerRecord = 10 // about one false alarm in a hundred
	probes        = 7
)

// putSpan writes the filter over the entries first to last.
func putSpan(ctx context.Context, tx *store.Tx, first, last int64) error {
	rows, err := tx.Query(ctx, store.Text("SELECT entry FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq"), first, last)
	if err != nil {
		return fmt.Errorf("read a span: %w", err)
	}
	defer rows.Close()
	var all []uint64
	for rows.Next() {
		text, _ := rows.Values()[0].([]byte)
		e, err := ledger.ParseEntry(text)
		if err != nil {
			return fmt.Errorf("read a span: %w", err)
		}
		salt := kindSalt(e.Kind)
		for _, id := range e.Records {
			all = append(all, mix(uint64(id)^salt))
		}
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("read a span: %w", err)
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
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO span (first, last, filter) VALUES (?, ?, ?)"), first, last, filter); err != nil {
		return fmt.Errorf("keep a span: %w", err)
	}
	return nil
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

// spans gives take every entry from floor up to, not including, below that
// names the record, newest first, until it wants no more.
func (s *Scribe) spans(ctx context.Context, size, floor, below int64, kind string, id schema.RecordID, take func(Told) bool) error {
	goOn := true
	names := func(t Told) bool {
		if t.Entry.Kind == kind && slices.Contains(t.Entry.Records, int64(id)) {
			goOn = take(t)
		}
		return goOn
	}
	read := func(first, last int64) error {
		first, last = max(first, floor), min(last, below-1)
		if first > last {
			return nil
		}
		_, _, _, err := s.scan(ctx, "SELECT seq, entry FROM ledger WHERE seq >= ? AND seq <= ? ORDER BY seq DESC", []any{first, last}, names)
		return err
	}
	if err := read(size/spanWidth*spanWidth, size-1); err != nil || !goOn {
		return err
	}
	h := mix(uint64(id) ^ kindSalt(kind))
	for next := min(below, size/spanWidth*spanWidth); next > floor && goOn; {
		rows, err := s.ledger.Query(ctx, store.Text("SELECT first, last, filter FROM span WHERE first < ? ORDER BY first DESC LIMIT 64"), next)
		if err != nil {
			return fmt.Errorf("read spans: %w", err)
		}
		type stretch struct{ first, last int64 }
		var likely []stretch
		n := 0
		for rows.Next() {
			v := rows.Values()
			first, _ := v[0].(int64)
			last, _ := v[1].(int64)
			filter, _ := v[2].([]byte)
			n++
			next = first
			if last >= floor && mayName(filter, h) {
				likely = append(likely, stretch{first, last})
			}
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("read spans: %w", err)
		}
		for _, st := range likely {
			if err := read(st.first, st.last); err != nil || !goOn {
				return err
			}
		}
		if n == 0 {
			return nil
		}
	}
	return nil
}
