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

	"castellan/internal/store"
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

// exporting is a role that sees and exports what the grades say, with contact data
// masked in files.
func exporting(grade string, sights ...object) object {
	all := []object{
		{"class": "open", "own": "plain", "group": "plain", "all": "plain"},
		{"class": "personal", "own": "plain", "group": "plain", "all": "plain"},
		{"class": "contact", "own": "plain", "group": "plain", "all": "plain"},
		{"class": "contact", "surface": "export", "own": "masked", "group": "masked", "all": "masked"},
	}
	contact := object{"create": "all", "view": "all", "edit": "all", "delete": "all", "export": grade}
	return object{"grades": object{"contact": contact, "appointment": object{"create": "all", "view": "all", "edit": "all", "export": "all"}, "service": object{"create": "all", "view": "all"}},
		"sights": append(all, sights...), "abilities": []string{}}
}

func column(table [][]string, name string) []string {
	var all []string
	for i, head := range table[0] {
		if head != name {
			continue
		}
		for _, row := range table[1:] {
			all = append(all, row[i])
		}
	}
	return all
}

// Whoever may not export reaches nothing by any of the routes, and leaves nothing
// behind but the entry that tells of it (attacks 21, 35).
func TestAttack35_WhoMayNotExportGetsNothingAnywhere(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		_, b, c := bystanders(t)
		all := object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}
		made := t.olga.post("/api/v1/exports", all).is(201).at("id")
		t.olga.stands(made, "made")
		for _, built := range []string{"administrator", "manager", "specialist", "call_centre", "accountant"} {
			p := t.employ("P"+built, t.ready(built))
			for _, ask := range []object{all, {"kind": "contact", "ids": []string{c}, "format": "xlsx", "reason": "x"}, {"kind": "deal", "all": true, "format": "csv", "reason": "x"}} {
				p.post("/api/v1/exports", ask).is(403, 404).lacks("Cecilia", "5550199", `"count":`)
				delete(ask, "format")
				look := object{}
				for k, v := range ask {
					if k != "reason" {
						look[k] = v
					}
				}
				ask["format"] = "csv"
				p.post("/api/v1/exports/look", look).is(403, 404).lacks("Cecilia", "5550199", `"count":`)
			}
			p.get("/api/v1/exports").is(403)
			for _, path := range []string{"/api/v1/exports/" + made, "/api/v1/exports/" + made + "/file"} {
				p.get(path).is(403, 404).lacks("Cecilia", "5550199")
			}
			p.delete("/api/v1/exports/"+made).is(403, 404)
		}
		b.get("/api/v1/contacts?export=1").is(400)
		if n := len(t.olga.get("/api/v1/exports").items()); n != 1 {
			t.Errorf("%d exports were written down", n)
		}
		t.olga.get("/api/v1/ledger" + query("event", "export.refused")).is(200).has("export.refused")
		t.olga.get("/api/v1/exports/" + made).is(200).has(`"open":true`)
	})
}

// A guard rail stops a role that exports, unless it is an administrator's.
func TestRailLeavesExportToAdministrators(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana := t.hire("Ana", exporting("all"))
		ana.create("contacts", object{"name": "Cecilia"})
		ana.export(object{"kind": "contact", "all": true})
		waiting := ana.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(201).at("id")
		ana.stands(waiting, "made")
		rails := t.olga.get("/api/v1/rails").is(200).json()
		rails["export_contacts"] = true
		t.olga.put("/api/v1/rails", rails).is(200)
		ana.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(403)
		// What was made before is not handed out any more, either.
		ana.get("/api/v1/exports/"+waiting+"/file").is(403, 404).lacks("Cecilia")
		t.olga.export(object{"kind": "contact", "all": true})
	})
}

