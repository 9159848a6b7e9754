package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// ExportOptions are what exports need. All must be given.
type ExportOptions struct {
	DB     *store.DB
	Scribe *scribe.Scribe
	Vault  *vault.Vault
	Rights Abilities
	Book   *records.Book
	Runner *jobs.Runner
	// Stands tells whether what somebody asked for may go on in their name: nil,
	// or a fault.
	Stands func(ctx context.Context, who actor.Actor) error
	// People are what people are called, to whoever exports; Steps what pipelines
	// and stages are, by the type of field that leads to them.
	People func(ctx context.Context, who actor.Actor) (map[actor.PersonID]string, error)
	Steps  func() map[schema.Type]map[int64]string
	Zone   func() *time.Location // in which moments are written
}

// Exports is the desk of files that leave. It is safe for concurrent use.
//
// An export is asked for, made by a job in slices, and taken once, by whoever
// asked for it and in the session (or with the key) in which they asked. It ends
// within a second when that session or key ends, when the network or the hour is
// not allowed any more, or when the rights by which it was asked for are others;
// what was written by then is destroyed. A house that is killed makes the file
// anew from its beginning: half a file is never handed out, nor one whose halves
// are of different times.
//
// What was taken stays in the archive, sealed, and may be fetched by those who
// may read it (policy.ReadExports).
type Exports struct{ ExportOptions }

// OpenExports makes the desk and lets the runner make files.
func OpenExports(o ExportOptions) *Exports {
	m := &Exports{o}
	o.Runner.Handle(exportJob, m.make)
	o.Runner.Regular("exports.tidy", time.Minute, func(ctx context.Context, _ jobs.Job) error { return m.Tidy(ctx) })
	return m
}

// Formats of files that leave.
const (
	CSV  = "csv"
	XLSX = "xlsx"
)

// ExportState is how far an export has come. Whoever adds an approval puts it
// between Asked and Making.
type ExportState string

const (
	Asked   ExportState = "asked"
	Making  ExportState = "making"
	Made    ExportState = "made"    // waits to be taken
	Taken   ExportState = "taken"   // left once; the archive has it
	Ended   ExportState = "ended"   // stopped before it was taken; nothing is left of it
	Expired ExportState = "expired" // not taken in time; nothing is left of it
)

// ExportAsk is what somebody asks for.
type ExportAsk struct {
	Kind   string
	Which  records.Selection
	Fields []string // nil: all that may be in a file
	Format string
	Reason string // in words, for whoever looks after the archive
}

const (
	exportJob     = "exports.make"
	longestWhy    = 500
	mostNamed     = 10_000               // ids of one export
	mostRecords   = 1_000_000            // of one file; a sheet has room for a few more
	mostAtOnce    = 2                    // exports of one person under way
	linkLasts     = time.Hour            // from when the file is made to when it must have been taken
	keptArchive   = 365 * 24 * time.Hour // from when it was taken to when the file itself is thrown away
	longestMaking = 24 * time.Hour
	exportPieces  = 256 << 10
)

// Export is one file that leaves, as it stands.
type Export struct {
	ID       int64
	Version  int64
	At       time.Time
	By       actor.Actor // as whoever asked for it acted then
	Kind     string      // empty: the kind is gone
	Format   string
	State    ExportState
	Why      string // of one that ended: session, entry, rights, cancelled, fault
	Expected int    // records, as counted when it was asked for
	Records  int    // in the file so far
	Size     int64
	Hash     []byte // SHA-256 of the file
	Made     time.Time
	Taken    time.Time
	Ends     time.Time // when one that is made must have been taken
	Ended    time.Time

	Filter, Sort, Search string
	Named                int // records that were named one by one
	Fields, Masked       []string
	Reason               string

	Open    bool // the asker may take it now
	Archive bool // the asker may fetch it from the archive
	Kept    bool // the archive has the file

	run    int64
	rights string
	tree   json.RawMessage
	ids    []schema.RecordID
	zone   string
}

