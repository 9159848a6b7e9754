package web

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a text holds, what goes out is one JSON string that reads back as the
// text, and cannot end a script, a line or a tag around it.
func FuzzTextIsOneJSONString(f *testing.F) {
	for _, s := range []string{"", "Анна", `"\`, "</script>", "\u2028\u2029", "a\x00b\x1f\x7f", "\xff\xfe", "line\nline\ttab", "日本", "&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendText(nil, s)
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q: %v: %s", s, err, b)
		}
		if want := strings.ToValidUTF8(s, "\uFFFD"); utf8.ValidString(s) && back != s || !utf8.ValidString(s) && strings.ReplaceAll(back, "\uFFFD", "") != strings.ReplaceAll(want, "\uFFFD", "") {
			t.Fatalf("%q came back as %q", s, back)
		}
		if strings.ContainsAny(string(b), "<>&\u2028\u2029\n") {
			t.Fatalf("%q: %s", s, b)
		}
	})
}

// What wellFormed lets pass, every decoder reads alike.
func FuzzWellFormedJSONHasNoSecondMeaning(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"a":1,"a":2}`, `{"a":{"b":[{"c":1},{"c":2}]}}`, `[1]`, `"a"`, `{"A":1}`, `{} {}`, `{"a":1,"a":1}`, strings.Repeat("[", 40), `{"a":"\u0061"}`, `{"\u0061":1,"a":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if wellFormed([]byte(s), true) != nil {
			return
		}
		if !json.Valid([]byte(s)) && strings.TrimSpace(s) != "" {
			t.Fatalf("%q is not JSON", s)
		}
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(s), &members) == nil {
			var loose struct{ A json.RawMessage }
			if err := json.Unmarshal([]byte(s), &loose); err == nil && loose.A != nil && members["a"] == nil && string(loose.A) != "null" {
				t.Fatalf("%q: a member is read under another name", s)
			}
		}
	})
}