// What is masked in files is masked in each of them, a hidden field is in none,
// and nothing is filtered, sorted or searched by either (attacks 6, 18, 36).
func TestAttack36_FileHoldsNoMoreThanTheRightsLet(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana := t.hire("Ana", exporting("all", object{"kind": "contact", "field": "city", "surface": "export", "own": "hidden", "group": "hidden", "all": "hidden"}))
		ana.create("contacts", object{"name": "Cecilia", "phones": []string{"(212) 555-0199", "(212) 555-0198"}, "emails": []string{"cecilia.secret@example.com"}, "city": "Quartzville", "note": "call 212-555-0197"})
		secrets := []string{"5550199", "5550198", "cecilia.secret", "Quartzville", "5550197", "555-0197"}
		look := ana.post("/api/v1/exports/look", object{"kind": "contact", "all": true}).is(200).lacks(`"city"`)
		look.has(`{"field":"phones","label":"Phones","masked":true}`, `{"field":"name","label":"Name","masked":false}`)
		for _, format := range []string{"csv", "xlsx"} {
			a := ana.export(object{"kind": "contact", "all": true, "format": format})
			var table [][]string
			if format == "csv" {
				table = a.lacks(secrets...).table()
			} else {
				_, table = a.workbook()
			}
			text := fmt.Sprint(table)
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("the file holds %q: %s", secret, text)
				}
			}
			if got := column(table, "Phones"); len(got) != 1 || got[0] != "XXXX, XXXX" {
				t.Errorf("phones are %q", got)
			}
			if got := column(table, "E-mails"); format == "csv" && (len(got) != 1 || got[0] != "") {
				t.Errorf("mail addresses are %q in %q", got, table[0])
			}
			if column(table, "City") != nil {
				t.Error("a hidden field has a column")
			}
		}
		for _, more := range []object{{"columns": []string{"name", "city"}}, {"columns": []string{"nothing"}}, {"columns": []string{}}, {"filter": `phones starts "+1212"`}, {"filter": `city = "Quartzville"`}, {"filter": `emails has "cecilia.secret@example.com"`}, {"sort": "phones", "all": true}, {"sort": "city", "all": true}, {"filter": `{"field":"city","op":"empty"}`}} {
			ask := object{"kind": "contact"}
			if more["filter"] == nil {
				ask["all"] = true
			}
			for k, v := range more {
				ask[k] = v
			}
			ana.post("/api/v1/exports/look", ask).is(400, 403, 422).lacks(secrets...).lacks(`"count"`)
			ask["format"], ask["reason"] = "csv", "x"
			ana.post("/api/v1/exports", ask).is(400, 403, 422).lacks(secrets...)
		}
		if n := ana.post("/api/v1/exports/look", object{"kind": "contact", "search": "5550199"}).is(200).json()["count"]; n != 0.0 {
			t.Errorf("a masked number is found %v times", n)
		}
		// The names of linked clients leave only with the right to export clients.
		own := t.hire("Own", exporting("denied"))
		service := t.olga.create("services", object{"name": "Cut", "duration": 30, "price": "10"})
		own.create("appointments", object{"contact": ana.get("/api/v1/contacts").items()[0]["id"], "service": service, "starts_at": "2026-03-02T09:00:00Z", "ends_at": "2026-03-02T10:00:00Z"})
		own.export(object{"kind": "appointment", "all": true}).lacks("Cecilia")
		t.olga.export(object{"kind": "appointment", "all": true}).has("Cecilia")
	})
}

// A file holds the records that the grade of export reaches, and those of the list
// that are beyond it are neither in it nor counted (attack 20).
func TestFileReachesAsFarAsTheGradeOfExport(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana := t.hire("Ana", exporting("own"))
		mine := ana.create("contacts", object{"name": "Mine", "source": "x"})
		hers := t.olga.create("contacts", object{"name": "Hers"})
		ana.get("/api/v1/contacts").is(200).has("Mine", "Hers")
		for _, ask := range []object{{"all": true}, {"ids": []string{mine, hers}}, {"filter": "created_at >= 2020-01-01"}} {
			ask["kind"] = "contact"
			if n := ana.post("/api/v1/exports/look", ask).is(200).json()["count"]; n != 1.0 {
				t.Errorf("%v counts %v", ask, n)
			}
			if got := column(ana.export(ask).lacks("Hers").table(), "Name"); len(got) != 1 || got[0] != "Mine" {
				t.Errorf("%v holds %v", ask, got)
			}
		}
		ana.post("/api/v1/exports", object{"kind": "contact", "ids": []string{hers}, "format": "csv", "reason": "x"}).is(422)
	})
}

