package inspect

import (
	"encoding/json"
	"strings"
	"testing"

	"castellan/internal/crm"
	"castellan/internal/schema"
	"castellan/internal/scribe"
)

func catalog(t *testing.T) func() *schema.Catalog {
	t.Helper()
	c, err := schema.New(crm.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return func() *schema.Catalog { return c }
}

// Reading the log must be no way round a mask: whatever the details of an entry
// about a client hold, no value leaves.
func TestDetailsAboutClientsLoseTheirValues(t *testing.T) {
	l := Open(Options{Catalog: catalog(t)})
	for _, held := range []string{
		`{"fields":{"phones":{"before":"+12125550123","after":"secret"},"name":{"after":"secret"}}}`,
		`{"fields":["phones"],"values":"secret"}`, `{"fields":"secret"}`, `{"fields":"secret"}x`, `{"fields":[{"name":"secret"}]}`, `{"before":"secret","after":"secret"}`, `{"reason":"secret","note":{"x":"secret"}}`, `"secret"`, `["secret"]`,
	} {
		for _, k := range crm.Kinds() {
			got := string(l.cut(k.Name, json.RawMessage(held)))
			if strings.Contains(got, "secret") || strings.Contains(got, "5550123") {
				t.Errorf("%s of %s: %s", held, k.Name, got)
			}
		}
	}
	if got := string(l.cut("contact", json.RawMessage(`{"fields":{"phones":{"after":"x"},"city":{"after":"y"}},"version":3}`))); got != `{"fields":["city","phones"],"version":3}` {
		t.Errorf("left: %s", got)
	}
	if got := string(l.cut("role", json.RawMessage(`{"after":{"name":"Sales"}}`))); got != `{"after":{"name":"Sales"}}` {
		t.Errorf("of a role: %s", got)
	}
}

func TestEveryEventHasASentence(t *testing.T) {
	for _, d := range scribe.Catalogue() {
		told := Told{Event: string(d.Event), Kind: "contact", Who: Doer{Name: "Anna"}}
		if s := sentence(&told); s == "" || strings.ContainsAny(s, "{}") {
			t.Errorf("%s: %q", d.Event, s)
		}
	}
}
