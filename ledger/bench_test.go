package ledger

import (
	"context"
	"fmt"
	"iter"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// page is a read of fifty records, the commonest entry.
func page() Entry {
	e := Entry{
		Time: morning, Event: "contact.listed", Actor: Actor{Kind: Person, ID: 7, Session: 1 << 60}, Address: netip.MustParseAddr("192.0.2.9"),
		Kind: "contact", Surface: "list", Shown: []string{"contact data"}, Incarnation: 1,
	}
	for i := range int64(50) {
		e.Records = append(e.Records, 1861157462016000+i*2_000_003)
	}
	return e
}

func BenchmarkFrontierAppend(b *testing.B) {
	var f Frontier
	leaf := leafNumber(0)
	for b.Loop() {
		f.Append(leaf)
	}
}

func BenchmarkEntryAppend(b *testing.B) {
	e := page()
	buf := e.Append(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
}

func BenchmarkEntryParse(b *testing.B) {
	e := page()
	buf := e.Append(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseEntry(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLeafHash(b *testing.B) {
	e := page()
	buf := e.Append(nil)
	for b.Loop() {
		LeafHash(buf)
	}
}

// endless makes the entries of a log while they are read, so that what is
// measured is verification and its memory.
type endless struct {
	size        int64
	key         note.Verifier
	checkpoints [][]byte
}

// entry is the i-th: every fourth with details, one a second.
func (l *endless) entry(i int64, e *Entry, buf []byte) Stored {
	e.Time = morning.Add(time.Duration(i) * time.Second)
	e.Records[0] = i
	s := Stored{Seq: i}
	e.Commitment = [32]byte{}
	if i%4 == 0 {
		s.Salt = [32]byte{byte(i)}
		s.Details = []byte(`{"phone":["+49 1555 0100","+49 1555 0199"],"name":["Ana","Anna"]}`)
		e.Commitment = Commit(s.Salt, s.Details)
	}
	s.Entry = e.Append(buf[:0])
	return s
}

func newEndless(b *testing.B, size, each int64) *endless {
	signer, key := testKey(b, "castellan.example/demo", 1)
	l := &endless{size: size, key: key}
	var tree Frontier
	e, buf := page(), make([]byte, 0, 1024)
	for i := range size {
		tree.Append(LeafHash(l.entry(i, &e, buf).Entry))
		if i%each == each-1 || i == size-1 {
			msg, err := Checkpoint{key.Name(), i + 1, tree.Root(), e.Time, 1}.Sign(signer)
			if err != nil {
				b.Fatal(err)
			}
			l.checkpoints = append(l.checkpoints, msg)
		}
	}
	return l
}

func (l *endless) Checkpoints(_ context.Context, from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, msg := range l.checkpoints {
			if sizeLine(msg) >= from && !yield(msg, nil) {
				return
			}
		}
	}
}

func (l *endless) Entries(_ context.Context, from int64) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		e, buf := page(), make([]byte, 0, 1024)
		for i := from; i < l.size; i++ {
			if !yield(l.entry(i, &e, buf), nil) {
				return
			}
		}
	}
}

func (l *endless) Leaves(context.Context, int64) iter.Seq2[Hash, error] {
	return func(func(Hash, error) bool) {}
}

// Both must hold on a small machine: a million entries in less than thirty
// seconds, what one day added in less than one.
func BenchmarkVerify(b *testing.B) {
	const size = 1_000_000
	for _, each := range []int64{100, 10} {
		l := newEndless(b, size, each)
		b.Run(fmt.Sprintf("million entries, a checkpoint over %d", each), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Verify(b.Context(), l, l.key, Options{})
				if err != nil || !r.OK() || r.Proven != size {
					b.Fatal(r, err)
				}
			}
		})
		cut := *l
		cut.size -= 10_000
		cut.checkpoints = cut.checkpoints[:cut.size/each]
		before, err := Verify(b.Context(), &cut, l.key, Options{})
		if err != nil || before.State == nil {
			b.Fatal(before.Findings, err)
		}
		b.Run(fmt.Sprintf("ten thousand more, a checkpoint over %d", each), func(b *testing.B) {
			for b.Loop() {
				r, err := Verify(b.Context(), l, l.key, Options{State: before.State})
				if err != nil || !r.OK() || r.Proven != size || r.Entries != 10_000 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
