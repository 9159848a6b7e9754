package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A building is the tree of this repository as the rules see it: every Go file
// parsed, every other file by name and on demand.
type building struct {
	fsys   fs.FS
	fset   *token.FileSet
	module string
	files  []*goFile // in order of path
	paths  []string  // every file, Go or not, in order
	rooms  map[string]*room
}

// A room is a package. Its name is its folder without a leading "internal/",
// which is how the plan and people call it.
type room struct {
	name  string
	dir   string
	files []*goFile
}

type goFile struct {
	path  string
	room  string
	test  bool
	bytes []byte
	tree  *ast.File
	names []*ast.SelectorExpr // every x.y in the file where x is a name that the file does not declare
}

// Folders that hold no work of ours: what was fetched, built or written at run time.
var notOurs = regexp.MustCompile(`^(\.git|\.tools|data|demo-data|bin|dist|ui/dist|.*node_modules|ui/test-results|ui/playwright-report)$`)

var moduleLine = regexp.MustCompile(`(?m)^module (\S+)`)

// survey reads the tree below fsys. Go files in testdata are data, not rooms.
func survey(fsys fs.FS) (*building, error) {
	b := &building{fsys: fsys, fset: token.NewFileSet(), rooms: map[string]*room{}}
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	m := moduleLine.FindSubmatch(mod)
	if m == nil {
		return nil, fmt.Errorf("go.mod names no module")
	}
	b.module = string(m[1])
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if notOurs.MatchString(p) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || path.Ext(p) == ".test" || path.Ext(p) == ".prof" {
			return nil
		}
		b.paths = append(b.paths, p)
		if path.Ext(p) != ".go" || strings.Contains(p, "testdata/") {
			return nil
		}
		return b.enter(p)
	})
	return b, err
}

// A generator stands in a room's folder and is run by hand: no part of the
// program, as free as a test.
var generator = regexp.MustCompile(`(?m)^//go:build ignore$`)

func (b *building) enter(p string) error {
	src, err := fs.ReadFile(b.fsys, p)
	if err != nil {
		return err
	}
	tree, err := parser.ParseFile(b.fset, p, src, parser.ParseComments)
	if err != nil {
		return err
	}
	f := &goFile{path: p, room: roomOf(path.Dir(p)), test: strings.HasSuffix(p, "_test.go"), bytes: src, tree: tree}
	ast.Inspect(tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil {
				f.names = append(f.names, s)
			}
		}
		return true
	})
	b.files = append(b.files, f)
	if generator.Match(src) {
		f.test = true
		return nil
	}
	r := b.rooms[f.room]
	if r == nil {
		r = &room{name: f.room, dir: path.Dir(p)}
		b.rooms[f.room] = r
	}
	r.files = append(r.files, f)
	return nil
}

func roomOf(dir string) string { return strings.TrimPrefix(dir, "internal/") }

// names lists the rooms in order.
func (b *building) names() []string {
	var names []string
	for n := range b.rooms {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// text is the content of a file that need not exist.
func (b *building) text(p string) string {
	t, err := fs.ReadFile(b.fsys, p)
	if err != nil {
		return ""
	}
	return string(t)
}

func (b *building) at(p token.Pos) string {
	at := b.fset.Position(p)
	return at.Filename + ":" + strconv.Itoa(at.Line)
}

// in says whether a room is one of the given ones or lies inside one.
func in(room string, doors map[string]string) (door string, ok bool) {
	for d := range doors {
		if room == d || strings.HasPrefix(room, d+"/") {
			return d, true
		}
	}
	return "", false
}

// imports lists the import paths of a file, each with the place where it stands.
func (f *goFile) imports() map[string]token.Pos {
	all := map[string]token.Pos{}
	for _, i := range f.tree.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err == nil {
			all[p] = i.Pos()
		}
	}
	return all
}

// mentions finds each use of one of the names of the package at importPath, as
// a call or as a value. No name means any.
func (f *goFile) mentions(importPath string, names ...string) []*ast.SelectorExpr {
	local := ""
	for _, i := range f.tree.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil && p == importPath {
			local = path.Base(p)
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	if local == "" {
		return nil
	}
	var found []*ast.SelectorExpr
	for _, s := range f.names {
		if s.X.(*ast.Ident).Name == local && (len(names) == 0 || slices.Contains(names, s.Sel.Name)) {
			found = append(found, s)
		}
	}
	return found
}

// doors lists the rooms that a room imports, outside its tests.
func (b *building) doors(r *room) []string {
	var all []string
	for _, f := range r.files {
		if f.test {
			continue
		}
		for p := range f.imports() {
			if rest, ok := strings.CutPrefix(p, b.module+"/"); ok && !slices.Contains(all, roomOf(rest)) {
				all = append(all, roomOf(rest))
			}
		}
	}
	slices.Sort(all)
	return all
}

// reaches lists every room that a room can get to through any number of doors.
func (b *building) reaches(name string) []string {
	var all []string
	var walk func(string)
	walk = func(name string) {
		r := b.rooms[name]
		if r == nil {
			return
		}
		for _, d := range b.doors(r) {
			if !slices.Contains(all, d) {
				all = append(all, d)
				walk(d)
			}
		}
	}
	walk(name)
	slices.Sort(all)
	return all
}

var introduction = regexp.MustCompile(`^(Package \S+|[A-Z][a-z-]*) `)

// caption is the first sentence of the package comment, without the words
// "Package x" (of a program, its name) that begin it, and the files that carry
// a package comment.
func (r *room) caption() (caption string, carriers []string) {
	for _, f := range r.files {
		if f.tree.Doc == nil || f.test {
			continue
		}
		carriers = append(carriers, f.path)
		first := new(doc.Package).Synopsis(f.tree.Doc.Text())
		if caption == "" {
			caption = introduction.ReplaceAllString(first, "")
		}
	}
	return caption, carriers
}

func lines(text string) []string {
	var all []string
	for l := range bytes.Lines([]byte(text)) {
		all = append(all, strings.TrimRight(string(l), "\r\n"))
	}
	return all
}
