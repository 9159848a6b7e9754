package ledger

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goldenKey(t testing.TB) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(strings.TrimSpace(string(readGolden(t, "golden.pub"))))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCheckpointOfAnotherImplementationIsRead(t *testing.T) {
	c, err := OpenCheckpoint(readGolden(t, "golden.checkpoint"), goldenKey(t))
	if err != nil {
		t.Fatal(err)
	}
	var f Frontier
	for _, g := range goldenEntries(t) {
		f.Append(LeafHash(g.bytes))
	}
	if c.Size != f.Size() || c.Root != f.Root() || c.Incarnation != 3 || c.Time.Format(checkpointTime) != "2026-03-02T08:00:05.000001Z" {
		t.Errorf("checkpoint %+v", c)
	}
}

func TestProofOfAnotherImplementationIsRead(t *testing.T) {
	text := readGolden(t, "golden.tlog-proof")
	p, err := ParseProof(text)
	if err != nil {
		t.Fatal(err)
	}
	if string(p.Extra) != "what for" || p.Index != 2 || len(p.Path) != 3 || !bytes.Equal(p.Checkpoint, readGolden(t, "golden.checkpoint")) {
		t.Errorf("proof %+v", p)
	}
	if !bytes.Equal(p.Marshal(), text) {
		t.Errorf("written back as\n%s", p.Marshal())
	}
	entries := goldenEntries(t)
	if _, err := p.Verify(entries[2].bytes, goldenKey(t)); err != nil {
		t.Error(err)
	}
	if _, err := p.Verify(entries[3].bytes, goldenKey(t)); err == nil {
		t.Error("it proves another entry too")
	}
}

func TestDamagedProofProvesNothing(t *testing.T) {
	key, entry := goldenKey(t), goldenEntries(t)[2].bytes
	text := readGolden(t, "golden.tlog-proof")
	extra := len("c2sp.org/tlog-proof@v1\nextra ") // unsigned: may be anything
	for i := range text {
		damaged := bytes.Clone(text)
		damaged[i] ^= 1
		p, err := ParseProof(damaged)
		if err != nil {
			continue
		}
		if !bytes.Equal(p.Marshal(), damaged) {
			t.Errorf("byte %d: two texts for one proof", i)
		}
		// Of the last letter of the signature two bits mean nothing.
		if _, err := p.Verify(entry, key); err == nil && (i < extra || i > extra+12) && i != len(text)-3 {
			t.Errorf("byte %d: a damaged proof still proves", i)
		}
	}
	for name, bad := range map[string]string{
		"nothing":        "",
		"no index":       "c2sp.org/tlog-proof@v1\n\nx\n",
		"leading zero":   strings.Replace(string(text), "index 2", "index 02", 1),
		"negative":       strings.Replace(string(text), "index 2", "index -2", 1),
		"carriage":       strings.ReplaceAll(string(text), "\n", "\r\n"),
		"no final break": strings.TrimSuffix(string(text), "\n"),
		"extra twice":    strings.Replace(string(text), "extra", "extra d2hhdA==\nextra", 1),
	} {
		if p, err := ParseProof([]byte(bad)); err == nil {
			if _, err := p.Verify(entry, key); err == nil {
				t.Errorf("%s: proves", name)
			}
		}
	}
}

func FuzzProofMalleability(f *testing.F) {
	f.Add(readGolden(f, "golden.tlog-proof"))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\na\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParseProof(text); err == nil && !bytes.Equal(p.Marshal(), text) {
			t.Fatalf("%q is written back as %q", text, p.Marshal())
		}
		if c, err := ParseConsistency(text); err == nil && !bytes.Equal(c.Marshal(), text) {
			t.Fatalf("%q is written back as %q", text, c.Marshal())
		}
	})
}

func FuzzCheckpointMalleability(f *testing.F) {
	text, _, _ := strings.Cut(string(readGolden(f, "golden.checkpoint")), "\n\n")
	f.Add(text + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Fatalf("%q is written back as %q", text, c.Text())
		}
	})
}

