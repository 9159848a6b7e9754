package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// bench is a database and a clock that the test moves.
type bench struct {
	*testing.T
	db     *store.DB
	writer *scribe.Scribe
	vault  *vault.Vault
	ahead  atomic.Int64
	log    bytes.Buffer
	logMu  sync.Mutex
}

func (b *bench) now() time.Time       { return time.Now().Add(time.Duration(b.ahead.Load())) }
func (b *bench) pass(d time.Duration) { b.ahead.Add(int64(d)) }

func (b *bench) Write(p []byte) (int, error) {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.Write(p)
}

func (b *bench) logged() string {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.String()
}

func each(t *testing.T, test func(b *bench)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			b := &bench{T: t}
			b.open(storetest.Open(t, engine, b.now))
			test(b)
		})
	}
}

func (b *bench) open(db *store.DB) {
	b.db = db
	var err error
	b.vault, err = vault.Open(b.TempDir(), nil)
	b.fine(err)
	b.writer, err = scribe.Open(b.Context(), db, b.vault, scribe.Options{HeadFile: filepath.Join(b.TempDir(), "head")})
	b.fine(err)
	b.Cleanup(func() { b.fine(b.writer.Close(context.Background())) })
}

func (b *bench) fine(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) runner(workers int) *Runner {
	return New(Options{DB: b.db, Scribe: b.writer, Vault: b.vault, Log: slog.New(slog.NewTextHandler(b, nil)),
		Workers: workers, Poll: 5 * time.Millisecond, Lease: time.Minute, Grace: time.Second})
}

func (b *bench) put(r *Runner, o Order) {
	b.Helper()
	b.fine(b.db.Write(b.Context(), func(tx *store.Tx) error { return r.Enqueue(b.Context(), tx, o) }))
}

// run works in the background until the function that it gives is called.
func (b *bench) run(r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			b.fine(<-done)
		})
	}
	b.Cleanup(stop)
	return stop
}

func (b *bench) until(what string, is func() bool) {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("after ten seconds still not so: %s\n%s", what, b.logged())
		}
	}
}

func (b *bench) counts(r *Runner) Counts {
	b.Helper()
	c, err := r.Counts(b.Context())
	b.fine(err)
	return c
}

func TestJobExistsIfAndOnlyIfItsReasonIsCommitted(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		var done atomic.Int32
		var args string
		r.Handle("mail", func(_ context.Context, j Job) error {
			args = string(j.Args)
			done.Add(1)
			return nil
		})
		undone := errors.New("undone")
		err := b.db.Write(b.Context(), func(tx *store.Tx) error {
			b.fine(r.Enqueue(b.Context(), tx, Order{Kind: "mail", Args: 1}))
			return undone
		})
		if !errors.Is(err, undone) {
			b.Fatal(err)
		}
		b.put(r, Order{Kind: "mail", Args: map[string]int{"person": 7}})
		stop := b.run(r)
		b.until("the job is done", func() bool { return b.counts(r) == Counts{} })
		stop()
		if done.Load() != 1 || args != `{"person":7}` {
			b.Errorf("%d jobs were done, the last with %s", done.Load(), args)
		}
	})
}

func TestFailedJobIsTriedAgainAfterTwiceAsLong(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		var attempts atomic.Int32
		r.Handle("mail", func(_ context.Context, j Job) error {
			attempts.Add(1)
			if j.Attempt < 4 {
				return errors.New("no connection")
			}
			return nil
		})
		b.put(r, Order{Kind: "mail"})
		b.run(r)
		for n := int32(1); n < 4; n++ {
			b.until("the next attempt", func() bool { return attempts.Load() == n && b.counts(r).Waiting == 1 })
			wait := time.Second << n
			b.pass(wait - 500*time.Millisecond)
			time.Sleep(30 * time.Millisecond)
			if attempts.Load() != n {
				b.Fatalf("attempt %d came early", n+1)
			}
			b.pass(wait/5 + 500*time.Millisecond)
		}
		b.until("success at last", func() bool { return b.counts(r) == Counts{} })
	})
}

