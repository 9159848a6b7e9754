package query_test

import (
	"testing"

	"castellan/internal/query"
	"castellan/internal/schema"
)

// A number that somebody typed into a note must not be found by guessing at the
// note: free text is compared by its key, made from the masked text, or not at all.
func TestFreeTextIsComparedByItsMaskedKeyOrNotAtAll(t *testing.T) {
	catalog, err := schema.New(schema.Kind{Number: 1, Name: "thing", Plural: "things", Title: "name", Responsible: "keeper", Days: "made",
		Fields: []*schema.Field{
			{Name: "name", Type: schema.Text, Free: true, Keyed: true},
			{Name: "remark", Type: schema.Text, Free: true},
			{Name: "keeper", Type: schema.Person},
			{Name: "made", Type: schema.DateTime},
		}})
	if err != nil {
		t.Fatal(err)
	}
	kind := catalog.Kind("thing")
	for _, typed := range []string{`remark = "+48500555001"`, `remark > "+485"`, `remark in ("+48500555001")`, `remark starts "+485"`, `remark contains "555"`} {
		if c, err := query.Parse(kind, typed, words{}); err == nil {
			t.Errorf("%s is taken for %#v", typed, c)
		}
	}
	c, err := query.Parse(kind, `name = "Ola XXXX"`, words{})
	if err != nil {
		t.Fatal(err)
	}
	var b query.Builder
	query.SQL(&b, c, "r", nil)
	if want := `"r"."name_key"=?`; b.String() != want || b.Args()[0] != fold("Ola XXXX") {
		t.Errorf("%s %v, want %s with the folded text", b.String(), b.Args(), want)
	}
	raw := query.Compare{Field: kind.Field("remark"), Op: query.Equal, Value: query.Text("x")}
	b = query.Builder{}
	query.SQL(&b, raw, "r", nil)
	if got := b.String(); got != "NULL" && got != "(NULL)" && len(b.Args()) != 0 {
		t.Errorf("a comparison made by hand reads the column: %s", got)
	}
}
