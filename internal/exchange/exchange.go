// Package exchange brings clients in from files that other programs have written, and lets records out in files.
//
// An import is a file and what somebody decided about it: what each column
// means, what happens to clients who are there already, who is responsible.
// Upload recognises the file and shows what would happen; Start lets it happen,
// in the background, in the name of whoever started it and under their rights
// as they are at that moment for each row.
//
// Rows go in by slices, and each slice is one transaction with its matching, its
// companies, its ledger entry and the import's own progress. Whatever stops the
// house in the middle, a row is there or it is not, and Resume goes on with the
// next one; a lease lets one process at a time work on an import. A file that is
// brought again doubles nothing: a line that says what an earlier line said is
// known by its hash, and clients are known by phone, mail address and their id
// in the former system. Clients whom the importer may not view, or who are in
// the bin, are not known. Undo takes an import back as one step.
//
// Preview goes the same way as the import itself, over a trial of the records
// (records.Trial), so that what it tells is what would happen.
//
// Nothing is invented. A value that cannot be read or does not fit is left out
// and named in the file of refused rows, which only they may fetch who may
// import. The file, what was decided about it and its refused rows lie sealed,
// and Tidy throws them away when their time has come.
//
// What leaves goes through Exports.
package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/sheet"
	"castellan/internal/store"
	"castellan/internal/value"
	"castellan/internal/vault"
)

// Abilities tell whether an actor may import.
type Abilities interface {
	Need(ctx context.Context, who actor.Actor, a policy.Ability) error
	May(ctx context.Context, who actor.Actor, a policy.Ability) error
}

// Options are what imports need. All must be given but Log.
type Options struct {
	DB       *store.DB
	Scribe   *scribe.Scribe
	Vault    *vault.Vault
	Rights   Abilities
	Book     *records.Book
	Region   func() string
	Language func() string
	// Person finds who is meant by the name or mail address of a file.
	Person func(ctx context.Context, nameOrMail string) (actor.PersonID, bool)
	Log    *slog.Logger
}

// Imports is the room's desk. It is safe for concurrent use.
type Imports struct {
	Options

	mu      sync.Mutex
	running map[int64]bool // imports that this process works on
	work    sync.WaitGroup
	stop    context.CancelFunc
	life    context.Context
}

// Open makes the desk. Nothing runs until Resume.
func Open(o Options) *Imports {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &Imports{Options: o, running: map[int64]bool{}}
	m.life, m.stop = context.WithCancel(context.Background())
	return m
}

// Close stops what runs after the slice at hand. It goes on with Resume.
func (m *Imports) Close() {
	m.stop()
	m.work.Wait()
}

// What happens to a client who is there already.
const (
	Skip   = "skip"   // left as it is
	Fill   = "fill"   // empty fields are filled
	Update = "update" // the file counts; phones, addresses and tags are added
)

// Settings are what somebody decided about a file.
type Settings struct {
	Guess       sheet.Guess    `json:"guess"`
	Duplicates  string         `json:"duplicates"`
	Responsible actor.PersonID `json:"responsible"` // zero: whom the file names, else whoever imports
	Group       actor.GroupID  `json:"group"`       // new clients are shared with it; zero: with none
	Tags        []string       `json:"tags"`        // given to every new client
	Region      string         `json:"region"`      // of phone numbers without a country
	Language    string         `json:"language"`    // of names
}

// States of an import.
const (
	arriving = "arriving"

	Ready   = "ready"   // recognised; waiting to be started
	Running = "running" // rows go in
	Done    = "done"
	Failed  = "failed" // stopped by a problem that is told; may be started again
	Undoing = "undoing"
	Undone  = "undone"
)

// Import is one import as it stands.
type Import struct {
	ID       int64
	Version  int64
	At       time.Time
	By       actor.PersonID
	Name     string
	Size     int64
	Settings Settings
	State    string
	Total    int // rows, as counted by the preview
	Created  int
	Updated  int
	Skipped  int
	Refused  int
	Told     int    // rows in the file of refused rows, of which some lost only a value; known to Status
	Problem  string // of a failed one, in plain words
	Finished time.Time

	place                int64 // rows that are dealt with for good
	operation, companies int64 // of the clients, and of their companies, by which they are undone
	undoer               actor.PersonID
}

const (
	// MaxFile is the largest file that can be brought, in bytes.
	MaxFile = 150 << 20
	piece   = 256 << 10
)

// need refuses whoever may not import. A program may not either: the rows go in
// after the request has been answered, and a key that is taken away meanwhile
// must not go on.
func (m *Imports) need(ctx context.Context, who actor.Actor) error {
	if err := m.Rights.Need(ctx, who, policy.RunImport); err != nil {
		return err
	}
	if who.Kind != actor.Person {
		return fault.New(fault.Denied, "import.person", "Files are imported by people, not by program keys.")
	}
	return nil
}

