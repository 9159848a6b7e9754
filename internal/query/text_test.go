package query_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"castellan/internal/fault"
	"castellan/internal/query"
	"castellan/internal/schema"
)

func TestTypedConditionsAreUnderstood(t *testing.T) {
	kind := things(t)
	f := kind.Field
	text := query.Text
	cases := []struct {
		typed  string
		want   query.Cond
		prints string // "" where it prints as typed
	}{
		{`city = "Berlin"`, query.Compare{f("city"), query.Equal, text("Berlin")}, ""},
		{`city=Берлин`, query.Compare{f("city"), query.Equal, text("Берлин")}, `city = "Берлин"`},
		{`city != "say \"hi\" \\o/"`, query.Compare{f("city"), query.NotEqual, text(`say "hi" \o/`)}, ""},
		{`name starts "Ков" OR name CONTAINS ё`, query.Or{query.Starts{f("name"), "ков"}, query.Contains{f("name"), "е"}}, `name starts "ков" or name contains "е"`},
		{`all`, query.All{}, ""},
		{`none and city = x`, query.None{}, `none`},
		{`not (city = x or not tags has vip)`, query.Not{query.Or{query.Compare{f("city"), query.Equal, text("x")}, query.Not{query.Has{f("tags"), "vip"}}}}, `not (city = "x" or not tags has vip)`},
		{`((city = x) and (city = y and (city = z)))`, query.And{query.Compare{f("city"), query.Equal, text("x")}, query.Compare{f("city"), query.Equal, text("y")}, query.Compare{f("city"), query.Equal, text("z")}}, `city = "x" and city = "y" and city = "z"`},
		{`city is empty or born is not empty and site is empty`, query.Or{query.Empty{f("city")}, query.And{query.Not{query.Empty{f("born")}}, query.Empty{f("site")}}}, ""},
		{`colour in (red, as-is) and visits not in (-1)`, query.And{query.In{f("colour"), []query.Value{text("red"), text("as-is")}}, query.Not{query.In{f("visits"), []query.Value{query.Int(-1)}}}}, ""},
		{`"not" = TRUE and not "not" = no`, query.And{query.Compare{f("not"), query.Equal, query.Bool(true)}, query.Not{query.Compare{f("not"), query.Equal, query.Bool(false)}}}, `"not" = yes and not "not" = no`},
		{`"has" has any and "has" has any (any, red)`, query.And{query.Has{f("has"), "any"}, query.HasAny{f("has"), []string{"any", "red"}}}, ""},
		{`visits >= -9223372036854775808`, query.Compare{f("visits"), query.AtLeast, query.Int(-1 << 63)}, ""},
		{`weight < -0.5 or weight > 12.000001 or weight = 3`, query.Or{query.Compare{f("weight"), query.Less, query.Int(-500_000)}, query.Compare{f("weight"), query.More, query.Int(12_000_001)}, query.Compare{f("weight"), query.Equal, query.Int(3_000_000)}}, ""},
		{`price = 1200.5`, query.Compare{f("price"), query.Equal, query.Int(120_050)}, `price = 1200.50`},
		{`born = --02-29 and born < 1990-05-03`, query.And{query.Compare{f("born"), query.Equal, text("--02-29")}, query.Compare{f("born"), query.Less, text("1990-05-03")}}, ""},
		{`born > today - 3mo`, query.Relative{f("born"), query.More, query.Anchor{Word: query.Today, Shift: -3, Unit: query.Month}}, `born > today-3mo`},
		{`seen >= now -12h and seen != today+0d`, query.And{query.Relative{f("seen"), query.AtLeast, query.Anchor{Word: query.Now, Shift: -12, Unit: query.Hour}}, query.Relative{f("seen"), query.NotEqual, query.Anchor{Word: query.Today}}}, `seen >= now-12h and seen != today`},
		{`seen = 2026-01-31`, query.Relative{f("seen"), query.Equal, query.Anchor{Word: query.OnDay, Day: "2026-01-31"}}, ""},
		{`seen = 1970-01-01T01:00:00.000001+01:00`, query.Compare{f("seen"), query.Equal, query.Int(1)}, `seen = 1970-01-01T00:00:00.000001Z`},
		{`owner = me or owner in (person_7, me)`, query.Or{query.Relative{f("owner"), query.Equal, query.Anchor{Word: query.Me}}, query.Relative{f("owner"), query.Equal, query.Anchor{Word: query.Me}}, query.In{f("owner"), []query.Value{query.Person(7)}}}, `owner = me or owner = me or owner in (person_7)`},
		{`maker = thing_12 and about = thing_13`, query.And{query.Compare{f("maker"), query.Equal, query.Record(12)}, query.Compare{f("about"), query.Equal, query.RecordOf("thing", 13)}}, ""},
		{`emails starts Anna@ and phones has "+49 30"`, query.And{query.Prefix{f("emails"), "anna@"}, query.Has{f("phones"), "+49 30"}}, `emails starts anna@ and phones has "+49 30"`},
	}
	for _, c := range cases {
		got, err := query.Parse(kind, c.typed, words{})
		if err != nil {
			t.Errorf("%s: %v", c.typed, err)
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %#v\nwant %#v", c.typed, got, c.want)
		}
		if c.prints == "" {
			c.prints = c.typed
		}
		if got := query.Print(got, words{}); got != c.prints {
			t.Errorf("%s: prints as %s", c.typed, got)
		}
	}
}

