package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

var orderRules = []rule{
	{
		name:  "rooms and files are named after what they hold",
		check: namesSaySomething,
		breaches: []breach{
			{want: "internal/util/util.go", files: map[string]string{"internal/util/util.go": "// Package util does.\npackage util\n"}},
			{want: "internal/web/http_helpers.go", files: map[string]string{"internal/web/http_helpers.go": "// Package web shows.\npackage web\n"}},
			{want: "ui/src/kit/utils.ts", files: map[string]string{"ui/src/kit/utils.ts": "\n"}},
		},
	},
	{
		name:  "nothing happens before main",
		check: noInit,
		breaches: []breach{
			{want: "internal/web/web.go:4", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\nfunc init() { println() }\n"}},
		},
	},
	{
		name:  "no state is global",
		check: noGlobalState,
		breaches: []breach{
			{want: "mu is state", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\nimport \"sync\"\n\nvar mu sync.Mutex\n"}},
			{want: "hits is state", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\nimport \"sync/atomic\"\n\nvar hits = &atomic.Int64{}\n"}},
			{want: "current is state", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\ntype config struct{}\n\nvar current *config\n"}},
			{want: "seen is changed", files: map[string]string{
				"internal/web/a.go": "// Package web shows.\npackage web\n\nvar seen = map[string]bool{}\n",
				"internal/web/b.go": "package web\n\nfunc see(s string) { seen[s] = true }\n",
			}},
			{want: "count is changed", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\nvar count int\n\nfunc more() { count++ }\n"}},
			{want: "seen is changed", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\nvar seen = map[string]bool{}\n\nfunc forget() { clear(seen) }\n"}},
		},
	},
	{
		name:  "what others may use says what it is for",
		check: exportsAreExplained,
		breaches: []breach{
			{want: "Book has no comment", files: map[string]string{"internal/records/records.go": "// Package records reads.\npackage records\n\ntype Book struct{}\n"}},
			{want: "Open has no comment", files: map[string]string{"internal/records/records.go": "// Package records reads.\npackage records\n\nfunc Open() {}\n"}},
		},
	},
	{
		name:  "nothing is promised for later",
		check: noPromises,
		breaches: []breach{
			{want: "internal/web/web.go:4", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\n\n// TO" + "DO: escape\n"}},
			{want: "ui/src/kit/a.ts:1", files: map[string]string{"ui/src/kit/a.ts": "// FIX" + "ME\n"}},
		},
	},
	{
		name:  "statements name their columns",
		check: columnsNamed,
		breaches: []breach{
			{want: "internal/store/rows.go:4", files: map[string]string{"internal/store/rows.go": "// Package store keeps rows.\npackage store\n\nconst all = `SELECT * FROM contact`\n"}},
			{want: "0001_a.sqlite.sql:1", files: map[string]string{"internal/store/migrations/main/0001_a.sqlite.sql": "INSERT INTO b SELECT c.* FROM c;\n"}},
		},
	},
	{
		name:  "every Go file is formatted",
		check: formatted,
		breaches: []breach{
			{want: "internal/web/web.go", files: map[string]string{"internal/web/web.go": "// Package web shows.\npackage web\nvar  x = 1\n"}},
		},
	},
	{
		name:  "migrations are twins",
		check: migrationsAreTwins,
		breaches: []breach{
			{want: "0001_people.sqlite.sql has no twin for postgres", files: map[string]string{"internal/store/migrations/main/0001_people.sqlite.sql": "CREATE"}},
			{want: "number 0001 is used twice", files: map[string]string{
				"internal/store/migrations/main/0001_people.sqlite.sql":   "CREATE",
				"internal/store/migrations/main/0001_people.postgres.sql": "CREATE",
				"internal/store/migrations/main/0001_rights.sqlite.sql":   "CREATE",
				"internal/store/migrations/main/0001_rights.postgres.sql": "CREATE",
			}},
			{want: "is not named NNNN_name", files: map[string]string{"internal/store/migrations/main/people.sql": "CREATE"}},
			{want: "holds nothing", files: map[string]string{
				"internal/store/migrations/main/0001_people.sqlite.sql":   " \n",
				"internal/store/migrations/main/0001_people.postgres.sql": "CREATE",
			}},
		},
	},
}

var empty = regexp.MustCompile(`^(utils?|commons?|helpers?|managers?|models?|types|services?|misc|stuff)$`)

// A kind of record is called what people call it, and its file with it.
var nouns = map[string]bool{"internal/crm/service.go": true}

var wordEnds = regexp.MustCompile(`[_.\-]+`)

func namesSaySomething(b *building) []string {
	var wrong []string
	for _, p := range b.paths {
		if strings.Contains(p, "testdata/") {
			continue
		}
		ours := path.Ext(p) == ".go" || strings.HasPrefix(p, "ui/src/") && !strings.HasPrefix(p, "ui/src/api/")
		if !ours || nouns[p] {
			continue
		}
		for part := range strings.SplitSeq(p, "/") {
			for _, word := range wordEnds.Split(strings.ToLower(part), -1) {
				if empty.MatchString(word) {
					wrong = append(wrong, fmt.Sprintf("%s: %q says nothing about what it holds", p, word))
				}
			}
		}
	}
	return wrong
}

func noInit(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				wrong = append(wrong, b.at(fn.Pos())+": init does work that nobody called for")
			}
		}
	}
	return wrong
}