// decided is what lies sealed in the row: conditions hold what people search for.
type decidedExport struct {
	Filter string            `json:"filter,omitempty"`
	Tree   json.RawMessage   `json:"tree,omitempty"`
	Sort   string            `json:"sort,omitempty"`
	Search string            `json:"search,omitempty"`
	Zone   string            `json:"zone,omitempty"`
	IDs    []schema.RecordID `json:"ids,omitempty"`
	Fields []string          `json:"fields"`
	Masked []string          `json:"masked,omitempty"`
	Reason string            `json:"reason"`
	Rights string            `json:"rights"`
}

func exportPlace(id int64) string { return fmt.Sprintf("export:%d:decided", id) }

func exportPieceOf(id int64, place int) string { return fmt.Sprintf("export:%d:%d", id, place) }

// Outgoing tells what a file would hold, before anybody asks for it.
func (m *Exports) Outgoing(ctx context.Context, who actor.Actor, a ExportAsk) (*records.Outgoing, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	return m.Book.Outgoing(ctx, who, a.Kind, a.Which, a.Fields)
}

func (a *ExportAsk) check() error {
	switch {
	case a.Kind == "":
		return fault.New(fault.Invalid, "export.kind", "Say which kind of record is exported.").At("kind")
	case a.Which.Query == nil && len(a.Which.IDs) == 0:
		return fault.New(fault.Invalid, "export.none", "Say which records are exported: by a filter, or one by one.").At("ids")
	case len(a.Which.IDs) > mostNamed:
		return fault.Newf(fault.Large, "export.named", "At most %d records can be named one by one. Use a filter.", mostNamed).At("ids")
	}
	a.Which.IDs = slices.Compact(slices.Sorted(slices.Values(a.Which.IDs)))
	return nil
}

// Ask writes down that somebody asks for a file, and lets it be made. Whoever may
// not is refused, and the ledger tells of the try.
func (m *Exports) Ask(ctx context.Context, who actor.Actor, a ExportAsk) (*Export, error) {
	if a.Format != CSV && a.Format != XLSX {
		return nil, fault.New(fault.Invalid, "export.format", "A file is csv or xlsx.").At("format")
	}
	a.Reason = strings.TrimSpace(a.Reason)
	if a.Reason == "" || utf8.RuneCountInString(a.Reason) > longestWhy {
		return nil, fault.Newf(fault.Invalid, "export.reason", "Say in at most %d characters what the file is for.", longestWhy).At("reason")
	}
	out, err := m.Outgoing(ctx, who, a)
	if fault.Is(err, fault.Denied) {
		return nil, errors.Join(err, m.Scribe.Note(ctx, scribe.Entry{Event: "export.refused", Who: who, Kind: "export", Surface: string(policy.ExportFile),
			Details: map[string]any{"kind": a.Kind}}))
	}
	if err != nil {
		return nil, err
	}
	if out.Count > mostRecords {
		return nil, fault.Newf(fault.Large, "export.many", "At most %d records can be in one file.", mostRecords)
	}
	if out.Count == 0 {
		return nil, fault.New(fault.Invalid, "export.none", "There is nothing to export: no record is found.").At("filter")
	}
	d := decidedExport{IDs: a.Which.IDs, Reason: a.Reason, Rights: out.Rights}
	if q := a.Which.Query; q != nil {
		d.Filter, d.Sort, d.Search = q.Filter, q.Sort, q.Search
		if q.Zone != nil {
			d.Zone = q.Zone.String()
		}
		if q.Tree != nil {
			if d.Tree, err = json.Marshal(q.Tree); err != nil {
				return nil, fmt.Errorf("write down a condition: %w", err)
			}
		}
	}
	for _, f := range out.Fields {
		d.Fields = append(d.Fields, f.Field.Name)
		if f.Sight != records.Plain {
			d.Masked = append(d.Masked, f.Field.Name)
		}
	}
	if len(d.Fields) == 0 {
		return nil, fault.New(fault.Invalid, "export.columns", "There is no column to export.").At("columns")
	}
	id := int64(0)
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		var running int
		if err := tx.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM export WHERE person = ? AND state IN ('asked', 'making')"), who.Person).Scan(&running); err != nil {
			return fmt.Errorf("count exports under way: %w", err)
		}
		if running >= mostAtOnce {
			return fault.New(fault.Conflict, "export.running", "Your last exports are still being made. Wait until they are, or stop one.")
		}
		id = int64(tx.NewID())
		text, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("write down an export: %w", err)
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO export (id, version, asked_at, actor_kind, person, program_key, role, session, address, device, language, kind, format, decided, state, run, expected, records, size)
			VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', 0, ?, 0, 0)`), id, tx.Now(), int64(who.Kind), who.Person, who.Key, who.Role, who.Session, who.Address.String(), who.Device, who.Language,
			out.Kind.Number, a.Format, m.Vault.Seal(exportPlace(id), text), out.Count)
		if err != nil {
			return fmt.Errorf("write down an export: %w", err)
		}
		if err := m.Runner.Enqueue(ctx, tx, jobs.Order{Kind: exportJob, Args: exportArgs{id}, Attempts: 5}); err != nil {
			return err
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "export.asked", Who: who, Kind: "export", Records: []schema.RecordID{schema.RecordID(id)}, Surface: string(policy.ExportFile),
			Details: map[string]any{"kind": out.Kind.Name, "format": a.Format, "expected": out.Count, "columns": d.Fields, "masked": d.Masked, "filtered": d.Filter != "" || d.Tree != nil, "searched": d.Search != "", "named": len(d.IDs)}})
	})
	if err != nil {
		return nil, err
	}
	return m.Status(ctx, who, id)
}