// secret stands in every refused text where a client's data could stand.
const secret = "zzsecret"

func TestRefusalNamesPlaceAndFieldButNeverRepeatsTheInput(t *testing.T) {
	kind := things(t)
	cases := []struct{ typed, code, field, says string }{
		{``, "query.syntax", "filter", "position 1: expected a field"},
		{`city = x ` + secret, "query.syntax", "filter", "position 10: expected and, or, or the end"},
		{`(city = x`, "query.syntax", "filter", "position 10: expected a closing"},
		{`город = x`, "query.field", "filter", "position 1: thing has no such field"},
		{`city = "б" and ` + secret + ` = 1`, "query.field", "filter", "position 16"},
		{`city "` + secret + `"`, "query.syntax", "filter", "position 6: expected a comparison"},
		{`city = "` + secret, "query.syntax", "filter", "position 8"},
		{`city = "\` + secret + `"`, "query.syntax", "filter", "position 8"},
		{"city = \x01" + secret, "query.syntax", "filter", "position 8"},
		{"city = \"\x00\"", "query.value", "city", "position 6"},
		{"city = \xff" + secret, "query.syntax", "filter", "UTF-8"},
		{`not = yes`, "query.syntax", "filter", "position 5: expected a field"},
		{`colour < red`, "query.op", "colour", "position 8: colour cannot be asked so"},
		{`city contains x`, "query.op", "city", "position 6"},
		{`phones starts "+4930"`, "query.op", "phones", "position 8"},
		{`tags = ` + secret, "query.op", "tags", "position 6"},
		{`tags in (` + secret + `)`, "query.op", "tags", "position 6"},
		{`name has ` + secret, "query.op", "name", "position 6"},
		{`colour = ` + secret, "query.value", "colour", "one of its options"},
		{`"has" has any (red, ` + secret + `)`, "query.value", "has", "one of its options"},
		{`visits = ` + secret, "query.value", "visits", "a whole number"},
		{`visits = 9223372036854775808`, "query.value", "visits", ""},
		{`visits = +5`, "query.value", "visits", ""},
		{`visits = 1.0`, "query.value", "visits", ""},
		{`price = 1.005`, "query.value", "price", "two places"},
		{`price = 1e3`, "query.value", "price", ""},
		{`weight = -`, "query.value", "weight", ""},
		{`weight = .5`, "query.value", "weight", ""},
		{`born = 2026-02-29`, "query.value", "born", "2026-01-31"},
		{`born < --05-03`, "query.value", "born", ""},
		{`born = today-7h`, "query.value", "born", ""},
		{`born = today-9999y`, "query.value", "born", ""},
		{`seen = now-7` + secret, "query.value", "seen", "now-12h"},
		{`seen = 9999-12-31T23:59:59-01:00`, "query.value", "seen", ""},
		{`owner = ` + secret, "query.value", "owner", "or me"},
		{`maker = person_1`, "query.value", "maker", "the id of a record"},
		{`about = ` + secret, "query.value", "about", ""},
		{`"not" = ` + secret, "query.value", "not", "yes or no"},
		{`city = "` + strings.Repeat(secret, 130) + `"`, "query.value", "city", "1024 bytes"},
		{`visits in (` + strings.Repeat("1,", 200) + `1)`, "query.large", "visits", "200"},
		{strings.Repeat(`city=x or `, 64) + `city=x`, "query.large", "filter", "64 terms"},
		{strings.Repeat(`city=x and (city=x or `, 9) + `city=x` + strings.Repeat(`)`, 9), "query.large", "filter", "16 levels"},
		{`city = "` + strings.Repeat("x", 4090), "query.large", "filter", "4096 bytes"},
	}
	for _, c := range cases {
		_, err := query.Parse(kind, c.typed, words{})
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid {
			t.Errorf("%.60q: not refused as invalid: %v", c.typed, err)
			continue
		}
		if f.Code != c.code || f.Field != c.field || !strings.HasPrefix(f.Public, "filter: ") || !strings.Contains(f.Public, c.says) {
			t.Errorf("%.60q: refused as %s, field %q: %s", c.typed, f.Code, f.Field, f.Public)
		}
		if strings.Contains(f.Error(), secret) {
			t.Errorf("%.60q: the refusal repeats it: %s", c.typed, f.Error())
		}
	}
}

func TestRefusedJSONNamesItsPath(t *testing.T) {
	kind := things(t)
	deep := strings.Repeat(`{"not":`, 100) + `{"all":[]}` + strings.Repeat(`}`, 100)
	cases := []struct{ typed, code, field string }{
		{`{}`, "query.syntax", "filter"},
		{`[]`, "query.syntax", "filter"},
		{`{"all":[]} {"all":[]}`, "query.syntax", "filter"},
		{`{"all":[],"any":[]}`, "query.syntax", "filter"},
		{`{"all":[],"op":"="}`, "query.syntax", "filter"},
		{`{"all":[],"zzsecret":[]}`, "query.syntax", "filter"},
		{`{"field":"city","op":"=","value":7}`, "query.syntax", "filter"},
		{`{"field":"city","op":"="}`, "query.syntax", "filter"},
		{`{"field":"city","op":"empty","value":"x"}`, "query.syntax", "filter"},
		{`{"field":"city","op":"in","value":"x"}`, "query.syntax", "filter"},
		{`{"field":"city","op":"in"}`, "query.syntax", "filter"},
		{`{"field":"city","op":"=","value":"x","values":[]}`, "query.syntax", "filter"},
		{`{"any":[{"all":[]},{"not":{"field":"zzsecret","op":"empty"}}]}`, "query.field", "filter.any[1].not"},
		{`{"all":[{"field":"city","op":"zzsecret","value":"x"}]}`, "query.op", "filter.all[0]"},
		{`{"all":[{"field":"visits","op":"=","value":"zzsecret"}]}`, "query.value", "filter.all[0]"},
		{deep, "query.large", "filter"},
	}
	for _, c := range cases {
		_, err := query.FromJSON(kind, []byte(c.typed), words{})
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid || f.Code != c.code || f.Field != c.field {
			t.Errorf("%.80s: %v", c.typed, err)
		}
		if ok && strings.Contains(f.Error(), secret) {
			t.Errorf("%.80s: the refusal repeats it: %s", c.typed, f.Error())
		}
	}
}

func TestWhatIsPrintedReadsBackAsTheSameTree(t *testing.T) {
	r, kind := chance(t), things(t)
	for range 3000 {
		c := maker{Rand: r, kind: kind, typed: true}.cond(3)
		want := query.Simplify(c)
		text := query.Print(c, words{})
		if len(text) > 4096 {
			continue
		}
		got, err := query.Parse(kind, text, words{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\n got %#v\nwant %#v", text, got, want)
		}
		data := query.ToJSON(c, words{})
		got, err = query.FromJSON(kind, data, words{})
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\n got %#v\nwant %#v", data, got, want)
		}
	}
}

func TestWhatNobodyCanTypeIsPrintedUnreadably(t *testing.T) {
	kind := things(t)
	f := kind.Field
	for _, c := range []query.Cond{
		query.Compare{f("city"), query.Equal, query.Null()},
		query.Compare{f("city"), query.Equal, query.Int(1)},
		query.Compare{f("about"), query.Equal, query.Record(1)}, // of which kind?
		query.Compare{},
		query.Relative{},
	} {
		text := query.Print(c, words{})
		if got, err := query.Parse(kind, text, words{}); err == nil && !reflect.DeepEqual(got, c) {
			t.Errorf("%#v prints as %s, which reads as %#v", c, text, got)
		}
	}
}

func FuzzParsePrintsBack(f *testing.F) {
	kind := things(f)
	for _, s := range []string{
		`city = "Berlin" and (tags has vip or not colour = red) and born is empty and seen >= 2026-01-01 and name starts "ков"`,
		`owner in (me, person_1) or maker not in (thing_1) and "has" has any (any, red) or all`,
		`not not (price = 1200.50 or weight < -0.000001) and born > today - 7d and seen < now+3mo`, `city = "\"\\"`, `about = thing_7`, `about = _0`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := query.Parse(kind, text, words{})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		agree(t, kind, c)
	})
}

