package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"castellan/internal/actor"
	"castellan/internal/rights"
	"castellan/internal/sheet/sheettest"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// In scripts castellan is this test binary, so that the race detector looks on.
func TestMain(m *testing.M) { testscript.Main(tidy{m}, map[string]func(){"castellan": main}) }

// tidy takes the programs away again when all tests have run.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	defer func() { _ = os.RemoveAll(built) }() // what is left is only room on a disk
	return m.M.Run()
}

var built string // where the programs are; set once by programs

// programs are the programs as people get them, built once.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "castellan-programs-"); err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "castellan/cmd/castellan", "castellan/cmd/castellan-verify").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the programs: %w: %s", err, out)
	}
	return dir, nil
})

func program(t testing.TB, name string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// setting is the environment by which castellan finds a workspace.
func setting(o store.Options) []string {
	all := []string{"CASTELLAN_DATA=" + filepath.Join(o.Dir, "data")}
	if o.URL != "" {
		all = append(all, "CASTELLAN_DATABASE="+o.URL, "CASTELLAN_SCHEMA="+o.Schema)
	}
	return all
}

var engines = []store.Engine{store.SQLite, store.Postgres}

func TestCommandsDoAndRefuseAsTheScriptsSay(t *testing.T) {
	samples, beside := sheettest.Samples(t), sheettest.Beside(t)
	verifier := filepath.Dir(program(t, "castellan-verify"))
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) < 5 {
		t.Fatalf("found %d scripts: %v", len(scripts), err)
	}
	if len(beside) > 0 {
		scripts = append(scripts, "testdata/beside/import_beside.txtar")
	}
	for _, engine := range engines {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files: scripts,
				Setup: func(env *testscript.Env) error {
					o := storetest.Place(t, engine)
					for _, one := range setting(o) {
						name, value, _ := strings.Cut(one, "=")
						env.Setenv(name, value)
					}
					env.Setenv("FILES", filepath.Dir(filepath.Dir(samples[0])))
					if len(beside) > 0 {
						env.Setenv("BESIDE", filepath.Dir(filepath.Dir(beside[0])))
					}
					env.Setenv("DATA", filepath.Join(o.Dir, "data"))
					env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+verifier)
					return nil
				},
				Condition: func(word string) (bool, error) {
					return word == strings.ToLower(engine.String()), nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){"flip": flip, "narrow": narrow},
			})
		})
	}
}

// flip changes one byte in the middle of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip FILE")
	}
	name := ts.MkAbs(args[0])
	text, err := os.ReadFile(name)
	ts.Check(err)
	text[len(text)/2] ^= 1
	ts.Check(os.WriteFile(name, text, 0o600))
}

// narrow sets terms on which nobody comes in.
func narrow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: narrow")
	}
	ctx := context.Background()
	p := place{Data: ts.Getenv("CASTELLAN_DATA"), Database: ts.Getenv("CASTELLAN_DATABASE"), Schema: ts.Getenv("CASTELLAN_SCHEMA")}
	ts.Check(quietly(ctx, output{io.Discard, io.Discard}, p, func(r *rooms) error {
		role, err := r.roleNamed(ctx, "specialist")
		if err != nil {
			return err
		}
		ana, err := r.active(ctx, "ana@example.com")
		if err != nil {
			return err
		}
		for _, t := range []rights.Termed{
			{Scope: rights.ForWorkspace, Terms: rights.Terms{Factor: true, Networks: []string{"192.0.2.0/24"}}},
			{Scope: rights.ForRole, Subject: int64(role), Terms: rights.Terms{Idle: 30, Hours: []rights.Hours{{Days: []string{"monday", "friday"}, From: "09:00", To: "18:00"}}, Zone: "Europe/Warsaw"}},
			{Scope: rights.ForPerson, Subject: int64(ana.ID), Terms: rights.Terms{Networks: []string{"198.51.100.7"}}},
		} {
			if _, err := r.rights.SetTerms(ctx, actor.House(), t.Scope, t.Subject, 0, t.Terms); err != nil {
				return err
			}
		}
		return nil
	}))
}