type exportArgs struct {
	Export int64 `json:"export"`
}

const exportColumns = `id, version, asked_at, actor_kind, person, program_key, role, session, address, device, language, kind, format, decided, state, COALESCE(why, ''), run, expected, records, size, hash,
	COALESCE(made_at, 0), COALESCE(taken_at, 0), COALESCE(ends_at, 0), COALESCE(ended_at, 0), COALESCE(cleared_at, 0)`

func (m *Exports) scan(row interface{ Scan(...any) error }) (*Export, error) {
	var e Export
	var kind int
	var address string
	var sealed []byte
	var made, taken, ends, ended, cleared int64
	var by int64
	err := row.Scan(&e.ID, &e.Version, &e.At, &by, &e.By.Person, &e.By.Key, &e.By.Role, &e.By.Session, &address, &e.By.Device, &e.By.Language, &kind, &e.Format, &sealed, &e.State, &e.Why, &e.run,
		&e.Expected, &e.Records, &e.Size, &e.Hash, &made, &taken, &ends, &ended, &cleared)
	if err != nil {
		return nil, err
	}
	e.By.Kind = actor.Kind(by)
	if e.By.Address, err = netip.ParseAddr(address); err != nil {
		e.By.Address = netip.Addr{}
	}
	for _, k := range m.Book.Kinds() {
		if k.Number == kind {
			e.Kind = k.Name
		}
	}
	for us, to := range map[*int64]*time.Time{&made: &e.Made, &taken: &e.Taken, &ends: &e.Ends, &ended: &e.Ended} {
		if *us != 0 {
			*to = time.UnixMicro(*us).UTC()
		}
	}
	e.Kept = cleared == 0 && e.State == Taken // what nobody has taken is nobody's, and is destroyed when its hour is over
	text, err := m.Vault.Open(exportPlace(e.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open what was asked of an export: %w", err)
	}
	var d decidedExport
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read what was asked of an export: %w", err)
	}
	e.Filter, e.Sort, e.Search, e.Named, e.Fields, e.Masked, e.Reason = d.Filter, d.Sort, d.Search, len(d.IDs), d.Fields, d.Masked, d.Reason
	e.rights, e.tree, e.ids, e.zone = d.Rights, d.Tree, d.IDs, d.Zone
	if e.Filter == "" && e.tree != nil {
		e.Filter = string(e.tree)
	}
	return &e, nil
}

