package house

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var paperRules = []rule{
	{
		name:  "papers point at things that exist",
		check: linksLead,
		breaches: []breach{
			{want: "README.md:1: docs/gone.md", files: map[string]string{"README.md": "See [it](docs/gone.md#part).\n"}},
			{want: "docs/a.md:1: b.md", files: map[string]string{"docs/a.md": "See [it](b.md).\n"}},
		},
	},
	{
		name:  "papers name make targets that exist",
		check: targetsExist,
		breaches: []breach{
			{want: "README.md:1: make fly", files: map[string]string{"README.md": "Run `make fly`.\n", "Makefile": "run: ## go\n"}},
		},
	},
	{
		name:  "decisions are numbered without gaps and have their four parts",
		check: decisionsInOrder,
		breaches: []breach{
			{want: "docs/decisions/0002-b.md: expected number 0001", files: map[string]string{"docs/decisions/0002-b.md": decision}},
			{want: "has no part ## What else was weighed", files: map[string]string{"docs/decisions/0001-a.md": "# A\n\n## Why\n"}},
		},
	},
	{
		name:  "what security is shown by is there",
		check: testsAreThere,
		breaches: []breach{
			{want: "docs/security/a.md:1: TestGone", files: map[string]string{"docs/security/a.md": "Shown by `TestGone`, `TestThere`.\n", "internal/web/a_test.go": "package web\n\nfunc TestThere(t *testing.T) {}\n"}},
		},
	},
	{
		name:  "the tree holds no large or foreign files",
		check: nothingLarge,
		breaches: []breach{
			{want: "docs/film.md", files: map[string]string{"docs/film.md": strings.Repeat("x", 600<<10)}},
			{want: "bundle.orig", files: map[string]string{"internal/web/bundle.orig": "x"}},
		},
	},
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func linksLead(b *building) []string {
	var wrong []string
	for _, p := range b.paths {
		if path.Ext(p) != ".md" || strings.Contains(p, "testdata/") {
			continue
		}
		for i, l := range lines(b.text(p)) {
			for _, m := range link.FindAllStringSubmatch(l, -1) {
				to, _, _ := strings.Cut(m[1], "#")
				if to == "" || strings.Contains(to, ":") {
					continue
				}
				full := path.Join(path.Dir(p), to)
				if !slices.ContainsFunc(b.paths, func(q string) bool { return q == full || strings.HasPrefix(q, full+"/") }) {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s is not there", p, i+1, to))
				}
			}
		}
	}
	return wrong
}

var target = regexp.MustCompile(`(?m)^([a-z]+):`)

var makeWord = regexp.MustCompile("(?:^|`)make ([a-z]+)")

func targetsExist(b *building) []string {
	var wrong []string
	var targets []string
	for _, m := range target.FindAllStringSubmatch(b.text("Makefile"), -1) {
		targets = append(targets, m[1])
	}
	for _, p := range b.paths {
		if path.Ext(p) != ".md" {
			continue
		}
		for i, l := range lines(b.text(p)) {
			for _, m := range makeWord.FindAllStringSubmatch(strings.TrimSpace(l), -1) {
				if !slices.Contains(targets, m[1]) {
					wrong = append(wrong, fmt.Sprintf("%s:%d: make %s is not a word of the Makefile", p, i+1, m[1]))
				}
			}
		}
	}
	return wrong
}

var testName = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")

var testFunc = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)

// testsAreThere finds tests that the papers on security name and nobody wrote.
func testsAreThere(b *building) []string {
	written := map[string]bool{}
	for _, p := range b.paths {
		if strings.HasSuffix(p, "_test.go") {
			for _, m := range testFunc.FindAllStringSubmatch(b.text(p), -1) {
				written[m[1]] = true
			}
		}
	}
	var wrong []string
	for _, p := range b.paths {
		if path.Dir(p) != "docs/security" {
			continue
		}
		for i, l := range lines(b.text(p)) {
			for _, m := range testName.FindAllStringSubmatch(l, -1) {
				if !written[m[1]] {
					wrong = append(wrong, fmt.Sprintf("%s:%d: %s is not there", p, i+1, m[1]))
				}
			}
		}
	}
	return wrong
}

const decision = "# A\n\n## What was decided\n\n## Why\n\n## What else was weighed\n\n## What it costs\n"

func decisionsInOrder(b *building) []string {
	var wrong []string
	n := 0
	for _, p := range b.paths {
		if path.Dir(p) != "docs/decisions" || path.Base(p) == "README.md" {
			continue
		}
		n++
		if want := fmt.Sprintf("%04d", n); !strings.HasPrefix(path.Base(p), want+"-") {
			wrong = append(wrong, fmt.Sprintf("%s: expected number %s", p, want))
		}
		for l := range strings.SplitSeq(decision, "\n") {
			if strings.HasPrefix(l, "## ") && !strings.Contains(b.text(p), "\n"+l+"\n") {
				wrong = append(wrong, fmt.Sprintf("%s has no part %s", p, l))
			}
		}
	}
	return wrong
}

// Sizes of single files that may be larger, with the reason.
var mayBeLarge = map[string]string{
	"ui/package-lock.json":      "written by npm",
	"internal/web/openapi.json": "made of the routes, of which each kind of record brings a dozen",
}

var foreign = regexp.MustCompile(`\.(orig|rej|bak|swp|log|pyc|exe|sqlite|db|pem|key)$|^.*/\.DS_Store$`)

func nothingLarge(b *building) []string {
	var wrong []string
	for _, p := range b.paths {
		if foreign.MatchString(p) {
			wrong = append(wrong, p+" does not belong in the tree")
		}
		if len(b.text(p)) > 512<<10 && mayBeLarge[p] == "" {
			wrong = append(wrong, fmt.Sprintf("%s is larger than 512 KiB", p))
		}
	}
	return wrong
}
