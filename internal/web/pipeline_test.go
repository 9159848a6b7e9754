package web_test

import (
	"testing"

	"castellan/internal/store"
)

func TestPipelineGoesOnceNothingStandsInIt(t *testing.T) {
	everywhere(t, func(t *town) {
		t.works()
		sale, _, _ := t.pipelineOfDeals()
		made := t.olga.post("/api/v1/pipelines", object{"kind": "deal", "name": "Repairs", "stages": []object{{"name": "Seen"}, {"name": "Mended", "outcome": "won"}}}).is(201)
		repairs := made.at("id")
		at := "/api/v1/pipelines/" + repairs
		both, one := t.olga.process("Both", sale, repairs), t.olga.process("One", repairs)
		deal := t.olga.create("deals", object{"title": "A ring", "pipeline": repairs})

		// Refused in words: to strangers, to whoever manages no pipelines, while something stands in it, and of none.
		t.guest().delete(at).is(401)
		t.hire("Anton", sales()).delete(at).is(403)
		t.olga.delete("/api/v1/pipelines/pipeline_0000000000000").is(404)
		t.olga.delete(at).is(409).has("pipeline.held", "Move it to another pipeline first")
		t.olga.delete("/api/v1/deals/" + deal).is(204)
		t.olga.delete(at).is(409).has("pipeline.held") // in the bin it still stands there
		t.olga.get("/api/v1/pipelines").is(200).has(repairs, "Repairs")
		t.olga.post("/api/v1/deals/"+deal+"/restore", nil).is(200)
		t.olga.patch("/api/v1/deals/"+deal, object{"pipeline": sale}).is(200)

		// Gone, with its stages; what started after it starts no longer, and nothing can be put into it.
		t.olga.delete(at).is(204)
		t.olga.delete(at).is(404)
		t.olga.get("/api/v1/pipelines").is(200).lacks(repairs, "Repairs")
		for _, p := range t.olga.get("/api/v1/pipelines").is(200).items() {
			switch after := p["starts_after"].([]any); {
			case p["id"] == both && (len(after) != 1 || after[0] != sale || p["author"] == nil):
				t.Errorf("what started after two starts after %v, by %v", after, p["author"])
			case p["id"] == one && (len(after) != 0 || p["author"] != nil):
				t.Errorf("what started after it alone starts after %v, by %v", after, p["author"])
			}
		}
		t.olga.patch("/api/v1/pipelines/"+both, object{"name": "Both of them"}).is(200)
		t.olga.post("/api/v1/deals", object{"title": "Another ring", "pipeline": repairs}).is(422).has(`"pipeline"`)
		t.olga.get("/api/v1/deals/" + deal).is(200).has(sale)
		if n := t.held("stage WHERE closed_at IS NULL AND pipeline NOT IN (SELECT id FROM pipeline WHERE closed_at IS NULL)"); n != 0 {
			t.Errorf("%d stages are open in a pipeline that is gone", n)
		}

		// The last one of each kind stays.
		t.olga.delete("/api/v1/pipelines/" + sale).is(409).has("pipeline.last")
		for _, p := range t.olga.get("/api/v1/pipelines").is(200).items() {
			if p["kind"] == "process" && p["id"] != both {
				t.olga.delete("/api/v1/pipelines/" + p["id"].(string)).is(204)
			}
		}
		t.olga.delete("/api/v1/pipelines/" + both).is(409).has("pipeline.last")
		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger"+query("event", "pipeline.deleted")).is(200).has("Repairs", "starts_no_longer")
	})
}

// What another process does not know of yet must not end where no board shows it.
func TestNothingEntersAStageThatWasClosedElsewhere(t *testing.T) {
	everywhere(t, func(t *town) {
		sale, first, won := t.pipelineOfDeals()
		deal := t.olga.create("deals", object{"title": "A ring"})
		id, ok := t.vault.ID("stage", won)
		if !ok {
			t.Fatal("the stage has no id")
		}
		if err := t.db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), store.Text("UPDATE stage SET closed_at = 1 WHERE id = ?"), id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/pipelines").is(200).has(won) // this one still believes in it
		t.olga.patch("/api/v1/deals/"+deal, object{"stage": won}).is(422).has("deal.stage")
		t.olga.post("/api/v1/deals", object{"title": "Another", "pipeline": sale, "stage": won}).is(422).has("deal.stage")
		t.olga.patch("/api/v1/deals/"+deal, object{"title": "A ring of gold"}).is(200).has(first)
	})
}
