package sheet

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/sheet/sheettest"
	"castellan/internal/value"
)

var update = flag.Bool("update", false, "write the golden summaries anew")

// noon is the day on which the tests import.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func regionOf(file string) (region, language string) {
	switch {
	case strings.Contains(file, "amocrm"), strings.Contains(file, "yclients"):
		return "RU", "ru"
	case strings.Contains(file, "hubspot"):
		return "PL", "pl"
	case strings.Contains(file, "nocrm"):
		return "IT", "it"
	}
	return "US", "en"
}

// readAll opens a file's bytes and makes drafts of all its rows.
func readAll(t testing.TB, name string, data []byte, g *Guess, region, language string) (Guess, []Draft, []Problem) {
	t.Helper()
	r, found, err := Open(bytes.NewReader(data), int64(len(data)), name, g)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	m := found.Mapping()
	var drafts []Draft
	var problems []Problem
	for {
		row, err := r.Next()
		var re *RowError
		switch {
		case errors.Is(err, io.EOF):
			return found, drafts, problems
		case errors.As(err, &re):
			problems = append(problems, re.Problem)
			continue
		case err != nil:
			t.Fatalf("read %s: %v", name, err)
		}
		d, ps := m.Contact(row, region, language, noon)
		drafts = append(drafts, d)
		problems = append(problems, ps...)
	}
}

func summary(g Guess, drafts []Draft, problems []Problem) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s, %s, delimiter %q, headings on line %d in %q, dates %q, about %d rows\n", g.Format, g.Source, g.Encoding, g.Delimiter, g.HeaderLine, g.Language, g.DateOrder, g.Rows)
	for _, c := range g.Columns {
		if c.Field != "" {
			fmt.Fprintf(&b, "  %s = %s %s\n", c.Heading, c.Field, c.Label)
		}
	}
	var aside []string
	for _, c := range g.Columns {
		if c.Field == "" {
			aside = append(aside, c.Heading)
		}
	}
	fmt.Fprintf(&b, "  aside: %s\n", strings.Join(aside, ", "))
	count := map[string]int{}
	for _, d := range drafts {
		for what, is := range map[string]bool{
			"name": d.Name != "", "given": d.Given != "", "family": d.Family != "", "phone": len(d.Phones) > 0, "second phone": len(d.Phones) > 1,
			"mail": len(d.Emails) > 0, "second mail": len(d.Emails) > 1, "birthday": !d.Birthday.IsZero(), "gender": d.Gender != "", "company": d.Company != "",
			"job": d.JobTitle != "", "city": d.City != "", "country": d.Country != "", "address": d.Address != "", "website": d.Website != "", "tags": len(d.Tags) > 0,
			"source": d.Source != "", "note": d.Note != "", "id": d.ExternalID != "", "responsible": d.Responsible != "", "created": !d.Created.IsZero(),
			"discount": d.Discount != "", "card": d.Card != "", "extra": len(d.Extra) > 0,
		} {
			if is {
				count[what]++
			}
		}
	}
	fmt.Fprintf(&b, "%d drafts: %s\n", len(drafts), counted(count))
	codes := map[string]int{}
	for _, p := range problems {
		codes[string(p.Code)]++
	}
	fmt.Fprintf(&b, "problems: %s\n", counted(codes))
	for _, i := range []int{0, 1, len(drafts) - 1} {
		if i < len(drafts) {
			fmt.Fprintf(&b, "%+v\n", drafts[i])
		}
	}
	return b.String()
}

func counted(m map[string]int) string {
	var parts []string
	for k, n := range m {
		parts = append(parts, fmt.Sprintf("%s %d", k, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// understood reads a file and holds what no sentence about it may show.
func understood(t *testing.T, file string) string {
	t.Helper()
	name := filepath.Base(file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	region, language := regionOf(name)
	g, drafts, problems := readAll(t, name, data, nil, region, language)
	for _, p := range problems {
		if digits := value.PhoneDigits(p.Value); strings.Contains(p.Public, "@") || len(digits) > 5 && strings.Contains(p.Public, digits) {
			t.Errorf("a sentence shows the value: %s", p.Public)
		}
	}
	if len(drafts) == 0 {
		t.Error("nobody was read")
	}
	return summary(g, drafts, problems)
}

// asBefore holds a summary against the one that was written down.
func asBefore(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("is understood differently now:\n%s\nbefore:\n%s", got, want)
	}
}

func TestEveryFileThatClientsBringIsUnderstood(t *testing.T) {
	for _, file := range sheettest.Samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			asBefore(t, filepath.Join("testdata", filepath.Base(file)+".golden"), understood(t, file))
		})
	}
}

// Where files lie beside the repository they are read, too. What they hold is
// written down here only where all people in them are made up.
func TestEveryFileBesideTheRepositoryIsUnderstood(t *testing.T) {
	for _, file := range sheettest.Beside(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := understood(t, file)
			if filepath.Ext(file) == ".csv" {
				asBefore(t, filepath.Join("testdata", "beside", filepath.Base(file)+".golden"), got)
			}
		})
	}
}
