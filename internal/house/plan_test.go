package house

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var planRules = []rule{
	{
		name:  "the plan draws what is built, and only that",
		check: planIsTrue,
		breaches: []breach{
			{want: "store is built but not drawn", files: map[string]string{
				"ARCHITECTURE.md":         plan(),
				"internal/store/store.go": "// Package store keeps rows.\npackage store\n",
			}},
			{want: "vault is drawn but not built", files: map[string]string{
				"ARCHITECTURE.md": plan("| `vault` | – | keeps keys. |"),
			}},
			{want: "records has a door to store that the plan lacks", files: map[string]string{
				"ARCHITECTURE.md":             plan("| `records` | – | reads. |", "| `store` | – | keeps rows. |"),
				"internal/records/records.go": "// Package records reads.\npackage records\n\nimport _ \"castellan/internal/store\"\n",
				"internal/store/store.go":     "// Package store keeps rows.\npackage store\n",
			}},
			{want: "records has a door to store in the plan that nobody uses", files: map[string]string{
				"ARCHITECTURE.md":             plan("| `records` | `store` | reads. |", "| `store` | – | keeps rows. |"),
				"internal/records/records.go": "// Package records reads.\npackage records\n",
				"internal/store/store.go":     "// Package store keeps rows.\npackage store\n",
			}},
			{want: "the caption of store differs", files: map[string]string{
				"ARCHITECTURE.md":         plan("| `store` | – | keeps columns. |"),
				"internal/store/store.go": "// Package store keeps rows. It is slow.\npackage store\n",
			}},
			{want: "store is drawn twice", files: map[string]string{
				"ARCHITECTURE.md":         plan("| `store` | – | keeps rows. |", "| `store` | – | keeps rows. |"),
				"internal/store/store.go": "// Package store keeps rows.\npackage store\n",
			}},
			{want: "has no table", files: map[string]string{"ARCHITECTURE.md": "# Empty\n"}},
			{want: "not a row of the plan", files: map[string]string{"ARCHITECTURE.md": plan("| store keeps rows |")}},
		},
	},
	{
		name:  "every room introduces itself in one place",
		check: roomsIntroduceThemselves,
		breaches: []breach{
			{want: "store has no package comment", files: map[string]string{"internal/store/store.go": "package store\n"}},
			{want: "store has two package comments", files: map[string]string{
				"internal/store/a.go": "// Package store keeps rows.\npackage store\n",
				"internal/store/b.go": "// Package store keeps rows.\npackage store\n",
			}},
			{want: `should begin "Package store`, files: map[string]string{"internal/store/store.go": "// Keeps rows.\npackage store\n"}},
		},
	},
}

const planHead = "| room | may import | caption |"

// plan makes an ARCHITECTURE.md with the given rows.
func plan(rows ...string) string {
	return "# Architecture\n\n" + planHead + "\n|---|---|---|\n" + strings.Join(rows, "\n") + "\n\nEnd.\n"
}

type planRow struct {
	doors   []string
	caption string
}

var planLine = regexp.MustCompile("^\\| `([a-z0-9/-]+)` \\| (–|`[a-z0-9/-]+`(?:, `[a-z0-9/-]+`)*) \\| (.+) \\|$")

// readPlan reads the table out of ARCHITECTURE.md.
func readPlan(text string) (rows map[string]planRow, wrong []string) {
	rows = map[string]planRow{}
	inside, found := false, false
	for _, l := range lines(text) {
		switch {
		case l == planHead:
			inside, found = true, true
		case !inside || strings.HasPrefix(l, "|---"):
		case !strings.HasPrefix(l, "|"):
			inside = false
		default:
			m := planLine.FindStringSubmatch(l)
			if m == nil {
				wrong = append(wrong, "not a row of the plan: "+l)
				continue
			}
			if _, twice := rows[m[1]]; twice {
				wrong = append(wrong, m[1]+" is drawn twice")
			}
			row := planRow{caption: m[3]}
			if m[2] != "–" {
				row.doors = strings.Split(strings.ReplaceAll(m[2], "`", ""), ", ")
			}
			rows[m[1]] = row
		}
	}
	if !found {
		wrong = append(wrong, "ARCHITECTURE.md has no table "+planHead)
	}
	return rows, wrong
}

func planIsTrue(b *building) []string {
	drawn, wrong := readPlan(b.text("ARCHITECTURE.md"))
	for _, name := range b.names() {
		r := b.rooms[name]
		caption, _ := r.caption()
		row, ok := drawn[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is built but not drawn; its row would be\n%s", name, planText(name, b.doors(r), caption)))
			continue
		}
		doors := b.doors(r)
		for _, d := range doors {
			if !slices.Contains(row.doors, d) {
				wrong = append(wrong, fmt.Sprintf("%s has a door to %s that the plan lacks", name, d))
			}
		}
		for _, d := range row.doors {
			if !slices.Contains(doors, d) {
				wrong = append(wrong, fmt.Sprintf("%s has a door to %s in the plan that nobody uses", name, d))
			}
		}
		if row.caption != caption {
			wrong = append(wrong, fmt.Sprintf("the caption of %s differs; its row would be\n%s", name, planText(name, doors, caption)))
		}
	}
	for name := range drawn {
		if b.rooms[name] == nil {
			wrong = append(wrong, name+" is drawn but not built")
		}
	}
	return wrong
}

func planText(name string, doors []string, caption string) string {
	cell := "–"
	if len(doors) > 0 {
		cell = "`" + strings.Join(doors, "`, `") + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s |", name, cell, caption)
}

func roomsIntroduceThemselves(b *building) []string {
	var wrong []string
	for _, name := range b.names() {
		r := b.rooms[name]
		_, carriers := r.caption()
		switch {
		case len(carriers) == 0:
			wrong = append(wrong, name+" has no package comment")
			continue
		case len(carriers) > 1:
			wrong = append(wrong, fmt.Sprintf("%s has two package comments: %s", name, strings.Join(carriers, ", ")))
		}
		for _, f := range r.files {
			if f.path != carriers[0] {
				continue
			}
			begin := "Package " + f.tree.Name.Name + " "
			if f.tree.Name.Name == "main" {
				program := path.Base(r.dir)
				begin = strings.ToUpper(program[:1]) + program[1:] + " "
			}
			if !strings.HasPrefix(f.tree.Doc.Text(), begin) {
				wrong = append(wrong, fmt.Sprintf("the package comment in %s should begin %q", f.path, begin))
			}
		}
	}
	return wrong
}
