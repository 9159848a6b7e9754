package web_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/store"
)

// biller is a role that makes invoices of its own, issues and prints them.
func biller(abilities ...string) object {
	role := sales()
	grades := role["grades"].(object)
	grades["invoice"] = object{"create": "all", "view": "own", "edit": "own", "delete": "own"}
	grades["legal_entity"] = object{"view": "all", "edit": "all", "create": "all"}
	role["abilities"] = append([]string{"records.bin", "records.merge"}, abilities...)
	return role
}

// billers may do everything with their own invoices.
func billers() object { return biller("invoices.issue", "invoices.print") }

const firmAccount = "PL61 1090 1014 0000 0712 1981 2874"

func (w *town) firm() string {
	return w.olga.create("legal_entities", object{"name": "Salon Sp. z o.o.", "tax_id": "525-000-00-00", "address": "ul. Prosta 1", "bank_account": firmAccount, "ours": true})
}

func (p *person) drafted(seller, client string) string {
	return p.create("invoices", object{"seller": seller, "contact": client, "lines": []object{{"title": "Quartz advice", "quantity": "1.5", "price": "33.33", "vat": "23"}}})
}

// text reads a PDF with a program of somebody else's.
func (a *answer) text() string {
	a.Helper()
	name := filepath.Join(a.TempDir(), "invoice.pdf")
	if err := os.WriteFile(name, []byte(a.body), 0o600); err != nil {
		a.Fatal(err)
	}
	text, err := exec.CommandContext(a.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		a.Fatalf("pdftotext: %v; install poppler-utils", err)
	}
	return strings.ReplaceAll(string(text), "\u00a0", " ")
}

// step takes a step in the life of an invoice.
func (p *person) step(invoice, step string) *answer {
	p.Helper()
	if step == "void" {
		return p.post(invoice+"/void", object{})
	}
	return p.post(invoice+"/"+step, nil)
}

func (w *town) year() int { return w.db.Now().Year() }

// Each step in the life of an invoice takes a right of its own, and each is a
// part of its story.
func TestInvoiceRoutesEachTakeTheirRight(t *testing.T) {
	everywhere(t, func(t *town) {
		firm := t.firm()
		a := t.hire("Anton", billers())
		anna := a.create("contacts", object{"name": "Anna"})
		i := "/api/v1/invoices/" + a.drafted(firm, anna)
		a.get(i).is(200).has(`"status":"draft"`, `"net":"50.00"`, `"vat":"11.50"`, `"gross":"61.50"`, `"currency":"EUR"`)
		a.get(i + "/pdf").is(409).has("invoice.state_draft")
		a.post(i+"/pay", nil).is(409).has("invoice.state_draft")
		a.step(i, "void").is(409).has("invoice.state_draft")

		a.post(i+"/issue", nil).is(200).has(`"status":"issued"`, fmt.Sprintf(`"number":"1/%d"`, t.year()), "ul. Prosta 1", firmAccount)
		a.post(i+"/unpay", nil).is(409).has("invoice.state_issued")
		paper := a.get(i + "/pdf").is(200)
		if h := paper.header; h.Get("Content-Type") != "application/pdf" || h.Get("Content-Disposition") != fmt.Sprintf("attachment; filename=invoice-1-%d.pdf", t.year()) ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("the paper is handed out with %v", h)
		}
		if text := paper.text(); !strings.Contains(text, fmt.Sprintf("Invoice 1/%d", t.year())) || !strings.Contains(text, "61.50 EUR") || !strings.Contains(text, firmAccount) {
			t.Errorf("the paper says:\n%s", text)
		}
		if text := a.get(i + "/pdf?language=pl").is(200).text(); !strings.Contains(text, "Faktura nr 1/") || !strings.Contains(text, "61,50 EUR") {
			t.Errorf("the Polish paper says:\n%s", text)
		}
		a.get(i + "/pdf?language=xx").is(400).has(`"language"`)
		a.post(i+"/pay", nil).is(200).has(`"status":"paid"`, `"paid_on":"20`)
		a.post(i+"/unpay", nil).is(200).has(`"status":"issued"`, `"paid_on":null`)
		a.post(i+"/void", object{"reason": "wrong client"}).is(200).has(`"status":"void"`, `"void_reason":"wrong client"`, fmt.Sprintf(`"number":"1/%d"`, t.year()))
		a.get(i + "/pdf").is(200)

		// The same on an invoice of their own, by people who lack one right or the other.
		for _, each := range []struct {
			name   string
			role   object
			issues int
			prints int
		}{{"Otto", biller(), 403, 403}, {"Petra", biller("invoices.print"), 403, 409}, {"Ivan", biller("invoices.issue"), 200, 403}} {
			p := t.hire(each.name, each.role)
			client := p.create("contacts", object{"name": "Client of " + each.name})
			own := "/api/v1/invoices/" + p.drafted(firm, client)
			p.get(own + "/pdf").is(each.prints)
			for _, step := range []string{"issue", "pay", "unpay", "void"} {
				got := p.step(own, step).is(each.issues)
				if each.issues == 403 && !strings.Contains(got.body, "does not hold the ability invoices.issue") {
					t.Errorf("%s is told nothing of what is missing: %s", each.name, got.body)
				}
			}
			if each.issues == 403 {
				t.olga.get(own).is(200).has(`"status":"draft"`, `"number":null`)
			}
		}
		// Whoever sees invoices and may not change them takes no step, either.
		reader := billers()
		reader["grades"].(object)["invoice"] = object{"view": "all"}
		r := t.hire("Rita", reader)
		r.get(i).is(200)
		r.get(i + "/pdf").is(200)
		open := "/api/v1/invoices/" + a.drafted(firm, anna)
		for _, step := range []string{"issue", "pay", "unpay", "void"} {
			r.step(open, step).is(403)
		}
		r.post("/api/v1/invoices", object{"seller": firm, "contact": anna}).is(403)
		a.get(open).is(200).has(`"status":"draft"`, `"number":null`)

		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger"+query("limit", "200")).is(200).has(`"event":"invoice.issued"`, `"event":"invoice.paid"`, `"event":"invoice.unpaid"`, `"event":"invoice.voided"`, `"event":"invoice.printed"`)
	})
}

