package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
)

// process is a pipeline for processes with its steps.
func (p *person) process(name string, after ...string) string {
	p.Helper()
	return p.post("/api/v1/pipelines", object{"kind": "process", "name": name, "stages": []object{{"name": "Begun"}, {"name": "Done", "outcome": "won"}},
		"steps": []object{{"title": name + ": call", "activity": "call", "days": 0}, {"title": name + ": look in", "days": 14}}, "starts_after": after}).is(201).at("id")
}

// sale is a deal of the person's, and win wins it.
func (p *person) sale(client, title string) string {
	p.Helper()
	return p.create("deals", object{"title": title, "contact": client})
}

func (p *person) win(deal, stage string) {
	p.Helper()
	p.patch("/api/v1/deals/"+deal, object{"stage": stage}).is(200)
}

// pipelineOfDeals gives the first pipeline of deals, its first stage and the one in which deals are won.
func (w *town) pipelineOfDeals() (pipeline, first, won string) {
	w.Helper()
	for _, p := range w.olga.get("/api/v1/pipelines").is(200).items() {
		if p["kind"] != "deal" {
			continue
		}
		stages := p["stages"].([]any)
		for _, s := range stages {
			if s.(map[string]any)["outcome"] == "won" {
				return p["id"].(string), stages[0].(map[string]any)["id"].(string), s.(map[string]any)["id"].(string)
			}
		}
	}
	w.Fatal("there is no pipeline of deals")
	return "", "", ""
}

// held counts what lies in the database, whoever may see it.
func (w *town) held(what string) int64 {
	w.Helper()
	var n int64
	if err := w.db.QueryRow(w.Context(), store.Text("SELECT COUNT(*) FROM "+what)).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// idle waits until no job is left.
func (w *town) idle() {
	w.Helper()
	for range 2000 {
		if w.held("job WHERE kind = 'crm.process'") == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.Fatal("the jobs do not come to an end")
}

// starter is a role that sells its own deals and sets up and makes processes of its own.
func starter(abilities ...string) object {
	role := sales()
	role["grades"].(object)["process"] = object{"create": "all", "view": "own", "edit": "own", "delete": "own"}
	role["abilities"] = abilities
	return role
}

func TestWonDealStartsAProcessWithItsTasks(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		pipeline, first, won := t.pipelineOfDeals()
		p := t.olga.process("Onboarding", pipeline)
		t.olga.get("/api/v1/pipelines").is(200).has(`"name":"Olga"`, `"starts_after":["`+pipeline+`"]`, `"title":"Onboarding: look in"`, `"days":14`)
		a := t.hire("Anton", sales())
		anna := a.create("contacts", object{"name": "Anna Quartz"})
		deal := a.sale(anna, "Quartz roses")
		t.idle()
		if n := t.held("process"); n != 0 {
			t.Errorf("a deal that is not won started %d processes", n)
		}
		a.win(deal, won)
		t.idle()
		made := t.olga.get("/api/v1/processes").is(200).items()
		if len(made) != 1 || made[0]["title"] != "Onboarding" || made[0]["deal"].(map[string]any)["id"] != deal || made[0]["contact"].(map[string]any)["id"] != anna || made[0]["responsible"].(map[string]any)["id"] != a.id {
			t.Fatalf("the process is %v", made)
		}
		tasks := a.get("/api/v1/tasks").is(200).lacks("Anna Quartz:", "roses:").items()
		zone, err := time.LoadLocation("Europe/Warsaw")
		if err != nil {
			t.Fatal(err)
		}
		today := t.db.Now().In(zone)
		due := map[string]string{}
		for _, each := range tasks {
			at, err := time.Parse(time.RFC3339, each["due"].(string))
			if err != nil {
				t.Fatal(err)
			}
			due[each["title"].(string)] = at.In(zone).Format("2006-01-02 15:04")
			if r := each["responsible"].(map[string]any)["id"]; r != a.id {
				t.Errorf("a task is %v's", r)
			}
		}
		if want := map[string]string{"Onboarding: call": today.Format("2006-01-02") + " 18:00", "Onboarding: look in": today.AddDate(0, 0, 14).Format("2006-01-02") + " 18:00"}; fmt.Sprint(due) != fmt.Sprint(want) {
			t.Errorf("the tasks are due %v, want %v", due, want)
		}
		// Once only, however often the deal is won.
		a.patch("/api/v1/deals/"+deal, object{"stage": first}).is(200)
		a.win(deal, won)
		t.idle()
		if n := t.held("process"); n != 1 {
			t.Errorf("the deal has %d processes after it was won again", n)
		}
		// By hand, by whoever may; and not from a deal that is not won.
		t.olga.post("/api/v1/deals/"+deal+"/processes", object{"pipeline": p}).is(201).has(`"process":"process_`)
		open := a.sale(anna, "More roses")
		t.olga.post("/api/v1/deals/"+open+"/processes", object{"pipeline": p}).is(409).has("process.not_won")
		for _, wrong := range []object{{"pipeline": pipeline}, {"pipeline": "pipeline_0000000000000"}, {"pipeline": ""}} {
			t.olga.post("/api/v1/deals/"+deal+"/processes", wrong).is(422).has("process.pipeline", `"pipeline"`)
		}
		t.olga.post("/api/v1/deals/"+deal+"/processes", object{"pipeline": 5}).is(400, 422)
		if n := t.held("process"); n != 2 {
			t.Errorf("there are %d processes", n)
		}
	})
}

