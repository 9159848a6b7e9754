package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"castellan/ledger"
)

var morning = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// chance is a source of bytes that are the same in every run.
type chance byte

func (c *chance) Read(b []byte) (int, error) {
	for i := range b {
		*c = *c*5 + 3
		b[i] = byte(*c)
	}
	return len(b), nil
}

// office is a place with a log, its files and its owner's papers.
type office struct {
	t      *testing.T
	dir    string
	signer note.Signer
	key    note.Verifier

	tree  ledger.Frontier
	rows  []ledger.Stored
	heads [][]byte
	now   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	seed := chance(1)
	private, public, err := ledger.NewKey("castellan/demo", &seed)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, dir: t.TempDir(), now: morning}
	if o.signer, err = note.NewSigner(private); err != nil {
		t.Fatal(err)
	}
	if o.key, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	o.file("ledger.pub", []byte(public+"\n"))
	return o
}

// path is a place in the office.
func (o *office) path(name string) string { return filepath.Join(o.dir, name) }

func (o *office) file(name string, content []byte) string {
	o.t.Helper()
	path := o.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// work writes n entries, a minute apart, with a sign of life every fifth.
func (o *office) work(n int) *office {
	o.t.Helper()
	for range n {
		seq := o.tree.Size()
		e := ledger.Entry{Time: o.now, Event: "contact.changed", Kind: "contact", Records: []int64{1<<40 + seq}, Surface: "card", Incarnation: 1,
			Actor: ledger.Actor{Kind: ledger.Person, ID: 7, Session: 3}, Address: netip.MustParseAddr("192.0.2.9"), Shown: []string{"contact data"}}
		s := ledger.Stored{Seq: seq, Salt: [32]byte{byte(seq), 1}, Details: []byte(`{"phone":["555-0100","555-0199"]}`)}
		if seq%5 == 0 {
			e = ledger.Entry{Time: o.now, Event: ledger.EventHeartbeat, Actor: ledger.Actor{Kind: ledger.System}, Incarnation: 1}
			s.Salt, s.Details = [32]byte{}, nil
		} else {
			e.Commitment = ledger.Commit(s.Salt, s.Details)
		}
		if err := e.Check(); err != nil {
			o.t.Fatal(err)
		}
		s.Entry = e.Append(nil)
		o.rows = append(o.rows, s)
		o.tree.Append(ledger.LeafHash(s.Entry))
		head, err := ledger.Checkpoint{Origin: o.key.Name(), Size: o.tree.Size(), Root: o.tree.Root(), Time: o.now, Incarnation: 1}.Sign(o.signer)
		if err != nil {
			o.t.Fatal(err)
		}
		o.heads = append(o.heads, head)
		o.now = o.now.Add(time.Minute)
	}
	return o
}

func (o *office) Checkpoints(_ context.Context, from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i, head := range o.heads {
			if int64(i) >= from-1 && !yield(head, nil) {
				return
			}
		}
	}
}

