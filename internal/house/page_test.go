package house

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

var pageRules = []rule{
	{
		name:  "imports of the page flow api, kit, text to features to app",
		check: pageFlows,
		breaches: []breach{
			{want: "ui/src/kit/table.tsx:1: kit imports features", files: map[string]string{
				"ui/src/kit/table.tsx": "import { card } from '../features/contact/card'\n",
			}},
			{want: "ui/src/features/deal/board.tsx:1: feature deal imports feature contact", files: map[string]string{
				"ui/src/features/deal/board.tsx": "import { card } from '../contact/card'\n",
			}},
			{want: "ui/src/features/deal/board.tsx:1: features imports app", files: map[string]string{
				"ui/src/features/deal/board.tsx": "const a = await import('../../app/routes')\n",
			}},
			{want: "ui/src/kit/table.tsx:2: kit imports features", files: map[string]string{
				"ui/src/kit/table.tsx": "import {\n  card } from '@/features/contact/card'\n",
			}},
		},
	},
	{
		name:  "the page talks to the server by the doors that are listed",
		check: onlyAPIFetches,
		breaches: []breach{
			{want: "ui/src/features/deal/board.tsx:1", files: map[string]string{"ui/src/features/deal/board.tsx": "const r = await fetch('/api')\n"}},
			{want: "ui/src/kit/live.ts:1", files: map[string]string{"ui/src/kit/live.ts": "new EventSource('/api/events')\n"}},
			{want: "ui/src/api/deal.ts:1", files: map[string]string{"ui/src/api/deal.ts": "const r = await fetch('/api')\n"}},
			{want: "ui/src/api/http.ts:1", files: map[string]string{"ui/src/api/http.ts": "new EventSource('/api/events')\n"}},
			{want: "ui/src/api/upload.ts:1", files: map[string]string{"ui/src/api/upload.ts": "const r = await fetch('/api')\n"}},
		},
	},
	{
		name:  "the page remembers nothing of clients in the browser",
		check: pageKeepsNothing,
		breaches: []breach{
			{want: "ui/src/features/deal/board.tsx:1", files: map[string]string{"ui/src/features/deal/board.tsx": "localStorage.setItem('a', x)\n"}},
			{want: "ui/src/kit/a.tsx:1", files: map[string]string{"ui/src/kit/a.tsx": "<b dangerouslySetInnerHTML={x} />\n"}},
		},
	},
}

// The rooms of the page, lowest first; one imports those on its own level and
// below.
var pageLevel = map[string]int{"api": 0, "kit": 0, "text": 0, "features": 1, "app": 2}

var fromWhere = regexp.MustCompile(`(?:\bfrom|\bimport|\bimport\()\s*['"]((?:\.|@/)[^'"]+)['"]`)

// pageFiles calls do for each line of the page's own sources.
func (b *building) pageFiles(do func(p, place, line string)) {
	for _, p := range b.paths {
		ext := path.Ext(p)
		if !strings.HasPrefix(p, "ui/src/") || ext != ".ts" && ext != ".tsx" {
			continue
		}
		for i, l := range lines(b.text(p)) {
			do(p, fmt.Sprintf("%s:%d", p, i+1), l)
		}
	}
}

func pageFlows(b *building) []string {
	var wrong []string
	b.pageFiles(func(p, place, line string) {
		from := strings.Split(strings.TrimPrefix(p, "ui/src/"), "/")
		if _, ok := pageLevel[from[0]]; !ok {
			return // main.tsx stands above all
		}
		for _, m := range fromWhere.FindAllStringSubmatch(line, -1) {
			full := path.Join(path.Dir(p), m[1])
			if rest, ok := strings.CutPrefix(m[1], "@/"); ok {
				full = "ui/src/" + rest
			}
			to := strings.Split(strings.TrimPrefix(full, "ui/src/"), "/")
			level, ok := pageLevel[to[0]]
			switch {
			case ok && level > pageLevel[from[0]]:
				wrong = append(wrong, fmt.Sprintf("%s: %s imports %s", place, from[0], to[0]))
			case to[0] == "features" && from[0] == "features" && len(to) > 1 && from[1] != to[1]:
				wrong = append(wrong, fmt.Sprintf("%s: feature %s imports feature %s", place, from[1], to[1]))
			}
		}
	})
	return wrong
}

var talks = regexp.MustCompile(`\bfetch\(|\bXMLHttpRequest\b|\bEventSource\b|\bWebSocket\b|\bsendBeacon\(`)

// pageDoors are where requests leave the page, each by its own means: files go up
// by what tells on the way how much of them has gone. An EventSource is no door: it
// cannot say through whose eyes it looks, nor hear why it is refused.
var pageDoors = map[string]*regexp.Regexp{
	"ui/src/api/http.ts":   regexp.MustCompile(`\bfetch\(`),
	"ui/src/api/upload.ts": regexp.MustCompile(`\bXMLHttpRequest\b`),
}

func onlyAPIFetches(b *building) []string {
	var wrong []string
	b.pageFiles(func(p, place, line string) {
		if strings.Contains(p, ".test.") {
			return
		}
		by := pageDoors[p]
		for _, means := range talks.FindAllString(line, -1) {
			if by == nil || !by.MatchString(means) {
				wrong = append(wrong, place+": only ui/src/api/http.ts talks to the server, by fetch, and upload.ts, by XMLHttpRequest")
			}
		}
	})
	return wrong
}

// Stores in a browser outlive the session and are read by whoever sits down
// next. What may be kept is no client's data, and is named here.
var mayKeep = map[string]string{
	"ui/src/api/viewing.ts":              "through whose eyes this tab looks",
	"ui/src/app/shell.tsx":               "how wide the rail is",
	"ui/src/app/leave.ts":                "clears all of it on leaving",
	"ui/src/features/record/columns.ts":  "names of the columns chosen",
	"ui/src/features/record/question.ts": "whether the board or the list was looked at last",
	"ui/src/kit/tab.ts":                  "a form begun, and the keys of its requests, for this tab alone, until it is saved or its person leaves; and whose they are",
	"ui/src/kit/draft.ts":                "a comment or a message begun, as above",
}

var keeps = regexp.MustCompile(`\b(localStorage|sessionStorage|indexedDB|dangerouslySetInnerHTML|innerHTML|document\.cookie)\b`)

func pageKeepsNothing(b *building) []string {
	var wrong []string
	b.pageFiles(func(p, place, line string) {
		if strings.HasPrefix(strings.TrimSpace(line), "//") {
			return
		}
		if m := keeps.FindString(line); m != "" && mayKeep[p] == "" && !strings.Contains(p, ".test.") {
			wrong = append(wrong, fmt.Sprintf("%s: %s, in a file that is not on the list", place, m))
		}
	})
	return wrong
}
