// Package records reads and writes records, and only under a grant.
//
// It is the one door to client data. Every method takes the actor, asks the
// policy, reads or writes no more than the grant lets be seen or touched, and
// leaves an entry in the ledger: with the change, in its transaction, or for a
// read before the answer is given out.
//
// A record outside the grant does not exist here: it is not counted, not
// hinted at, and asking for it by id gives fault.Missing, as does an id that
// never was. A field that an actor may not see cannot be filtered, sorted,
// searched or counted by; it can be written without being seen, except that a
// mask is never taken for a value.
//
// A write may not carry a record out of the writer's own reach: whoever may
// not give records away (policy.AssignRecords) keeps what they may edit.
//
// Methods of Book open a transaction. A Desk is for rooms that match and write
// many records at once (imports), and a Trial tells what they would do.
package records

import (
	"context"
	"errors"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/blob"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// Rights tell what an actor may do. They are kept by the room rights; tests
// bring standings of their own.
type Rights interface {
	// Standing is what decides for the actor: the actor's own, or that of the
	// person through whose eyes they look. Strangers and the house hold nothing.
	Standing(ctx context.Context, who actor.Actor) (*policy.Standing, error)
	// Standings are those of every active person.
	Standings(ctx context.Context) ([]*policy.Standing, error)
}

// Prepare is what a kind does with the values of a write before they are
// checked: it fills in defaults and keeps fields in step that depend on each
// other. before is nil for a new record.
type Prepare func(ctx context.Context, tx *store.Tx, before *store.Stored, v Values) error

// Options are what a Book needs. All but Prepare, Settle, Guard, Shelf and Runner must be given.
type Options struct {
	DB      *store.DB
	Scribe  *scribe.Scribe
	Rights  Rights
	Vault   *vault.Vault
	Catalog func() *schema.Catalog // the kinds as they are now
	Region  func() string          // default region of phone numbers, ISO 3166 two letters
	Prepare map[string]Prepare     // by name of kind
	Runner  *jobs.Runner           // hands over what somebody was responsible for; nil: nothing is handed over
	Settle  map[string]Settle      // by name of kind
	Post    Post                   // sends letters; nil: there is no mail server
	Guard   map[string]Guard       // by name of kind
	Follow  map[string]Follow      // by name of kind
	Shelf   *blob.Shelf            // keeps what files hold; nil: there are no files
	Letters int                    // how many letters one person may send in an hour; 0: 100
}

// Book is the door. It is safe for concurrent use.
type Book struct {
	db      *store.DB
	scribe  *scribe.Scribe
	rights  Rights
	vault   *vault.Vault
	catalog func() *schema.Catalog
	region  func() string
	prepare map[string]Prepare
	runner  *jobs.Runner
	settle  map[string]Settle
	post    Post
	guard   map[string]Guard
	follow  map[string]Follow
	shelf   *blob.Shelf
	feed    feed // tells those who listen what has changed
	letters int
}

// Open makes a book over an open database.
func Open(o Options) *Book {
	b := &Book{db: o.DB, scribe: o.Scribe, rights: o.Rights, vault: o.Vault, catalog: o.Catalog, region: o.Region, prepare: o.Prepare, settle: o.Settle, guard: o.Guard, follow: o.Follow, shelf: o.Shelf, post: o.Post, runner: o.Runner, letters: o.Letters}
	if b.letters == 0 {
		b.letters = usualLetters
	}
	if o.Runner != nil {
		o.Runner.Handle(handOverKind, b.carryOn)
		o.Runner.Handle(askKind, b.passOn)
		o.Runner.Handle(bulkKind, b.bulkOn)
	}
	return b
}

// Surface is where something is shown; the route decides it.
type Surface = policy.Surface

// Sight is how much of a field is shown.
type Sight = policy.Sight

// kind finds a kind by name. An unknown kind looks like a missing record.
func (b *Book) kind(name string) (*schema.Kind, error) {
	k := b.catalog().Kind(name)
	if k == nil {
		return nil, fault.NotFound()
	}
	return k, nil
}

// standing is what decides for the actor: their own, or that of the person
// through whose eyes they look.
func (b *Book) standing(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	st, err := b.rights.Standing(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("find standing: %w", err)
	}
	return st, nil
}

// writer is the standing of somebody who writes: never through another's eyes.
func (b *Book) writer(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	if who.ViewAs != 0 {
		return nil, fault.New(fault.Denied, "viewas.readonly", "While viewing as somebody else nothing can be changed or revealed.")
	}
	return b.standing(ctx, who)
}

// needs gives the standing of an actor who holds the ability.
func (b *Book) needs(ctx context.Context, who actor.Actor, a policy.Ability) (*policy.Standing, error) {
	s, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	if may, why := s.Can(a); !may {
		return nil, lacks(a, why)
	}
	return s, nil
}

// lacks is the answer to somebody without an ability. The code names the ability;
// which field of the request asks for it, if one does, is for the caller to say.
func lacks(a policy.Ability, why policy.Reason) *fault.Fault {
	return fault.New(fault.Denied, "ability."+string(a), why.English())
}

// refused is the answer to an action on a record that may be seen, or on a
// kind. The reason names the role or the rail; it says nothing of the record.
func refused(v []policy.Reason) error {
	text := "Your role does not allow this."
	code := "record.denied"
	if len(v) > 0 {
		text, code = v[0].English(), "rights."+string(v[0].Code)
	}
	return fault.New(fault.Denied, code, text)
}

// stale turns the store's word for a record that changed meanwhile into ours.
func stale(err error) error {
	if errors.Is(err, store.ErrStale) {
		return fault.New(fault.Conflict, "record.changed", "Somebody has changed this record meanwhile. Look at it again before you save.").Because(err)
	}
	return err
}

// Person gives the id of a person from the word shown outside.
func (b *Book) Person(public string) (actor.PersonID, bool) {
	id, ok := b.vault.ID("person", public)
	return actor.PersonID(id), ok
}

// Record gives the id of a record from the word shown outside. The kind may be
// schema.AnyKind.
func (b *Book) Record(kind, public string) (schema.RecordID, bool) {
	if kind != schema.AnyKind {
		id, ok := b.vault.ID(kind, public)
		return schema.RecordID(id), ok
	}
	for _, k := range b.catalog().Kinds() {
		if id, ok := b.vault.ID(k.Name, public); ok {
			return schema.RecordID(id), true
		}
	}
	return 0, false
}

// Numbered gives the id of a pipeline or stage from the word shown outside.
func (b *Book) Numbered(prefix, public string) (int64, bool) { return b.vault.ID(prefix, public) }

// settings are what canonical forms need now.
func (b *Book) settings() settings { return settings{region: b.region(), ids: b} }

// instant is the moment that decisions count from, when no transaction gives one.
func (b *Book) instant() time.Time { return b.db.Now() }