func TestCheckpointHasOneSpelling(t *testing.T) {
	good := Checkpoint{"log.example", 12, Hash{1}, morning, 1}.Text()
	if _, err := ParseCheckpoint(good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"more lines":    good + "extra\n",
		"fewer lines":   strings.TrimSuffix(good, "incarnation 1\n"),
		"leading zero":  strings.Replace(good, "\n12\n", "\n012\n", 1),
		"plus":          strings.Replace(good, "\n12\n", "\n+12\n", 1),
		"short time":    strings.Replace(good, ".000000Z", "Z", 1),
		"other zone":    strings.Replace(good, ".000000Z", ".000000+00:00", 1),
		"no name":       strings.TrimPrefix(good, "log.example"),
		"space in name": strings.Replace(good, "log.example", "log example", 1),
		"incarnation":   strings.Replace(good, "incarnation 1", "incarnation 4294967296", 1),
	} {
		if _, err := ParseCheckpoint(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestKeySignsOnlyForItsLog(t *testing.T) {
	signer, key := testKey(t, "castellan.example/demo", 1)
	if _, err := (Checkpoint{"castellan.example/other", 0, new(Frontier).Root(), morning, 1}).Sign(signer); err == nil {
		t.Error("it signed for another log")
	}
	msg, err := note.Sign(&note.Note{Text: Checkpoint{"castellan.example/other", 0, new(Frontier).Root(), morning, 1}.Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCheckpoint(msg, key); err == nil {
		t.Error("another log's checkpoint was opened")
	}
	if _, _, err := NewKey("two words", nil); err == nil {
		t.Error("a name with a space was taken")
	}
}

func TestCheckpointErrorsTellForeignFromForged(t *testing.T) {
	l := newLog(t).fill(3)
	_, other := testKey(t, l.key.Name(), 2)
	var foreign *note.UnverifiedNoteError
	if _, err := OpenCheckpoint(l.checkpoints[0], other); !errors.As(err, &foreign) {
		t.Errorf("foreign: %v", err)
	}
	var forged *note.InvalidSignatureError
	if _, err := OpenCheckpoint(bytes.Replace(l.checkpoints[0], []byte("\n3\n"), []byte("\n4\n"), 1), l.key); !errors.As(err, &forged) {
		t.Errorf("forged: %v", err)
	}
}

func TestWitnessSignatureDoesNotDisturb(t *testing.T) {
	l := newLog(t).fill(3)
	witness, _ := testKey(t, "witness.example", 9)
	n, err := note.Open(l.checkpoints[0], note.VerifierList(l.key))
	if err != nil {
		t.Fatal(err)
	}
	if l.checkpoints[0], err = note.Sign(n, witness); err != nil {
		t.Fatal(err)
	}
	l.finds(Options{})
}

func TestConsistencyProofFailsOnAnotherHistory(t *testing.T) {
	l := newLog(t).fill(300)
	var all stored
	for i, leaf := range l.leaves {
		all.add(t, int64(i), leaf)
	}
	newest := l.checkpoints[len(l.checkpoints)-1]
	other := newLog(t)
	other.write(Entry{Event: "ledger.begun"}, "")
	other.fill(299)
	for i := range len(l.checkpoints) {
		older, err := OpenCheckpoint(l.checkpoints[i], l.key)
		if err != nil {
			t.Fatal(err)
		}
		made, err := ProveConsistency(older.Size, newest, all)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParseConsistency(made.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := p.Verify(l.checkpoints[i], l.key); err != nil || c.Size != 300 {
			t.Errorf("from %d: %v", older.Size, err)
		}
		var branch Frontier
		for _, leaf := range other.leaves[:older.Size] {
			branch.Append(leaf)
		}
		older.Root = branch.Root()
		forged, err := older.Sign(l.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(forged, l.key); err == nil {
			t.Errorf("from %d: another history was taken for the beginning", older.Size)
		}
	}
	empty := newLog(t)
	empty.seal()
	p, err := ProveConsistency(0, newest, all)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(empty.checkpoints[0], l.key); err != nil {
		t.Error(err)
	}
}
