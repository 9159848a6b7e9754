package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of the tree, as in RFC 6962.
type Hash = tlog.Hash

// MaxEntrySize is the largest canonical entry, in bytes. The C2SP entry bundle
// states the length of an entry in sixteen bits, so a longer one could not be
// published. Whoever shows more records than fit writes several entries.
const MaxEntrySize = 1<<16 - 1

// Limits of an entry's parts. They are generous beyond need; they exist so that
// a forged entry cannot make a reader allocate without bound.
const (
	maxText  = 255 // bytes of Event, Kind, Surface and each of Shown
	maxShown = 255 // classes in Shown
)

// Names of events that verification itself understands. All other names are
// the log owner's own.
const (
	// EventHeartbeat is written at a steady pace while the log's owner runs,
	// whether or not anything happens, so that a silence means something.
	EventHeartbeat = "heartbeat"

	// EventIncarnated opens a new incarnation: the log goes on from an older
	// state, usually because a backup was restored. Its Records are two
	// numbers: the entry's own index and the size that the log is known to
	// have had before. The entries from the first up to, not including, the
	// second are lost, and by this the log says so itself.
	EventIncarnated = "ledger.incarnated"
)

// ActorKind says what kind of being acted.
type ActorKind uint8

// The kinds of actors. The zero kind is the one that may do least.
const (
	Stranger ActorKind = iota
	Person
	Program
	System
)

// String is the kind as a plain word.
func (k ActorKind) String() string {
	switch k {
	case Stranger:
		return "stranger"
	case Person:
		return "person"
	case Program:
		return "program"
	case System:
		return "system"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Actor is who did what an entry tells. Numbers, not names: a name can change
// and must be erasable, and the tree can forget nothing. Zero means none.
type Actor struct {
	Kind     ActorKind
	ID       int64 // the person or program
	Session  int64 // the sign-in through which they came
	Key      int64 // the program key that was shown
	OnBehalf int64 // the person for whom they acted
}

// Entry is one event, as it is committed to the tree. It names who did what to
// which records and never holds what the records say: the values before and
// after are details, kept beside the entry and bound to it by Commitment.
type Entry struct {
	Time        time.Time  // UTC, whole microseconds, years 1 to 9999
	Event       string     // for example "contact.listed"; never empty
	Actor       Actor      //
	Address     netip.Addr // where the request came from; may be zero. Its zone, if any, is not recorded
	Kind        string     // kind of record, or empty
	Records     []int64    // ids of the records concerned, in the order in which they were shown
	Surface     string     // where they were shown, or empty
	Shown       []string   // classes of protected fields that were shown unmasked
	Commitment  [32]byte   // Commit(salt, details); zero when there are no details
	Incarnation uint32     // of the log; see EventIncarnated
}

// entryVersion opens every canonical entry. A future layout takes another
// number; this one is frozen by testdata/entries.txt.
const entryVersion = 1

var (
	minTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
)

// Check reports why e has no canonical encoding, or nil. Append presumes that
// Check was asked: ParseEntry refuses what an unchecked entry may encode to.
func (e *Entry) Check() error {
	if e.Event == "" {
		return errors.New("entry has no event")
	}
	if !inMicroseconds(e.Time) {
		return errors.New("entry time is not UTC in whole microseconds of the years 1 to 9999")
	}
	if e.Actor.Kind > System {
		return fmt.Errorf("entry has an unknown kind of actor, %d", e.Actor.Kind)
	}
	for _, s := range [...]string{e.Event, e.Kind, e.Surface} {
		if err := checkText(s); err != nil {
			return err
		}
	}
	if len(e.Shown) > maxShown {
		return fmt.Errorf("entry shows %d classes, at most %d fit", len(e.Shown), maxShown)
	}
	for _, s := range e.Shown {
		if err := checkText(s); err != nil {
			return err
		}
	}
	if n := e.size(); n > MaxEntrySize {
		return fmt.Errorf("entry takes %d bytes, at most %d fit", n, MaxEntrySize)
	}
	return nil
}

// inMicroseconds says whether t survives being written as microseconds.
func inMicroseconds(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond()%1000 == 0 && !t.Before(minTime) && !t.After(maxTime)
}

// checkText keeps control characters out of what a verifier prints: an entry
// must not be able to rewrite the terminal of the person who checks it.
func checkText[T string | []byte](s T) error {
	if len(s) > maxText {
		return fmt.Errorf("entry text takes %d bytes, at most %d fit", len(s), maxText)
	}
	for _, r := range string(s) {
		if r == utf8.RuneError || r < 0x20 || r >= 0x7f && r < 0xa0 {
			return errors.New("entry text is not UTF-8 without control characters")
		}
	}
	return nil
}

// size is the length of the encoding, or an upper bound of it where that bound
// already fits.
func (e *Entry) size() int {
	bound := 256 + len(e.Event) + len(e.Kind) + len(e.Surface) + binary.MaxVarintLen64*len(e.Records) + len(e.Shown)*(maxText+2)
	if bound <= MaxEntrySize {
		return bound
	}
	return len(e.Append(nil))
}

// Append appends the canonical bytes of e to b and allocates nothing but what
// b must grow. Check tells whether e has such bytes.
func (e *Entry) Append(b []byte) []byte {
	b = append(b, entryVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixMicro()))
	b = binary.AppendUvarint(b, uint64(e.Incarnation))
	b = appendText(b, e.Event)
	b = append(b, byte(e.Actor.Kind))
	b = binary.AppendVarint(b, e.Actor.ID)
	b = binary.AppendVarint(b, e.Actor.Session)
	b = binary.AppendVarint(b, e.Actor.Key)
	b = binary.AppendVarint(b, e.Actor.OnBehalf)
	switch {
	case !e.Address.IsValid():
		b = append(b, 0)
	case e.Address.Is4():
		a := e.Address.As4()
		b = append(append(b, 4), a[:]...)
	default:
		a := e.Address.As16()
		b = append(append(b, 16), a[:]...)
	}
	b = appendText(b, e.Kind)
	b = binary.AppendUvarint(b, uint64(len(e.Records)))
	var last int64
	for _, id := range e.Records {
		// Differences wrap around, so every sequence of ids has exactly one
		// encoding; ids of one page are near each other and take few bytes.
		b = binary.AppendVarint(b, id-last)
		last = id
	}
	b = appendText(b, e.Surface)
	b = binary.AppendUvarint(b, uint64(len(e.Shown)))
	for _, s := range e.Shown {
		b = appendText(b, s)
	}
	if e.Commitment == ([32]byte{}) {
		return append(b, 0)
	}
	return append(append(b, 32), e.Commitment[:]...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ParseEntry reads canonical bytes. Whatever it accepts, Append writes back
// byte for byte: an entry cannot be respelt without changing its hash, and two
// different entries never share bytes.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) > MaxEntrySize {
		return Entry{}, fmt.Errorf("parse entry: %d bytes, at most %d are allowed", len(b), MaxEntrySize)
	}
	p := parser{rest: b}
	var e Entry
	if v := p.byte(); p.err == nil && v != entryVersion {
		return Entry{}, fmt.Errorf("parse entry: version %d is unknown", v)
	}
	e.Time = time.UnixMicro(int64(p.uint64())).UTC()
	incarnation := p.uvarint()
	if incarnation > 1<<32-1 {
		p.fail("incarnation out of range")
	}
	e.Incarnation = uint32(incarnation)
	e.Event = p.text()
	if e.Event == "" {
		p.fail("no event")
	}
	e.Actor.Kind = ActorKind(p.byte())
	if e.Actor.Kind > System {
		p.fail("unknown kind of actor")
	}
	e.Actor.ID = p.varint()
	e.Actor.Session = p.varint()
	e.Actor.Key = p.varint()
	e.Actor.OnBehalf = p.varint()
	switch n := p.byte(); n {
	case 0:
	case 4, 16:
		e.Address, _ = netip.AddrFromSlice(p.take(uint64(n)))
	default:
		p.fail("address of a strange length")
	}
	e.Kind = p.text()
	// Each record takes a byte at least, so a forged count cannot make us
	// allocate more than eight times the input.
	if n := p.uvarint(); n > uint64(len(p.rest)) {
		p.fail("more records than bytes")
	} else if n > 0 {
		e.Records = make([]int64, n)
		var last int64
		for i := range e.Records {
			last += p.varint()
			e.Records[i] = last
		}
	}
	e.Surface = p.text()
	if n := p.uvarint(); n > maxShown || n > uint64(len(p.rest)) {
		p.fail("too many classes shown")
	} else if n > 0 {
		e.Shown = make([]string, n)
		for i := range e.Shown {
			e.Shown[i] = p.text()
		}
	}
	switch n := p.byte(); n {
	case 0:
	case 32:
		copy(e.Commitment[:], p.take(32))
		if e.Commitment == ([32]byte{}) {
			p.fail("commitment written though zero")
		}
	default:
		p.fail("commitment of a strange length")
	}
	if len(p.rest) > 0 {
		p.fail("bytes after the end")
	}
	if p.err != nil {
		return Entry{}, fmt.Errorf("parse entry: %w", p.err)
	}
	if !inMicroseconds(e.Time) {
		return Entry{}, errors.New("parse entry: time outside the years 1 to 9999")
	}
	return e, nil
}

// parser takes an entry apart. After the first mistake it only returns zeros,
// so that its caller reads as one list of fields.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = errors.New(what)
	}
	p.rest = nil
}

