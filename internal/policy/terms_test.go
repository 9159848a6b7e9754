package policy_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"castellan/internal/policy"
)

func networks(all ...string) []netip.Prefix {
	var n []netip.Prefix
	for _, p := range all {
		n = append(n, netip.MustParsePrefix(p))
	}
	return n
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var weekdays = policy.DaysOf(time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)

func TestZeroTermsLetEverybodyIn(t *testing.T) {
	for _, terms := range []policy.Terms{{}, policy.Join(), policy.Join(policy.Terms{}, policy.Terms{})} {
		if why := terms.Admit(netip.Addr{}, time.Time{}, nil); why != "" || terms.Factor || terms.Idle != 0 || terms.Absolute != 0 {
			t.Errorf("%+v refuses by %q", terms, why)
		}
	}
}

func TestJoinedTermsAreAsStrictAsEachOfThem(t *testing.T) {
	office := policy.Terms{Networks: networks("192.0.2.0/24"), Idle: time.Hour}
	desk := policy.Terms{Networks: networks("192.0.2.7/32", "198.51.100.0/24"), Absolute: 8 * time.Hour, Idle: 2 * time.Hour}
	sure := policy.Terms{Factor: true, Absolute: 9 * time.Hour}
	day := policy.Terms{Hours: policy.Hours{Parts: []policy.DayPart{{Days: weekdays, From: 9 * 60, To: 18 * 60}}}}
	late := policy.Terms{Hours: policy.Hours{Parts: []policy.DayPart{{Days: weekdays, From: 16 * 60, To: 22 * 60}}}}
	all := policy.Join(office, policy.Join(desk, sure), day, late)
	if !all.Factor || all.Idle != time.Hour || all.Absolute != 8*time.Hour {
		t.Errorf("joined: %+v", all)
	}
	monday := func(hour int) time.Time { return time.Date(2026, 3, 16, hour, 30, 0, 0, time.UTC) }
	for _, c := range []struct {
		from string
		at   time.Time
		want policy.Refusal
	}{
		{"192.0.2.7", monday(17), ""},
		{"::ffff:192.0.2.7", monday(17), ""},
		{"192.0.2.8", monday(17), policy.WrongNetwork},    // one list only
		{"198.51.100.9", monday(17), policy.WrongNetwork}, // the other only
		{"2001:db8::1", monday(17), policy.WrongNetwork},
		{"192.0.2.7", monday(10), policy.WrongHour},
		{"192.0.2.7", monday(20), policy.WrongHour},
		{"192.0.2.7", monday(17).AddDate(0, 0, -1), policy.WrongHour}, // Sunday
	} {
		if got := all.Admit(netip.MustParseAddr(c.from), c.at, nil); got != c.want {
			t.Errorf("from %s at %s: %q, want %q", c.from, c.at, got, c.want)
		}
	}
	// Two lists that have nothing in common let nobody in, and not everybody.
	none := policy.Join(policy.Terms{Networks: networks("192.0.2.0/24")}, policy.Terms{Networks: networks("198.51.100.0/24")})
	for _, from := range []string{"192.0.2.7", "198.51.100.7", "203.0.113.1"} {
		if why := none.Admit(netip.MustParseAddr(from), monday(10), nil); why != policy.WrongNetwork {
			t.Errorf("from %s: %q", from, why)
		}
	}
	if why := none.Admit(netip.Addr{}, monday(10), nil); why != policy.WrongNetwork {
		t.Errorf("from nowhere: %q", why)
	}
}

func TestHoursFollowTheClockOnTheWall(t *testing.T) {
	warsaw := zone(t, "Europe/Warsaw")
	day := policy.Terms{Hours: policy.Hours{Parts: []policy.DayPart{{Days: weekdays, From: 9 * 60, To: 18 * 60}}}}
	night := policy.Terms{Hours: policy.Hours{Parts: []policy.DayPart{{Days: policy.DaysOf(time.Saturday), From: 22 * 60, To: 6 * 60}}}}
	whole := policy.Terms{Hours: policy.Hours{Parts: []policy.DayPart{{Days: policy.DaysOf(time.Sunday), From: 0, To: 24 * 60}}}}
	fixed := day
	fixed.Hours.Zone = zone(t, "America/New_York")
	for _, c := range []struct {
		what  string
		terms policy.Terms
		at    string
		want  policy.Refusal
	}{
		{"winter, nine", day, "2026-03-27T08:00:00Z", ""},
		{"winter, before nine", day, "2026-03-27T07:59:59Z", policy.WrongHour},
		{"summer, nine", day, "2026-03-30T07:00:00Z", ""},
		{"summer, before nine", day, "2026-03-30T06:59:59Z", policy.WrongHour},
		{"six in the evening is outside", day, "2026-03-30T16:00:00Z", policy.WrongHour},
		{"a minute before", day, "2026-03-30T15:59:59Z", ""},
		{"the night begins", night, "2026-03-28T21:00:00Z", ""},
		{"the night in which the clock is set forward, half past five", night, "2026-03-29T03:30:00Z", ""},
		{"and six", night, "2026-03-29T04:00:00Z", policy.WrongHour},
		{"the hour that comes twice, first", night, "2026-10-25T00:30:00Z", ""},
		{"the hour that comes twice, second", night, "2026-10-25T01:30:00Z", ""},
		{"six after the clock was set back", night, "2026-10-25T05:00:00Z", policy.WrongHour},
		{"Friday night is no Saturday night", night, "2026-03-27T22:00:00Z", policy.WrongHour},
		{"Sunday begins", whole, "2026-03-28T23:00:00Z", ""},
		{"Sunday ends", whole, "2026-03-29T22:00:00Z", policy.WrongHour},
		{"hours with a zone of their own", fixed, "2026-03-30T07:00:00Z", policy.WrongHour},
		{"nine in New York", fixed, "2026-03-30T13:00:00Z", ""},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.terms.Admit(netip.Addr{}, at, warsaw); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if got := policy.Join(policy.Terms{}, c.terms).Admit(netip.Addr{}, at, warsaw); got != c.want {
			t.Errorf("%s, joined: %q, want %q", c.what, got, c.want)
		}
	}
}

// Whoever may not loosen terms must find no terms that AsStrict calls as strict
// and that let in whom the old ones keep out.
func TestAsStrictTermsLetNobodyInWhomTheOthersKeepOut(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 11))
	pool := networks("192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.7/32", "198.51.100.0/24", "0.0.0.0/0", "2001:db8::/32", "2001:db8:1::/48", "::/0")
	addresses := []string{"192.0.2.7", "192.0.2.9", "192.0.2.200", "198.51.100.1", "203.0.113.5", "2001:db8::1", "2001:db8:1::1", "2001:db9::1"}
	limits := []time.Duration{0, time.Hour, 2 * time.Hour}
	zones := []*time.Location{nil, nil, nil, zone(t, "Europe/Warsaw")}
	one := func() policy.Terms {
		terms := policy.Terms{Factor: chance.IntN(2) == 0, Idle: limits[chance.IntN(3)], Absolute: limits[chance.IntN(3)]}
		for range chance.IntN(3) {
			terms.Networks = append(terms.Networks, pool[chance.IntN(len(pool))])
		}
		for range chance.IntN(3) {
			terms.Hours.Parts = append(terms.Hours.Parts, policy.DayPart{Days: policy.Days(1 + chance.IntN(127)), From: 60 * chance.IntN(24), To: 60 * chance.IntN(25)})
		}
		terms.Hours.Zone = zones[chance.IntN(len(zones))]
		return terms
	}
	strict := 0
	for range 20_000 {
		was, next := one(), one()
		if chance.IntN(2) == 0 {
			next.Hours = was.Hours
		}
		if !next.AsStrict(was) {
			continue
		}
		strict++
		if was.Factor && !next.Factor || was.Idle != 0 && (next.Idle == 0 || next.Idle > was.Idle) || was.Absolute != 0 && (next.Absolute == 0 || next.Absolute > was.Absolute) {
			t.Fatalf("%+v is called as strict as %+v", next, was)
		}
		for range 20 {
			from := netip.MustParseAddr(addresses[chance.IntN(len(addresses))])
			at := time.Date(2026, 3, 16, chance.IntN(7*24), chance.IntN(60), 0, 0, time.UTC)
			if next.Admit(from, at, nil) == "" && was.Admit(from, at, nil) != "" {
				t.Fatalf("%+v lets in from %s at %s, %+v does not", next, from, at, was)
			}
		}
	}
	if strict < 500 {
		t.Fatalf("only %d pairs were compared", strict)
	}
}
