package scribe

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// work makes n changes and as many readings, all sealed.
func (o *office) work(n int) {
	o.Helper()
	for i := range schema.RecordID(n) {
		o.change(i + 1)
		o.see(i + 1)
	}
	o.flush()
}

// image is the directory of a workspace as a power cut would leave it.
func (o *office) image() map[string][]byte {
	o.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"*.db", "*.db-wal", "outside/*"} {
		names, err := filepath.Glob(filepath.Join(o.place.Dir, pattern))
		if err != nil {
			o.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				o.Fatal(err)
			}
			rel, err := filepath.Rel(o.place.Dir, name)
			if err != nil {
				o.Fatal(err)
			}
			files[filepath.ToSlash(rel)] = content
		}
	}
	return files
}

// putBack makes the files whose names begin so what they were in an image.
func (o *office) putBack(files map[string][]byte, names ...string) {
	o.Helper()
	for _, name := range names {
		old, err := filepath.Glob(filepath.Join(o.place.Dir, name) + "*")
		if err != nil {
			o.Fatal(err)
		}
		for _, path := range old {
			if err := os.Remove(path); err != nil {
				o.Fatal(err)
			}
		}
		for rel, content := range files {
			if strings.HasPrefix(rel, name) {
				o.write(rel, content)
			}
		}
	}
}

func (o *office) write(rel string, content []byte) {
	o.Helper()
	if err := os.WriteFile(filepath.Join(o.place.Dir, rel), content, 0o600); err != nil {
		o.Fatal(err)
	}
}

func (o *office) remove(rel string) {
	o.Helper()
	if err := os.Remove(filepath.Join(o.place.Dir, rel)); err != nil {
		o.Fatal(err)
	}
}

// sql does what somebody with the database in their hands can do.
func (o *office) sql(db *store.DB, statements ...string) {
	o.Helper()
	err := db.Write(o.ctx, func(tx *store.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(o.ctx, store.Text(s)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) size() int64 {
	o.Helper()
	h, err := readHead(o.ctx, o.db.Ledger())
	if err != nil {
		o.Fatal(err)
	}
	return h.size
}

// lossCase is something that happens to a workspace while it stands still.
type lossCase struct {
	name string
	// harm gets a closed workspace in which, after old was copied, some more
	// was done, so that the ledger has now entries and was was.
	harm func(o *office, old, now map[string][]byte)
	want func(was, now int64) LossError // Why: a part of it
	// forked: the head before the harm is not explained by accepting it, and
	// whoever holds that head is to see it.
	forked  bool
	final   bool
	unswept bool // the outbox still has the changes of the last minutes
}

const lossWork = 20

var lossesOfSQLite = []lossCase{
	{name: "the ledger put back", harm: func(o *office, old, now map[string][]byte) { o.putBack(old, "ledger.db") },
		want: func(was, now int64) LossError {
			return LossError{First: was, Last: now - 1, Known: now, Held: was, Untold: lossWork, Why: "older than the head"}
		}},
	{name: "the records put back", harm: func(o *office, old, now map[string][]byte) { o.putBack(old, "castellan.db") },
		want: func(was, now int64) LossError {
			return LossError{Last: -1, Known: now, Held: now, Writes: lossWork}
		}},
	{name: "both put back", harm: func(o *office, old, now map[string][]byte) { o.putBack(old, "castellan.db", "ledger.db") },
		want: func(was, now int64) LossError {
			return LossError{First: was, Last: now - 1, Known: now, Held: was, Why: "older than the head"}
		}},
	{name: "the log file of the ledger deleted", harm: func(o *office, old, now map[string][]byte) { o.remove("ledger.db-wal") },
		want: func(was, now int64) LossError {
			return LossError{First: was, Last: now - 1, Known: now, Held: was, Untold: lossWork, Why: "older than the head"}
		}},
	{name: "the ledger put back, before the outbox was swept", harm: func(o *office, old, now map[string][]byte) { o.putBack(old, "ledger.db") },
		want: func(was, now int64) LossError {
			return LossError{First: was, Last: now - 1, Known: now, Held: was, Why: "older than the head"}
		}, unswept: true},
	{name: "the log file of the records deleted", harm: func(o *office, old, now map[string][]byte) { o.remove("castellan.db-wal") },
		want: func(was, now int64) LossError {
			return LossError{Last: -1, Known: now, Held: now, Writes: lossWork}
		}},
	{name: "the log file of the ledger damaged", harm: func(o *office, old, now map[string][]byte) {
		wal := slices.Clone(now["ledger.db-wal"])
		wal[100] ^= 1
		o.write("ledger.db-wal", wal)
	}, want: func(was, now int64) LossError {
		return LossError{First: was, Last: now - 1, Known: now, Held: was, Untold: lossWork, Why: "older than the head"}
	}},
	{name: "the ledger deleted", harm: func(o *office, old, now map[string][]byte) { o.putBack(nil, "ledger.db") },
		want: func(was, now int64) LossError {
			return LossError{First: 0, Last: now - 1, Known: now, Held: 0, Untold: 2 * lossWork, Why: "older than the head"}
		}},
	{name: "ledger and head deleted", harm: func(o *office, old, now map[string][]byte) { o.putBack(nil, "ledger.db", "outside/head") },
		want: func(was, now int64) LossError {
			return LossError{Last: -1, Untold: 2 * lossWork, Why: "holds nothing"}
		}, forked: true},
	{name: "ledger and head deleted, before the outbox was swept", harm: func(o *office, old, now map[string][]byte) { o.putBack(nil, "ledger.db", "outside/head") },
		want: func(was, now int64) LossError {
			return LossError{Last: -1, Untold: lossWork, Why: "holds nothing"}
		}, forked: true, unswept: true},
	{name: "the head deleted", harm: func(o *office, old, now map[string][]byte) { o.remove("outside/head") },
		want: func(was, now int64) LossError {
			return LossError{Last: -1, Held: now, Why: "is gone"}
		}},
	{name: "the head cut", harm: func(o *office, old, now map[string][]byte) {
		o.write("outside/head", now["outside/head"][:60])
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Held: now, Why: "was not signed with this workspace's key"}
	}},
	{name: "the head of another workspace", harm: func(o *office, old, now map[string][]byte) {
		o.write("outside/head", stranger(o)["outside/head"])
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Held: now, Why: "was not signed with this workspace's key"}
	}},
	{name: "the ledger of another workspace", harm: func(o *office, old, now map[string][]byte) {
		o.putBack(stranger(o), "ledger.db")
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Held: now, Why: "belongs to another workspace"}
	}, final: true},
	{name: "another history of this ledger", harm: func(o *office, old, now map[string][]byte) {
		head := o.head()
		o.putBack(old, "castellan.db", "ledger.db", "outside/head")
		o.open()
		o.work(2 * lossWork)
		o.close()
		o.putBack(now, "castellan.db")
		o.write("outside/head", head)
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Known: now, Held: now + 2*lossWork, Writes: lossWork, Why: "another ledger, or another history"}
	}, forked: true},
	{name: "an entry that nobody has taken deleted", harm: func(o *office, old, now map[string][]byte) {
		o.openStore()
		o.sql(o.db, "INSERT INTO outbox (entry) VALUES (x'00')", "DELETE FROM outbox WHERE entry = x'00'")
		o.close()
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Known: now, Held: now, Untold: 1}
	}},
	{name: "the last entry deleted", harm: func(o *office, old, now map[string][]byte) {
		o.openStore()
		o.sql(o.db.Ledger(), "DROP TRIGGER ledger_kept", "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)")
		o.close()
	}, want: func(was, now int64) LossError {
		return LossError{Last: -1, Known: now, Held: now, Why: "damaged"}
	}, final: true},
}

