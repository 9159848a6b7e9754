package house

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// Laws that stand above the plan: drawing such a door does not open it. A star
// is everyone but cmd, where the rooms are wired.
//
// DO NOT CHANGE THIS DATA TO FIX A BUILD. Move the code to the room that has
// the door, or change the design and say in docs/decisions why.
var closed = []struct{ from, to, why string }{
	{"web", "store", "a handler that could query would pass by the policy"},
	{"web", "query", "a handler that could build conditions would pass by the policy"},
	{"web", "policy", "a handler that could decide would decide differently from the others"},
	{"web", "scribe", "a handler that could write history could forge it"},
	{"*", "web", "the face is on top"},
	{"*", "cmd", "wiring is on top"},
	{"*", "house", "tests are not to be called"},
}

// Rooms whose whole foundation is counted, not only their own doors.
var foundations = map[string]struct {
	may []string
	why string
}{
	"ledger": {nil, "a stranger must be able to read the verifier without reading the server"},
	"policy": {[]string{"fault", "actor", "schema", "query", "value"}, "a decision is a function, to be tried by the million without a database"},
	"query":  {[]string{"fault", "actor", "schema", "value"}, "the meaning of a condition depends on nothing but the row"},
	"schema": {[]string{"fault", "actor", "value"}, "the schema is data"},
	"fault":  {nil, "everyone speaks these words"},
	"actor":  {nil, "everyone speaks these words"},
}