func (p *parser) take(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.fail("ends early")
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) byte() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uint64() uint64 {
	if b := p.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// uvarint refuses padded numbers: a number has one spelling.
func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	if n <= 0 || n > 1 && p.rest[n-1] == 0 {
		p.fail("number cut short, too long or padded")
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

func (p *parser) varint() int64 {
	v := p.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (p *parser) text() string {
	b := p.take(p.uvarint())
	if err := checkText(b); err != nil {
		p.fail(err.Error())
	}
	return string(b)
}

// detailsLabel separates commitments from every other hash that a ledger
// makes: leaves begin with byte 0, nodes with byte 1.
const detailsLabel = "castellan.details.v1\x00"

// Commit binds details to an entry without saying anything about them: it is
// SHA-256 of a fixed label, the salt, and the details. The salt must be 32
// random bytes used once. While salt and details are kept, anyone can open the
// commitment; once both are erased, nobody can guess the details from it, not
// even a yes-or-no among two candidates.
func Commit(salt [32]byte, details []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte(detailsLabel))
	h.Write(salt[:])
	h.Write(details)
	var sum [32]byte
	h.Sum(sum[:0])
	return sum
}

// LeafHash is the hash of a canonical entry in the tree: SHA-256 of a zero byte
// and the entry, as in RFC 6962.
func LeafHash(entry []byte) Hash {
	return tlog.RecordHash(entry)
}
