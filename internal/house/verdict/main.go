// Verdict reads the events of go test -json and says in one line what they amount to.
//
// It is quiet about what passed and prints everything that a failed test or
// build has said. A skipped test is a failure: what a test needs and does not
// find must be noticed. So is a run in which nothing ran, and one that stopped
// in the middle.
//
//	go test -json ./... | verdict
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	v, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "verdict: %v\n", err)
		os.Exit(2)
	}
	for _, s := range v.skipped {
		fmt.Printf("skipped: %s\n", s)
	}
	for _, p := range v.unfinished {
		fmt.Printf("never finished: %s\n", p)
	}
	fmt.Println(v)
	if !v.good() {
		os.Exit(1)
	}
}

// event is one line of go test -json, described by go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string

	FailedBuild string
}

type verdict struct {
	passed, failed int
	skipped        []string
	unfinished     []string // packages that began and did not end
}

func (v verdict) good() bool {
	return v.passed > 0 && v.failed == 0 && len(v.skipped) == 0 && len(v.unfinished) == 0
}

func (v verdict) String() string {
	s := fmt.Sprintf("%d passed, %d failed", v.passed, v.failed)
	if n := len(v.skipped); n > 0 {
		s += fmt.Sprintf(", %d skipped", n)
	}
	return s
}

// read judges the events from r and copies to w what the failed ones said.
// Tests are counted at their leaves: one that only gathers others adds nothing.
func read(r io.Reader, w io.Writer) (verdict, error) {
	var v verdict
	said := map[string]*strings.Builder{} // by test, package or build
	gathers := map[string]bool{}          // tests with tests inside
	failures := map[string]int{}          // by package
	open := map[string]bool{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "{") {
			// What go itself says when it cannot even begin.
			fmt.Fprintln(w, lines.Text())
			continue
		}
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return v, fmt.Errorf("read an event: %w", err)
		}
		name := e.Package + e.ImportPath
		if e.Test != "" {
			name += "." + e.Test
		}
		switch e.Action {
		case "start":
			open[e.Package] = true
		case "run":
			for i := range e.Test {
				if e.Test[i] == '/' {
					gathers[e.Package+"."+e.Test[:i]] = true
				}
			}
		case "output", "build-output":
			if strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT: of no use once it is over
				continue
			}
			if said[name] == nil {
				said[name] = &strings.Builder{}
			}
			said[name].WriteString(e.Output)
		case "pass":
			if e.Test == "" {
				delete(open, e.Package)
			} else if !gathers[name] {
				v.passed++
			}
			delete(said, name)
		case "skip":
			if e.Test == "" { // a package without tests
				delete(open, e.Package)
			} else if !gathers[name] {
				v.skipped = append(v.skipped, name)
			}
		case "fail", "build-fail":
			if b := said[name]; b != nil {
				fmt.Fprint(w, b)
				delete(said, name)
			}
			if e.Test == "" {
				delete(open, e.Package)
			}
			switch {
			case e.Action == "build-fail", e.Test != "" && !gathers[name]:
				v.failed++
				failures[e.Package]++
			case e.Test == "" && e.FailedBuild == "" && failures[e.Package] == 0:
				// A panic, an exit, or a failure of a test that gathers others.
				v.failed++
			}
		}
	}
	if err := lines.Err(); err != nil {
		return v, err
	}
	for p := range open {
		v.unfinished = append(v.unfinished, p)
	}
	slices.Sort(v.unfinished)
	return v, nil
}
