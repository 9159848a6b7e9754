package ledger

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// morning is when test logs begin.
var morning = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// steady is a source of bytes that are the same in every run.
type steady byte

func (s *steady) Read(b []byte) (int, error) {
	for i := range b {
		*s = *s*5 + 3
		b[i] = byte(*s)
	}
	return len(b), nil
}

// testKey makes the key of a log; the same number makes the same key.
func testKey(t testing.TB, name string, number byte) (note.Signer, note.Verifier) {
	t.Helper()
	seed := steady(number)
	private, public, err := NewKey(name, &seed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// testLog is a log in memory. Tests write it honestly and then lay hands on
// rows, checkpoints and leaves.
type testLog struct {
	t      testing.TB
	signer note.Signer
	key    note.Verifier

	tree        Frontier
	now         time.Time
	incarnation uint32

	rows        []Stored
	checkpoints [][]byte
	leaves      []Hash // none: the source keeps no leaves apart
	blocks      []Hash // none: nor roots of blocks
}

func newLog(t testing.TB) *testLog {
	s, v := testKey(t, "castellan.example/demo", 1)
	return &testLog{t: t, signer: s, key: v, now: morning, incarnation: 1}
}

// write appends an entry, at its own time or a second after the last.
func (l *testLog) write(e Entry, details string) {
	l.t.Helper()
	l.now = l.now.Add(time.Second)
	if e.Time.IsZero() {
		e.Time = l.now
	}
	l.now = e.Time
	if e.Event == "" {
		e.Event = "contact.listed"
	}
	e.Incarnation = l.incarnation
	row := Stored{Seq: l.tree.Size()}
	if details != "" {
		row.Salt = [32]byte{byte(row.Seq), byte(row.Seq >> 8), 7}
		row.Details = []byte(details)
		e.Commitment = Commit(row.Salt, row.Details)
	}
	if err := e.Check(); err != nil {
		l.t.Fatal(err)
	}
	row.Entry = e.Append(nil)
	leaf := LeafHash(row.Entry)
	l.tree.Append(leaf)
	l.rows = append(l.rows, row)
	l.leaves = append(l.leaves, leaf)
}

// seal signs a checkpoint over everything so far.
func (l *testLog) seal() {
	l.t.Helper()
	l.checkpoints = append(l.checkpoints, l.sign())
}

func (l *testLog) sign() []byte {
	l.t.Helper()
	msg, err := Checkpoint{l.key.Name(), l.tree.Size(), l.tree.Root(), l.now, l.incarnation}.Sign(l.signer)
	if err != nil {
		l.t.Fatal(err)
	}
	return msg
}

// fill writes n ordinary entries and seals after every tenth and at the end.
func (l *testLog) fill(n int) *testLog {
	l.t.Helper()
	for i := range n {
		seq := l.tree.Size()
		details := ""
		if i%3 == 0 {
			details = fmt.Sprintf(`{"name":["Ana %d","Anna %d"]}`, seq, seq)
		}
		l.write(Entry{
			Actor: Actor{Kind: Person, ID: 7, Session: seq/50 + 1}, Address: netip.MustParseAddr("192.0.2.9"),
			Kind: "contact", Records: []int64{1 << 40, 1<<40 + seq, 5}, Surface: "list", Shown: []string{"phone"},
		}, details)
		if i%10 == 9 || i == n-1 {
			l.seal()
		}
	}
	return l
}

// renumber closes gaps the way a careful forger would.
func (l *testLog) renumber() {
	for i := range l.rows {
		l.rows[i].Seq = int64(i)
	}
}

// edit changes the entry of a row, keeping it readable.
func (l *testLog) edit(seq int, change func(*Entry)) {
	l.t.Helper()
	e, err := ParseEntry(l.rows[seq].Entry)
	if err != nil {
		l.t.Fatal(err)
	}
	change(&e)
	l.rows[seq].Entry = e.Append(nil)
}

// copy lets a test damage one of two equal logs.
func (l *testLog) copy() *testLog {
	c := *l
	c.rows, c.checkpoints, c.leaves, c.blocks = slices.Clone(l.rows), slices.Clone(l.checkpoints), slices.Clone(l.leaves), slices.Clone(l.blocks)
	return &c
}

func (l *testLog) Checkpoints(_ context.Context, from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, msg := range l.checkpoints {
			if sizeLine(msg) >= from && !yield(msg, nil) {
				return
			}
		}
	}
}

func (l *testLog) Entries(_ context.Context, from int64) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for _, s := range l.rows {
			if s.Seq >= from && !yield(s, nil) {
				return
			}
		}
	}
}

func (l *testLog) Leaves(_ context.Context, from int64) iter.Seq2[Hash, error] {
	return func(yield func(Hash, error) bool) {
		for _, h := range l.leaves[min(int(from), len(l.leaves)):] {
			if !yield(h, nil) {
				return
			}
		}
	}
}

func (l *testLog) Blocks(_ context.Context, from int64) iter.Seq2[Hash, error] {
	return func(yield func(Hash, error) bool) {
		for _, h := range l.blocks[min(int(from), len(l.blocks)):] {
			if !yield(h, nil) {
				return
			}
		}
	}
}

// keepBlocks keeps the roots of blocks apart from the entries.
func (l *testLog) keepBlocks() *testLog {
	l.t.Helper()
	var tiler Tiler
	for _, leaf := range l.leaves {
		err := tiler.Append(leaf, func(t Tile, b []byte) error {
			var f Frontier
			for ; t.Level == 0 && len(b) > 0; b = b[32:] {
				f.Append(Hash(b[:32]))
			}
			if t.Level == 0 {
				l.blocks = append(l.blocks, f.Root())
			}
			return nil
		})
		if err != nil {
			l.t.Fatal(err)
		}
	}
	return l
}

func (l *testLog) verify(opts Options) Report {
	l.t.Helper()
	r, err := Verify(l.t.Context(), l, l.key, opts)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// finds asserts that verification finds exactly the wanted problems, each
// given as "problem first last".
func (l *testLog) finds(opts Options, want ...string) Report {
	l.t.Helper()
	r := l.verify(opts)
	got := []string{}
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s %d %d", f.Problem, f.First, f.Last))
	}
	if !slices.Equal(got, want) {
		var text bytes.Buffer
		for _, f := range r.Findings {
			fmt.Fprintf(&text, "\n\t%s", f.Text)
		}
		l.t.Errorf("found %q, want %q:%s", got, want, text.String())
	}
	return r
}
