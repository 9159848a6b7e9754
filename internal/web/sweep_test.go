package web_test

import (
	"fmt"
	"strings"
	"testing"

	"castellan/internal/crm"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// Secrets are planted in every field of every kind, each a different one. Then
// somebody who may see every record but not these fields asks every question
// there is, and each secret is looked for wherever words come out: answers, the
// log of the program, the ledger as the API tells it, the queue of jobs.
func TestSecretsOfEveryFieldStayWhereTheyAre(t *testing.T) {
	everywhere(t, func(t *town) {
		secrets := &secretary{}
		ids := map[string]string{}
		order := crm.Kinds()
		// What others link to comes first.
		for _, name := range []string{"company", "folder", "contact", "service", "appointment", "deal", "process", "legal_entity", "prospect_list", "prospect", "call", "message", "task", "comment", "file", "invoice"} {
			for i := range order {
				if order[i].Name == name && order[i].Content != nil {
					text := secrets.word(true)
					ids[order[i].Plural+"{id}"] = t.olga.upload(ids["contacts{id}"], secrets.word(true)+".txt", []byte(text)).is(201).at("id")
					continue
				}
				if order[i].Name == name {
					ids[order[i].Plural+"{id}"] = t.olga.create(order[i].Plural, secrets.plant(t, &order[i], ids))
				}
			}
		}
		if len(ids) != len(order) {
			t.Fatalf("records of %d kinds were made, there are %d", len(ids), len(order))
		}
		for _, k := range order { // a past with secrets of its own
			t.olga.patch("/api/v1/"+k.Plural+"/"+ids[k.Plural+"{id}"], secrets.plant(t, &k, nil)).is(200)
		}
		if len(secrets.closed) < 40 {
			t.Fatalf("only %d secrets were planted", len(secrets.closed))
		}
		blind := t.hire("Blind", blindRole())
		ids["people{id}"], ids["roles{id}"] = blind.id, t.ready("owner")
		ids["{version}"] = "1"
		asked := 0
		// What leaves in files holds as little.
		t.works()
		for _, k := range order {
			if k.Within {
				continue
			}
			for _, format := range []string{"csv", "xlsx"} {
				a := blind.export(object{"kind": k.Name, "all": true, "format": format})
				text := a.body
				if format == "xlsx" {
					_, table := a.workbook()
					text = fmt.Sprint(table)
				}
				for _, secret := range secrets.closed {
					if strings.Contains(text, secret) {
						t.Errorf("a file of %s (%s) holds %q: %s", k.Plural, format, secret, text)
					}
				}
				asked++
			}
		}
		for path, methods := range description(t) {
			for method := range methods {
				method = strings.ToUpper(method)
				if path == "/api/v1/session" && method == "DELETE" || strings.HasSuffix(path, "/sessions") && method == "DELETE" || strings.HasSuffix(path, "/deactivate") {
					continue // the asker would be gone
				}
				for _, body := range questions(method, path) {
					blind.do(method, filled(path, ids), body).lacks(secrets.closed...)
					asked++
				}
			}
		}
		for _, k := range order {
			for _, how := range []string{"?sort=-created_at&limit=1", "?count=exact", "?bin=1", "?fields=" + k.Title, query("search", "secret"), query("search", "555")} {
				blind.get("/api/v1/" + k.Plural + how).lacks(secrets.closed...)
				asked++
			}
		}
		for _, secret := range secrets.all {
			blind.get("/api/v1/search" + query("q", secret)).lacks(secrets.closed...)
		}
		if asked < 150 {
			t.Errorf("only %d questions were asked", asked)
		}
		blind.get("/api/v1/contacts/" + ids["contacts{id}"]).is(200).has(`"sight"`) // it is not blind because it sees no record

		for _, line := range strings.Split(t.log.String(), "\n") {
			for _, secret := range secrets.all {
				if strings.Contains(line, secret) {
					t.Errorf("the log holds a client's data: %s", line)
				}
			}
		}
		// Not even the owner's view of the ledger holds a value.
		for cursor := ""; ; {
			page := t.olga.get("/api/v1/ledger" + query("limit", "200", "cursor", cursor)).is(200).lacks(secrets.all...)
			next, more := page.json()["next"].(string)
			if !more {
				break
			}
			cursor = next
		}
		rows, err := t.db.Query(t.Context(), store.Text("SELECT args FROM job"))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			held := fmt.Sprint(rows.Values()...)
			for _, secret := range secrets.all {
				if strings.Contains(held, secret) {
					t.Errorf("a job holds a client's data: %s", held)
				}
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// blindRole sees every record, and of it what is open and nothing else.
func blindRole() object {
	all := object{"create": "all", "view": "all", "edit": "all", "delete": "all", "export": "all"}
	grades := object{}
	for _, k := range crm.Kinds() {
		grades[k.Name] = all
	}
	return object{
		"grades": grades,
		"sights": []object{
			{"class": "open", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "personal", "own": "masked", "group": "masked", "all": "masked"},
			{"class": "contact", "own": "masked", "group": "masked", "all": "masked"},
		},
		"abilities": []string{"records.bin", "records.share", "records.revert", "records.bulk", "records.seen", "explain", "ledger.read", "groups.manage", "people.manage", "roles.manage", "import.run", "journal.busy", "schedule.manage", "invoices.issue", "invoices.print"},
	}
}

// secretary makes values that are met nowhere else.
type secretary struct {
	n      int
	all    []string // everything planted
	closed []string // what the blind must not see

	class   schema.Class // of the field that is filled now
	contact []string     // of the closed: ways to reach somebody
}

func (s *secretary) word(closed bool) string {
	s.n++
	w := fmt.Sprintf("secret%cq%cz", 'a'+s.n%26, 'a'+s.n/26)
	s.keep(w, closed)
	return w
}

func (s *secretary) keep(w string, closed bool) {
	s.all = append(s.all, w)
	if closed {
		s.closed = append(s.closed, w)
		if s.class == schema.Contact {
			s.contact = append(s.contact, w)
		}
	}
}

// plant fills every field that can be written. Numbers typed into open texts are
// secrets, too: a note is no way round a mask.
func (s *secretary) plant(t *town, k *schema.Kind, links map[string]string) object {
	fields := object{}
	for _, f := range k.Fields {
		if f.House || f.Name == k.Responsible || f.Name == "about" || f.Name == "about_kind" {
			continue
		}
		closed := f.Class != schema.Open
		s.class = f.Class
		switch f.Type {
		case schema.Text, schema.LongText:
			if f.Max > 0 && f.Max < 20 {
				continue
			}
			text := s.word(closed)
			if f.Free {
				s.n++
				number := fmt.Sprintf("212-555-%04d", 100+s.n%100)
				text += " " + number
				s.class = schema.Contact
				s.keep(number, true)
			}
			fields[f.Name] = text
		case schema.Phones:
			s.n++
			fields[f.Name] = []object{{"number": fmt.Sprintf("(212) 555-%04d", 100+s.n%100), "label": s.word(closed)}}
			s.keep(fmt.Sprintf("+1212555%04d", 100+s.n%100), closed)
		case schema.Emails:
			fields[f.Name] = []object{{"address": s.word(closed) + "@example.com", "label": "home"}}
		case schema.Lines:
			s.n++
			number := fmt.Sprintf("212-555-%04d", 100+s.n%100)
			s.class = schema.Contact
			s.keep(number, true)
			fields[f.Name] = []object{{"title": "Cut for " + number, "quantity": "1", "price": "10"}}
		case schema.URL:
			fields[f.Name] = "https://example.com/" + s.word(closed)
		case schema.Tags:
			fields[f.Name] = []string{s.word(closed)}
		case schema.Date:
			s.n++
			day := fmt.Sprintf("19%02d-03-%02d", 10+s.n%80, 1+s.n%28)
			fields[f.Name] = day
			s.keep(day, closed)
		case schema.Choice:
			if f.Required {
				fields[f.Name] = f.Options[0].Key
			}
		case schema.DateTime:
			if f.Required && links != nil {
				fields[f.Name] = "2026-03-02T09:00:00Z"
				if f.Name == k.Time.Ends {
					fields[f.Name] = "2026-03-02T10:00:00Z"
				}
			}
		case schema.Relation:
			if links != nil {
				for _, other := range crm.Kinds() {
					if other.Name == f.Target {
						fields[f.Name] = links[other.Plural+"{id}"]
					}
				}
			}
		}
	}
	if k.Within && links != nil {
		fields["about"], fields["about_kind"] = links["contacts{id}"], "contact"
	}
	return fields
}

// questions are the bodies with which a route is asked.
func questions(method, path string) []any {
	switch {
	case method == "GET" || method == "DELETE":
		return []any{nil}
	case strings.HasSuffix(path, "/reveal"):
		return []any{object{"fields": []string{"phones"}}, object{"fields": []string{"emails"}}, object{"fields": []string{"note"}}, object{"fields": []string{"name"}}, object{"fields": []string{"birthday"}},
			object{"fields": []string{"number"}}, object{"fields": []string{"addresses"}}, object{"fields": []string{"bank_account"}}, object{"fields": []string{"body"}}}
	case strings.HasSuffix(path, "/find"):
		return []any{object{"phone": "(212) 555-0101"}}
	case strings.HasSuffix(path, "/preview"):
		return []any{object{"kind": "contact", "role": object{"name": "x", "grades": object{"contact": object{"view": "all"}}, "sights": []object{{"class": "contact", "own": "plain", "group": "plain", "all": "plain"}}, "abilities": []string{}}}}
	case strings.HasSuffix(path, "/bulk"):
		return []any{object{"action": "update", "filter": "created_at >= 2020-01-01", "patch": object{"note": "x"}}}
	case strings.HasSuffix(path, "/rows"):
		return []any{object{"rows": []object{{"name": "x", "phones": []string{"(212) 555-0101"}}, {"name": "y"}}}}
	case strings.HasSuffix(path, "/shares"):
		return []any{object{"person": "person_0000000000000"}}
	case strings.HasSuffix(path, "/exports"), strings.HasSuffix(path, "/exports/look"):
		return []any{object{"kind": "contact", "all": true}, object{"kind": "contact", "search": "555", "format": "csv", "reason": "x"}, object{"kind": "contact", "filter": "phones has \"+12125550101\"", "format": "csv", "reason": "x"}}
	case strings.HasSuffix(path, "/restore"):
		return []any{nil}
	}
	return []any{object{}, nil}
}