func TestJobThatNeverSucceedsIsGivenUpAndTold(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		r.Handle("mail", func(context.Context, Job) error { return errors.New("no connection") })
		b.put(r, Order{Kind: "mail", Attempts: 2})
		b.run(r)
		b.until("the first attempt", func() bool { return b.counts(r).Waiting == 1 && strings.Contains(b.logged(), "attempt=1") })
		b.pass(time.Hour)
		b.until("it is given up", func() bool { return b.counts(r) == Counts{GivenUp: 1} })
		var why string
		b.fine(b.db.QueryRow(b.Context(), store.Text(`SELECT error FROM job`)).Scan(&why))
		b.fine(b.writer.Flush(b.Context()))
		told, _, err := b.writer.Read(b.Context(), scribe.Question{Events: []scribe.Event{"job.given_up"}})
		b.fine(err)
		if why != "no connection" || len(told) != 1 || !strings.Contains(string(told[0].Details), `"kind":"mail"`) {
			b.Errorf("it failed of %q, told %d times", why, len(told))
		}
	})
}

// Attack 56: a panic in a job does not end the process, nor the other jobs.
func TestPanicInAJobEndsOnlyTheJob(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		const secret = "the client's number is +48 555 0100"
		r.Handle("bad", func(context.Context, Job) error { panic(secret) })
		var good atomic.Bool
		r.Handle("good", func(context.Context, Job) error { good.Store(true); return nil })
		b.put(r, Order{Kind: "bad", Attempts: 1})
		b.put(r, Order{Kind: "good"})
		b.run(r)
		b.until("the bad job is given up and the good one done", func() bool { return good.Load() && b.counts(r) == Counts{GivenUp: 1} })
		var why string
		b.fine(b.db.QueryRow(b.Context(), store.Text(`SELECT error FROM job`)).Scan(&why))
		if why != "panic of type string" || strings.Contains(b.logged(), secret) {
			b.Errorf("the panic is kept as %q", why)
		}
		if !strings.Contains(b.logged(), "TestPanicInAJob") {
			b.Error("the log does not say where the panic was")
		}
	})
}

