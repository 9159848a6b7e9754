package query_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"castellan/internal/query"
	"castellan/internal/schema"
)

func TestRelativeTimesMeanTheReadersPlaceAndMoment(t *testing.T) {
	kind := things(t)
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// Half past midnight in Berlin, on the day that has 23 hours there.
	here := query.Here{Now: time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC), Zone: zone, Me: 7}
	cases := []struct{ relative, absolute string }{
		{`seen = today`, `seen >= 2026-03-28T23:00:00Z and seen < 2026-03-29T22:00:00Z`},
		{`seen = 2026-03-29`, `seen >= 2026-03-28T23:00:00Z and seen < 2026-03-29T22:00:00Z`},
		{`seen != today`, `seen < 2026-03-28T23:00:00Z or seen >= 2026-03-29T22:00:00Z`},
		{`seen > today`, `seen >= 2026-03-29T22:00:00Z`},
		{`seen >= today`, `seen >= 2026-03-28T23:00:00Z`},
		{`seen < today`, `seen < 2026-03-28T23:00:00Z`},
		{`seen <= today`, `seen < 2026-03-29T22:00:00Z`},
		{`seen > now-30min`, `seen > 2026-03-28T23:00:00Z`},
		{`seen > now-1d`, `seen > 2026-03-27T23:30:00Z`},
		{`born = today`, `born = 2026-03-29`},
		{`born < now+3d`, `born < 2026-04-01`},
		{`born >= today-1w`, `born >= 2026-03-22`},
		{`born > today-1mo`, `born > 2026-02-28`},
		{`born > today-25mo`, `born > 2024-02-29`},
		{`born > today+1y`, `born > 2027-03-29`},
		{`owner = me and not owner in (me, person_8)`, `owner = person_7 and not (owner = person_7 or owner in (person_8))`},
	}
	for _, c := range cases {
		got := query.Print(query.Bind(parsed(t, kind, c.relative), here), words{})
		if got != c.absolute {
			t.Errorf("%s:\n got %s\nwant %s", c.relative, got, c.absolute)
		}
	}
}

func TestUnboundRelativeChoosesNothing(t *testing.T) {
	kind := things(t)
	row := row{1, map[string]query.Value{"seen": query.Int(0), "owner": query.Person(7)}, nil}
	for _, text := range []string{"seen > today-7d", "not seen > today-7d", "seen != now", "owner = me", "not owner = me"} {
		c := parsed(t, kind, text)
		if got := query.Eval(c, row); got != query.Unknown {
			t.Errorf("%s, unbound: %d", text, got)
		}
		if got := query.Eval(query.Bind(c, query.Here{Now: time.Unix(0, 0), Me: 7}), row); got == query.Unknown {
			t.Errorf("%s, bound: %d", text, got)
		}
	}
	nobody := query.Bind(parsed(t, kind, "not owner = me"), query.Here{Now: time.Unix(0, 0)})
	if got := query.Eval(nobody, row); got != query.Unknown {
		t.Errorf("not me, asked by nobody: %d", got)
	}
}

func parsed(t testing.TB, kind *schema.Kind, text string) query.Cond {
	t.Helper()
	c, err := query.Parse(kind, text, words{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}
