package identity

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/fault"
	"castellan/internal/vault"
)

func TestPasswordMustBeLongAndNotGuessable(t *testing.T) {
	for password, code := range map[string]string{
		"four unrelated words sing":    "",
		"Wir fahren im Mai ans Meer":   "",
		"шесть синих птиц молчат":      "",
		"b7Kx2mQz9wLp4nR":              "",
		"b7Kx2mQz9wLp4n":               "password.short",
		"":                             "password.short",
		strings.Repeat("b7Kx2mQ ", 32): "",
		strings.Repeat("b7Kx2mQ ", 33): "password.long",
		"passwordpassword":             "password.guessable",
		"kowalska.kowalska":            "password.guessable",
		"studio mirabelle":             "password.guessable",
		"123456789012345":              "password.guessable",
		"valid until \xff\xfe\xfd\xfc": "password.text",
	} {
		err := CheckPassword(password, "ana.kowalska@example.com", "Ana Kowalska", "Studio Mirabelle")
		f, _ := fault.As(err)
		if code == "" && err != nil || code != "" && (f == nil || f.Code != code || f.Kind != fault.Invalid) {
			t.Errorf("%q: %v, want %q", password, err, code)
		}
		if err != nil && len(password) > 3 && strings.Contains(err.Error(), password) {
			t.Errorf("the refusal repeats the password")
		}
	}
}

func hasherFor(t testing.TB, c Cost, slots int) *hasher {
	t.Helper()
	v, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return newHasher(v, c, slots)
}

func TestHashOpensToItsPasswordAlone(t *testing.T) {
	h := hasherFor(t, cheap, 1)
	stored, err := h.hash(t.Context(), "Ångström und Öl im Mai")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{
		"Ångström und Öl im Mai":                   true,
		"A\u030angstro\u0308m und O\u0308l im Mai": true, // the same, typed on another keyboard
		"ångström und öl im mai":                   false,
		"":                                         false,
		"Ångström und Öl im Mai ":                  false,
	} {
		right, old, err := h.check(t.Context(), password, stored)
		if err != nil || right != want || old {
			t.Errorf("%q: right %v, old %v, %v", password, right, old, err)
		}
	}
	again, err := h.hash(t.Context(), "Ångström und Öl im Mai")
	if err != nil || again == stored {
		t.Errorf("the same password hashes to the same text: %v", err)
	}
	dearer := hasherFor(t, Cost{MemoryKiB: 128, Passes: 2, Lanes: 1}, 1)
	if right, old, err := dearer.check(t.Context(), "Ångström und Öl im Mai", stored); !right || !old || err != nil {
		t.Errorf("a hash at last year's cost: right %v, old %v, %v", right, old, err)
	}
}

func TestHashesOfOthersAreRefused(t *testing.T) {
	h := hasherFor(t, cheap, 1)
	stored, err := h.hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"x", "$argon2i$" + stored[10:], strings.Replace(stored, "m=64", "m=99999999", 1), strings.Replace(stored, "m=64", "m=0", 1),
		strings.Replace(stored, "t=1", "t=99", 1), strings.Replace(stored, "v=19", "v=16", 1), stored + "$", strings.Replace(stored, "m=64", "m=064", 1),
	} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := parsePHC(stored); err != nil {
		t.Error(err)
	}
}

func TestDefaultCostIsWhatTheGuidesAskFor(t *testing.T) {
	c := Open(Options{}).Cost
	if c.MemoryKiB < 46<<10 || c.Passes < 1 || c.Lanes != 1 {
		t.Errorf("the default cost is %+v", c)
	}
}

// The harm: a crowd at the door takes all memory.
func TestCrowdAtTheDoorIsTurnedAway(t *testing.T) {
	h := hasherFor(t, cheap, 1)
	h.slots <- struct{}{} // somebody is being hashed and takes long
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var waiting sync.WaitGroup
	var mu sync.Mutex
	busy := 0
	for range 40 {
		waiting.Go(func() {
			if _, err := h.hash(ctx, good); fault.Is(err, fault.Often) {
				mu.Lock()
				busy++
				if busy == 40-queue-1 {
					stop()
				}
				mu.Unlock()
			}
		})
	}
	waiting.Wait()
	if busy != 40-queue-1 {
		t.Errorf("%d of 40 were turned away, want %d", busy, 40-queue-1)
	}
	<-h.slots
	if _, err := h.hash(t.Context(), good); err != nil {
		t.Errorf("after the crowd: %v", err)
	}
}

// The harm: whoever stands in the line for long is told that something broke, and
// not to come again.
func TestWhoeverStandsInLineForLongIsAskedToComeAgain(t *testing.T) {
	h := hasherFor(t, cheap, 1)
	h.longest = 10 * time.Millisecond
	h.slots <- struct{}{} // somebody is being hashed and takes long
	_, err := h.hash(t.Context(), good)
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Often || f.Code != "signin.busy" || f.Wait == 0 {
		t.Errorf("got %v, want a fault signin.busy with a time to wait", err)
	}
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d are still counted as waiting", n)
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err == nil && p.String() != s {
			t.Fatalf("%q reads as %q", s, p)
		}
	})
}

// What hashes took is free again before the next takes as much.
func TestMemoryOfHashesDoesNotPileUp(t *testing.T) {
	v, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHasher(v, Cost{MemoryKiB: 32 << 10, Passes: 1, Lanes: 1}, 1)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what frees memory here is the hasher and nothing else
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const hashes = 6
	for range hashes {
		if _, err := h.hash(t.Context(), "four words in a row"); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if after.TotalAlloc-before.TotalAlloc < hashes*32<<20 {
		t.Fatal("the hashes took less than they should")
	}
	if left := int64(after.HeapAlloc) - int64(before.HeapAlloc); left > 40<<20 {
		t.Errorf("%d hashes leave %d MiB behind", hashes, left>>20)
	}
}
