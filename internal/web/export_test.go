package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// works lets jobs run until the test ends.
func (w *town) works() {
	w.Helper()
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.runner.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	})
}

// stands is an export when it is in one of the states.
func (p *person) stands(id string, states ...string) *answer {
	p.Helper()
	for since := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		a := p.get("/api/v1/exports/" + id).is(200)
		for _, s := range states {
			if a.at("state") == s {
				return a
			}
		}
		if time.Since(since) > time.Minute {
			p.Fatalf("the export stays %s", a.body)
		}
	}
}

// export asks for a file, waits for it and takes it.
func (p *person) export(ask object) *answer {
	p.Helper()
	if ask["reason"] == nil {
		ask["reason"] = "for the accountant"
	}
	if ask["format"] == nil {
		ask["format"] = "csv"
	}
	id := p.post("/api/v1/exports", ask).is(201).at("id")
	p.stands(id, "made")
	return p.get("/api/v1/exports/" + id + "/file").is(200)
}

// table reads CSV as a spreadsheet does.
func (a *answer) table() [][]string {
	a.Helper()
	text, marked := strings.CutPrefix(a.body, "\ufeff")
	if !marked {
		a.Errorf("%s: no byte order mark", a.asked)
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		a.Fatalf("%s: %v: %s", a.asked, err, a.body)
	}
	return all
}

// workbook reads XLSX.
func (a *answer) workbook() (*excelize.File, [][]string) {
	a.Helper()
	f, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		a.Fatalf("%s: %v", a.asked, err)
	}
	all, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		a.Fatal(err)
	}
	return f, all
}

func TestOwnerTakesWhatTheListShowsOutInAFile(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		for i := range 7 {
			t.olga.create("contacts", object{"name": fmt.Sprintf("Client %d", i), "phones": []object{{"number": fmt.Sprintf("(212) 555-010%d", i)}}, "source": map[bool]string{true: "site", false: ""}[i < 3]})
		}
		look := t.olga.post("/api/v1/exports/look", object{"kind": "contact", "all": true}).is(200)
		if n := look.json()["count"]; n != 7.0 {
			t.Errorf("%v are counted", n)
		}
		for _, format := range []string{"csv", "xlsx"} {
			a := t.olga.export(object{"kind": "contact", "all": true, "sort": "name", "columns": []string{"name", "phones", "created_at"}, "format": format})
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; ") || !strings.Contains(got, "."+format) {
				t.Errorf("Content-Disposition: %q", got)
			}
			var all [][]string
			if format == "csv" {
				all = a.table()
			} else {
				_, all = a.workbook()
			}
			if len(all) != 8 || all[0][0] != "Name" || all[1][0] != "Client 0" || all[7][0] != "Client 6" || all[1][1] != "+12125550100" {
				t.Errorf("the file holds %v", all)
			}
		}
	})
}