// Attack 26: PDF, print and report of C by id. What is somebody else's is refused
// as if it had never been, by every address, and nothing is left of the try.
func TestAttack26_InvoiceOfAnotherIsRefusedByEveryAddress(t *testing.T) {
	everywhere(t, func(t *town) {
		firm := t.firm()
		a, b := t.hire("Anton", billers()), t.hire("Berta", billers())
		c := b.create("contacts", object{"name": "Cecilia Quartz"})
		id := b.drafted(firm, c)
		i, none := "/api/v1/invoices/"+id, "/api/v1/invoices/invoice_0000000000000"
		for _, state := range []string{"draft", "issued"} {
			for _, path := range []string{"", "/pdf", "/history", "/timeline", "/why", "/history/1"} {
				got := a.get(i+path).is(404).lacks("Quartz", "Cecilia", firmAccount)
				if nothing := a.get(none + path).is(404); got.body != nothing.body {
					t.Errorf("%s of somebody else's %s invoice is refused in other words than of none:\n%s\n%s", path, state, got.body, nothing.body)
				}
				t.guest().get(i + path).is(401).lacks("Quartz")
			}
			for _, step := range []string{"issue", "pay", "unpay", "void"} {
				got := a.step(i, step).is(404).lacks("Quartz")
				if nothing := a.step(none, step).is(404); got.body != nothing.body {
					t.Errorf("%s is refused in other words: %s, %s", step, got.body, nothing.body)
				}
				t.guest().step(i, step).is(401)
			}
			a.patch(i, object{"note": "mine"}).is(404)
			a.delete(i).is(404)
			a.post(i+"/reveal", object{"fields": []string{"buyer_as_issued"}}).is(404)
			if n := len(a.get("/api/v1/invoices").is(200).lacks("Quartz", id).items()); n != 0 {
				t.Errorf("%d rows of somebody else's invoices are listed", n)
			}
			a.get("/api/v1/invoices"+query("filter", `contact = "`+c+`"`)).is(200, 404).lacks(id)
			a.get("/api/v1/search" + query("q", "Quartz advice")).is(200).lacks(id)
			if state == "draft" {
				b.post(i+"/issue", nil).is(200).has(fmt.Sprintf(`"number":"1/%d"`, t.year()))
			}
		}
		b.get(i).is(200).has(`"status":"issued"`, `"note":null`, `"void_reason":null`)
		// No number was taken by the refused tries.
		anna := a.create("contacts", object{"name": "Anna"})
		a.post("/api/v1/invoices/"+a.drafted(firm, anna)+"/issue", nil).is(200).has(fmt.Sprintf(`"number":"2/%d"`, t.year()))
		// An invoice to a client of somebody else's is not even drafted (attack 29).
		a.post("/api/v1/invoices", object{"seller": firm, "contact": c}).is(422).has(`"contact"`).lacks("Quartz")
	})
}