// which is what the export was asked for.
func (e *Export) which() (records.Selection, error) {
	if len(e.ids) > 0 {
		return records.Selection{IDs: e.ids}, nil
	}
	q := records.Query{Sort: e.Sort, Search: e.Search}
	if e.tree == nil {
		q.Filter = e.Filter
	} else if err := json.Unmarshal(e.tree, &q.Tree); err != nil {
		return records.Selection{}, fmt.Errorf("read a condition: %w", err)
	}
	if e.zone != "" {
		var err error
		if q.Zone, err = time.LoadLocation(e.zone); err != nil {
			return records.Selection{}, fmt.Errorf("find a time zone: %w", err)
		}
	}
	return records.Selection{Query: &q}, nil
}

func (m *Exports) find(ctx context.Context, id int64) (*Export, error) {
	e, err := m.scan(m.DB.QueryRow(ctx, store.Text("SELECT "+exportColumns+" FROM export WHERE id = ?"), id))
	if errors.Is(err, store.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("find an export: %w", err)
	}
	return e, nil
}

// looks is whose exports somebody sees as their own: those of whom they look as.
func looks(who actor.Actor) actor.PersonID {
	if who.ViewAs != 0 {
		return who.ViewAs
	}
	return who.Person
}

// enter refuses those to whom exports are none of their business: who may export
// nothing and may not read the archive (attack 35).
func (m *Exports) enter(ctx context.Context, who actor.Actor) (archive bool, err error) {
	if m.Rights.May(ctx, who, policy.ReadExports) == nil {
		return true, nil
	}
	may, err := m.Book.MayExport(ctx, who, "")
	if err != nil {
		return false, err
	}
	if !may {
		return false, fault.New(fault.Denied, "export.denied", "You may not export. Whoever manages roles can allow it.")
	}
	return false, nil
}