// Package variables that may hold state, with the reason.
var mayBeGlobal = map[string]string{
	"store/storetest.schemas": "numbers the schemas that one test process makes",
}

// noGlobalState looks at package variables outside tests. It knows no types, so
// it goes by what is written: locks, atomics and pointers are state wherever
// they stand, everything else is state once something in the package changes it.
func noGlobalState(b *building) []string {
	var wrong []string
	for _, name := range b.names() {
		globals := map[string]*ast.ValueSpec{}
		for _, f := range b.rooms[name].files {
			if f.test {
				continue
			}
			for _, d := range f.tree.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, s := range g.Specs {
					spec := s.(*ast.ValueSpec)
					for i, n := range spec.Names {
						if n.Name == "_" || mayBeGlobal[name+"."+n.Name] != "" {
							continue
						}
						globals[n.Name] = spec
						if stateful(f, spec.Type) || i < len(spec.Values) && stateful(f, spec.Values[i]) {
							wrong = append(wrong, fmt.Sprintf("%s: %s is state shared by the whole process", b.at(n.Pos()), n.Name))
						}
					}
				}
			}
		}
		for _, f := range b.rooms[name].files {
			if f.test {
				continue
			}
			for _, id := range changed(f.tree) {
				spec := globals[id.Name]
				if spec != nil && (id.Obj == nil || id.Obj.Decl == spec) {
					wrong = append(wrong, fmt.Sprintf("%s: %s is changed, and belongs to the whole process", b.at(id.Pos()), id.Name))
				}
			}
		}
	}
	return wrong
}

// stateful says whether a type or an initial value is a lock, an atomic, a
// channel or a pointer to something of ours.
func stateful(f *goFile, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		return ok && (x.Name == "sync" || x.Name == "atomic")
	case *ast.StarExpr:
		s, ok := e.X.(*ast.SelectorExpr)
		return !ok || fmt.Sprint(s.X) != "regexp" && fmt.Sprint(s.X) != "template" && fmt.Sprint(s.X) != "time"
	case *ast.ChanType:
		return true
	case *ast.UnaryExpr:
		lit, ok := e.X.(*ast.CompositeLit)
		return ok && e.Op == token.AND && stateful(f, lit.Type)
	case *ast.CompositeLit:
		return stateful(f, e.Type)
	case *ast.CallExpr:
		fn, ok := e.Fun.(*ast.Ident)
		return ok && (fn.Name == "new" || fn.Name == "make" && len(e.Args) > 0 && stateful(f, e.Args[0]))
	case *ast.IndexExpr: // atomic.Pointer[T]
		return stateful(f, e.X)
	}
	return false
}

