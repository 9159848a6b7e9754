package exchange

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"castellan/internal/sheet"
)

// codes are all constants of the type Code, here and in sheet: a new one cannot
// be forgotten.
func codes(t *testing.T) []sheet.Code {
	t.Helper()
	var all []sheet.Code
	for _, file := range []string{"line.go", filepath.Join("..", "sheet", "draft.go")} {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil {
				return true
			}
			named := spec.Type
			if of, ok := named.(*ast.SelectorExpr); ok {
				named = of.Sel
			}
			if id, ok := named.(*ast.Ident); !ok || id.Name != "Code" {
				return true
			}
			for _, v := range spec.Values {
				word, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, sheet.Code(word))
			}
			return true
		})
	}
	if len(all) < 20 {
		t.Fatalf("found only %d codes", len(all))
	}
	return all
}

func TestEveryReasonIsSaidInEveryLanguage(t *testing.T) {
	for _, code := range codes(t) {
		p := sheet.Problem{Line: 7, Heading: "Phone", Code: code, Public: "Line 7, “Phone”: in English.", Value: "7.9E+10"}
		if got := Sentence(p, "en"); got != p.Public {
			t.Errorf("%s: %q", code, got)
		}
		said := map[string]bool{p.Public: true}
		for language := range frames {
			got := Sentence(p, language)
			if said[got] || !strings.Contains(got, "7") || !strings.Contains(got, "Phone") || strings.Contains(got, p.Value) || strings.Contains(got, "%!") {
				t.Errorf("%s in %s: %q", code, language, got)
			}
			said[got] = true
			p := p
			p.Heading = ""
			if got := Sentence(p, language); strings.Contains(got, "««") || strings.Contains(got, "«»") || !strings.HasSuffix(got, ".") {
				t.Errorf("%s of a row in %s: %q", code, language, got)
			}
		}
	}
	if got := Sentence(sheet.Problem{Public: "as it is"}, "ru"); got != "as it is" {
		t.Errorf("a reason without a code: %q", got)
	}
}

func TestOwnColumnsAreKnownInEveryLanguage(t *testing.T) {
	for language, words := range ownHeadings {
		for _, word := range words {
			if !ours(word) {
				t.Errorf("%s: %q comes back as a client's", language, word)
			}
		}
	}
	if ours("Name") {
		t.Error("a column of the file is taken for ours")
	}
}
