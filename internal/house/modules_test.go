package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Modules that must not come in, and why. A whole family ends in "/".
var unwelcome = map[string]string{
	"github.com/uptrace/bun/":       "writes values into the text of a statement, where logs and pg_stat_activity show them",
	"github.com/mattn/go-sqlite3":   "a second build of SQLite in one process breaks the locks of the first",
	"github.com/ncruces/go-sqlite3": "a second build of SQLite in one process breaks the locks of the first",
	"github.com/pressly/goose/":     "raises modernc.org/libc behind the back of modernc.org/sqlite",
	"github.com/stretchr/testify":   "tests here compare and say what they saw",
	"github.com/golang/mock":        "real databases, no mocks",
	"go.uber.org/mock":              "real databases, no mocks",
	"gorm.io/":                      "an object mapper selects columns that a grant does not let be seen",
	"github.com/sirupsen/logrus":    "log/slog",
	"github.com/pkg/errors":         "fmt.Errorf with %w",
	"github.com/google/cel-go":      "one condition language: query",
	"github.com/danielgtaylor/huma": "v2 is the one in use",
}

var moduleRules = []rule{
	{
		name:  "no unwelcome module has come in",
		check: noUnwelcomeModules,
		breaches: []breach{
			{want: "github.com/uptrace/bun", files: map[string]string{
				"go.mod": "module castellan\n\nrequire (\n\tgithub.com/uptrace/bun v1.3.0\n)\n",
			}},
			{want: "github.com/mattn/go-sqlite3", files: map[string]string{
				"go.mod": "module castellan\n\nrequire github.com/mattn/go-sqlite3 v1.14.53 // indirect\n",
			}},
		},
	},
	{
		name:  "no module is replaced",
		check: noReplacedModules,
		breaches: []breach{
			{want: "go.mod:3", files: map[string]string{"go.mod": "module castellan\n\nreplace a => ../a\n"}},
		},
	},
}

var requirement = regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.-]+\.[a-z]+/\S+) (v\S+)`)

func requirements(mod string) map[string]string {
	all := map[string]string{}
	for _, m := range requirement.FindAllStringSubmatch(mod, -1) {
		all[m[1]] = m[2]
	}
	return all
}

func noUnwelcomeModules(b *building) []string {
	var wrong []string
	for module := range requirements(b.text("go.mod")) {
		for u, why := range unwelcome {
			if module == u || strings.HasSuffix(u, "/") && strings.HasPrefix(module+"/", u) {
				wrong = append(wrong, fmt.Sprintf("%s: %s", module, why))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

func noReplacedModules(b *building) []string {
	var wrong []string
	for i, l := range lines(b.text("go.mod")) {
		if strings.HasPrefix(l, "replace") || strings.HasPrefix(l, "exclude") {
			wrong = append(wrong, fmt.Sprintf("go.mod:%d: what is built here must be what others get", i+1))
		}
	}
	return wrong
}

// modernc.org/sqlite is C translated against one exact modernc.org/libc. With
// another it builds and then misbehaves.
func TestLibcIsTheOneThatSQLiteWasMadeFor(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sqlite, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatal(said(err))
	}
	theirs, err := os.ReadFile(strings.TrimSpace(string(sqlite)))
	if err != nil {
		t.Fatal(err)
	}
	if complaint := libcDiffers(string(mod), string(theirs)); complaint != "" {
		t.Error(complaint)
	}
}

func TestAnotherLibcIsSeen(t *testing.T) {
	const theirs = "module modernc.org/sqlite\n\nrequire (\n\tmodernc.org/libc v1.77.1\n)\n"
	for _, ours := range []string{"require modernc.org/libc v1.78.0 // indirect\n", "module castellan\n"} {
		if libcDiffers(ours, theirs) == "" {
			t.Errorf("nothing was said about %q", ours)
		}
	}
	if c := libcDiffers("require modernc.org/libc v1.77.1 // indirect\n", theirs); c != "" {
		t.Error(c)
	}
}

func libcDiffers(ours, theirs string) string {
	const libc = "modernc.org/libc"
	have, want := requirements(ours)[libc], requirements(theirs)[libc]
	if have == want && want != "" {
		return ""
	}
	return fmt.Sprintf("go.mod has %s %q; modernc.org/sqlite was made for %q", libc, have, want)
}

// What may be linked into a program that is given away under Apache-2.0, by
// words that only this licence's text has.
var licences = []struct {
	name string
	mark *regexp.Regexp
	test bool // only for tests: never in the program that is given away
}{
	{"MPL-2.0", regexp.MustCompile(`Mozilla Public License,? (Version|v\.) ?2\.0`), true},
	{"Apache-2.0", regexp.MustCompile(`Apache License,? Version 2\.0`), false},
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge, to any person obtaining a copy`), false},
	{"BSD", regexp.MustCompile(`Redistribution and use in source and binary forms, with or without`), false},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify,? and/or distribute this software for any purpose`), false},
	{"Unlicense or CC0", regexp.MustCompile(`(free and unencumbered software released into the public domain|CC0 1\.0 Universal)`), false},
}

var strict = regexp.MustCompile(`GNU (LESSER |AFFERO )?GENERAL PUBLIC LICENSE|Server Side Public License|Business Source License|Commons Clause`)

func licenceOf(text string) string {
	if strict.MatchString(text) {
		return ""
	}
	for _, l := range licences {
		if l.mark.MatchString(text) {
			return l.name
		}
	}
	return ""
}

func TestLicenceIsReadOffItsText(t *testing.T) {
	for text, want := range map[string]string{ // as in a file, lines joined
		"GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3":                                                  "",
		"Apache License Version 2.0, January 2004":                                                      "Apache-2.0",
		"Permission is hereby granted, free of charge, to any person obtaining a copy of this software": "MIT",
		"All rights reserved.": "",
		"Mozilla Public License, version 2.0\n\nMozilla Public License Version 2.0": "MPL-2.0",
	} {
		if got := licenceOf(text); got != want {
			t.Errorf("%q was read as %q, want %q", text, got, want)
		}
	}
}

func TestEveryModuleMayBeGivenAway(t *testing.T) {
	inProgram := modulesBehind(t, false)
	all := modulesBehind(t, true)
	for path, dir := range all {
		text := licenceText(dir)
		name := licenceOf(text)
		_, linked := inProgram[path]
		switch {
		case text == "":
			t.Errorf("%s carries no licence", path)
		case name == "":
			t.Errorf("the licence of %s is not one that this list knows: %.80q", path, text)
		case name == "MPL-2.0" && linked:
			t.Errorf("%s (%s) is linked into the program; it is for tests only", path, name)
		}
	}
}

// modulesBehind lists the modules whose packages are built, with their folders.
func modulesBehind(t *testing.T, tests bool) map[string]string {
	t.Helper()
	args := []string{"list", "-deps", "-json=Module"}
	if tests {
		args = append(args, "-test")
	}
	out, err := exec.Command("go", append(args, "castellan/...")...).Output()
	if err != nil {
		t.Fatal(said(err))
	}
	modules := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return modules
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = p.Module.Dir
		}
	}
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)(\.(txt|md))?$`)

// licenceText is the licence in a module's folder, its lines joined. Lists of
// other people's licences that a module carries along are not its own.
func licenceText(dir string) string {
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		return ""
	}
	var all []string
	for _, f := range files {
		if !licenceFile.MatchString(f.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return ""
		}
		all = append(all, strings.Fields(string(text))...)
	}
	return strings.Join(all, " ")
}

func said(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Sprintf("%v: %s", err, exit.Stderr)
	}
	return err.Error()
}