// stranger is the image of another workspace with as much in it.
func stranger(o *office) map[string][]byte {
	other := newOffice(o.T, store.SQLite)
	other.open()
	other.work(2 * lossWork)
	// A second heartbeat, as in the other.
	other.close()
	other.open()
	other.flush()
	return other.image()
}

// Attack 62: the chain is edited, cut, exchanged, put back. Whatever the house
// itself can see of that, it sees before it answers anything.
func TestAttack62LossIsNamedBeforeAnythingIsServed(t *testing.T) {
	for _, c := range lossesOfSQLite {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, store.SQLite)
			o.open()
			o.work(lossWork)
			// Closing moves what is in the log files into the files: the state
			// to which losing the log files leads back.
			o.close()
			old := o.image()
			o.open()
			was := o.size() - 1 // without the heartbeat of opening
			o.work(lossWork)
			if !c.unswept {
				if err := o.s.sweep(o.ctx); err != nil {
					t.Fatal(err)
				}
			}
			now := o.size()
			running := o.image()
			head := o.head()
			o.abandon()
			o.putBack(running, "castellan.db", "ledger.db", "outside/head")
			c.harm(o, old, running)
			o.lost(c.want(was, now), c.final, c.forked, head)
			if n := o.count("record.changed"); c.unswept && n != 2*lossWork-int(c.want(was, now).Untold)+3 {
				t.Errorf("%d changes are told of: what the outbox still had was not taken in again", n)
			}
		})
	}
}

// abandon closes everything, and whatever that still writes is overwritten by
// an image.
func (o *office) abandon() { o.crash() }

