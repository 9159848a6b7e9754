// Package jobs runs durable work: later, again, or regularly.
//
// A job is a row. It is put there in the transaction that makes it necessary,
// so that it exists if and only if that is committed, and it is taken away when
// its work is done. What fails is tried again, each time after twice as long,
// until its attempts are used up; then it stays as given up, and the ledger
// tells of it.
//
// A worker holds a job by a lease, which it renews while it works. When a
// process dies its leases run out and others take its jobs. Several processes
// may work on one PostgreSQL database; each job is claimed by one of them. On
// SQLite there is one process: what it finds held when it begins was held by one
// that is dead, and goes on at once.
//
// A newcomer would get wrong that a job may run twice: a process can die after
// the work and before the row is gone. A handler must bear that, or finish the
// job (Job.Finish) in the same transaction as its work.
//
// Arguments are numbers and words of the house, never a client's data: they lie
// outside the rights, outside the ledger and outside erasure.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// Options are what a Runner needs. The first three must be given; the zero
// value of the others is good.
type Options struct {
	DB     *store.DB
	Scribe *scribe.Scribe
	Vault  *vault.Vault

	Log     *slog.Logger  // nil: nowhere
	Workers int           // jobs at the same time in this process; 0: 2
	Poll    time.Duration // how soon work is found that another process put there, or whose time has come; 0: one second
	Lease   time.Duration // how long after the death of a process its jobs are taken over; 0: one minute
	Grace   time.Duration // how long running jobs may go on after the end was asked for; 0: 20 seconds
}

// Order is a job to be done.
type Order struct {
	Kind     string
	Args     any       // becomes JSON; numbers and words of the house
	At       time.Time // not before; zero: now
	Attempts int       // 0: 16, which takes about half a day
	Single   string    // while a job with this mark is unfinished, another one is not added; empty: no matter
}

// Job is an order in the hands of a worker.
type Job struct {
	ID       int64
	Kind     string
	Args     json.RawMessage
	Attempt  int // 1 for the first
	Attempts int

	lease []byte
}

// Handler does the work of one kind. Its context ends when the lease is lost or
// the house closes. What it returns is kept with the job for the operator, so it
// must hold no client's data.
type Handler func(ctx context.Context, j Job) error

// Runner finds handlers for jobs. Handle and Regular must be called before Run;
// all else is safe for concurrent use.
type Runner struct {
	Options
	handlers map[string]Handler
	regular  map[string]time.Duration
	wake     chan struct{}
	due      map[string]time.Time // of regular jobs, as far as known here; Run's own
}

// New makes a runner that does nothing yet.
func New(o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	o.Workers = positive(o.Workers, 2)
	o.Poll = positive(o.Poll, time.Second)
	o.Lease = positive(o.Lease, time.Minute)
	o.Grace = positive(o.Grace, 20*time.Second)
	return &Runner{Options: o, handlers: map[string]Handler{}, regular: map[string]time.Duration{}, wake: make(chan struct{}, 1), due: map[string]time.Time{}}
}

func positive[N int | time.Duration](n, otherwise N) N {
	if n > 0 {
		return n
	}
	return otherwise
}

// Handle says who does the work of a kind. Jobs of other kinds are left alone:
// another version of the program may know them.
func (r *Runner) Handle(kind string, do Handler) { r.handlers[kind] = do }

// Regular has work done once in each period, by one process of all, for the
// first time at once. Periods that passed while nobody ran are not made up for.
// Work that still runs when its next turn comes is not begun again.
func (r *Runner) Regular(kind string, every time.Duration, do Handler) {
	r.Handle(kind, do)
	r.regular[kind] = every
}