// Formulas are text in every file, also where a spreadsheet cuts lines at
// semicolons, and come back as they were typed (attack 37, CWE-1236).
func TestAttack37_CellsOfFilesAreNoFormulas(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		evil := []string{`=HYPERLINK("http://x.example.com","click")`, `+cmd|' /C calc'!A0`, `-2+3+cmd|' /C calc'!A0`, `@SUM(1+1)*cmd|' /C calc'!A0`, "\t=1+1", " =1+1", "＝1+1", `hello;=1+1`, `hello;"=1+1`, `a,b;@SUM(1)`, `'t Hooft`, "plain, \"quoted\"\nand broken", "+7 900 555-01-01", "-5"}
		for i, name := range evil {
			t.olga.create("contacts", object{"name": fmt.Sprintf("C%02d", i), "note": name})
		}
		ask := object{"kind": "contact", "all": true, "sort": "name", "columns": []string{"name", "note"}}
		table := t.olga.export(ask).table()
		for i, got := range column(table, "Note") {
			// However it is cut, no part of it begins like something that is run.
			for _, part := range strings.FieldsFunc(got, func(r rune) bool { return strings.ContainsRune(";,\t\r\n", r) }) {
				part = strings.TrimLeft(part, " \"\u00a0")
				if strings.HasPrefix(part, "=") || strings.HasPrefix(part, "＝") || strings.ContainsAny(part[:min(1, len(part))], "+-@") && strings.ContainsAny(part, "(|!") {
					t.Errorf("%q leaves as %q", evil[i], got)
				}
			}
		}
		notes := column(table, "Note")
		if notes[12] != "+7 900 555-01-01" || notes[13] != "-5" || notes[10] != "'t Hooft" {
			t.Errorf("what is harmless was changed: %q", notes[10:])
		}
		ask["format"] = "xlsx"
		f, _ := t.olga.export(ask).workbook()
		for i := range evil {
			at := fmt.Sprintf("B%d", i+2)
			formula, err := f.GetCellFormula("Castellan", at)
			kind, kindErr := f.GetCellType("Castellan", at)
			text, textErr := f.GetCellValue("Castellan", at)
			if formula != "" || kind != excelize.CellTypeInlineString || err != nil || kindErr != nil || textErr != nil || strings.TrimSpace(text) != strings.TrimSpace(evil[i]) {
				t.Errorf("%s: formula %q, type %v, text %q of %q", at, formula, kind, text, evil[i])
			}
		}
	})
}

// A file leaves once, with the session that asked for it, in its time; the archive
// keeps it for those who may read that, and tells of each of them (attack 39).
func TestAttack39_FileLeavesOnceAndTheArchiveTells(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana, ben := t.hire("Ana", exporting("all")), t.hire("Ben", exporting("all"))
		role := exporting("all")
		role["abilities"] = []string{"exports.read"}
		keeper := t.hire("Keeper", role)
		c := ana.create("contacts", object{"name": "Cecilia"})
		ask := func() string {
			id := ana.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "for the tax office"}).is(201).at("id")
			ana.stands(id, "made")
			return id
		}
		file := func(id string) string { return "/api/v1/exports/" + id + "/file" }
		id := ask()
		ben.get(file(id)).is(404).lacks("Cecilia")
		ben.get("/api/v1/exports/" + id).is(404)
		if n := len(ben.get("/api/v1/exports").items()); n != 0 {
			t.Errorf("Ben sees %d exports", n)
		}
		again := &person{town: t}
		again.post("/api/v1/session", object{"email": "ana@example.com", "password": goodPassword}).is(200)
		again.get(file(id)).is(404).lacks("Cecilia") // another session of hers
		keeper.get("/api/v1/exports/"+id).is(200).has("for the tax office", `"archive":false`)
		keeper.get(file(id)).is(404).lacks("Cecilia") // it is hers until it has left
		ana.get(file(id)).is(200).has("Cecilia")
		ana.get(file(id)).is(409).lacks("Cecilia")
		keeper.get("/api/v1/exports/" + id).is(200).has(`"archive":true`)
		keeper.get(file(id)).is(200).has("Cecilia")
		for _, event := range []string{"export.asked", "export.made", "export.taken", "export.fetched", "export.seen", "record.exported"} {
			t.olga.get("/api/v1/ledger"+query("event", event)).is(200).has(event).lacks("Cecilia", "tax office")
		}
		seen := t.olga.get("/api/v1/contacts/" + c + "/seen").is(200)
		seen.has(ana.id, keeper.id) // who took her out, and who fetched her from the archive
		ana.delete("/api/v1/exports/" + id).is(409)

		// Signed out, it is gone for good.
		id = ask()
		ana.delete("/api/v1/session").is(204)
		ana.post("/api/v1/session", object{"email": "ana@example.com", "password": goodPassword}).is(200)
		ana.get(file(id)).is(404).lacks("Cecilia")
		// Cancelled, nothing is left.
		id = ask()
		ana.delete("/api/v1/exports/" + id).is(204)
		ana.get("/api/v1/exports/"+id).is(200).has(`"state":"ended"`, `"why":"cancelled"`)
		keeper.get(file(id)).is(404).lacks("Cecilia")
		// Its hour over, it is destroyed.
		id = ask()
		t.moved.Add(int64(61 * time.Minute))
		ana.get(file(id)).is(403, 404).lacks("Cecilia")
		t.olga.post("/api/v1/session", object{"email": "olga@example.com", "password": goodPassword}).is(200)
		t.olga.stands(id, "expired")
		var left int
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT COUNT(*) FROM export_piece p JOIN export e ON e.id = p.export WHERE e.state <> 'taken'")).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d pieces are left of what was not taken, %v", left, err)
		}
	})
}

