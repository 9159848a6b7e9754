// Package identity keeps people, their passwords and sessions, and the keys of programs.
//
// It answers one question for the face: who is this (Resolve for the cookie of
// a person, ResolveKey for the key of a program). Everything else changes who
// may become whom, and is judged by rights: whoever changes an account must hold
// everything that the account holds, since a new password makes its setter that
// person.
//
// Tokens are 32 bytes of chance. Only their SHA-256 is stored, so that a stolen
// database signs nobody in. Passwords lie as argon2id.
//
// What an outsider can learn: nothing. An unknown address, a wrong password and
// a deactivated account are answered with the same words after the same work.
//
// What an outsider can break: nothing. Tries are counted for an address on the
// net together with the account that is tried, so that guessing slows the
// guesser and not the person. Only an account that is tried from everywhere
// closes, and even then not to the networks from which its person has come before.
//
// A newcomer would get wrong that people are deactivated and never deleted: the
// ledger and the history speak of them.
package identity

import (
	"context"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/epoch"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// Options are what Accounts need. The first four must be given; the zero value
// of the others is good.
type Options struct {
	DB     *store.DB
	Vault  *vault.Vault
	Rights *rights.Book
	Scribe *scribe.Scribe

	// Founding runs in the transaction that founds the workspace, so that other
	// rooms make there what a workspace begins with.
	Founding func(ctx context.Context, tx *store.Tx, owner actor.Actor, f Founding) error
	// Place gives words that are known of this workspace, such as its name:
	// passwords made of them are weak.
	Place func(context.Context) ([]string, error)
	// Mail carries links and notices to people. Without one, links are shown to
	// whoever made them.
	Mail *mail.Outbox
	// Runner does what must not be waited for. Without one nobody is mailed a
	// link for a forgotten password.
	Runner *jobs.Runner

	// FreshFor is how long a proof of who somebody is counts where much harm can
	// be done (see Fresh); nil or 0: 15 minutes.
	FreshFor func() time.Duration

	// Where says in words in which place an address lies, or nothing; nil: no
	// place is known.
	Where func(address netip.Addr, language string) string

	Idle     time.Duration // a session unused so long is over; 0: 12 hours
	Absolute time.Duration // no session is older; 0: 7 days
	Cost     Cost          // of a password hash; zero: 64 MiB, 2 passes, 1 lane
	Hashes   int           // passwords hashed at the same time, which bounds memory; 0: one for each processor, at most 4
}

// Accounts is the keeper of people and of what lets them in. It is safe for
// concurrent use.
type Accounts struct {
	Options
	hasher *hasher

	epoch    *epoch.Epoch // of everything that is remembered below
	sessions *memory[*session]
	keys     *memory[*key]

	byNetwork *throttle.Buckets // sign-ins, setups and links, for each network
	byAccount *throttle.Buckets // sign-ins for each account, wherever they come from
	byBoth    *throttle.Tries   // sign-ins in a row for each account and network
	forgotten *throttle.Buckets // links for a forgotten password, for each account
	weighing  *throttle.Buckets // passwords that are weighed while they are typed, for each network
	byPerson  *throttle.Tries   // tries in a row to prove the old password, for each person
	unknown   *throttle.Buckets // tokens and keys that do not exist, for each network
	noted     *throttle.Buckets // ledger entries about whoever was slowed, for each network
	entries   *throttle.Buckets // ledger entries about whoever was known and not let in, for each network
}

// Open makes the keeper. It reads nothing yet.
func Open(o Options) *Accounts {
	if o.Idle == 0 {
		o.Idle = 12 * time.Hour
	}
	if o.Absolute == 0 {
		o.Absolute = 7 * 24 * time.Hour
	}
	if o.Cost == (Cost{}) {
		o.Cost = Cost{MemoryKiB: 64 << 10, Passes: 2, Lanes: 1}
	}
	if o.Hashes == 0 {
		o.Hashes = min(runtime.GOMAXPROCS(0), 4)
	}
	buckets := func(every time.Duration, burst int) *throttle.Buckets {
		return throttle.NewBuckets(throttle.BucketOptions{Every: every, Burst: burst, Now: o.DB.Now})
	}
	tries := func() *throttle.Tries {
		return throttle.NewTries(throttle.TryOptions{Free: 5, First: time.Second, Longest: 15 * time.Minute, Now: o.DB.Now})
	}
	a := &Accounts{
		Options: o, hasher: newHasher(o.Vault, o.Cost, o.Hashes),
		epoch: epoch.New(o.DB, "identity"), sessions: newMemory[*session](), keys: newMemory[*key](),
		byNetwork: buckets(3*time.Second, 30), byAccount: buckets(36*time.Second, 100), byBoth: tries(), byPerson: tries(),
		unknown: buckets(time.Second, 60), noted: buckets(time.Minute, 1), entries: buckets(time.Minute, 1),
		forgotten: buckets(20*time.Minute, 3), weighing: buckets(200*time.Millisecond, 60),
	}
	if o.Runner != nil {
		o.Runner.Handle(forgottenKind, a.mailForgotten)
	}
	return a
}

// forget makes every process forget who the bearers of tokens are.
func (a *Accounts) forget(ctx context.Context, tx *store.Tx) error { return a.epoch.Advance(ctx, tx) }

// NotSignedIn is the one answer to every token, key or link that does not hold.
func NotSignedIn() *fault.Fault {
	return fault.New(fault.Unknown, "session.missing", "Nobody is signed in, or the sign-in no longer holds.")
}

func often(wait time.Duration) *fault.Fault {
	f := fault.New(fault.Often, "signin.often", "Too many tries. Wait a little.")
	f.Wait = wait
	return f
}

// stranger is who acts before anybody is signed in.
func stranger(address netip.Addr, device string) actor.Actor {
	return actor.Actor{Kind: actor.Stranger, Address: address, Device: cut(device)}
}

// cut bounds what somebody outside says, and makes it text that both databases keep.
func cut(s string) string {
	const most = 512
	if len(s) > most {
		s = s[:most]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// self tells whether the actor is the person, and not a program of theirs,
// somebody who looks through their eyes or a session that waits for a factor.
func self(who actor.Actor, person actor.PersonID) bool {
	return who.Kind == actor.Person && !who.Half && who.ViewAs == 0 && who.Person == person && person != 0
}

// tell writes an entry about a change in its transaction.
func (a *Accounts) tell(ctx context.Context, tx *store.Tx, who actor.Actor, event scribe.Event, kind string, id int64, details any) error {
	return a.Scribe.Write(ctx, tx, about(who, event, kind, id, details))
}

// note writes an entry about something that changed nothing.
func (a *Accounts) note(ctx context.Context, who actor.Actor, event scribe.Event, kind string, id int64, details any) error {
	return a.Scribe.Note(ctx, about(who, event, kind, id, details))
}

func about(who actor.Actor, event scribe.Event, kind string, id int64, details any) scribe.Entry {
	e := scribe.Entry{Event: event, Who: who, Kind: kind, Details: details}
	if id != 0 {
		e.Records = []schema.RecordID{schema.RecordID(id)}
	}
	return e
}
