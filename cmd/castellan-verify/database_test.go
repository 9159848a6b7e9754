package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// server is a house on SQLite that a stranger does not trust.
type server struct {
	*testing.T
	dir, outside string
	db           *store.DB
	keys         *vault.Vault
	s            *scribe.Scribe
}

func newServer(t *testing.T) *server {
	t.Helper()
	h := &server{T: t, dir: t.TempDir(), outside: filepath.Join(t.TempDir(), "head")}
	h.start(false)
	t.Cleanup(h.stop)
	return h
}

func (h *server) start(accept bool) {
	h.Helper()
	var err error
	if h.db, err = store.Open(h.Context(), store.Options{Dir: h.dir}); err != nil {
		h.Fatal(err)
	}
	if h.keys, err = vault.Open(h.dir, nil); err != nil {
		h.Fatal(err)
	}
	o := scribe.Options{HeadFile: h.outside}
	if accept {
		if loss, err := scribe.Accept(h.Context(), h.db, h.keys, o); loss == nil || err != nil {
			h.Fatalf("accept: %v, %v", loss, err)
		}
	}
	if h.s, err = scribe.Open(h.Context(), h.db, h.keys, o); err != nil {
		h.Fatal(err)
	}
}

func (h *server) stop() {
	h.Helper()
	if h.s == nil {
		return
	}
	if err := h.s.Close(h.T.Context()); err != nil && h.T.Context().Err() == nil {
		h.Error(err)
	}
	if err := h.db.Close(); err != nil {
		h.Error(err)
	}
	h.s = nil
}

func (h *server) work(n int) {
	h.Helper()
	for i := range n {
		e := scribe.Entry{Event: "record.opened", Who: actor.Actor{Kind: actor.Person, Person: 7}, Kind: "contact", Records: []schema.RecordID{schema.RecordID(i + 1)}}
		if err := h.s.Note(h.Context(), e); err != nil {
			h.Fatal(err)
		}
	}
	if err := h.s.Flush(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// check runs the verifier and asserts its exit status and words.
func (h *server) check(status int, log string, args []string, wanted ...string) {
	h.Helper()
	var out bytes.Buffer
	args = append([]string{"--key", filepath.Join(h.dir, "keys", "ledger.pub"), log}, args...)
	if got := run(h.Context(), args, time.Now(), &out, &out); got != status {
		h.Errorf("%q: status %d, want %d\n%s", args, got, status, out.String())
	}
	for _, words := range wanted {
		if !strings.Contains(out.String(), words) {
			h.Errorf("%q: did not say %q but\n%s", args, words, out.String())
		}
	}
}

func TestRunningServerIsChecked(t *testing.T) {
	h := newServer(t)
	h.work(300)
	h.check(allProved, h.dir, []string{"--head", h.outside}, "Checked 301 entries", "Integrity:    PROVED", "Completeness: PROVED. Nothing")
	h.stop()
	h.check(allProved, h.dir, nil, "Checked 301 entries")
}

// Nothing but the one file is needed, and nothing is left beside it.
func TestCopyOfTheLedgerAloneIsChecked(t *testing.T) {
	h := newServer(t)
	h.work(30)
	h.stop()
	content, err := os.ReadFile(filepath.Join(h.dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "evidence.db")
	if err := os.WriteFile(name, content, 0o400); err != nil {
		t.Fatal(err)
	}
	h.check(allProved, name, []string{"--head", h.outside}, "Checked 31 entries")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	i := bytes.LastIndex(content, []byte("record.opened\x01"))
	content[i+3] ^= 1
	if err := os.WriteFile(filepath.Join(dir, "altered.db"), content, 0o400); err != nil {
		t.Fatal(err)
	}
	h.check(notProved, filepath.Join(dir, "altered.db"), nil, "was changed after it was signed")
	if err := os.WriteFile(filepath.Join(dir, "other.db"), nil, 0o400); err != nil {
		t.Fatal(err)
	}
	h.check(notProved, filepath.Join(dir, "other.db"), nil, "there is no ledger in it")
}

func TestBundleOfAServerIsChecked(t *testing.T) {
	h := newServer(t)
	h.work(600)
	dir := filepath.Join(t.TempDir(), "bundle")
	_, err := ledger.WriteBundle(t.Context(), h.s.Source(), h.keys.LedgerVerifier(), func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return os.Create(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.check(allProved, dir, []string{"--head", h.outside}, "Checked 601 entries")
}

// Attack 62: an old backup was put back and the owner accepted it. Whoever
// checks is told, for good.
func TestAttack62AcceptedLossIsNamed(t *testing.T) {
	h := newServer(t)
	h.work(30)
	h.stop()
	old := map[string][]byte{}
	for _, name := range []string{"castellan.db", "ledger.db"} {
		content, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		old[name] = content
	}
	h.start(false)
	h.work(20)
	h.stop()
	mailed, err := os.ReadFile(h.outside)
	if err != nil {
		t.Fatal(err)
	}
	head := filepath.Join(t.TempDir(), "mailed")
	if err := os.WriteFile(head, mailed, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, content := range old {
		if err := os.WriteFile(filepath.Join(h.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.check(notProved, h.dir, []string{"--head", head}, "the entries 31 to 51 are missing")
	h.start(true)
	h.work(1)
	h.stop()
	h.check(allProved, h.dir, []string{"--head", head}, "Checked 34 entries", "21 entries were then lost, from number 31 on")
}