// Who looks up by whom a client was seen is told in which files the client left,
// and who has them. Which file it was stays with those who may know of the file; of
// one that was made and not taken nothing is told, nor of a client who is in none.
func TestWhoHasSeenTellsOfTheFilesInWhichAClientLeft(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana := t.hire("Ana", exporting("all"))
		role := exporting("all")
		role["abilities"] = []string{"exports.read"}
		keeper := t.hire("Keeper", role)
		looking := exporting("all")
		looking["abilities"] = []string{"records.seen"}
		watcher := t.hire("Watcher", looking)
		blind := t.hire("Blind", exporting("all"))
		c, other := ana.create("contacts", object{"name": "Cecilia"}), ana.create("contacts", object{"name": "Doris"})
		ask := func(p *person, all bool) string {
			what := object{"kind": "contact", "ids": []string{c}, "format": "csv", "reason": "for the tax office"}
			if all {
				delete(what, "ids")
				what["all"] = true
			}
			id := p.post("/api/v1/exports", what).is(201).at("id")
			p.stands(id, "made")
			return id
		}
		files := func(p *person, id string) []any {
			all, _ := p.get("/api/v1/contacts/" + id + "/seen").is(200).json()["files"].([]any)
			return all
		}
		id := ask(ana, false)
		if got := files(t.olga, c); len(got) != 0 {
			t.Errorf("a file that nobody has taken is told of: %v", got)
		}
		ana.get("/api/v1/exports/" + id + "/file").is(200).has("Cecilia")
		keeper.get("/api/v1/exports/" + id + "/file").is(200).has("Cecilia")
		second := ask(watcher, false)
		watcher.get("/api/v1/exports/" + second + "/file").is(200)
		ask(ana, true) // with Doris, and left lying

		got := files(t.olga, c)
		if len(got) != 3 {
			t.Fatalf("%d files are told of: %v", len(got), got)
		}
		for i, want := range []struct {
			by, export string
			archive    bool
		}{{watcher.id, second, false}, {keeper.id, id, true}, {ana.id, id, false}} {
			one := got[i].(map[string]any)
			by := one["by"].(map[string]any)
			name, _ := one["name"].(string)
			if by["id"] != want.by || one["archive"] != want.archive || one["export"] != want.export || !strings.HasPrefix(name, "contact 2") || !strings.HasSuffix(name, ".csv") {
				t.Errorf("file %d is %v, want %+v", i, one, want)
			}
		}
		if got := files(t.olga, other); len(got) != 0 {
			t.Errorf("Doris left in no file, and is told of in %v", got)
		}
		// Without the archive: that she left, and with whom; the file only where it is one's own.
		for i, raw := range files(watcher, c) {
			one := raw.(map[string]any)
			_, named := one["name"]
			_, led := one["export"]
			if mine := i == 0; named != mine || led != mine {
				t.Errorf("the watcher is told %v", one)
			}
		}
		watcher.get("/api/v1/contacts/"+c+"/seen").is(200).lacks(id, "tax office")
		for _, p := range []*person{blind, ana, keeper} {
			p.get("/api/v1/contacts/" + c + "/seen").is(403).lacks("files")
		}
	})
}

