package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"castellan/internal/fault"
	"castellan/internal/identity/blocklist"
	"castellan/internal/vault"
)

// A password stands alone here until a second factor is enrolled, and NIST SP
// 800-63B-4 asks for 15 characters then: with a slow hash that puts even a
// stolen database out of reach, and four words are easily typed. It also says
// what not to ask for: no mixture of kinds of characters, no regular change, no
// hints. Instead of them the easily guessed is seen through (package blocklist):
// what is left must weigh as much as eight free characters.
const (
	MinPassword = 15  // characters, after NFKC
	MaxPassword = 256 // characters
	minWeight   = 8
)

// CheckPassword tells whether a new password is strong enough. about are words
// known of the person and the place. The answer is nil or a fault.
func CheckPassword(password string, about ...string) error {
	wrong := func(code, format string, args ...any) error {
		return fault.Newf(fault.Invalid, code, format, args...).At("password")
	}
	if !utf8.ValidString(password) {
		return wrong("password.text", "The password is not valid text.")
	}
	n := utf8.RuneCountInString(norm.NFKC.String(password))
	switch {
	case n < MinPassword:
		return wrong("password.short", "A password has at least %d characters. A few words in a row are easy to keep in mind.", MinPassword)
	case n > MaxPassword:
		return wrong("password.long", "A password has at most %d characters.", MaxPassword)
	case blocklist.Weight(password, about...) < minWeight:
		return wrong("password.guessable", "This password is among the first that somebody would guess. Take a few unrelated words.")
	}
	return nil
}

// Cost is what one argon2id hash costs. The zero Cost is not usable.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// most is what a stored hash may cost to check: more was not written here.
var most = Cost{MemoryKiB: 1 << 20, Passes: 16, Lanes: 16}

// hasher hashes passwords, a bounded number at a time: each takes Cost.MemoryKiB.
type hasher struct {
	vault   *vault.Vault
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int32

	longest time.Duration
	count   atomic.Int64 // hashes made, so that a test can tell that each refusal costs one
}

// queue is how many may wait for each slot, and longest for how long at most;
// whoever comes beyond it or waits that long is asked to come again, rather than
// to wait until the request is broken off.
const (
	queue   = 16
	longest = 5 * time.Second
)

func newHasher(v *vault.Vault, c Cost, slots int) *hasher {
	return &hasher{vault: v, cost: c, slots: make(chan struct{}, slots), longest: longest}
}

const (
	saltSize = 16
	hashSize = 32
)

// hash makes the stored form of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := h.vault.Bytes(saltSize)
	sum, err := h.run(ctx, password, salt, h.cost, hashSize)
	if err != nil {
		return "", err
	}
	return phc{h.cost, salt, sum}.String(), nil
}

// check tells whether the password is the one that was stored, and whether it
// is stored at another cost than today's. An empty stored form stands for
// nobody: the work is done all the same, and the answer is no.
func (h *hasher) check(ctx context.Context, password, stored string) (right, old bool, err error) {
	want := phc{h.cost, make([]byte, saltSize), make([]byte, hashSize)}
	known := stored != "" && len(password) <= 4*MaxPassword
	if known {
		if want, err = parsePHC(stored); err != nil {
			return false, false, err
		}
	} else if len(password) > 4*MaxPassword {
		password = ""
	}
	got, err := h.run(ctx, password, want.salt, want.cost, uint32(len(want.sum)))
	if err != nil {
		return false, false, err
	}
	same := subtle.ConstantTimeCompare(got, want.sum) == 1
	return known && same, want.cost != h.cost, nil
}

func (h *hasher) run(ctx context.Context, password string, salt []byte, c Cost, size uint32) ([]byte, error) {
	if h.waiting.Add(1) > int32(cap(h.slots)*(queue+1)) {
		h.waiting.Add(-1)
		return nil, crowded()
	}
	defer h.waiting.Add(-1)
	enough := time.NewTimer(h.longest)
	defer enough.Stop()
	select {
	case h.slots <- struct{}{}:
	case <-enough.C:
		return nil, crowded()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	h.count.Add(1)
	sum := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.Passes, c.MemoryKiB, c.Lanes, size)
	if c.MemoryKiB >= collected {
		// Before the next takes as much again: three people who sign in one
		// after the other left more behind than the rest of the program holds.
		runtime.GC()
	}
	return sum, nil
}

// collected is from how much memory on a hash's is collected at once, in KiB.
const collected = 16 << 10

func crowded() *fault.Fault {
	f := fault.New(fault.Often, "signin.busy", "Too many people are signing in at this moment. Try again in a few seconds.")
	f.Wait = 3 * time.Second
	return f
}

// phc is the usual text form of a hash: $argon2id$v=19$m=65536,t=2,p=1$salt$sum.
type phc struct {
	cost Cost
	salt []byte
	sum  []byte
}

func (p phc) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.cost.MemoryKiB, p.cost.Passes, p.cost.Lanes,
		b.EncodeToString(p.salt), b.EncodeToString(p.sum))
}

func parsePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	bad := fmt.Errorf("read password hash: it is not an argon2id hash of this house")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.MemoryKiB, &p.cost.Passes, &p.cost.Lanes); err != nil {
		return p, bad
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return p, bad
	}
	if p.sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return p, bad
	}
	c := p.cost
	if c.MemoryKiB == 0 || c.MemoryKiB > most.MemoryKiB || c.Passes == 0 || c.Passes > most.Passes || c.Lanes == 0 || c.Lanes > most.Lanes ||
		len(p.salt) < 8 || len(p.salt) > 64 || len(p.sum) < 16 || len(p.sum) > 64 || p.String() != s {
		return phc{}, bad
	}
	return p, nil
}
