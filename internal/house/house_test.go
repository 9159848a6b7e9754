package house

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// A rule is one law of the building.
type rule struct {
	name     string
	check    func(*building) []string // what is wrong, each with its place; nothing if all is well
	breaches []breach                 // ways to break it, each of which check must see
}

// A breach is a small tree that breaks a rule.
type breach struct {
	files map[string]string
	want  string // part of the complaint
}

var rules = concat(planRules, doorRules, orderRules, testRules, moduleRules, pageRules, paperRules)

func TestBuildingKeepsEveryRule(t *testing.T) {
	b, err := survey(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.rooms) < 2 {
		t.Fatalf("the survey found %d rooms: it looks in the wrong place", len(b.rooms))
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, complaint := range r.check(b) {
				t.Error(complaint)
			}
		})
	}
}

func TestEveryRuleSeesItsBreaches(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if len(r.breaches) == 0 {
				t.Fatal("no breach shows that this rule can fail")
			}
			for _, br := range r.breaches {
				complaints := r.check(crooked(t, br.files))
				if !strings.Contains(strings.Join(complaints, "\n"), br.want) {
					t.Errorf("a tree that breaks the rule drew no complaint about %q, only: %q", br.want, complaints)
				}
			}
		})
	}
}

// A rule that complains of everything would pass the test above.
func TestNoRuleComplainsOfASoundHouse(t *testing.T) {
	sound := map[string]string{
		"ARCHITECTURE.md":     plan("| `query` | – | asks. |", "| `store` | `query` | keeps rows. |", "| `web` | – | shows. |", "| `cmd/castellan` | `web` | serves. |"),
		"internal/web/web.go": "// Package web shows.\npackage web\n",
		"cmd/castellan/main.go": "// Castellan serves.\npackage main\n\nimport (\n\t_ \"castellan/internal/web\"\n\t\"context\"\n\t\"fmt\"\n\t\"os\"\n\t\"time\"\n)\n\n" +
			"func main() { fmt.Println(context.Background(), time.Now(), os.Getenv(\"X\")); os.Exit(0) }\n",
		"internal/query/query.go": "// Package query asks.\npackage query\n\nvar words = []string{\"and\"}\n\n" +
			"// Words lists them.\nfunc Words() []string { return words }\n",
		"internal/query/query_test.go": "package query\n\nimport \"testing\"\n\n" +
			"func FuzzParse(f *testing.F) { f.Add(\"a\") }\n",
		"internal/store/store.go": "// Package store keeps rows.\npackage store\n\nimport (\n\t\"castellan/internal/query\"\n\t\"context\"\n\t\"database/sql\"\n\t\"time\"\n)\n\n" +
			"// DB is open.\ntype DB struct{ db *sql.DB }\n\n// Now tells.\nfunc Now() (context.Context, time.Time, []string) {\n\treturn context.Background(), time.Now(), query.Words()\n}\n",
		"internal/store/migrations/main/0001_people.sqlite.sql":   "CREATE TABLE a(b INTEGER) STRICT;\n",
		"internal/store/migrations/main/0001_people.postgres.sql": "CREATE TABLE a(b BIGINT);\n",
	}
	b := crooked(t, sound)
	for _, r := range rules {
		for _, complaint := range r.check(b) {
			t.Errorf("%s: %s", r.name, complaint)
		}
	}
}

// crooked builds a tree from the given files and a go.mod.
func crooked(t *testing.T, files map[string]string) *building {
	t.Helper()
	tree := fstest.MapFS{"go.mod": {Data: []byte("module castellan\n\ngo 1.26.0\n")}}
	for p, text := range files {
		tree[p] = &fstest.MapFile{Data: []byte(text)}
	}
	b, err := survey(tree)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func concat(lists ...[]rule) []rule {
	var all []rule
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
