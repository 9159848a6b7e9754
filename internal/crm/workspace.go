package crm

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/epoch"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Abilities tell whether an actor may change the workspace and would still be let
// in by another clock, and forget the rights of a field that is withdrawn.
type Abilities interface {
	Need(ctx context.Context, who actor.Actor, a policy.Ability) error
	KeepsIn(ctx context.Context, tx *store.Tx, who actor.Actor, zone string) error
	ForgetField(ctx context.Context, tx *store.Tx, kind, field string) error
}

// Workspace is what a firm has made of its CRM: its settings, custom fields,
// pipelines. All of it is in memory, and read anew when this or another process
// has changed it. It is safe for concurrent use.
type Workspace struct {
	db     *store.DB
	scribe *scribe.Scribe
	rights Abilities
	epoch  *epoch.Epoch
	runner *jobs.Runner // starts processes; nil: none starts by itself

	now atomic.Pointer[remembered]
	mu  sync.Mutex // held by the one who reads anew
}

// remembered is the workspace at one epoch.
type remembered struct {
	epoch     int64
	catalog   *schema.Catalog
	fields    []CustomField
	pipelines []Pipeline
	staff     []Staff
	settings  Settings
	zone      *time.Location // that of the settings: every list needs it, and the system's is a file
	offered   Offered
}

// OpenWorkspace reads the workspace.
func OpenWorkspace(ctx context.Context, db *store.DB) (*Workspace, error) {
	w := &Workspace{db: db, epoch: epoch.New(db, "crm")}
	_, err := w.current(ctx)
	return w, err
}

// Join gives the workspace what it needs to be changed: rights ask the catalog
// of the workspace, and the workspace asks rights.
func (w *Workspace) Join(s *scribe.Scribe, rights Abilities) { w.scribe, w.rights = s, rights }

// Catalog is every kind with its fields as they are now.
func (w *Workspace) Catalog() *schema.Catalog { return w.latest().catalog }

// Settings are those of the workspace as they are now.
func (w *Workspace) Settings() Settings { return w.latest().settings }

// Region is the default region of phone numbers.
func (w *Workspace) Region() string { return w.latest().settings.Region }

// Zone is the time zone of the workspace.
func (w *Workspace) Zone() *time.Location { return w.latest().zone }

// latest is the workspace as it is now, or as it was last read if the database
// cannot be asked: whoever needs the database next will be told of it.
func (w *Workspace) latest() *remembered {
	r, err := w.current(context.Background())
	if err != nil {
		return w.now.Load()
	}
	return r
}

