package throttle

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that a test moves by hand.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(1_800_000_000, c.ns.Load()) }
func (c *clock) pass(d time.Duration) { c.ns.Add(int64(d)) }
func (c *clock) bucket() BucketOptions {
	return BucketOptions{Every: time.Second, Burst: 3, Now: c.now}
}
func (c *clock) tries() TryOptions {
	return TryOptions{Free: 3, First: time.Second, Longest: 10 * time.Second, Now: c.now}
}

func TestBucketGivesItsBurstAndThenOneTurnEach(t *testing.T) {
	var c clock
	b := NewBuckets(c.bucket())
	for i := range 3 {
		if _, ok := b.Take("a"); !ok {
			t.Fatalf("turn %d of the burst was refused", i+1)
		}
	}
	wait, ok := b.Take("a")
	if ok || wait != time.Second {
		t.Fatalf("the fourth turn: %v after %v, want a wait of 1s", ok, wait)
	}
	if _, ok := b.Take("b"); !ok {
		t.Fatal("another key had to wait")
	}
	c.pass(wait)
	if _, ok := b.Take("a"); !ok {
		t.Fatal("the wait that was named was not enough")
	}
	if _, ok := b.Take("a"); ok {
		t.Fatal("two turns came back for one wait")
	}
}

func TestRefusedTurnsCostNothing(t *testing.T) {
	var c clock
	b := NewBuckets(c.bucket())
	for range 100 {
		b.Take("a")
	}
	c.pass(time.Second)
	if wait, ok := b.Take("a"); !ok {
		t.Fatalf("asking too often made the wait longer, by %v", wait)
	}
}

func TestEachFurtherTryWaitsTwiceAsLong(t *testing.T) {
	var c clock
	n := NewTries(c.tries())
	for i := range 3 {
		if wait, ok := n.Begin("a"); !ok {
			t.Fatalf("free try %d had to wait %v", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		want *= time.Second
		wait, ok := n.Begin("a")
		if ok || wait != want {
			t.Fatalf("wait %v, want %v", wait, want)
		}
		c.pass(want - 1)
		if _, ok := n.Begin("a"); ok {
			t.Fatalf("let in before %v had passed", want)
		}
		c.pass(1)
		if _, ok := n.Begin("a"); !ok {
			t.Fatalf("not let in after %v", want)
		}
	}
	n.Passed("a")
	if _, ok := n.Begin("a"); !ok || n.Count("a") != 1 {
		t.Fatal("success did not clear the count")
	}
}

func TestRestForgives(t *testing.T) {
	var c clock
	n := NewTries(c.tries())
	for range 3 {
		n.Begin("a")
	}
	c.pass(20 * time.Second)
	if got := n.Count("a"); got != 0 {
		t.Fatalf("%d tries are remembered after a long rest", got)
	}
	for i := range 3 {
		if _, ok := n.Begin("a"); !ok {
			t.Fatalf("free try %d after a rest had to wait", i+1)
		}
	}
}

// The harm: guesses sent all at once, before any has been found wrong.
func TestGuessesThatArriveTogetherAreCountedTogether(t *testing.T) {
	var c clock
	n := NewTries(c.tries())
	var in atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, ok := n.Begin("a"); ok {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 3 {
		t.Fatalf("%d guesses were let in at once, want 3", in.Load())
	}
}

func TestMemoryIsBoundedAndTheBusyKeyIsKept(t *testing.T) {
	var c clock
	o := c.tries()
	o.Keys = 10
	n := NewTries(o)
	for i := range 1000 {
		n.Begin("attacked")
		n.Begin(fmt.Sprint(i))
	}
	if len(n.keys.at) > 10 || n.keys.order.Len() != len(n.keys.at) {
		t.Fatalf("%d keys are held, %d in order; want at most 10", len(n.keys.at), n.keys.order.Len())
	}
	if n.Count("attacked") != 3 {
		t.Fatal("a flood of other keys washed the busy key away")
	}
}

func TestNetworkIsTheLeastOneCustomerHops(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.77":            "192.0.2.0/24",
		"::ffff:192.0.2.77":     "192.0.2.0/24",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"fe80::1:2:3:4%eth0":    "fe80::/64",
		"2001:db8:1:2::ffff%12": "2001:db8:1:2::/64",
	} {
		if got := Network(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := Network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address has the network %s", got)
	}
}