// Enqueue puts an order into the transaction that makes it necessary.
func (r *Runner) Enqueue(ctx context.Context, tx *store.Tx, o Order) error {
	args, err := json.Marshal(o.Args)
	if err != nil {
		return fmt.Errorf("write the arguments of job %s: %w", o.Kind, err)
	}
	at := tx.Now()
	if o.At.After(at) {
		at = o.At
	}
	var single *string
	if o.Single != "" {
		single = &o.Single
	}
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO job (id, kind, args, single, state, due_at, attempt, attempts, created_at, updated_at)
		VALUES (?, ?, ?, ?, 'waiting', ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING`),
		tx.NewID(), o.Kind, string(args), single, at, positive(o.Attempts, 16), tx.Now(), tx.Now())
	if err != nil {
		return fmt.Errorf("put job %s: %w", o.Kind, err)
	}
	tx.AfterCommit(r.stir)
	return nil
}

func (r *Runner) stir() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Counts is how much work there is.
type Counts struct{ Waiting, Running, GivenUp int64 }

// Counts counts the jobs of all processes.
func (r *Runner) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := r.DB.QueryRow(ctx, store.Text(`SELECT COUNT(CASE WHEN state = 'waiting' THEN 1 END), COUNT(CASE WHEN state = 'running' THEN 1 END),
		COUNT(CASE WHEN state = 'given_up' THEN 1 END) FROM job`)).Scan(&c.Waiting, &c.Running, &c.GivenUp)
	if err != nil {
		return c, fmt.Errorf("count jobs: %w", err)
	}
	return c, nil
}

// Run works until the context ends, and then until the running jobs have
// finished or their grace is over. It survives whatever a job does.
func (r *Runner) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := r.orphans(ctx); err != nil && ctx.Err() == nil {
		r.Log.Error("jobs of a dead process wait until their leases run out", "error", err)
	}
	slots := make(chan struct{}, r.Workers)
	var running sync.WaitGroup
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		job, found, err := r.next(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("no job could be claimed", "error", err)
		}
		if !found {
			<-slots
			r.rest(ctx)
			continue
		}
		running.Go(func() {
			defer func() { <-slots }()
			r.do(work, job)
		})
	}
	drained := make(chan struct{})
	go func() { running.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(r.Grace):
		stop()
		<-drained
	}
	return nil
}

// orphans ends the leases that a dead process has left on SQLite.
func (r *Runner) orphans(ctx context.Context) error {
	if r.DB.Engine() != store.SQLite {
		return nil
	}
	return r.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text(`UPDATE job SET due_at = ? WHERE state = 'running' AND due_at > ?`), tx.Now(), tx.Now())
		if err != nil {
			return fmt.Errorf("end leases of the dead: %w", err)
		}
		return nil
	})
}

// rest waits until there may be something to do.
func (r *Runner) rest(ctx context.Context) {
	t := time.NewTimer(r.Poll)
	defer t.Stop()
	select {
	case <-r.wake:
	case <-t.C:
	case <-ctx.Done():
	}
}

// next puts regular work whose time has come, and claims the job that has been
// due for longest.
func (r *Runner) next(ctx context.Context) (Job, bool, error) {
	if err := r.schedule(ctx); err != nil {
		return Job{}, false, err
	}
	// Most of the time there is nothing, and a look costs less than a claim.
	pick, kinds := r.pick()
	var id int64
	err := r.DB.QueryRow(ctx, store.Text(pick), append([]any{r.DB.Now()}, kinds...)...).Scan(&id)
	if errors.Is(err, store.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("look for jobs: %w", err)
	}
	return r.claim(ctx)
}

// pick is the query for the job that has been due for longest, of the kinds
// that are known here; its arguments are the time and the kinds.
func (r *Runner) pick() (sql string, kinds []any) {
	marks := []string{"''"}
	for _, k := range slices.Sorted(maps.Keys(r.handlers)) {
		marks, kinds = append(marks, "?"), append(kinds, k)
	}
	return `SELECT id FROM job WHERE due_at <= ? AND state <> 'given_up' AND kind IN (` + strings.Join(marks, ", ") + `) ORDER BY due_at, id LIMIT 1`, kinds
}

// schedule puts a job for each regular one whose time has come. The row of the
// schedule is changed by one process only.
func (r *Runner) schedule(ctx context.Context) error {
	now := r.DB.Now()
	for _, kind := range slices.Sorted(maps.Keys(r.regular)) {
		if now.Before(r.due[kind]) {
			continue
		}
		var due time.Time
		err := r.DB.Write(ctx, func(tx *store.Tx) error {
			due = tx.Now().Add(r.regular[kind])
			n, err := tx.Exec(ctx, store.Text(`INSERT INTO schedule (name, next_at) VALUES (?, ?)
				ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE schedule.next_at <= ?`), kind, due, tx.Now())
			if err != nil {
				return err
			}
			if n > 0 {
				return r.Enqueue(ctx, tx, Order{Kind: kind, Single: kind, Attempts: 3})
			}
			return tx.QueryRow(ctx, store.Text(`SELECT next_at FROM schedule WHERE name = ?`), kind).Scan(&due)
		})
		if err != nil {
			return fmt.Errorf("schedule %s: %w", kind, err)
		}
		r.due[kind] = due
	}
	return nil
}

const leaseSize = 16

// claim takes one job that is due, or whose lease has run out.
func (r *Runner) claim(ctx context.Context) (Job, bool, error) {
	pick, kinds := r.pick()
	take := func(pick string) string {
		return `UPDATE job SET state = 'running', lease = ?, attempt = attempt + 1, due_at = ?, updated_at = ? WHERE id = (` + pick + `)
			RETURNING id, kind, args, attempt, attempts, lease`
	}
	claim := store.Twin{SQLite: take(pick), Postgres: take(pick + ` FOR UPDATE SKIP LOCKED`)}
	var j Job
	err := r.DB.Write(ctx, func(tx *store.Tx) error {
		var args string
		values := append([]any{r.Vault.Bytes(leaseSize), tx.Now().Add(r.Lease), tx.Now(), tx.Now()}, kinds...)
		err := tx.QueryRow(ctx, claim, values...).Scan(&j.ID, &j.Kind, &args, &j.Attempt, &j.Attempts, &j.lease)
		j.Args = json.RawMessage(args)
		return err
	})
	if errors.Is(err, store.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, fmt.Errorf("claim job: %w", err)
	}
	return j, true, nil
}

// ErrLost says that the job belongs to somebody else now: what was done for it
// must not be committed.
var ErrLost = errors.New("the lease of the job is lost")

// Finish takes the job away in the transaction of its last work, so that both
// happen or neither. It gives ErrLost if another worker has the job.
func (j Job) Finish(ctx context.Context, tx *store.Tx) error {
	n, err := tx.Exec(ctx, store.Text(`DELETE FROM job WHERE id = ? AND lease = ?`), j.ID, j.lease)
	if err != nil {
		return fmt.Errorf("finish job: %w", err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

// do runs a claimed job to its end, whatever that is.
func (r *Runner) do(ctx context.Context, j Job) {
	log := r.Log.With("job", j.ID, "kind", j.Kind, "attempt", j.Attempt)
	if j.Attempt > j.Attempts {
		// Whoever had the last attempt died in it.
		r.settle(ctx, log, func(tx *store.Tx) error { return r.giveUp(ctx, tx, j, "the worker died") })
		return
	}
	held, lost := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { r.renew(held, lost, j) })
	err := guarded(held, r.handlers[j.Kind], j)
	lost()
	renewing.Wait()

	// The end is written down also if the house is closing.
	after := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		r.settle(after, log, func(tx *store.Tx) error {
			if err := j.Finish(after, tx); !errors.Is(err, ErrLost) {
				return err
			}
			return nil // the handler has finished it, or another worker has it
		})
		return
	case ctx.Err() != nil:
		// Cut short by the end of the house, not by its own fault.
		r.settle(after, log, func(tx *store.Tx) error {
			_, err := tx.Exec(after, store.Text(`UPDATE job SET state = 'waiting', lease = NULL, attempt = attempt - 1, due_at = ?, updated_at = ? WHERE id = ? AND lease = ?`),
				tx.Now(), tx.Now(), j.ID, j.lease)
			return err
		})
		return
	case errors.Is(err, ErrLost):
		log.Warn("a job was taken over by another worker")
		return
	}
	log.Error("a job failed", "error", err)
	r.settle(after, log, func(tx *store.Tx) error {
		if j.Attempt >= j.Attempts {
			return r.giveUp(after, tx, j, err.Error())
		}
		_, e := tx.Exec(after, store.Text(`UPDATE job SET state = 'waiting', lease = NULL, due_at = ?, error = ?, updated_at = ? WHERE id = ? AND lease = ?`),
			tx.Now().Add(backOff(j)), err.Error(), tx.Now(), j.ID, j.lease)
		return e
	})
}

// settle writes an end down. If the database refuses, the lease runs out and
// the job is done again.
func (r *Runner) settle(ctx context.Context, log *slog.Logger, end func(*store.Tx) error) {
	if err := r.DB.Write(ctx, end); err != nil {
		log.Error("the end of a job could not be written down", "error", err)
	}
}

// guarded calls the handler and turns a panic into an error: one bad job must
// not end the house. What was panicked with may hold anything, and is not kept.
func guarded(ctx context.Context, do Handler, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked{fmt.Sprintf("panic of type %T", p), debug.Stack()}
		}
	}()
	return do(ctx, j)
}

// panicked keeps where it happened for the log.
type panicked struct {
	what  string
	stack []byte
}

func (p panicked) Error() string { return p.what }

// LogValue shows the stack to the log, and to the log alone.
func (p panicked) LogValue() slog.Value {
	return slog.GroupValue(slog.String("what", p.what), slog.String("stack", string(p.stack)))
}

// renew keeps the lease until the context ends, and ends it if the lease is lost.
func (r *Runner) renew(ctx context.Context, lost func(), j Job) {
	t := time.NewTicker(r.Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := r.DB.Write(ctx, func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, store.Text(`UPDATE job SET due_at = ? WHERE id = ? AND lease = ?`), tx.Now().Add(r.Lease), j.ID, j.lease)
			if err == nil && n == 0 {
				return ErrLost
			}
			return err
		})
		if errors.Is(err, ErrLost) {
			lost()
			return
		}
	}
}

// giveUp leaves the job for people to look at.
func (r *Runner) giveUp(ctx context.Context, tx *store.Tx, j Job, why string) error {
	n, err := tx.Exec(ctx, store.Text(`UPDATE job SET state = 'given_up', lease = NULL, error = ?, updated_at = ? WHERE id = ? AND lease = ?`), why, tx.Now(), j.ID, j.lease)
	if err != nil || n == 0 {
		return err
	}
	return r.Scribe.Write(ctx, tx, scribe.Entry{Event: "job.given_up", Who: actor.House(), Details: struct {
		Job      int64  `json:"job"`
		Kind     string `json:"kind"`
		Attempts int    `json:"attempts"`
	}{j.ID, j.Kind, j.Attempts}})
}

// backOff doubles from two seconds to four hours. Jobs that failed together do
// not come back together.
func backOff(j Job) time.Duration {
	const longest = 4 * time.Hour
	d := longest
	if j.Attempt < 14 {
		d = min(time.Second<<j.Attempt, longest)
	}
	return d + d/10*time.Duration(j.ID%10)/10
}