// An export takes a fresh proof of people; a program shows its key, and gets no
// more in a file than it may read.
func TestExportTakesAProofAndProgramsGetWhatTheyMayRead(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		t.olga.create("contacts", object{"name": "Cecilia", "phones": []string{"(212) 555-0199"}, "note": "call 212-555-0197"})
		role := exporting("all", object{"class": "contact", "surface": "api", "own": "click", "group": "click", "all": "click"}, object{"class": "contact", "surface": "export", "kind": "contact", "own": "plain", "group": "plain", "all": "plain"})
		role["name"] = "Robots"
		robots := t.olga.post("/api/v1/roles", role).is(201).at("id")
		robot := &person{town: t, key: t.olga.post("/api/v1/keys", object{"name": "Robot", "role": robots}).is(201).at("token")}
		robot.export(object{"kind": "contact", "all": true}).has("Cecilia", "call ").lacks("5550199", "555-0197")
		robot.post("/api/v1/exports/look", object{"kind": "contact", "filter": `phones has "+12125550199"`}).is(403)
		robot.post("/api/v1/exports", object{"kind": "contact", "all": true, "columns": []string{"phones"}, "format": "csv", "reason": "x"}).is(422)
		id := robot.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(201).at("id")
		robot.stands(id, "made")
		for _, k := range t.olga.get("/api/v1/keys").items() {
			t.olga.delete("/api/v1/keys/" + k["id"].(string)).is(204)
		}
		robot.get("/api/v1/exports/" + id + "/file").is(401).lacks("Cecilia")

		t.moved.Add(int64(16 * time.Minute))
		t.olga.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(403).has("stepup.needed")
		t.olga.get("/api/v1/exports/" + id + "/file").is(403).has("stepup.needed")
		t.olga.post("/api/v1/exports/look", object{"kind": "contact", "all": true}).is(200)
	})
}

// Through other eyes one sees that there were exports, and gets none.
func TestLookingAsSomebodyTakesNothingOut(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		ana := t.hire("Ana", exporting("all"))
		ana.create("contacts", object{"name": "Cecilia"})
		id := ana.post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(201).at("id")
		ana.stands(id, "made")
		look := t.olga.post("/api/v1/viewing", object{"person": ana.id}).is(201, 200).at("id")
		for _, path := range []string{"/api/v1/exports", "/api/v1/exports/" + id} {
			t.olga.with("Castellan-View-As", look).get(path).is(200).has(`"open":false`, `"archive":false`)
		}
		t.olga.with("Castellan-View-As", look).get("/api/v1/exports/" + id + "/file").is(403).lacks("Cecilia")
		t.olga.with("Castellan-View-As", look).post("/api/v1/exports", object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}).is(403)
	})
}

// Bad input is refused by name, and nothing is written down (attack 55).
func TestAttack55_BadAsksAreRefusedByName(t *testing.T) {
	everywhere(t, func(t *town) {
		t.olga.create("contacts", object{"name": "Cecilia"})
		good := func() object {
			return object{"kind": "contact", "all": true, "format": "csv", "reason": "x"}
		}
		for field, bad := range map[string]object{"kind": {"kind": "contacts"}, "format": {"format": "exe"}, "reason": {"reason": "  "}, "ids": {"all": false}, "zone": {"zone": "Mars"}, "columns": {"columns": []string{"name; DROP"}}, "filter": {"all": false, "filter": "name ==== 1"}, "sort": {"sort": "name,phones"}} {
			ask := good()
			for k, v := range bad {
				ask[k] = v
			}
			a := t.olga.post("/api/v1/exports", ask).is(400, 403, 422).lacks("SELECT", "goroutine", ".go:", "DROP", "Mars")
			if got := a.json()["field"]; got != field {
				t.Errorf("%v is refused at %v: %s", bad, got, a.body)
			}
		}
		t.olga.post("/api/v1/exports", object{"kind": "comment", "all": true, "format": "csv", "reason": "x"}).is(422)
		t.olga.post("/api/v1/exports", `{"kind":"contact","all":true,"format":"csv","reason":"x","approved":true}`).is(400, 422)
		if n := len(t.olga.get("/api/v1/exports").items()); n != 0 {
			t.Errorf("%d exports were written down", n)
		}
	})
}
