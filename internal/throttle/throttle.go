// Package throttle slows those who try too often.
//
// Buckets let a key (an address, a session, a program key) do something so many
// times in a while. Tries counts failures in a row and makes each next try wait
// longer. Both live in memory, hold a bounded number of keys and forget the key
// unused for longest first: they protect this process, they are no record of
// anything.
//
// A newcomer would get wrong that Tries.Begin counts the try before its outcome
// is known. A hundred guesses that arrive together would otherwise all be let
// in while none of them has failed yet. Whoever turns out to be right takes the
// count back with Passed.
package throttle

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// defaultKeys bounds memory: about 200 bytes a key.
const defaultKeys = 1 << 16

// BucketOptions say how often is too often. Every and Burst are needed.
type BucketOptions struct {
	Every time.Duration // one more turn each so long
	Burst int           // turns that a rested key has at once
	Keys  int           // keys remembered at most; 0: 65,536
	Now   func() time.Time
}

// Buckets is a token bucket for each key.
type Buckets struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu   sync.Mutex
	keys *recent[*rate.Limiter]
}

// NewBuckets makes buckets that are all full.
func NewBuckets(o BucketOptions) *Buckets {
	return &Buckets{every: o.Every, burst: o.Burst, now: o.Now, keys: newRecent[*rate.Limiter](o.Keys)}
}

// Take takes one turn of the key. If there is none it changes nothing and says
// after how long there will be one.
func (b *Buckets) Take(key string) (wait time.Duration, ok bool) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	l, known := b.keys.find(key)
	if !known {
		l = rate.NewLimiter(rate.Every(b.every), b.burst)
		b.keys.keep(key, l)
	}
	r := l.ReserveN(now, 1)
	if !r.OK() {
		return b.every, false
	}
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Empty lists at most so many keys that have no turn now, each with the moment
// at which they have one, those that were tried last first.
func (b *Buckets) Empty(most int) map[string]time.Time {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]time.Time{}
	for e := b.keys.order.Front(); e != nil && len(all) < most; e = e.Next() {
		k := e.Value.(*entry[*rate.Limiter])
		if left := k.value.TokensAt(now); left < 1 {
			all[k.key] = now.Add(time.Duration((1 - left) * float64(b.every)))
		}
	}
	return all
}

// TryOptions say how patience grows. Free, First and Longest are needed.
type TryOptions struct {
	Free    int           // tries in a row that wait for nothing
	First   time.Duration // the wait after those; it doubles with each further try
	Longest time.Duration // no wait is longer
	Forget  time.Duration // a key that rested so long starts anew; 0: twice Longest
	Keys    int           // keys remembered at most; 0: 65,536
	Now     func() time.Time
}

// Tries counts tries in a row without success.
type Tries struct {
	o TryOptions

	mu   sync.Mutex
	keys *recent[*tries]
}

type tries struct {
	count int
	last  time.Time // when the last one began
}

// NewTries makes an empty count.
func NewTries(o TryOptions) *Tries {
	if o.Forget == 0 {
		o.Forget = 2 * o.Longest
	}
	return &Tries{o: o, keys: newRecent[*tries](o.Keys)}
}

// Begin counts one try of the key, or says how long it must wait first. A try
// that must wait is not counted: waiting is not made longer by asking.
func (t *Tries) Begin(key string) (wait time.Duration, ok bool) {
	now := t.o.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	k, known := t.keys.find(key)
	if !known {
		k = &tries{}
		t.keys.keep(key, k)
	}
	if now.Sub(k.last) >= t.o.Forget {
		k.count = 0
	}
	if wait = k.last.Add(t.delay(k.count)).Sub(now); k.count > 0 && wait > 0 {
		return wait, false
	}
	k.count++
	k.last = now
	return 0, true
}

// Count is how many tries in a row the key has begun.
func (t *Tries) Count(key string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, known := t.keys.find(key)
	if !known || t.o.Now().Sub(k.last) >= t.o.Forget {
		return 0
	}
	return k.count
}

// Waiting lists at most so many keys that must wait now, each with the moment
// until which, those that were tried last first.
func (t *Tries) Waiting(most int) map[string]time.Time {
	now := t.o.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]time.Time{}
	for e := t.keys.order.Front(); e != nil && len(all) < most; e = e.Next() {
		k := e.Value.(*entry[*tries])
		if until := k.value.last.Add(t.delay(k.value.count)); k.value.count > 0 && until.After(now) {
			all[k.key] = until
		}
	}
	return all
}

// Passed forgets the tries of the key: the last one was right.
func (t *Tries) Passed(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys.drop(key)
}

// delay is the wait that follows the n-th try.
func (t *Tries) delay(n int) time.Duration {
	if n < t.o.Free {
		return 0
	}
	d := t.o.First
	for i := t.o.Free; i < n && d < t.o.Longest; i++ {
		d *= 2
	}
	return min(d, t.o.Longest)
}

// Network is the neighbourhood of an address: /24 for IPv4 and /64 for IPv6,
// the least that one customer of a provider has to hop about in. Addresses that
// are no addresses share one neighbourhood.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// recent is a map that forgets what was not looked at for longest.
type recent[V any] struct {
	limit int
	order *list.List // front: looked at last
	at    map[string]*list.Element
}

type entry[V any] struct {
	key   string
	value V
}

func newRecent[V any](limit int) *recent[V] {
	if limit <= 0 {
		limit = defaultKeys
	}
	return &recent[V]{limit: limit, order: list.New(), at: map[string]*list.Element{}}
}

func (r *recent[V]) find(key string) (V, bool) {
	e, ok := r.at[key]
	if !ok {
		var none V
		return none, false
	}
	r.order.MoveToFront(e)
	return e.Value.(*entry[V]).value, true
}

func (r *recent[V]) keep(key string, v V) {
	if len(r.at) >= r.limit {
		last := r.order.Back()
		delete(r.at, last.Value.(*entry[V]).key)
		r.order.Remove(last)
	}
	r.at[key] = r.order.PushFront(&entry[V]{key, v})
}

func (r *recent[V]) drop(key string) {
	if e, ok := r.at[key]; ok {
		delete(r.at, key)
		r.order.Remove(e)
	}
}