// lost opens a harmed workspace, sees the loss told, accepts it and goes on.
func (o *office) lost(want LossError, final, forked bool, head []byte) {
	o.Helper()
	t := o.T
	err := o.tryOpen()
	var loss *LossError
	if !errors.As(err, &loss) {
		t.Fatalf("opened with %v", err)
	}
	got := *loss
	if !strings.Contains(got.Why, want.Why) || (want.Why == "") != (got.Why == "") {
		t.Errorf("why: %q, want %q", got.Why, want.Why)
	}
	got.Why, want.Why, got.final, got.changed, got.At = "", "", false, false, want.At
	if got != want {
		t.Errorf("told %+v\nwant %+v", got, want)
	}
	t.Logf("%v", loss)
	again, err := Accept(o.ctx, o.db, o.keys, o.opts)
	if final {
		if again != nil || err == nil {
			t.Errorf("went on from where nothing can: %v, %v", again, err)
		}
		return
	}
	if err != nil || again == nil || again.Error() != loss.Error() {
		t.Fatalf("accept: %v, %v", again, err)
	}
	if nothing, err := Accept(o.ctx, o.db, o.keys, o.opts); nothing != nil || err != nil {
		t.Errorf("accepted a second time: %v, %v", nothing, err)
	}
	o.open()
	o.work(3)
	r := o.proved()
	if len(r.Losses) != 1 || r.Losses[0].First != loss.Held || r.Losses[0].Next != max(loss.Held, loss.Known) {
		t.Errorf("the log tells of these losses: %+v", r.Losses)
	}
	told, _, err := o.s.Read(o.ctx, Question{Events: []Event{ledger.EventIncarnated}})
	if err != nil || len(told) != 1 || len(told[0].Details) == 0 {
		t.Errorf("%v, %v", told, err)
	}
	if r := o.verify(head); r.OK() == forked {
		t.Errorf("whoever holds the head from before is told: %+v", r.Findings)
	}
	// And it stays so.
	o.close()
	o.open()
	o.proved()
}

// On PostgreSQL there are no files to hold in one's hands.
func TestAttack62BackupOfPostgresIsNamed(t *testing.T) {
	tables := []string{"ledger", "detail", "head", "checkpoint", "subtree", "span", "span_often", "outbox"}
	for _, c := range []struct {
		name   string
		harm   func(o *office)
		want   func(was, now int64) LossError
		forked bool
		final  bool
	}{
		{name: "put back", harm: func(o *office) {
			for _, table := range tables {
				o.sql(o.db, "ALTER TABLE "+table+" DISABLE TRIGGER USER", "DELETE FROM "+table)
				if table != "outbox" {
					o.sql(o.db, "INSERT INTO "+table+" SELECT * FROM old_"+table)
				}
				o.sql(o.db, "ALTER TABLE "+table+" ENABLE TRIGGER USER")
			}
		}, want: func(was, now int64) LossError {
			return LossError{First: was, Last: now - 1, Known: now, Held: was, Why: "older than the head"}
		}},
		{name: "head deleted", harm: func(o *office) { o.remove("outside/head") },
			want: func(was, now int64) LossError { return LossError{Last: -1, Held: now, Why: "is gone"} }},
		{name: "entry deleted", harm: func(o *office) {
			o.sql(o.db, "ALTER TABLE ledger DISABLE TRIGGER USER", "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)")
		}, want: func(was, now int64) LossError { return LossError{Last: -1, Known: now, Held: now, Why: "damaged"} }, final: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, store.Postgres)
			o.open()
			o.work(lossWork)
			was := o.size()
			for _, table := range tables {
				o.sql(o.db, "CREATE TABLE old_"+table+" AS SELECT * FROM "+table)
			}
			o.work(lossWork)
			now := o.size()
			head := o.head()
			o.abandon()
			o.openStore()
			c.harm(o)
			o.lost(c.want(was, now), c.final, c.forked, head)
		})
	}
}

func TestNothingIsAcceptedWhereNothingIsMissing(t *testing.T) {
	each(t, func(o *office) {
		o.work(3)
		o.close()
		o.openStore()
		loss, err := Accept(o.ctx, o.db, o.keys, o.opts)
		if loss != nil || err != nil {
			t.Errorf("%v, %v", loss, err)
		}
		o.open()
		if r := o.proved(); len(r.Losses) != 0 {
			t.Errorf("%+v", r.Losses)
		}
	})
}

// A loss that is being accepted while the process dies is told again, never
// forgotten.
func TestLossIsNotForgottenHalfway(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.work(lossWork)
	o.close()
	old := o.image()
	o.open()
	o.work(lossWork)
	o.close()
	o.putBack(old, "castellan.db")
	o.openStore()
	// The disk fails at the second thing that accepting does.
	s, err := prepare(o.ctx, o.db, o.keys, o.opts)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	commit := s.commit
	s.commit = func(ctx context.Context, db *store.DB, what step, do func(*store.Tx) error) error {
		if n++; n > 1 {
			return errPulled
		}
		return commit(ctx, db, what, do)
	}
	if _, err := s.accept(o.ctx); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	var loss *LossError
	if err := o.tryOpen(); !errors.As(err, &loss) || loss.Writes != lossWork {
		t.Fatalf("after half of it: %v", err)
	}
	if _, err := Accept(o.ctx, o.db, o.keys, o.opts); err != nil {
		t.Fatal(err)
	}
	o.open()
	if r := o.proved(); len(r.Losses) != 2 {
		t.Errorf("%+v", r.Losses)
	}
}

func TestReplacedKeysAreSeen(t *testing.T) {
	each(t, func(o *office) {
		o.work(3)
		o.close()
		var err error
		if o.keys, err = vault.Open(t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
		var loss *LossError
		if err := o.tryOpen(); !errors.As(err, &loss) || !loss.final {
			t.Errorf("opened with other keys: %v", err)
		}
	})
}