func (w *Workspace) current(ctx context.Context) (*remembered, error) {
	n, err := w.epoch.Current(ctx)
	if err != nil {
		return nil, err
	}
	if r := w.now.Load(); r != nil && r.epoch >= n {
		return r, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.now.Load(); r != nil && r.epoch >= n {
		return r, nil
	}
	var r *remembered
	err = w.db.Read(ctx, func(tx *store.Tx) error {
		n, err := w.epoch.Under(ctx, tx)
		if err != nil {
			return err
		}
		r, err = remember(ctx, tx, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the workspace: %w", err)
	}
	w.now.Store(r)
	return r, nil
}

func remember(ctx context.Context, tx *store.Tx, n int64) (*remembered, error) {
	r := &remembered{epoch: n}
	var err error
	if r.settings, err = readSettings(ctx, tx); err != nil {
		return nil, err
	}
	if r.zone, err = time.LoadLocation(r.settings.TimeZone); err != nil {
		r.zone = time.UTC // it was known when it was chosen, on another machine
	}
	if r.fields, err = readFields(ctx, tx); err != nil {
		return nil, err
	}
	if r.pipelines, err = readPipelines(ctx, tx); err != nil {
		return nil, err
	}
	if r.staff, err = readStaff(ctx, tx); err != nil {
		return nil, err
	}
	if r.offered, err = readOffered(ctx, tx); err != nil {
		return nil, err
	}
	r.catalog, err = catalogWith(r.fields)
	return r, err
}

// change runs a change of the workspace by somebody who holds the ability.
func (w *Workspace) change(ctx context.Context, who actor.Actor, a policy.Ability, do func(tx *store.Tx, is *remembered) (*scribe.Entry, error)) error {
	if err := w.rights.Need(ctx, who, a); err != nil {
		return err
	}
	return w.db.Write(ctx, func(tx *store.Tx) error {
		is, err := remember(ctx, tx, 0)
		if err != nil {
			return err
		}
		e, err := do(tx, is)
		if err != nil || e == nil {
			return err
		}
		e.Who = who
		if err := w.scribe.Write(ctx, tx, *e); err != nil {
			return err
		}
		return w.epoch.Advance(ctx, tx)
	})
}

// Settings are what the whole workspace goes by.
type Settings struct {
	Name     string `json:"name"`
	Region   string `json:"region"`    // ISO 3166, two letters: phone numbers without a country belong here
	Language string `json:"language"`  // of notices, and of names whose language nobody said
	TimeZone string `json:"time_zone"` // IANA name
	Currency string `json:"currency"`  // ISO 4217
	Proof    string `json:"proof"`     // for how many minutes a proof of who somebody is counts where much harm can be done; empty: 15
}

// FreshFor is Proof as a duration.
func (s Settings) FreshFor() time.Duration {
	if s.Proof == "" {
		return 15 * time.Minute
	}
	n, err := strconv.Atoi(s.Proof)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Minute
}

// Check says what is wrong with settings.
func (s Settings) Check() error {
	var wrong []fault.Fault
	if n := len([]rune(s.Name)); n == 0 || n > 100 {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.name", "The workspace needs a name of at most 100 characters.").At("name"))
	}
	if !value.KnownRegion(s.Region) {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.region", "The region must be a country code of two letters, such as PL.").At("region"))
	}
	if !slices.Contains(Languages(), s.Language) {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.language", "The language must be one of en, ru, it, pl.").At("language"))
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.time_zone", "The time zone must be a name such as Europe/Warsaw.").At("time_zone"))
	}
	if !letters(s.Currency, 3) {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.currency", "The currency must be a code of three letters, such as EUR.").At("currency"))
	}
	if d := s.FreshFor(); d < time.Minute || d > 12*time.Hour {
		wrong = append(wrong, *fault.New(fault.Invalid, "settings.proof", "A proof counts for 1 to 720 minutes.").At("proof_minutes"))
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

func letters(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// fresh are the settings before anybody has chosen any.
func fresh() Settings {
	return Settings{Name: "Castellan", Region: "US", Language: "en", TimeZone: "UTC", Currency: "EUR"}
}

func (s *Settings) parts() map[string]*string {
	return map[string]*string{"name": &s.Name, "region": &s.Region, "language": &s.Language, "time_zone": &s.TimeZone, "currency": &s.Currency, "proof": &s.Proof}
}

func readSettings(ctx context.Context, tx *store.Tx) (Settings, error) {
	s := fresh()
	rows, err := tx.Query(ctx, store.Text("SELECT name, value FROM setting"))
	if err != nil {
		return s, fmt.Errorf("read settings: %w", err)
	}
	defer rows.Close()
	parts := s.parts()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return s, fmt.Errorf("read settings: %w", err)
		}
		if p := parts[name]; p != nil {
			*p = value
		}
	}
	return s, rows.Err()
}

// ChangeSettings replaces the settings. It needs ManageSettings.
func (w *Workspace) ChangeSettings(ctx context.Context, who actor.Actor, next Settings) error {
	if err := next.Check(); err != nil {
		return err
	}
	return w.change(ctx, who, policy.ManageSettings, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		if is.settings == next {
			return nil, nil
		}
		if is.settings.TimeZone != next.TimeZone {
			if err := w.rights.KeepsIn(ctx, tx, who, next.TimeZone); err != nil {
				return nil, err
			}
		}
		return &scribe.Entry{Event: "settings.changed", Details: map[string]any{"before": is.settings, "after": next}}, writeSettings(ctx, tx, next)
	})
}

// Found writes the first settings and the first pipeline, in the transaction in
// which the workspace gets its owner.
func (w *Workspace) Found(ctx context.Context, tx *store.Tx, s Settings) error {
	if err := s.Check(); err != nil {
		return err
	}
	if err := writeSettings(ctx, tx, s); err != nil {
		return err
	}
	for _, p := range firstPipelines(s.Language) {
		if err := writePipeline(ctx, tx, p); err != nil {
			return err
		}
	}
	return w.epoch.Advance(ctx, tx)
}

func writeSettings(ctx context.Context, tx *store.Tx, s Settings) error {
	for name, value := range s.parts() {
		_, err := tx.Exec(ctx, store.Text("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"), name, *value)
		if err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// errGone is the answer to a pipeline, stage or field that is not there.
func errGone(what string) error {
	return fault.Newf(fault.Missing, what+".missing", "There is no such %s.", what)
}
