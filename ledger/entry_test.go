package ledger

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// golden is one entry of testdata/entries.txt.
type golden struct {
	fields map[string]string
	bytes  []byte
}

func goldenEntries(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open("testdata/entries.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "", "#":
			continue
		case "time":
			all = append(all, golden{fields: map[string]string{}})
		}
		g := &all[len(all)-1]
		g.fields[name] = value
		if name == "bytes" {
			if g.bytes, err = hex.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(all) < 5 {
		t.Fatalf("only %d golden entries", len(all))
	}
	return all
}

// describe spells an entry the way testdata/entries.txt does.
func describe(e Entry) map[string]string {
	or := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	var shown []string
	for _, s := range e.Shown {
		shown = append(shown, fmt.Sprintf("%q", s))
	}
	commitment := ""
	if e.Commitment != [32]byte{} {
		commitment = hex.EncodeToString(e.Commitment[:])
	}
	a := e.Actor
	return map[string]string{
		"time": fmt.Sprint(e.Time.UnixMicro()), "incarnation": fmt.Sprint(e.Incarnation), "event": e.Event,
		"actor":   fmt.Sprint(uint8(a.Kind), a.ID, a.Session, a.Key, a.OnBehalf),
		"address": or(hex.EncodeToString(e.Address.AsSlice())), "kind": or(e.Kind),
		"records": or(strings.Trim(fmt.Sprint(e.Records), "[]")), "surface": or(e.Surface),
		"shown": or(strings.Join(shown, ",")), "commitment": or(commitment),
	}
}

func TestEntriesAreReadAndWrittenAsOthersDo(t *testing.T) {
	for i, g := range goldenEntries(t) {
		e, err := ParseEntry(g.bytes)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		for name, value := range describe(e) {
			if g.fields[name] != value {
				t.Errorf("entry %d: %s is %q, want %q", i, name, value, g.fields[name])
			}
		}
		if got := e.Append([]byte("before")); string(got) != "before"+string(g.bytes) {
			t.Errorf("entry %d: written as %x", i, got)
		}
		leaf := LeafHash(g.bytes)
		if got := hex.EncodeToString(leaf[:]); got != g.fields["leaf"] {
			t.Errorf("entry %d: leaf %s, want %s", i, got, g.fields["leaf"])
		}
		if err := e.Check(); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
}

func TestCommitmentIsOpenedOnlyBySaltAndDetails(t *testing.T) {
	var salt [32]byte
	for i := range salt {
		salt[i] = byte(i)
	}
	details := `{"phone":["+49 1555 0100","+49 1555 0199"]}`
	c := Commit(salt, []byte(details))
	if got, want := hex.EncodeToString(c[:]), goldenEntries(t)[3].fields["commitment"]; got != want {
		t.Errorf("commitment %s, want %s", got, want)
	}
	if Commit(salt, []byte(details+" ")) == c || Commit([32]byte{}, []byte(details)) == c {
		t.Error("another opening gives the same commitment")
	}
	// Not a leaf: no entry can be passed off as details or the reverse.
	if Commit(salt, nil) == LeafHash(append([]byte(detailsLabel), salt[:]...)) {
		t.Error("commitment and leaf share a domain")
	}
}

func TestEntryHasOneSpelling(t *testing.T) {
	for i, g := range goldenEntries(t) {
		for n := range g.bytes {
			if _, err := ParseEntry(g.bytes[:n]); err == nil {
				t.Errorf("entry %d: parses when cut to %d bytes", i, n)
			}
		}
		if _, err := ParseEntry(append(bytes.Clone(g.bytes), 0)); err == nil {
			t.Errorf("entry %d: parses with a byte too many", i)
		}
	}
	e := Entry{Time: morning, Event: "a", Records: []int64{1}}
	good := string(e.Append(nil))
	for name, bad := range map[string]string{
		"another version":  "\x02" + good[1:],
		"padded number":    good[:9] + "\x80\x00" + good[10:],
		"zero commitment":  good[:len(good)-1] + "\x20" + strings.Repeat("\x00", 32),
		"short commitment": good[:len(good)-1] + "\x01\x01",
		"control letter":   strings.Replace(good, "\x01a", "\x01\x1b", 1),
		"broken letter":    strings.Replace(good, "\x01a", "\x01\xff", 1),
		"no event":         strings.Replace(good, "\x01a", "\x00", 1),
		"unknown actor":    strings.Replace(good, "\x01a\x00", "\x01a\x04", 1),
		"year 60000":       good[:1] + "\x19" + good[2:],
		"many records":     good[:len(good)-5] + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + good[len(good)-4:],
	} {
		if bad == good {
			t.Fatalf("%s: the damage did not take", name)
		}
		if e, err := ParseEntry([]byte(bad)); err == nil {
			t.Errorf("%s: parses as %+v", name, e)
		}
	}
}

func TestEntryThatCannotBeWrittenIsRefused(t *testing.T) {
	base := func(change func(*Entry)) *Entry {
		e := &Entry{Time: morning, Event: "contact.listed"}
		change(e)
		return e
	}
	for name, e := range map[string]*Entry{
		"no event":        base(func(e *Entry) { e.Event = "" }),
		"nanoseconds":     base(func(e *Entry) { e.Time = e.Time.Add(1) }),
		"local time":      base(func(e *Entry) { e.Time = e.Time.In(time.FixedZone("there", 3600)) }),
		"year 10000":      base(func(e *Entry) { e.Time = e.Time.AddDate(8000, 0, 0) }),
		"actor":           base(func(e *Entry) { e.Actor.Kind = System + 1 }),
		"long text":       base(func(e *Entry) { e.Surface = strings.Repeat("x", 256) }),
		"line break":      base(func(e *Entry) { e.Kind = "a\nb" }),
		"broken text":     base(func(e *Entry) { e.Shown = []string{"\xff"} }),
		"too many shown":  base(func(e *Entry) { e.Shown = make([]string, 256) }),
		"too many record": base(func(e *Entry) { e.Records = make([]int64, MaxEntrySize) }),
	} {
		if e.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
		if parsed, err := ParseEntry(e.Append(nil)); err == nil && name != "nanoseconds" && name != "local time" {
			t.Errorf("%s: parses as %+v", name, parsed)
		}
	}
}

func TestLargestEntryFits(t *testing.T) {
	e := Entry{Time: morning, Event: "x", Records: make([]int64, MaxEntrySize-24)}
	for e.Check() != nil {
		e.Records = e.Records[1:]
	}
	b := e.Append(nil)
	if len(b) != MaxEntrySize {
		t.Errorf("largest entry accepted takes %d bytes", len(b))
	}
	back, err := ParseEntry(b)
	if err != nil || !reflect.DeepEqual(back, e) {
		t.Errorf("largest entry: %v", err)
	}
}

func TestZoneOfAnAddressIsNotRecorded(t *testing.T) {
	e := Entry{Time: morning, Event: "x", Address: netip.MustParseAddr("fe80::1%eth0")}
	back, err := ParseEntry(e.Append(nil))
	if err != nil || back.Address != netip.MustParseAddr("fe80::1") {
		t.Errorf("address %v, %v", back.Address, err)
	}
}

func TestWritingAnEntryAllocatesNothing(t *testing.T) {
	e, err := ParseEntry(goldenEntries(t)[3].bytes)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		if e.Check() == nil {
			b = e.Append(b[:0])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzEntryMalleability(f *testing.F) {
	for _, g := range goldenEntries(f) {
		f.Add(g.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEntry(b)
		if err != nil {
			return
		}
		if err := e.Check(); err != nil {
			t.Fatalf("parsed but refused: %v", err)
		}
		if again := e.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x is written back as %x", b, again)
		}
	})
}