// What is wrong is refused with the name of the field, and nothing is changed.
func TestInvoiceThatCannotBeIsRefusedInWords(t *testing.T) {
	everywhere(t, func(t *town) {
		firm := t.firm()
		a := t.hire("Anton", billers())
		anna := a.create("contacts", object{"name": "Anna"})
		line := func(title, quantity, price any) object {
			return object{"title": title, "quantity": quantity, "price": price}
		}
		for _, wrong := range []struct {
			field string
			body  object
		}{
			{"lines", object{"lines": "x"}}, {"lines", object{"lines": []any{"x"}}}, {"lines", object{"lines": []any{line("", "1", "1")}}}, {"lines", object{"lines": []any{line("x", "0", "1")}}},
			{"lines", object{"lines": []any{line("x", "1", "1.001")}}}, {"lines", object{"lines": []any{line("x", "1e3", "1")}}}, {"lines", object{"lines": []any{object{"title": "x", "quantity": "1", "price": "1", "vat": "101"}}}},
			{"lines", object{"lines": []any{object{"title": "x", "quantity": "1", "price": "1", "discount": "5"}}}},
			{"currency", object{"currency": "euros"}}, {"due_on", object{"due_on": "tomorrow"}}, {"tax_note", object{"tax_note": "gift"}}, {"seller", object{"seller": anna}}, {"contact", object{"contact": "contact_0000000000000"}},
			{"number", object{"number": "7/2026"}}, {"status", object{"status": "issued"}}, {"gross", object{"gross": "1.00"}}, {"issued_on", object{"issued_on": "2020-01-01"}}, {"account_as_issued", object{"account_as_issued": "X"}},
			{"seller_tax_id", object{"seller_tax_id": "X"}}, {"nonsense", object{"nonsense": 1}},
		} {
			wrong.body["title"] = "Wrong"
			a.post("/api/v1/invoices", wrong.body).is(422).has(`"`+wrong.field+`"`).lacks("SQL", "internal/")
		}
		if n := len(a.get("/api/v1/invoices").is(200).items()); n != 0 {
			t.Errorf("%d of what was refused is there", n)
		}

		empty := "/api/v1/invoices/" + a.create("invoices", object{"title": "Nothing"})
		a.post(empty+"/issue", nil).is(422).has(`"seller"`, `"buyer"`, `"lines"`)
		// A client's legal entity is not one of the firm's own, and only who may change settings says otherwise.
		foreign := t.olga.create("legal_entities", object{"name": "Client Ltd", "bank_account": "GB33 QUARTZ 1234"})
		a.post("/api/v1/invoices/"+a.drafted(foreign, anna)+"/issue", nil).is(422).has("invoice.foreign", `"seller"`).lacks("QUARTZ")
		a.patch("/api/v1/legal_entities/"+foreign, object{"ours": true}).is(403).has("settings.manage")
		a.post("/api/v1/legal_entities", object{"name": "Mine", "ours": true}).is(403).has("settings.manage")
		a.patch("/api/v1/legal_entities/"+firm, object{"bank_account": "PL00 0000"}).is(403).has("settings.manage")
		a.patch("/api/v1/legal_entities/"+firm, object{"address": "ul. Prosta 2"}).is(200)

		i := "/api/v1/invoices/" + a.drafted(firm, anna)
		a.with("If-Match", `"7"`).post(i+"/issue", nil).is(409, 412)
		a.with("If-Match", `seven`).post(i+"/issue", nil).is(422).has(`"version"`)
		a.get(i).is(200).has(`"status":"draft"`)
		// Whoever did not hear the answer and asks again gets no second number.
		a.with("If-Match", `"1"`).post(i+"/issue", nil).is(200).has(fmt.Sprintf(`"number":"1/%d"`, t.year()))
		a.with("If-Match", `"1"`).post(i+"/issue", nil).is(409, 412)
		a.post(i+"/issue", nil).is(409).has("invoice.state_issued")
		for _, body := range []any{object{"reason": 5}, object{"reason": strings.Repeat("x", 251)}, object{"because": "x"}, []byte("{"), []byte(`{"reason":`)} {
			a.post(i+"/void", body).is(400, 422)
		}
		a.with("If-Match", `"1"`).post(i+"/void", object{"reason": "late"}).is(409, 412)
		a.with("If-Match", `"1"`).post(i+"/pay", nil).is(409, 412)
		for field, value := range map[string]any{"lines": []object{line("Cheap", "1", "1")}, "contact": nil, "currency": "USD", "seller": foreign, "title": "Other", "due_on": "2030-01-01", "tax_note": "exempt"} {
			a.patch(i, object{field: value}).is(409).has("invoice.fixed", `"`+field+`"`)
		}
		a.delete(i).is(409).has("invoice.kept")
		a.post(i+"/history/1/revert", nil).is(403, 404, 409)
		a.patch(i, object{"note": "sent by post"}).is(200)
		a.get(i).is(200).has(`"status":"issued"`, `"currency":"EUR"`, `"void_reason":null`, `"gross":"61.50"`)
		a.post("/api/v1/invoices/"+a.drafted(firm, anna)+"/issue", nil).is(200).has(fmt.Sprintf(`"number":"2/%d"`, t.year()))
		var last int64
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT last FROM invoice_count")).Scan(&last); err != nil || last != 2 {
			t.Errorf("the count stands at %d, %v", last, err)
		}
	})
}