func TestEachJobIsClaimedByOneWorker(t *testing.T) {
	each(t, func(b *bench) {
		const jobs, runners = 120, 4
		var mu sync.Mutex
		times := map[int64]int{}
		var all []*Runner
		for range runners {
			r := b.runner(4)
			r.Handle("mail", func(_ context.Context, j Job) error {
				mu.Lock()
				defer mu.Unlock()
				times[j.ID]++
				return nil
			})
			all = append(all, r)
		}
		b.fine(b.db.Write(b.Context(), func(tx *store.Tx) error {
			for i := range jobs {
				if err := all[0].Enqueue(b.Context(), tx, Order{Kind: "mail", Args: i}); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, r := range all {
			b.run(r)
		}
		b.until("all are done", func() bool { return b.counts(all[0]) == Counts{} })
		mu.Lock()
		defer mu.Unlock()
		if len(times) != jobs {
			b.Errorf("%d different jobs were done, want %d", len(times), jobs)
		}
		for id, n := range times {
			if n != 1 {
				b.Errorf("job %d was done %d times", id, n)
			}
		}
	})
}

func TestJobOfADeadWorkerIsTakenOverAfterItsLease(t *testing.T) {
	each(t, func(b *bench) {
		dead, alive := b.runner(1), b.runner(1)
		never := func(context.Context, Job) error { return nil }
		dead.Handle("mail", never)
		alive.Handle("mail", never)
		b.put(dead, Order{Kind: "mail", Attempts: 2})
		first, found, err := dead.claim(b.Context())
		if err != nil || !found {
			b.Fatal(found, err)
		}
		if _, found, err := alive.claim(b.Context()); found || err != nil {
			b.Fatalf("a job was claimed under another's lease: %v", err)
		}
		b.pass(time.Minute)
		second, found, err := alive.claim(b.Context())
		if err != nil || !found || second.ID != first.ID || second.Attempt != 2 {
			b.Fatalf("claimed %v: %+v, %v", found, second, err)
		}
		// The dead one wakes up and may no longer end the job.
		err = b.db.Write(b.Context(), func(tx *store.Tx) error { return first.Finish(b.Context(), tx) })
		if !errors.Is(err, ErrLost) {
			b.Errorf("finished with a lost lease: %v", err)
		}
		dead.do(b.Context(), first)
		if c := b.counts(dead); c != (Counts{Running: 1}) {
			b.Errorf("after the dead one woke up: %+v", c)
		}
		// The second one dies in the last attempt: nobody tries for ever.
		b.pass(time.Minute)
		third, found, err := alive.claim(b.Context())
		if err != nil || !found {
			b.Fatal(found, err)
		}
		alive.do(b.Context(), third)
		if c := b.counts(alive); c != (Counts{GivenUp: 1}) {
			b.Errorf("after the last attempt: %+v", c)
		}
	})
}

func TestLongJobKeepsItsLease(t *testing.T) {
	each(t, func(b *bench) {
		r, other := b.runner(1), b.runner(1)
		var runs atomic.Int32
		long := func(ctx context.Context, _ Job) error {
			runs.Add(1)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		// Both have begun before there is a long job: whoever begins on SQLite takes
		// what is running for the work of the dead.
		for n, one := range []*Runner{r, other} {
			begun := fmt.Sprintf("begun%d", n)
			one.Lease = 300 * time.Millisecond
			one.Handle("import", long)
			one.Handle(begun, func(context.Context, Job) error { return nil })
			b.put(one, Order{Kind: begun})
			b.run(one)
		}
		b.until("both have begun", func() bool { return b.counts(r) == Counts{} })
		b.put(r, Order{Kind: "import"})
		b.until("it is done", func() bool { return b.counts(r) == Counts{} })
		if runs.Load() != 1 {
			b.Errorf("a long job was begun %d times", runs.Load())
		}
	})
}

func TestWorkerThatLosesItsLeaseIsToldToStop(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		r.Lease = 150 * time.Millisecond
		began, ended := make(chan struct{}), make(chan struct{})
		r.Handle("import", func(ctx context.Context, _ Job) error {
			close(began)
			<-ctx.Done()
			close(ended)
			return ctx.Err()
		})
		b.put(r, Order{Kind: "import"})
		b.run(r)
		<-began
		b.fine(b.db.Write(b.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(b.Context(), store.Text(`UPDATE job SET lease = ?, due_at = ?`), []byte("somebody else's"), tx.Now().Add(time.Hour))
			return err
		}))
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			b.Fatal("the worker went on")
		}
		b.until("the job is left to the other one", func() bool { return b.counts(r) == Counts{Running: 1} })
	})
}

func TestWorkAndItsEndAreOneTransaction(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		var tries atomic.Int32
		r.Handle("import", func(ctx context.Context, j Job) error {
			return b.db.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec(ctx, store.Text(`INSERT INTO schedule (name, next_at) VALUES (?, 0)`), fmt.Sprint("work ", j.Attempt)); err != nil {
					return err
				}
				if err := j.Finish(ctx, tx); err != nil {
					return err
				}
				if tries.Add(1) == 1 {
					return errors.New("the disk is full")
				}
				return nil
			})
		})
		b.put(r, Order{Kind: "import"})
		b.run(r)
		b.until("the first try failed", func() bool { return tries.Load() == 1 && b.counts(r).Waiting == 1 })
		b.pass(time.Minute)
		b.until("it is done", func() bool { return b.counts(r) == Counts{} })
		var done string
		b.fine(b.db.QueryRow(b.Context(), store.Text(`SELECT name FROM schedule`)).Scan(&done))
		if done != "work 2" {
			b.Errorf("what is left is %q", done)
		}
	})
}

func TestRegularWorkIsDoneOncePerPeriodByAll(t *testing.T) {
	each(t, func(b *bench) {
		var runs atomic.Int32
		var first *Runner
		for n := range 3 {
			r := b.runner(1)
			// The next one begins when nothing is running: whoever begins on SQLite takes
			// what is running for the work of the dead.
			begun := fmt.Sprintf("begun%d", n)
			r.Handle(begun, func(context.Context, Job) error { return nil })
			r.Regular("tidy", time.Hour, func(context.Context, Job) error { runs.Add(1); return nil })
			b.put(r, Order{Kind: begun})
			b.run(r)
			b.until("it has begun", func() bool { return b.counts(r) == Counts{} })
			first = r
		}
		for n := int32(1); n <= 3; n++ {
			b.until("the work of the period", func() bool { return runs.Load() == n && b.counts(first) == Counts{} })
			time.Sleep(40 * time.Millisecond)
			if runs.Load() != n {
				b.Fatalf("in period %d the work was done %d times in all", n, runs.Load())
			}
			b.pass(5 * time.Hour) // periods that were missed are not made up for
		}
	})
}

func TestSecondJobWithTheSameMarkIsNotAdded(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		for range 3 {
			b.put(r, Order{Kind: "reindex", Single: "reindex contacts"})
		}
		b.put(r, Order{Kind: "reindex", Single: "reindex deals"})
		b.put(r, Order{Kind: "reindex"})
		if c := b.counts(r); c.Waiting != 3 {
			b.Errorf("%d jobs wait, want 3", c.Waiting)
		}
	})
}