// Upload takes a file, recognises it, and keeps it sealed until it is imported
// or its time has come. What was decided about the last file with the same
// headings is offered again. It needs RunImport.
func (m *Imports) Upload(ctx context.Context, who actor.Actor, name string, file io.Reader) (*Import, error) {
	if err := m.need(ctx, who); err != nil {
		return nil, err
	}
	i := &Import{Version: 1, By: who.Person, Name: shorten(name), State: arriving,
		Settings: Settings{Duplicates: Skip, Region: m.Region(), Language: m.Language()}}
	sum, err := m.arrive(ctx, i, file)
	if err == nil {
		err = m.recognise(ctx, who, i, sum)
	}
	if err != nil {
		// What came is thrown away; should that fail too, Tidy does it.
		return nil, errors.Join(err, m.discard(context.WithoutCancel(ctx), i.ID))
	}
	return i, nil
}

// arrive keeps a file piece by piece, so that neither memory nor a transaction
// grows with it.
func (m *Imports) arrive(ctx context.Context, i *Import, file io.Reader) (sum []byte, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		i.ID, i.At = int64(tx.NewID()), tx.Now()
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO import (id, version, made_at, person, name, size, hash, state, line, total, created, updated, skipped, refused, operation, company_operation)
			VALUES (?, 1, ?, ?, ?, 0, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)`), i.ID, i.At.UnixMicro(), int64(i.By), i.Name, make([]byte, sha256.Size), i.State)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep an import: %w", err)
	}
	hash := sha256.New()
	part := make([]byte, piece)
	for place := 0; ; place++ {
		n, err := io.ReadFull(file, part)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return nil, fault.New(fault.Invalid, "import.broken", "The file did not arrive whole. Try again.").Because(err)
		}
		if n == 0 {
			return hash.Sum(nil), nil
		}
		if i.Size += int64(n); i.Size > MaxFile {
			return nil, fault.Newf(fault.Large, "import.large", "A file has at most %d megabytes. Split it, or write it as CSV.", MaxFile>>20)
		}
		hash.Write(part[:n])
		err = m.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("INSERT INTO import_piece (import, place, data) VALUES (?, ?, ?)"), i.ID, int64(place), m.Vault.Seal(pieceOf(i.ID, place), part[:n]))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("keep a file: %w", err)
		}
		if last {
			return hash.Sum(nil), nil
		}
	}
}

// recognise guesses what the file is.
func (m *Imports) recognise(ctx context.Context, who actor.Actor, i *Import, sum []byte) error {
	_, guess, err := sheet.Open(m.content(ctx, i), i.Size, i.Name, nil)
	if err != nil {
		return err
	}
	for n, c := range guess.Columns {
		switch {
		case ours(c.Heading):
			guess.Columns[n].Field = sheet.FieldSkip
		case c.Field == sheet.FieldCreated:
			// When a client came to be here is what the ledger says. The day in the
			// former system may become a field of one's own.
			guess.Columns[n].Field = ""
		}
	}
	i.Settings.Guess, i.State = guess, Ready
	if err := m.recall(ctx, who, i); err != nil {
		return err
	}
	decided, err := m.decided(i.ID, i.Settings)
	if err != nil {
		return err
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET size = ?, hash = ?, decided = ?, shape = ?, state = ? WHERE id = ?"), i.Size, sum, decided, m.shape(guess), i.State, i.ID)
		if err != nil {
			return fmt.Errorf("keep an import: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Missing, "import.gone", "The file of this import has been thrown away. Bring it again.")
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.uploaded", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"name": i.Name, "size": i.Size, "sha256": fmt.Sprintf("%x", sum), "format": guess.Source}})
	})
}

// decided seals what was decided about a file. The samples stay in the file.
func (m *Imports) decided(id int64, s Settings) ([]byte, error) {
	s.Guess.Columns = slices.Clone(s.Guess.Columns)
	for n := range s.Guess.Columns {
		s.Guess.Columns[n].Samples = nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	return m.Vault.Seal(decidedPlace(id), text), nil
}

func decidedPlace(id int64) string { return fmt.Sprintf("import:%d:decided", id) }

// shape is a keyed hash of the headings of a file, or nil if it has none.
func (m *Imports) shape(g sheet.Guess) any {
	if g.HeaderLine <= 0 {
		return nil
	}
	headings := []string{g.Format}
	for _, c := range g.Columns {
		headings = append(headings, c.Heading)
	}
	sum := m.Vault.Fingerprint("import headings", []byte(strings.Join(headings, "\x1f")))
	return sum[:]
}

// recall offers what was decided about the last file with the same headings:
// what the columns mean and what happens to duplicates. Whom the clients belong
// to and how they are tagged is offered to the same person only.
func (m *Imports) recall(ctx context.Context, who actor.Actor, i *Import) error {
	shape := m.shape(i.Settings.Guess)
	if shape == nil {
		return nil
	}
	rows, err := m.DB.Query(ctx, store.Text("SELECT "+columns+" FROM import WHERE shape = ? AND state NOT IN ('arriving', 'ready') ORDER BY id DESC LIMIT 1"), shape)
	if err != nil {
		return fmt.Errorf("look for an import of the same shape: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return rows.Err()
	}
	last, err := m.scan(rows)
	if err != nil {
		return err
	}
	s, before := &i.Settings, last.Settings
	if len(s.Guess.Columns) != len(before.Guess.Columns) {
		return nil
	}
	for n := range s.Guess.Columns {
		s.Guess.Columns[n].Field, s.Guess.Columns[n].Label = before.Guess.Columns[n].Field, before.Guess.Columns[n].Label
		if !m.known(s.Guess.Columns[n].Field) {
			s.Guess.Columns[n].Field = ""
		}
	}
	s.Duplicates, s.Region, s.Language = before.Duplicates, before.Region, before.Language
	if last.By == who.Person {
		s.Responsible, s.Group, s.Tags = before.Responsible, before.Group, before.Tags
	}
	return rows.Close()
}

// discard throws away a file that did not arrive.
func (m *Imports) discard(ctx context.Context, id int64) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM import WHERE id = ? AND state = 'arriving'"), id); err != nil {
			return fmt.Errorf("throw a file away: %w", err)
		}
		return nil
	})
}

// pieceOf is the place in which a piece of a file is sealed.
func pieceOf(id int64, place int) string { return fmt.Sprintf("import:%d:%d", id, place) }

// shorten keeps the last part of a file's name, and not too much of it.
func shorten(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name), "")
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	if name == "" {
		name = "import"
	}
	return name
}

const columns = "id, version, made_at, person, name, size, decided, state, line, total, created, updated, skipped, refused, operation, company_operation, problem, finished_at, undoer"

func (m *Imports) scan(rows *store.Rows) (*Import, error) {
	var i Import
	var at int64
	var decided []byte
	var problem *string
	var finished *int64
	err := rows.Scan(&i.ID, &i.Version, &at, &i.By, &i.Name, &i.Size, &decided, &i.State, &i.place, &i.Total, &i.Created, &i.Updated, &i.Skipped, &i.Refused, &i.operation, &i.companies, &problem, &finished, &i.undoer)
	if err != nil {
		return nil, fmt.Errorf("read an import: %w", err)
	}
	i.At = time.UnixMicro(at).UTC()
	if problem != nil {
		i.Problem = *problem
	}
	if finished != nil {
		i.Finished = time.UnixMicro(*finished).UTC()
	}
	if decided == nil {
		return &i, nil
	}
	text, err := m.Vault.Open(decidedPlace(i.ID), decided)
	if err != nil {
		return nil, fmt.Errorf("open the settings of an import: %w", err)
	}
	if err := json.Unmarshal(text, &i.Settings); err != nil {
		return nil, fmt.Errorf("read the settings of an import: %w", err)
	}
	return &i, nil
}

// List gives the imports, newest first: the actor's own, and everybody's for
// those who may read the log.
func (m *Imports) List(ctx context.Context, who actor.Actor) ([]*Import, error) {
	if err := m.Rights.May(ctx, who, policy.RunImport); err != nil {
		return nil, err
	}
	text, args := "SELECT "+columns+" FROM import WHERE person = ? AND state <> 'arriving' ORDER BY id DESC LIMIT 200", []any{int64(who.Person)}
	if m.Rights.May(ctx, who, policy.ReadLedger) == nil {
		text, args = "SELECT "+columns+" FROM import WHERE state <> 'arriving' ORDER BY id DESC LIMIT 200", nil
	}
	rows, err := m.DB.Query(ctx, store.Text(text), args...)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	defer rows.Close()
	var all []*Import
	for rows.Next() {
		i, err := m.scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// Status gives one import. Somebody else's exists only for those who may read
// the log, and what is in its file does not.
func (m *Imports) Status(ctx context.Context, who actor.Actor, id int64) (*Import, error) {
	if err := m.Rights.May(ctx, who, policy.RunImport); err != nil {
		return nil, err
	}
	i, err := m.find(ctx, id)
	if err == nil && i.By != who.Person && m.Rights.May(ctx, who, policy.ReadLedger) != nil {
		err = fault.NotFound()
	}
	if err != nil {
		return nil, err
	}
	if i.State == Ready && i.By == who.Person {
		_, i.Settings.Guess, err = sheet.Open(m.content(ctx, i), i.Size, i.Name, &i.Settings.Guess)
		return i, err
	}
	if err := m.DB.QueryRow(ctx, store.Text("SELECT count(*) FROM import_refused WHERE import = ?"), id).Scan(&i.Told); err != nil {
		return nil, fmt.Errorf("count refused rows: %w", err)
	}
	return i, nil
}

func (m *Imports) find(ctx context.Context, id int64) (*Import, error) {
	rows, err := m.DB.Query(ctx, store.Text("SELECT "+columns+" FROM import WHERE id = ?"), id)
	if err != nil {
		return nil, fmt.Errorf("find an import: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, errors.Join(rows.Err(), fault.NotFound())
	}
	return m.scan(rows)
}

// mine finds an import that the actor may change: only who brought the file
// decides about it.
func (m *Imports) mine(ctx context.Context, who actor.Actor, id int64) (*Import, error) {
	if err := m.need(ctx, who); err != nil {
		return nil, err
	}
	i, err := m.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if i.By != who.Person {
		return nil, fault.NotFound()
	}
	return i, nil
}

// Adjust changes what was decided about a file that has not been started.
func (m *Imports) Adjust(ctx context.Context, who actor.Actor, id int64, s Settings) (*Import, error) {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if i.State != Ready {
		return nil, errStarted()
	}
	if err := spells(s); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{Skip, Fill, Update}, s.Duplicates) {
		return nil, fault.New(fault.Invalid, "import.duplicates", "Clients who are there already are skipped, filled or updated.").At("duplicates")
	}
	if len(s.Tags) > 0 {
		if err := m.Book.Fits("contact", "tags", s.Tags); err != nil {
			return nil, err
		}
	}
	if was := i.Settings.Guess; s.Guess.Encoding != was.Encoding || s.Guess.Delimiter != was.Delimiter || s.Guess.Sheet != was.Sheet || s.Guess.HeaderLine != was.HeaderLine {
		// Read differently, it has other columns.
		g := sheet.Guess{Format: s.Guess.Format, Encoding: s.Guess.Encoding, Delimiter: s.Guess.Delimiter, Sheet: s.Guess.Sheet}
		if s.Guess.HeaderLine != was.HeaderLine {
			g.HeaderLine = s.Guess.HeaderLine
		}
		s.Guess = g
	}
	if _, s.Guess, err = sheet.Open(m.content(ctx, i), i.Size, i.Name, &s.Guess); err != nil {
		return nil, err
	}
	for _, c := range s.Guess.Columns {
		if !m.known(c.Field) {
			return nil, fault.Newf(fault.Invalid, "import.field", "Column %d is to become a field that does not exist.", c.Index+1).At("mapping")
		}
	}
	decided, err := m.decided(id, s)
	if err != nil {
		return nil, err
	}
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET decided = ?, shape = ?, version = version + 1 WHERE id = ? AND state = 'ready'"), decided, m.shape(s.Guess), id)
		if err != nil {
			return fmt.Errorf("change an import: %w", err)
		}
		if n == 0 {
			return errStarted()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	i.Settings = s
	i.Version++
	return i, nil
}

// spells refuses a region and a language that nothing could be read by.
func spells(s Settings) error {
	if s.Region != "" && !value.KnownRegion(s.Region) {
		return fault.New(fault.Invalid, "import.region", "The region must be a country code of two letters, such as PL.").At("region")
	}
	if s.Language != "" && spoken(s.Language) != s.Language {
		return fault.New(fault.Invalid, "import.language", "The language of the names must be one of en, ru, it, pl.").At("language")
	}
	return nil
}

func errStarted() error {
	return fault.New(fault.Conflict, "import.started", "This import has been started already.")
}

// known tells whether a column can become the field.
func (m *Imports) known(name string) bool {
	return name == "" || slices.Contains(sheet.Fields(), name) && name != sheet.FieldCreated || m.custom(name) != nil ||
		slices.Contains([]string{sheet.FieldPhoneLabel, sheet.FieldEmailLabel, sheet.FieldExtraLabel, sheet.FieldExtra}, name)
}

// custom finds a custom field of clients.
func (m *Imports) custom(name string) *schema.Field {
	for _, k := range m.Book.Kinds() {
		if f := k.Field(name); k.Name == "contact" && f != nil && f.Custom {
			return f
		}
	}
	return nil
}
