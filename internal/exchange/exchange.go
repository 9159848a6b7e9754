// Package exchange brings clients in from files that other programs have written.
//
// An import is a file and what somebody decided about it: what each column
// means, what happens to clients who are there already, who is responsible.
// Upload recognises the file and shows what would happen; Start lets it happen,
// in the background, in the name of whoever started it and under their rights
// as they are at that moment for each row.
//
// Rows go in by slices, and each slice is one transaction with its ledger entry
// and the import's own progress. Whatever stops the house in the middle, a row
// is there or it is not, and Resume goes on with the next one. A file that is
// brought again doubles nothing: a line that says what an earlier line said is
// known by its hash, and clients are known by phone, mail address and their id
// in the former system. Undo takes an import back as one step.
//
// Nothing is invented. A value that cannot be read is left out and named in the
// file of refused rows, which only they may fetch who may import.
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
	Problem  string // of a failed one, in plain words
	Finished time.Time

	line, operation, companies int64
}

const (
	// MaxFile is the largest file that can be brought, in bytes.
	MaxFile = 150 << 20
	piece   = 256 << 10
)

// Upload takes a file, recognises it, and keeps it sealed until it is imported
// or thrown away. It needs RunImport.
func (m *Imports) Upload(ctx context.Context, who actor.Actor, name string, file io.Reader) (*Import, error) {
	if err := m.Rights.Need(ctx, who, policy.RunImport); err != nil {
		return nil, err
	}
	i := &Import{Version: 1, By: who.Person, Name: shorten(name), State: arriving,
		Settings: Settings{Duplicates: Skip, Region: m.Region(), Language: m.Language()}}
	sum, err := m.arrive(ctx, i, file)
	if err == nil {
		err = m.recognise(ctx, who, i, sum)
	}
	if err != nil {
		// What came is thrown away; should that fail too, Resume clears it.
		return nil, errors.Join(err, m.discard(context.WithoutCancel(ctx), i.ID))
	}
	return i, nil
}

// arrive keeps a file piece by piece, so that neither memory nor a transaction
// grows with it.
func (m *Imports) arrive(ctx context.Context, i *Import, file io.Reader) (sum []byte, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		i.ID, i.At = int64(tx.NewID()), tx.Now()
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO import (id, version, made_at, person, name, size, hash, settings, state, line, total, created, updated, skipped, refused, operation, company_operation)
			VALUES (?, 1, ?, ?, ?, 0, ?, '{}', ?, 0, 0, 0, 0, 0, 0, 0, 0)`), i.ID, i.At.UnixMicro(), int64(i.By), i.Name, make([]byte, sha256.Size), i.State)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep an import: %w", err)
	}
	hash := sha256.New()
	part := make([]byte, piece)
	for place := 0; ; place++ {
		n, err := io.ReadFull(file, part)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fault.New(fault.Invalid, "import.broken", "The file did not arrive whole. Try again.").Because(err)
		}
		if n == 0 {
			return hash.Sum(nil), nil
		}
		if i.Size += int64(n); i.Size > MaxFile {
			return nil, fault.Newf(fault.Large, "import.large", "A file has at most %d megabytes. Split it, or write it as CSV.", MaxFile>>20)
		}
		hash.Write(part[:n])
		werr := m.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("INSERT INTO import_piece (import, place, data) VALUES (?, ?, ?)"), i.ID, int64(place), m.Vault.Seal(pieceOf(i.ID, place), part[:n]))
			return err
		})
		if werr != nil {
			return nil, fmt.Errorf("keep a file: %w", werr)
		}
		if err != nil {
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
	i.Settings.Guess, i.State = guess, Ready
	settings, err := json.Marshal(i.Settings)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("UPDATE import SET size = ?, hash = ?, settings = ?, state = ? WHERE id = ?"), i.Size, sum, string(settings), i.State, i.ID); err != nil {
			return fmt.Errorf("keep an import: %w", err)
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.uploaded", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"name": i.Name, "size": i.Size, "sha256": fmt.Sprintf("%x", sum), "format": guess.Source}})
	})
}

// discard throws a file away with all that was decided about it.
func (m *Imports) discard(ctx context.Context, id int64) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		for _, text := range []store.Text{"DELETE FROM import_piece WHERE import = ?", "DELETE FROM import WHERE id = ? AND state = 'arriving'"} {
			if _, err := tx.Exec(ctx, text, id); err != nil {
				return fmt.Errorf("throw a file away: %w", err)
			}
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

const columns = "id, version, made_at, person, name, size, settings, state, line, total, created, updated, skipped, refused, operation, company_operation, problem, finished_at"

func scan(rows *store.Rows) (*Import, error) {
	var i Import
	var at int64
	var settings string
	var problem *string
	var finished *int64
	err := rows.Scan(&i.ID, &i.Version, &at, &i.By, &i.Name, &i.Size, &settings, &i.State, &i.line, &i.Total, &i.Created, &i.Updated, &i.Skipped, &i.Refused, &i.operation, &i.companies, &problem, &finished)
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
	if err := json.Unmarshal([]byte(settings), &i.Settings); err != nil {
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
	text, args := "SELECT "+columns+" FROM import WHERE person = ? ORDER BY id DESC LIMIT 200", []any{int64(who.Person)}
	if m.Rights.May(ctx, who, policy.ReadLedger) == nil {
		text, args = "SELECT "+columns+" FROM import ORDER BY id DESC LIMIT 200", nil
	}
	rows, err := m.DB.Query(ctx, store.Text(text), args...)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	defer rows.Close()
	var all []*Import
	for rows.Next() {
		i, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// Status gives one import. Somebody else's exists only for those who may read
// the log.
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
	return scan(rows)
}

// mine finds an import that the actor may change: only who brought the file
// decides about it.
func (m *Imports) mine(ctx context.Context, who actor.Actor, id int64) (*Import, error) {
	if err := m.Rights.Need(ctx, who, policy.RunImport); err != nil {
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
		return nil, fault.New(fault.Conflict, "import.started", "This import has been started already.")
	}
	if !slices.Contains([]string{Skip, Fill, Update}, s.Duplicates) {
		return nil, fault.New(fault.Invalid, "import.duplicates", "Clients who are there already are skipped, filled or updated.").At("duplicates")
	}
	if _, s.Guess, err = sheet.Open(m.content(ctx, i), i.Size, i.Name, &s.Guess); err != nil {
		return nil, err
	}
	if err := m.known(s.Guess); err != nil {
		return nil, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE import SET settings = ?, version = version + 1 WHERE id = ? AND state = 'ready'"), string(text), id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("change an import: %w", err)
	}
	i.Settings = s
	return i, nil
}

// known refuses columns that are to become fields that do not exist.
func (m *Imports) known(g sheet.Guess) error {
	fields := append(sheet.Fields(), sheet.FieldPhoneLabel, sheet.FieldEmailLabel, sheet.FieldExtraLabel, sheet.FieldExtra)
	for _, c := range g.Columns {
		if c.Field == "" || slices.Contains(fields, c.Field) || m.custom(c.Field) != nil {
			continue
		}
		return fault.Newf(fault.Invalid, "import.field", "Column %d is to become a field that does not exist.", c.Index+1).At("mapping")
	}
	return nil
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