// changed lists the variables that a file assigns to, counts up, deletes from
// or clears.
func changed(tree *ast.File) []*ast.Ident {
	var ids []*ast.Ident
	note := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			case *ast.Ident:
				ids = append(ids, x)
				return
			default:
				return
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, l := range n.Lhs {
					note(l)
				}
			}
		case *ast.IncDecStmt:
			note(n.X)
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear"}, fn.Name) && len(n.Args) > 0 {
				note(n.Args[0])
			}
		}
		return true
	})
	return ids
}

// exportsAreExplained asks for a comment on exported types and functions. A
// method may be explained by its neighbour or its type.
func exportsAreExplained(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		if f.test || f.tree.Name.Name == "main" {
			continue
		}
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() && d.Doc == nil {
					wrong = append(wrong, fmt.Sprintf("%s: %s has no comment", b.at(d.Pos()), d.Name.Name))
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					t, ok := s.(*ast.TypeSpec)
					if ok && t.Name.IsExported() && t.Doc == nil && d.Doc == nil && t.Comment == nil {
						wrong = append(wrong, fmt.Sprintf("%s: %s has no comment", b.at(t.Pos()), t.Name.Name))
					}
				}
			}
		}
	}
	return wrong
}

var promise = regexp.MustCompile(`(//|/\*|--).*\b(TO` + `DO|FIX` + `ME|HA` + `CK)\b`)

func noPromises(b *building) []string {
	var wrong []string
	for _, p := range b.paths {
		if ext := path.Ext(p); ext != ".go" && ext != ".ts" && ext != ".tsx" && ext != ".sql" {
			continue
		}
		for i, l := range lines(b.text(p)) {
			if promise.MatchString(l) {
				wrong = append(wrong, fmt.Sprintf("%s:%d: do it, or write down what is missing where people look", p, i+1))
			}
		}
	}
	return wrong
}

var star = regexp.MustCompile(`(?i)\bselect\s+(distinct\s+)?([a-z_]+\.)?\*`)

// A star selects columns that a grant does not let be seen, and changes its
// meaning with the next migration.
func columnsNamed(b *building) []string {
	var wrong []string
	for _, p := range b.paths {
		ext := path.Ext(p)
		if ext != ".sql" && ext != ".go" || strings.HasSuffix(p, "_test.go") {
			continue
		}
		for i, l := range lines(b.text(p)) {
			if star.MatchString(l) {
				wrong = append(wrong, fmt.Sprintf("%s:%d: SELECT * hides which columns are read", p, i+1))
			}
		}
	}
	return wrong
}

func formatted(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		want, err := format.Source(f.bytes)
		if err != nil || !bytes.Equal(want, f.bytes) {
			wrong = append(wrong, f.path+" is not formatted: gofmt -w "+f.path)
		}
	}
	return wrong
}

var migrationName = regexp.MustCompile(`^(\d{4})_([a-z_]+)\.(sqlite|postgres)\.sql$`)

func migrationsAreTwins(b *building) []string {
	var wrong []string
	present := map[string]bool{}
	for _, p := range b.paths {
		present[p] = true
	}
	numbers := map[string]string{} // folder and number → name
	for _, p := range b.paths {
		if !strings.Contains(p, "/migrations/") || path.Ext(p) != ".sql" {
			continue
		}
		dir, file := path.Split(p)
		m := migrationName.FindStringSubmatch(file)
		if m == nil {
			wrong = append(wrong, p+" is not named NNNN_name.sqlite.sql or NNNN_name.postgres.sql")
			continue
		}
		other := map[string]string{"sqlite": "postgres", "postgres": "sqlite"}[m[3]]
		if !present[dir+m[1]+"_"+m[2]+"."+other+".sql"] {
			wrong = append(wrong, fmt.Sprintf("%s has no twin for %s", p, other))
		}
		if before, ok := numbers[dir+m[1]]; ok && before != m[2] {
			wrong = append(wrong, fmt.Sprintf("%s: number %s is used twice, by %s and %s", dir, m[1], before, m[2]))
		}
		numbers[dir+m[1]] = m[2]
		if strings.TrimSpace(b.text(p)) == "" {
			wrong = append(wrong, p+" holds nothing")
		}
	}
	return wrong
}