// The firm's own account stands on its invoices for whoever may view them; that
// of a client's legal entity stays as guarded as it was, and what one may not see
// of a legal entity by a rule about a single field one does not read on an invoice.
func TestAccountOnAnInvoiceIsTheFirmsOwn(t *testing.T) {
	everywhere(t, func(t *town) {
		firm := t.firm()
		buyer := t.olga.create("legal_entities", object{"name": "Client Ltd", "tax_id": "QUARTZ-7", "address": "Quartz Street 9", "bank_account": "GB33 QUARTZ 1234"})
		anna := t.olga.create("contacts", object{"name": "Anna"})
		id := t.olga.create("invoices", object{"seller": firm, "contact": anna, "buyer": buyer, "lines": []object{{"title": "Advice", "quantity": "1", "price": "10"}}})
		i := "/api/v1/invoices/" + id
		t.olga.post(i+"/issue", nil).is(200)

		accountant := t.employ("Adam", t.ready("accountant"))
		accountant.get(i).is(200).has(firmAccount, "Client Ltd", "QUARTZ-7", "Quartz Street 9").lacks("GB33")
		if text := accountant.get(i + "/pdf").is(200).text(); !strings.Contains(text, firmAccount) || !strings.Contains(text, "Quartz Street 9") || strings.Contains(text, "GB33") || strings.Contains(text, "XXXX") {
			t.Errorf("the accountant's paper of somebody else's invoice says:\n%s", text)
		}
		for _, entity := range []string{firm, buyer} {
			accountant.get("/api/v1/legal_entities/"+entity).is(200).lacks("GB33", firmAccount)
		}

		for _, each := range []struct {
			name   string
			hidden string
			rule   object
			left   []string
		}{
			{"Hugo", "Quartz Street", object{"kind": "legal_entity", "field": "address", "own": "hidden", "group": "hidden", "all": "hidden"}, []string{"Client Ltd", "QUARTZ-7", firmAccount}},
			{"Mia", "QUARTZ-7", object{"kind": "legal_entity", "field": "tax_id", "own": "masked", "group": "masked", "all": "masked"}, []string{"Client Ltd", "Quartz Street 9", firmAccount}},
			{"Nina", "Client Ltd", object{"kind": "legal_entity", "field": "name", "own": "plain", "group": "masked", "all": "masked"}, []string{"QUARTZ-7", "Quartz Street 9"}},
		} {
			role := billers()
			role["grades"].(object)["invoice"] = object{"view": "all"}
			role["sights"] = append(role["sights"].([]object), each.rule)
			p := t.hire(each.name, role)
			p.get(i).is(200).has(each.left...).lacks(each.hidden)
			p.get("/api/v1/invoices").is(200).lacks(each.hidden)
			text := p.get(i + "/pdf").is(200).text()
			if strings.Contains(text, each.hidden) {
				t.Errorf("the paper shows %q:\n%s", each.hidden, text)
			}
			for _, word := range each.left {
				if !strings.Contains(text, word) {
					t.Errorf("the paper lacks %q:\n%s", word, text)
				}
			}
			p.get(i + "/history").is(200).lacks(each.hidden)
		}
	})
}
