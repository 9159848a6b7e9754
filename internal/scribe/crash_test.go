package scribe

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
)

var kills = flag.Int("kills", 6, "how often TestKilledProcessLosesNothing kills on each database")

// victim is the environment variable that makes the test binary the process
// that is to be killed; it holds the office as JSON.
const victim = "CASTELLAN_TEST_VICTIM"

type victimPlace struct{ Dir, URL, Schema string }

func TestMain(m *testing.M) {
	if office := os.Getenv(victim); office != "" {
		fmt.Fprintln(os.Stderr, work(context.Background(), office))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// work changes and reads with many hands until the process is killed, and says
// what was acknowledged: one line for each, with the number of the work.
func work(ctx context.Context, office string) error {
	var place victimPlace
	if err := json.Unmarshal([]byte(office), &place); err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Options{Dir: place.Dir, URL: place.URL, Schema: place.Schema, Readers: 2})
	if err != nil {
		return err
	}
	keys, err := vault.Open(place.Dir, nil)
	if err != nil {
		return err
	}
	s, err := Open(ctx, db, keys, Options{HeadFile: filepath.Join(place.Dir, "outside", "head"), Interval: 5 * time.Millisecond})
	if err != nil {
		return err
	}
	// Numbers that no run before had.
	base := schema.RecordID(time.Now().UnixMicro()) << 8
	var mu sync.Mutex
	acknowledge := func(kind string, id schema.RecordID) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(kind, int64(id)) // straight into the pipe
	}
	failed := make(chan error)
	for hand := range schema.RecordID(8) {
		go func() {
			for id := base + hand; ; id += 8 {
				kind := "read"
				var err error
				if hand < 3 {
					kind = "change"
					err = db.Write(ctx, func(tx *store.Tx) error {
						if _, err := tx.Exec(ctx, store.Text("INSERT INTO victim_work (id) VALUES (?)"), int64(id)); err != nil {
							return err
						}
						return s.Write(ctx, tx, Entry{Event: "record.changed", Who: ana, Kind: kind, Records: []schema.RecordID{id}, Details: "some"})
					})
				} else {
					under := s.Enter()
					err = under.NoteAll(ctx, []Entry{{Event: "record.opened", Who: ana, Kind: kind, Records: []schema.RecordID{id}}})
				}
				if err != nil {
					failed <- err
					return
				}
				acknowledge(kind, id)
			}
		}()
	}
	return <-failed
}

// Killed again and again: no acknowledgement is lost, nothing is told twice, no
// change is without its entry and no entry of a change without the change, and
// the root is right after each kill.
func TestKilledProcessLosesNothing(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			o := newOffice(t, engine)
			o.open()
			o.flush()
			o.sql(o.db, "CREATE TABLE victim_work (id BIGINT PRIMARY KEY)")
			acknowledged := map[string]map[schema.RecordID]bool{"change": {}, "read": {}}
			for range *kills {
				o.close()
				o.killOne(acknowledged)
				o.openStore()
				if r := o.verify(o.head()); !r.OK() {
					t.Fatalf("right after the kill: %+v", r.Findings)
				}
				o.open()
				o.flush()
				o.proved()
				o.nothingLost(acknowledged)
			}
			if len(acknowledged["change"]) == 0 || len(acknowledged["read"]) == 0 {
				t.Error("nothing was acknowledged: nothing was tried")
			}
			t.Logf("%d kills, %d changes and %d readings acknowledged, %d entries", *kills, len(acknowledged["change"]), len(acknowledged["read"]), len(o.all()))
		})
	}
}

// killOne lets a process work for a moment, kills it and collects what it had
// acknowledged.
func (o *office) killOne(acknowledged map[string]map[schema.RecordID]bool) {
	o.Helper()
	self, err := os.Executable()
	if err != nil {
		o.Fatal(err)
	}
	office, err := json.Marshal(victimPlace{o.place.Dir, o.place.URL, o.place.Schema})
	if err != nil {
		o.Fatal(err)
	}
	cmd := exec.CommandContext(o.ctx, self)
	cmd.Env = append(os.Environ(), victim+"="+string(office))
	out, err := cmd.StdoutPipe()
	if err != nil {
		o.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		o.Fatal(err)
	}
	began := make(chan struct{})
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		begin := sync.OnceFunc(func() { close(began) })
		for in := bufio.NewScanner(out); in.Scan(); {
			kind, number, _ := strings.Cut(in.Text(), " ")
			id, err := strconv.ParseInt(number, 10, 64)
			if err == nil && acknowledged[kind] != nil {
				acknowledged[kind][schema.RecordID(id)] = true
			}
			begin()
		}
	}()
	select {
	case <-began:
	case <-lines:
	case <-time.After(30 * time.Second):
	}
	time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		o.Fatal(err)
	}
	<-lines
	err = cmd.Wait()
	if state := cmd.ProcessState; state == nil || state.Exited() {
		o.Fatalf("the process ended by itself: %v: %s", err, said.String())
	}
}

func (o *office) nothingLost(acknowledged map[string]map[schema.RecordID]bool) {
	o.Helper()
	for kind, ids := range acknowledged {
		told := o.told(kind)
		for id := range ids {
			if told[id] == 0 {
				o.Errorf("an acknowledged %s is not told of", kind)
			}
		}
		for _, n := range told {
			if n != 1 {
				o.Errorf("a %s is told of %d times", kind, n)
			}
		}
	}
	told := o.told("change")
	done := map[schema.RecordID]bool{}
	rows, err := o.db.Query(o.ctx, store.Text("SELECT id FROM victim_work"))
	if err != nil {
		o.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		id, _ := rows.Values()[0].(int64)
		done[schema.RecordID(id)] = true
		if told[schema.RecordID(id)] == 0 {
			o.Error("a change is not told of")
		}
	}
	if err := rows.Close(); err != nil {
		o.Fatal(err)
	}
	if len(done) != len(told) {
		o.Errorf("%d changes were made and %d told of", len(done), len(told))
	}
}
