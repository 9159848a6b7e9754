package house

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

var testRules = []rule{
	{
		name:  "no test is skipped",
		check: noSkips,
		breaches: []breach{
			{want: "internal/web/web_test.go:6", files: map[string]string{
				"internal/web/web.go":      "// Package web shows.\npackage web\n",
				"internal/web/web_test.go": "package web\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n\tt.Skip(\"later\")\n}\n",
			}},
			{want: "internal/web/web_test.go:6", files: map[string]string{
				"internal/web/web_test.go": "package web\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n\tif testing.Short() {\n\t\treturn\n\t}\n}\n",
			}},
			{want: "ui/src/kit/field.test.tsx:1", files: map[string]string{"ui/src/kit/field.test.tsx": "it.skip('x', () => {})\n"}},
			{want: "ui/src/kit/field.test.tsx:1", files: map[string]string{"ui/src/kit/field.test.tsx": "describe.only('x', () => {})\n"}},
		},
	},
	{
		name:  "a loader of cases fails on an empty corpus",
		check: loadersCount,
		breaches: []breach{
			{want: "internal/query/query_test.go:8", files: map[string]string{
				"internal/query/query_test.go": "package query\n\nimport (\n\t\"path/filepath\"\n\t\"testing\"\n)\n\nfunc TestCases(t *testing.T) {\n\tfiles, _ := filepath.Glob(\"testdata/*.txt\")\n\tfor range files {\n\t\tt.Log()\n\t}\n}\n",
			}},
		},
	},
	{
		name:  "every fuzz test has seeds",
		check: fuzzTestsHaveSeeds,
		breaches: []breach{
			{want: "FuzzParse has no seed", files: map[string]string{
				"internal/query/query_test.go": "package query\n\nimport \"testing\"\n\nfunc FuzzParse(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, s string) {})\n}\n",
			}},
		},
	},
	{
		name:  "a test that tests nothing is not there",
		check: testsTestSomething,
		breaches: []breach{
			{want: "TestLater is empty", files: map[string]string{
				"internal/query/query_test.go": "package query\n\nimport \"testing\"\n\nfunc TestLater(t *testing.T) {}\n",
			}},
			{want: "TestLater never uses its *testing.T", files: map[string]string{
				"internal/query/query_test.go": "package query\n\nimport \"testing\"\n\nfunc TestLater(t *testing.T) { println() }\n",
			}},
		},
	},
}

func noSkips(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := c.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := s.Sel.Name
			if f.test && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) || name == "Short" && fmt.Sprint(s.X) == "testing" {
				wrong = append(wrong, fmt.Sprintf("%s: %s: what a test needs and lacks is a failure", b.at(c.Pos()), name))
			}
			return true
		})
	}
	marks := []string{"it.skip(", "test.skip(", "describe.skip(", "it.only(", "test.only(", "describe.only(", "it.todo(", "test.todo(", "test.fixme("}
	for _, p := range b.paths {
		if !strings.HasPrefix(p, "ui/") || !slices.Contains([]string{".ts", ".tsx"}, path.Ext(p)) {
			continue
		}
		for i, l := range lines(b.text(p)) {
			for _, m := range marks {
				if strings.Contains(l, m) {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s: what a test needs and lacks is a failure", p, i+1, strings.TrimSuffix(m, "(")))
				}
			}
		}
	}
	return wrong
}

// loadersCount asks of a function that lists case files that it also looks at
// how many there were.
func loadersCount(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		if !f.test {
			continue
		}
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			lists, counts, cases := false, false, false
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					lists = lists || slices.Contains([]string{"Glob", "ReadDir"}, n.Sel.Name)
				case *ast.CallExpr:
					id, ok := n.Fun.(*ast.Ident)
					counts = counts || ok && id.Name == "len"
				case *ast.BasicLit:
					cases = cases || strings.Contains(n.Value, "testdata")
				}
				return true
			})
			if lists && cases && !counts {
				wrong = append(wrong, fmt.Sprintf("%s: %s lists files and would pass on none", b.at(fn.Pos()), fn.Name.Name))
			}
		}
	}
	return wrong
}

func fuzzTestsHaveSeeds(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !f.test || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			seeded := slices.ContainsFunc(b.paths, func(p string) bool {
				return strings.HasPrefix(p, path.Dir(f.path)+"/testdata/fuzz/"+fn.Name.Name+"/")
			})
			ast.Inspect(fn, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Add" {
					seeded = true
				}
				return true
			})
			if !seeded {
				wrong = append(wrong, fmt.Sprintf("%s: %s has no seed", b.at(fn.Pos()), fn.Name.Name))
			}
		}
	}
	return wrong
}

func testsTestSomething(b *building) []string {
	var wrong []string
	for _, f := range b.files {
		for _, d := range f.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !f.test || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") || fn.Name.Name == "TestMain" {
				continue
			}
			params := fn.Type.Params.List
			if len(params) != 1 || len(params[0].Names) != 1 {
				continue
			}
			if len(fn.Body.List) == 0 {
				wrong = append(wrong, fmt.Sprintf("%s: %s is empty", b.at(fn.Pos()), fn.Name.Name))
				continue
			}
			used := false
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.Name == params[0].Names[0].Name {
					used = true
				}
				return true
			})
			if !used {
				wrong = append(wrong, fmt.Sprintf("%s: %s never uses its *testing.T, so it cannot fail", b.at(fn.Pos()), fn.Name.Name))
			}
		}
	}
	return wrong
}