// List gives exports, newest first: the actor's own, and everybody's for those
// who may read the archive.
func (m *Exports) List(ctx context.Context, who actor.Actor, before int64) ([]*Export, error) {
	archive, err := m.enter(ctx, who)
	if err != nil {
		return nil, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	text, args := "SELECT "+exportColumns+" FROM export WHERE person = ? AND id < ? ORDER BY id DESC LIMIT 100", []any{looks(who), before}
	if archive {
		text, args = "SELECT "+exportColumns+" FROM export WHERE id < ? ORDER BY id DESC LIMIT 100", []any{before}
	}
	rows, err := m.DB.Query(ctx, store.Text(text), args...)
	if err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	defer rows.Close()
	var all []*Export
	for rows.Next() {
		e, err := m.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list exports: %w", err)
		}
		all = append(all, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	for _, e := range all {
		if err := m.offers(ctx, who, e, archive); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Status gives one export. Somebody else's exists only for those who may read the
// archive.
func (m *Exports) Status(ctx context.Context, who actor.Actor, id int64) (*Export, error) {
	archive, err := m.enter(ctx, who)
	if err != nil {
		return nil, err
	}
	e, err := m.find(ctx, id)
	if err == nil && !archive && e.By.Person != looks(who) {
		err = fault.NotFound()
	}
	if err != nil {
		return nil, err
	}
	return e, m.offers(ctx, who, e, archive)
}

// offers says of an export how the actor may have its file.
func (m *Exports) offers(ctx context.Context, who actor.Actor, e *Export, archive bool) error {
	e.Archive = archive && e.Kept && who.Kind == actor.Person && who.ViewAs == 0
	if e.State != Made || !same(who, e.By) || !m.DB.Now().Before(e.Ends) {
		return nil
	}
	may, err := m.Book.MayExport(ctx, who, e.Kind)
	e.Open = may
	return err
}

// same tells whether somebody is who asked, in the session or with the key with
// which they asked.
func same(who, by actor.Actor) bool {
	return who.ViewAs == 0 && who.Kind == by.Kind && who.Person == by.Person && who.Session == by.Session && who.Key == by.Key
}

// Cancel stops an export that is not taken yet, and destroys what there is of it:
// for whoever asked for it, and for those who may read the archive.
func (m *Exports) Cancel(ctx context.Context, who actor.Actor, id int64) error {
	if who.ViewAs != 0 {
		return fault.New(fault.Denied, "viewas.readonly", "While viewing as somebody else nothing can be changed or revealed.")
	}
	e, err := m.Status(ctx, who, id)
	if err != nil {
		return err
	}
	ended, err := m.end(ctx, who, e, "cancelled", nil)
	if err == nil && !ended {
		err = fault.New(fault.Conflict, "export.over", "This export is over: what was taken stays in the archive.")
	}
	return err
}

// end stops an export that is not taken yet and destroys what there is of it. It
// tells whether there was anything to stop; then finishes the job, if one is given.
func (m *Exports) end(ctx context.Context, who actor.Actor, e *Export, why string, job *jobs.Job) (ended bool, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE export SET state = 'ended', why = ?, ended_at = ?, cleared_at = ?, version = version + 1 WHERE id = ? AND state IN ('asked', 'making', 'made')"), why, tx.Now(), tx.Now(), e.ID)
		if err != nil {
			return fmt.Errorf("end an export: %w", err)
		}
		if ended = n > 0; ended {
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM export_piece WHERE export = ?"), e.ID); err != nil {
				return fmt.Errorf("destroy a file: %w", err)
			}
			err := m.Scribe.Write(ctx, tx, scribe.Entry{Event: "export.ended", Who: who, Kind: "export", Records: []schema.RecordID{schema.RecordID(e.ID)}, Surface: string(policy.ExportFile),
				Details: map[string]any{"why": why, "records": e.Records}})
			if err != nil {
				return err
			}
		}
		if job == nil {
			return nil
		}
		return job.Finish(ctx, tx)
	})
	return ended, err
}

// Tidy destroys what was not taken in time, and throws away files whose time in
// the archive is over. What was exported, when and by whom stays known.
func (m *Exports) Tidy(ctx context.Context) error {
	now := m.DB.Now()
	expired, err := m.some(ctx, "SELECT id FROM export WHERE state = 'made' AND ends_at <= ?", now)
	if err != nil {
		return err
	}
	for _, id := range expired {
		err := m.DB.Write(ctx, func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, store.Text("UPDATE export SET state = 'expired', ended_at = ?, cleared_at = ?, version = version + 1 WHERE id = ? AND state = 'made'"), tx.Now(), tx.Now(), id)
			if err != nil || n == 0 {
				return err
			}
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM export_piece WHERE export = ?"), id); err != nil {
				return err
			}
			return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "export.expired", Who: actor.House(), Kind: "export", Records: []schema.RecordID{schema.RecordID(id)}})
		})
		if err != nil {
			return fmt.Errorf("end an export that was not taken: %w", err)
		}
	}
	// Whose job was given up is made by nobody any more.
	left, err := m.some(ctx, "SELECT id FROM export WHERE state IN ('asked', 'making') AND asked_at <= ?", now.Add(-longestMaking))
	if err != nil {
		return err
	}
	for _, id := range left {
		if _, err := m.end(ctx, actor.House(), &Export{ID: id}, "fault", nil); err != nil {
			return err
		}
	}
	old, err := m.some(ctx, "SELECT id FROM export WHERE state = 'taken' AND cleared_at IS NULL AND taken_at <= ?", now.Add(-keptArchive))
	if err != nil {
		return err
	}
	for _, id := range old {
		err := m.DB.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM export_piece WHERE export = ?"), id); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, store.Text("UPDATE export SET cleared_at = ?, version = version + 1 WHERE id = ?"), tx.Now(), id)
			return err
		})
		if err != nil {
			return fmt.Errorf("throw a file of the archive away: %w", err)
		}
	}
	return nil
}

func (m *Exports) some(ctx context.Context, ask store.Text, args ...any) ([]int64, error) {
	rows, err := m.DB.Query(ctx, ask, args...)
	if err != nil {
		return nil, fmt.Errorf("find exports: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		all = append(all, rows.Values()[0].(int64))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("find exports: %w", err)
	}
	return all, nil
}