func TestJobWaitsForItsTimeAndForWhoKnowsItsKind(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(1)
		var done atomic.Int32
		r.Handle("mail", func(context.Context, Job) error { done.Add(1); return nil })
		b.put(r, Order{Kind: "mail", At: b.now().Add(time.Hour)})
		b.put(r, Order{Kind: "of tomorrow's version"})
		b.run(r)
		time.Sleep(50 * time.Millisecond)
		if done.Load() != 0 || b.counts(r).Waiting != 2 {
			b.Fatal("a job was done before its time, or by who does not know it")
		}
		b.pass(time.Hour)
		b.until("the later job is done and the other left", func() bool { return done.Load() == 1 && b.counts(r) == Counts{Waiting: 1} })
		var attempt int
		b.fine(b.db.QueryRow(b.Context(), store.Text(`SELECT attempt FROM job`)).Scan(&attempt))
		if attempt != 0 {
			b.Errorf("a job of an unknown kind was tried %d times", attempt)
		}
	})
}

func TestClosingHouseLetsJobsFinishAndPutsTheOthersBack(t *testing.T) {
	each(t, func(b *bench) {
		r := b.runner(2)
		r.Grace = 200 * time.Millisecond
		began := make(chan struct{}, 2)
		r.Handle("short", func(ctx context.Context, _ Job) error {
			began <- struct{}{}
			time.Sleep(50 * time.Millisecond)
			return ctx.Err()
		})
		r.Handle("long", func(ctx context.Context, _ Job) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		b.put(r, Order{Kind: "short", Attempts: 1})
		b.put(r, Order{Kind: "long", Attempts: 1})
		stop := b.run(r)
		<-began
		<-began
		stop()
		if c := b.counts(r); c != (Counts{Waiting: 1}) {
			b.Errorf("after closing: %+v", c)
		}
		var kind string
		var attempt int
		b.fine(b.db.QueryRow(b.Context(), store.Text(`SELECT kind, attempt FROM job`)).Scan(&kind, &attempt))
		if kind != "long" || attempt != 0 {
			b.Errorf("left over is %s with %d attempts counted", kind, attempt)
		}
	})
}

// A process that is killed in the middle of a job leaves it to the next one.
func TestJobOfAKilledProcessIsDoneByTheNext(t *testing.T) {
	if place := os.Getenv("CASTELLAN_TEST_VICTIM"); place != "" {
		victim(t, place)
		return
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			place := storetest.Place(t, engine)
			child := exec.Command(os.Args[0], "-test.run=^TestJobOfAKilledProcessIsDoneByTheNext$")
			child.Env = append(os.Environ(), "CASTELLAN_TEST_VICTIM="+strings.Join([]string{place.Dir, place.URL, place.Schema}, "\n"))
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			said := make([]byte, len("working"))
			if _, err := out.Read(said); err != nil || string(said) != "working" {
				t.Fatalf("the victim says %q: %v; then %v", said, err, child.Process.Kill())
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := child.Wait(); err == nil {
				t.Fatal("the victim ended well")
			}

			b := &bench{T: t}
			if engine == store.Postgres { // where another process may be alive its lease has to run out
				b.ahead.Store(int64(time.Minute))
			}
			place.Now = b.now
			b.open(storetest.Reopen(t, place))
			r := b.runner(1)
			attempt := make(chan int, 1)
			r.Handle("import", func(_ context.Context, j Job) error { attempt <- j.Attempt; return nil })
			b.run(r)
			select {
			case n := <-attempt:
				if n != 2 {
					b.Errorf("done at attempt %d", n)
				}
			case <-time.After(10 * time.Second):
				b.Fatal("nobody took the job over")
			}
			b.until("it is done", func() bool { return b.counts(r) == Counts{} })
		})
	}
}

func victim(t *testing.T, place string) {
	at := strings.Split(place, "\n")
	db, err := store.Open(t.Context(), store.Options{Dir: at[0], URL: at[1], Schema: at[2]})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t}
	b.open(db)
	r := b.runner(1)
	r.Handle("import", func(context.Context, Job) error {
		os.Stdout.WriteString("working")
		select {}
	})
	b.put(r, Order{Kind: "import"})
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