func FuzzJSONPrintsBack(f *testing.F) {
	kind := things(f)
	for _, s := range []string{
		`{"all":[{"field":"city","op":"=","value":"Berlin"},{"any":[]},{"not":{"field":"tags","op":"has any","values":["vip"]}}]}`,
		`{"field":"seen","op":">=","value":"today-7d"}`, `{"field":"owner","op":"in","values":["me","person_7"]}`, `{"field":"name","op":"starts","value":"Ё"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := query.FromJSON(kind, data, words{})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		agree(t, kind, c)
	})
}

// agree checks that a condition that was read prints back to itself, as text
// and as JSON.
func agree(t *testing.T, kind *schema.Kind, c query.Cond) {
	t.Helper()
	data := query.ToJSON(c, words{})
	if !json.Valid(data) {
		t.Fatalf("not JSON: %s", data)
	}
	if got, err := query.FromJSON(kind, data, words{}); err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("%s reads back as %#v, %v; want %#v", data, got, err, c)
	}
	text := query.Print(c, words{})
	if len(text) > 4096 {
		return
	}
	if got, err := query.Parse(kind, text, words{}); err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("%s reads back as %#v, %v; want %#v", text, got, err, c)
	}
	b := &query.Builder{}
	query.SQL(b, c, "t", nil)
	if b.Err() != nil || strings.Count(b.String(), "?") != len(b.Args()) {
		t.Fatalf("%s: %d arguments: %v\n%s", text, len(b.Args()), b.Err(), b)
	}
}

func TestSortIsOnlyByFieldsWithAnIndex(t *testing.T) {
	kind := things(t)
	for text, want := range map[string]query.Order{"name": {Field: kind.Field("name")}, "-born": {Field: kind.Field("born"), Desc: true}} {
		got, err := query.ParseOrder(kind, text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, code := range map[string]string{"note": "query.order", "tags": "query.order", "owner_key": "query.field", "": "query.field", "--born": "query.field", secret: "query.field"} {
		_, err := query.ParseOrder(kind, text)
		f, ok := fault.As(err)
		if !ok || f.Code != code || strings.Contains(f.Error(), secret) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