func (o *office) Entries(_ context.Context, from int64) iter.Seq2[ledger.Stored, error] {
	return func(yield func(ledger.Stored, error) bool) {
		for _, s := range o.rows[from:] {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (o *office) Leaves(context.Context, int64) iter.Seq2[ledger.Hash, error] {
	return func(func(ledger.Hash, error) bool) {}
}

type closer struct {
	io.Writer
	close func() error
}

func (c closer) Close() error { return c.close() }

// bundle publishes the log into a folder, or an archive by its name's ending.
func (o *office) bundle(name string) string {
	o.t.Helper()
	path := o.path(name)
	finish := func() error { return nil }
	var create ledger.Create
	switch filepath.Ext(name) {
	case "":
		create = func(name string) (io.WriteCloser, error) {
			file := filepath.Join(path, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return nil, err
			}
			return os.Create(file)
		}
	case ".zip":
		f, err := os.Create(path)
		if err != nil {
			o.t.Fatal(err)
		}
		w := zip.NewWriter(f)
		create = func(name string) (io.WriteCloser, error) {
			file, err := w.Create(name)
			return closer{file, func() error { return nil }}, err
		}
		finish = func() error { w.Close(); return f.Close() }
	case ".tar":
		f, err := os.Create(path)
		if err != nil {
			o.t.Fatal(err)
		}
		w := tar.NewWriter(f)
		create = func(name string) (io.WriteCloser, error) {
			var b bytes.Buffer
			return closer{&b, func() error {
				if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./demo/" + name, Mode: 0o600, Size: int64(b.Len())}); err != nil {
					return err
				}
				_, err := w.Write(b.Bytes())
				return err
			}}, nil
		}
		finish = func() error { w.Close(); return f.Close() }
	}
	if _, err := ledger.WriteBundle(o.t.Context(), o, o.key, create); err != nil {
		o.t.Fatal(err)
	}
	if err := finish(); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// check runs the program and asserts its exit status and words.
func (o *office) check(status int, args ...string) (said func(wanted ...string)) {
	o.t.Helper()
	var out, complaints bytes.Buffer
	args = append([]string{"--key", o.path("ledger.pub")}, args...)
	got := run(o.t.Context(), args, o.now, &out, &complaints)
	if got != status {
		o.t.Errorf("%q: status %d, want %d\n%s%s", args, got, status, out.String(), complaints.String())
	}
	return func(wanted ...string) {
		o.t.Helper()
		for _, words := range wanted {
			if !strings.Contains(out.String()+complaints.String(), words) {
				o.t.Errorf("%q: did not say %q but\n%s%s", args, words, out.String(), complaints.String())
			}
		}
	}
}

func TestGenuineBundleIsProvedInEveryForm(t *testing.T) {
	o := newOffice(t).work(300)
	head := o.file("head.txt", o.heads[299])
	for _, name := range []string{"demo", "demo.zip", "demo.tar"} {
		path := o.bundle(name)
		o.check(allProved, path, "--head", head)("Checked 300 entries, from 2026-03-02 08:00:00 UTC", "Integrity:    PROVED", "Completeness: PROVED. Nothing", "240 entries with the genuine ones")
		o.check(allProved, path)("PROVED up to the newest checkpoint", "--head")
	}
}

func TestTamperedBundleIsNot(t *testing.T) {
	o := newOffice(t).work(300)
	path := o.bundle("demo")
	name := filepath.Join(path, "tile", "entries", "000")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte("contact.changed"))
	copy(b[i:], "contact.created")
	o.file("demo/tile/entries/000", b)
	o.check(notProved, path)("1 FINDING", "Entry 1 was changed after it was signed.", "Integrity:    NOT PROVED; up to entry 299, all that no finding names is as it was signed.")
}

func TestMailedHeadShowsThatTheEndWasCutOff(t *testing.T) {
	o := newOffice(t).work(100)
	mail := "Good morning,\r\n\r\nhere is today's head of your ledger.\r\n\r\n" +
		strings.ReplaceAll(string(o.heads[99]), "\n", "\r\n") + "\r\nYour Castellan\r\n"
	head := o.file("mail.txt", []byte(mail))
	o.rows, o.heads = o.rows[:80], o.heads[:80]
	path := o.bundle("demo")
	o.check(allProved, path)
	o.check(notProved, path, "--head", head)("the entries 80 to 99 are missing", "Completeness: NOT PROVED")
}

func TestStateMakesTheNextCheckShort(t *testing.T) {
	o := newOffice(t).work(100)
	state := o.path("state")
	o.check(allProved, o.bundle("one"), "--state", state)("goes on after entry 99")
	o.work(20)
	o.check(allProved, o.bundle("two"), "--state", state)("Checked 20 entries", "after the 100 that were checked before")
	o.check(allProved, o.path("two"), "--state", state)("Nothing was added to the 120 entries")

	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	o.check(notProved, o.path("one"), "--state", state)("missing: the end was cut off")
	if after, err := os.ReadFile(state); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a failed check moved the state: %v", err)
	}
	o.file("state", before[:len(before)-9])
	o.check(notProved, o.path("two"), "--state", state)("read state")
}

func TestProofOfOneEntry(t *testing.T) {
	o := newOffice(t).work(300)
	bundle, err := ledger.OpenBundle(os.DirFS(o.bundle("demo")))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := ledger.OpenCheckpoint(o.heads[299], o.key)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ledger.Prove(8, o.heads[299], bundle.Hashes(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	proof := o.file("8.tlog-proof", p.Marshal())
	right, wrong := o.file("8.entry", o.rows[8].Entry), o.file("9.entry", o.rows[9].Entry)
	o.check(allProved, "--proof", proof, "--entry", right)("PROVED. Entry 8 of castellan/demo", "contact.changed", "person, 7, session 3", "among 300 entries")
	o.check(notProved, "--proof", proof, "--entry", wrong)("NOT PROVED. The proof does not hold")
	o.check(notProved, "--proof", proof, "--entry", wrong, o.path("demo"))("Integrity:    PROVED")
	o.check(notProved, "--proof", o.path("none"), "--entry", right)
}

func TestReportForPrograms(t *testing.T) {
	o := newOffice(t).work(30)
	path := o.bundle("demo")
	var out bytes.Buffer
	if status := run(t.Context(), []string{path, "--key", o.path("ledger.pub"), "--json"}, o.now, &out, io.Discard); status != allProved {
		t.Fatalf("status %d", status)
	}
	var got struct{ Report ledger.Report }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Report.Integrity != ledger.Proved || got.Report.Proven != 30 || got.Report.Findings == nil {
		t.Errorf("report %s", out.Bytes())
	}
}

func TestMisuseIsToldApartFromABadLedger(t *testing.T) {
	o := newOffice(t).work(3)
	path := o.bundle("demo")
	for _, args := range [][]string{{}, {path, "--unknown"}, {"--proof", path}, {path, "more"}, {"--state", "x", "--proof", "a", "--entry", "b"}} {
		o.check(misused, args...)("Try castellan-verify --help")
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{path}, o.now, &out, &out); status != misused {
		t.Errorf("without a key: status %d", status)
	}
	out.Reset()
	if status := run(t.Context(), []string{"--help"}, o.now, &out, &out); status != allProved || !strings.Contains(out.String(), "--key") {
		t.Errorf("help: status %d\n%s", status, out.String())
	}
	o.check(notProved, o.path("nowhere"))("nothing is proved")
	o.check(notProved, o.file("x.txt", nil))("neither a directory nor")
	o.check(notProved, o.file("empty/x", nil)[:len(o.path("empty"))])
	o.file("ledger.pub", []byte("PRIVATE+KEY+x+y"))
	o.check(notProved, path)("never leave the server")
}

func TestArchiveWithAFileTwiceIsRefused(t *testing.T) {
	o := newOffice(t)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for range 2 {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "checkpoint", Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	o.check(notProved, o.file("twice.tar", b.Bytes()))("is there twice")
}

func TestTarLooksLikeItsFiles(t *testing.T) {
	o := newOffice(t).work(600)
	f, err := os.Open(o.bundle("demo.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, err := newTarFS(tar.NewReader(f), f)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	want := os.DirFS(o.bundle("demo"))
	err = fs.WalkDir(want, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		a, err := fs.ReadFile(want, path)
		if err != nil {
			return err
		}
		b, err := fs.ReadFile(files, "demo/"+path)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v", path, err)
		}
		return nil
	})
	if err != nil || n < 10 {
		t.Errorf("%d files, %v", n, err)
	}
}