// What the outside world offers, and the only rooms that may reach for it.
// Tests are free, and so are the rooms that serve tests, whose names say so.
var outside = []struct {
	what    string
	pkg     string   // import path, or its beginning when it ends in "/"
	names   []string // functions in it; none means the whole package
	through map[string]string
}{
	{"the time", "time", []string{"Now", "Since", "Until"}, map[string]string{
		"store":                "fixes the time of a transaction",
		"cmd/castellan":        "hands the clock to the rooms",
		"cmd/castellan-verify": "says when it looked",
	}},
	{"chance", "crypto/rand", nil, map[string]string{
		"vault": "makes keys, tokens and salts for all",
	}},
	{"chance", "math/rand", nil, nil},
	{"chance", "math/rand/v2", nil, nil},
	{"the database", "database/sql", nil, map[string]string{"store": "everyone else asks it"}},
	{"the database", "database/sql/driver", nil, map[string]string{"store": "everyone else asks it"}},
	{"the database", "github.com/jackc/pgx/v5/", nil, map[string]string{"store": "everyone else asks it"}},
	{"the database", "modernc.org/sqlite", nil, map[string]string{"store": "everyone else asks it"}},
	{"the environment", "os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv"}, map[string]string{
		"cmd": "reads settings, and hands each room its own",
	}},
	{"other programs", "os/exec", nil, nil},
	{"work that no caller can call off", "context", []string{"Background", "TODO"}, map[string]string{
		"cmd":      "is where all callers begin",
		"store":    "ends transactions whose caller has gone",
		"scribe":   "seals for all",
		"crm":      "keeps its catalogue fresh for everyone",
		"exchange": "goes on with an import after its person has left",
	}},
	{"the output of the process", "fmt", []string{"Print", "Printf", "Println"}, map[string]string{
		"cmd":           "is spoken to on a terminal",
		"house/verdict": "is spoken to on a terminal",
	}},
	{"the logger of the process", "log/slog", []string{"Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "Default", "SetDefault"}, nil},
	{"the old logger", "log", nil, nil},
	{"the client of the process, which never times out", "net/http", []string{"Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport", "DefaultServeMux", "Handle", "HandleFunc", "ListenAndServe", "ListenAndServeTLS"}, nil},
	{"the end of the process", "os", []string{"Exit"}, map[string]string{
		"cmd":           "says how it went",
		"house/verdict": "says how it went",
	}},
}

// Thought has no I/O, no clock, no chance: what its rooms may not touch.
var thought = []string{"schema", "query", "policy", "value", "fault", "actor"}

var ground = []string{"os", "net", "net/http", "io/fs", "database/sql", "log", "log/slog", "context", "unsafe"}

var doorRules = []rule{
	{
		name:  "closed doors stay closed",
		check: closedDoors,
		breaches: []breach{
			{want: "web may not import store", files: map[string]string{
				"internal/web/web.go":     "// Package web shows.\npackage web\n\nimport _ \"castellan/internal/store\"\n",
				"internal/store/store.go": "// Package store keeps rows.\npackage store\n",
			}},
			{want: "records may not import web", files: map[string]string{
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport _ \"castellan/internal/web\"\n",
				"internal/web/web.go":         "// Package web shows.\npackage web\n",
			}},
			{want: "records may not import store/storetest", files: map[string]string{
				"internal/records/records.go":      "// Package records reads.\npackage records\n\nimport _ \"castellan/internal/store/storetest\"\n",
				"internal/store/storetest/each.go": "// Package storetest opens.\npackage storetest\n",
			}},
		},
	},
	{
		name:  "foundations hold nothing but what they may",
		check: foundationsHold,
		breaches: []breach{
			{want: "ledger stands on fault", files: map[string]string{
				"ledger/ledger.go":        "// Package ledger proves.\npackage ledger\n\nimport _ \"castellan/internal/fault\"\n",
				"internal/fault/fault.go": "// Package fault names errors.\npackage fault\n",
			}},
			{want: "policy stands on store", files: map[string]string{
				"internal/policy/policy.go": "// Package policy decides.\npackage policy\n\nimport _ \"castellan/internal/query\"\n",
				"internal/query/query.go":   "// Package query asks.\npackage query\n\nimport _ \"castellan/internal/store\"\n",
				"internal/store/store.go":   "// Package store keeps rows.\npackage store\n",
			}},
		},
	},
	{
		name:  "time, chance, database and environment enter through their doors",
		check: outsideThroughDoors,
		breaches: []breach{
			{want: "records reaches for the time", files: map[string]string{
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport \"time\"\n\nvar Clock = time.Now\n",
			}},
			{want: "records reaches for the time", files: map[string]string{
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport clock \"time\"\n\nfunc F(t clock.Time) clock.Duration { return clock.Since(t) }\n",
			}},
			{want: "identity reaches for chance", files: map[string]string{
				"internal/identity/identity.go": "// Package identity knows people.\npackage identity\n\nimport _ \"crypto/rand\"\n",
			}},
			{want: "records reaches for the database", files: map[string]string{
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport _ \"github.com/jackc/pgx/v5/stdlib\"\n",
			}},
			{want: "web reaches for the environment", files: map[string]string{
				"internal/web/web.go": "// Package web shows.\npackage web\n\nimport \"os\"\n\nfunc F() string { return os.Getenv(\"HOME\") }\n",
			}},
			{want: "jobs reaches for the logger of the process", files: map[string]string{
				"internal/jobs/jobs.go": "// Package jobs works.\npackage jobs\n\nimport \"log/slog\"\n\nfunc F() { slog.Info(\"x\") }\n",
			}},
			{want: "records reaches for the output of the process", files: map[string]string{
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport \"fmt\"\n\nfunc F() { fmt.Println() }\n",
			}},
			{want: "vault may reach for chance and does not", files: map[string]string{
				"internal/vault/vault.go": "// Package vault keeps keys.\npackage vault\n",
			}},
		},
	},
	{
		name:  "thought has no ground",
		check: thoughtHasNoGround,
		breaches: []breach{
			{want: "policy is thought and imports os", files: map[string]string{
				"internal/policy/policy.go": "// Package policy decides.\npackage policy\n\nimport _ \"os\"\n",
			}},
			{want: "query is thought and imports net/http/httputil", files: map[string]string{
				"internal/query/query.go": "// Package query asks.\npackage query\n\nimport _ \"net/http/httputil\"\n",
			}},
		},
	},
	{
		name:  "grants without a person are made only where the plan of rights says so",
		check: wholeGrants,
		breaches: []breach{
			{want: "internal/records/list.go:6 makes a grant for the house itself", files: map[string]string{
				"internal/records/list.go": "// Package records reads.\npackage records\n\nimport \"castellan/internal/policy\"\n\nvar g = policy.Whole(nil, policy.ForImport)\n",
			}},
			{want: "makes none", files: map[string]string{"internal/records/list.go": "// Package records reads.\npackage records\n"}},
		},
	},
}

func closedDoors(b *building) []string {
	var wrong []string
	for _, name := range b.names() {
		for _, d := range b.doors(b.rooms[name]) {
			for _, c := range closed {
				_, leads := in(d, map[string]string{c.to: ""})
				inside := strings.HasPrefix(name, c.to+"/") || name == c.to
				_, wires := in(name, map[string]string{"cmd": ""})
				if leads && !inside && (c.from == name || c.from == "*" && !wires) {
					wrong = append(wrong, fmt.Sprintf("%s may not import %s: %s", name, d, c.why))
				}
			}
			if strings.HasSuffix(d, "test") && !strings.HasSuffix(name, "test") {
				wrong = append(wrong, fmt.Sprintf("%s may not import %s: what is for tests stays out of the program", name, d))
			}
		}
	}
	return wrong
}

func foundationsHold(b *building) []string {
	var wrong []string
	for name, f := range foundations {
		for _, d := range b.reaches(name) {
			if !slices.Contains(f.may, d) {
				wrong = append(wrong, fmt.Sprintf("%s stands on %s: %s", name, d, f.why))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

func outsideThroughDoors(b *building) []string {
	var wrong []string
	used := map[string]bool{} // "room: what" that a door was needed for
	for _, f := range b.files {
		if f.test || strings.HasSuffix(f.room, "test") {
			continue
		}
		for _, o := range outside {
			var places []string
			if len(o.names) > 0 {
				for _, s := range f.mentions(o.pkg, o.names...) {
					places = append(places, b.at(s.Pos()))
				}
			} else {
				for p, pos := range f.imports() {
					if p == o.pkg || strings.HasSuffix(o.pkg, "/") && strings.HasPrefix(p+"/", o.pkg) {
						places = append(places, b.at(pos))
					}
				}
			}
			if len(places) == 0 {
				continue
			}
			if door, ok := in(f.room, o.through); ok {
				used[door+": "+o.what] = true
				continue
			}
			for _, place := range places {
				wrong = append(wrong, fmt.Sprintf("%s: %s reaches for %s (%s)", place, f.room, o.what, o.pkg))
			}
		}
	}
	for _, o := range outside {
		for door := range o.through {
			if b.rooms[door] != nil && !used[door+": "+o.what] {
				wrong = append(wrong, fmt.Sprintf("%s may reach for %s and does not: take it off the list", door, o.what))
			}
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

func thoughtHasNoGround(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		if f.test || !slices.Contains(thought, f.room) {
			continue
		}
		for p, pos := range f.imports() {
			for _, g := range ground {
				if p == g || g != "net" && g != "context" && strings.HasPrefix(p, g+"/") {
					wrong = append(wrong, fmt.Sprintf("%s: %s is thought and imports %s", b.at(pos), f.room, p))
				}
			}
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// policy.Whole makes a grant that shows everything, for what the house does on
// its own account. Each place and purpose is named here, with what keeps the
// contents from an actor who may not see them.
var mayActAsHouse = map[string]string{
	"records/state.go ForDecision":   "reads the facts that Admit asks for; what leaves is cut by its verdict",
	"records/share.go ForIndex":      "rewrites access rows; nothing leaves",
	"records/read.go ForDecision":    "lists what lives on a record; each is admitted by itself before it leaves",
	"records/merge.go ForRelations":  "leads what led to a merged record to the one that stays; nothing leaves",
	"records/ask.go ForDuplicates":   "leaves a task with whoever is responsible; whoever asked learns nothing",
	"records/clash.go ForTime":       "asks whether somebody's time is taken; yes or no leaves",
	"records/agenda.go ForTime":      "finds what takes people's time; what a reader may not see leaves as busy, if they may know that",
	"records/series.go ForTime":      "finds the records of a series; each is decided by itself before it changes",
	"records/receive.go ForMail":     "keeps what a client wrote as a message for those who see the client, and says what became of letters; nothing leaves",
	"crm/appointment.go ForDecision": "takes name, length and price of a service that the writer may see; they become the appointment's",
	"crm/field.go ForMigration":      "adds columns, and asks whether any record holds a value; nothing leaves",
}

func wholeGrants(b *building) []string {
	var wrong []string
	used := map[string]bool{}
	for _, f := range b.files {
		if f.test || strings.HasSuffix(f.room, "test") {
			continue
		}
		whole := f.mentions(b.module+"/internal/policy", "Whole")
		ast.Inspect(f.tree, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || len(c.Args) == 0 || !slices.ContainsFunc(whole, func(s *ast.SelectorExpr) bool { return s == c.Fun }) {
				return true
			}
			purpose := "an unknown purpose"
			if s, ok := c.Args[len(c.Args)-1].(*ast.SelectorExpr); ok {
				purpose = s.Sel.Name
			}
			place := roomOf(f.path) + " " + purpose
			used[place] = true
			if mayActAsHouse[place] == "" {
				wrong = append(wrong, fmt.Sprintf("%s makes a grant for the house itself: %q is not on the list", b.at(c.Pos()), place))
			}
			return true
		})
	}
	if b.rooms["records"] == nil {
		return wrong
	}
	for place := range mayActAsHouse {
		if !used[place] {
			wrong = append(wrong, place+" is on the list of grants for the house itself, and makes none: take it off")
		}
	}
	return wrong
}