func TestWhatAProcessBeginsWithIsCheckedInWords(t *testing.T) {
	everywhere(t, func(t *town) {
		pipeline, _, _ := t.pipelineOfDeals()
		p := t.olga.process("Onboarding", pipeline)
		steps := func(s ...object) object { return object{"steps": s} }
		for _, wrong := range []struct {
			body  object
			field string
		}{
			{steps(object{"title": "", "days": 1}), "steps.0"}, {steps(object{"title": "x", "days": 1}, object{"title": "x", "days": -1}), "steps.1"}, {steps(object{"title": "x", "days": 3651}), "steps.0"},
			{steps(object{"title": strings.Repeat("x", 251), "days": 1}), "steps.0"}, {steps(object{"title": "x", "days": 1, "activity": "dance"}), "steps.0"}, {object{"starts_after": []string{p}}, "starts_after"},
			{object{"starts_after": []string{"pipeline_0000000000000"}}, "starts_after"},
		} {
			wrong.body["name"] = "Onboarding"
			t.olga.patch("/api/v1/pipelines/"+p, wrong.body).is(422).has(`"` + wrong.field + `"`)
		}
		many := make([]object, 51)
		for i := range many {
			many[i] = object{"title": "x", "days": 1}
		}
		t.olga.patch("/api/v1/pipelines/"+p, object{"name": "Onboarding", "steps": many}).is(422).has(`"steps"`)
		t.olga.patch("/api/v1/pipelines/"+pipeline, object{"name": "Sales", "steps": []object{{"title": "x", "days": 1}}}).is(422).has(`"steps"`)
		t.hire("Anton", starter()).patch("/api/v1/pipelines/"+p, object{"name": "Mine"}).is(403)
		t.olga.get("/api/v1/pipelines").is(200).has(`"title":"Onboarding: call"`)
	})
}

// Attack 28: automation runs with the right of its author on each record, and a
// manual trigger checks the records.
func TestAttack28_ProcessActsWithTheRightsOfItsAuthor(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		pipeline, _, won := t.pipelineOfDeals()
		berta := t.hire("Berta", sales())
		mara := t.hire("Mara", starter("pipelines.manage")) // sees her own deals, and sets processes up
		cecilia := berta.create("contacts", object{"name": "Cecilia Quartz"})
		c := berta.sale(cecilia, "Quartz garden")
		p := mara.process("Spy", pipeline)

		// Berta wins her deal. What Mara has set up may not reach it, although Berta may.
		berta.win(c, won)
		t.idle()
		if n, m := t.held("process"), t.held("task"); n != 0 || m != 0 {
			t.Errorf("from a deal that its author may not see came %d processes and %d tasks", n, m)
		}
		for _, path := range []string{"/api/v1/processes", "/api/v1/tasks", "/api/v1/deals", "/api/v1/contacts"} {
			if all := mara.get(path).is(200).lacks("Quartz", c, cecilia).items(); len(all) != 0 {
				t.Errorf("%s shows the author %v", path, all)
			}
		}
		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger" + query("limit", "200")).is(200).has(`"event":"process.not_started"`)

		// By hand: the records are checked, and a refusal leaves nothing behind (attack 21).
		by, none := "/api/v1/deals/"+c+"/processes", "/api/v1/deals/deal_0000000000000/processes"
		for _, body := range []object{{"pipeline": p}, {"pipeline": "pipeline_0000000000000"}} {
			got, nothing := mara.post(by, body).is(404).lacks("Quartz"), mara.post(none, body).is(404)
			if got.body != nothing.body {
				t.Errorf("a deal of somebody else's is refused in other words than none: %s, %s", got.body, nothing.body)
			}
		}
		t.guest().post(by, object{"pipeline": p}).is(401)
		berta.post(by, object{"pipeline": p}).is(403) // sees the deal, and may not make processes
		idle := starter()
		delete(idle["grades"].(object), "task")
		i := t.hire("Ivo", idle) // may make processes, and no tasks: all of it or nothing
		own := i.sale(i.create("contacts", object{"name": "Ida"}), "Own")
		i.win(own, won)
		i.post("/api/v1/deals/"+own+"/processes", object{"pipeline": p}).is(403)
		t.idle()
		if n, m := t.held("process"), t.held("task"); n != 0 || m != 0 {
			t.Errorf("refused tries left %d processes and %d tasks", n, m)
		}

		// On her own deal it works, with her rights, by itself and by hand.
		hers := mara.sale(mara.create("contacts", object{"name": "Milo"}), "Own")
		mara.win(hers, won)
		t.idle()
		if n, m := t.held("process"), t.held("task"); n != 1 || m != 2 {
			t.Errorf("from the author's own deal came %d processes and %d tasks", n, m)
		}
		mara.post("/api/v1/deals/"+hers+"/processes", object{"pipeline": p}).is(201)

		// Whoever changes what an owner has set up lends it their own rights, not the owner's.
		q := t.olga.process("Welcome", pipeline)
		mara.patch("/api/v1/pipelines/"+q, object{"name": "Welcome!"}).is(200).has(`"name":"Olga"`)
		mara.patch("/api/v1/pipelines/"+q, object{"name": "Welcome!", "steps": []object{{"title": "Spy again", "days": 0}}}).is(200).has(`"name":"Mara"`).lacks(`"name":"Olga"`)
		before := t.held("process")
		second := berta.sale(cecilia, "Quartz hedge")
		berta.win(second, won)
		t.idle()
		if n := t.held("process"); n != before {
			t.Errorf("what was changed still acts with the rights of the owner: %d processes more", n-before)
		}

		// The rights are those of the moment: a narrowed or closed account starts nothing.
		r := t.olga.process("Farewell", pipeline)
		t.olga.patch("/api/v1/pipelines/"+q, object{"name": "Welcome", "starts_after": []string{}}).is(200).has(`"author":null`)
		t.olga.patch("/api/v1/pipelines/"+p, object{"name": "Spy", "starts_after": []string{}}).is(200)
		boss := t.employ("Boris", t.ready("owner"))
		boss.patch("/api/v1/pipelines/"+r, object{"name": "Farewell", "steps": []object{{"title": "Bye", "days": 0}}}).is(200).has(`"name":"Boris"`)
		third := berta.sale(cecilia, "Quartz pond")
		berta.win(third, won)
		t.idle()
		if n := t.held("process"); n != before+1 {
			t.Errorf("an owner's process did not start: %d", n-before)
		}
		t.olga.post("/api/v1/people/"+boss.id+"/deactivate", object{}).is(200, 204)
		fourth := berta.sale(cecilia, "Quartz wall")
		berta.win(fourth, won)
		t.idle()
		if n := t.held("process"); n != before+1 {
			t.Errorf("a closed account still starts processes: %d", n-before)
		}
	})
}
