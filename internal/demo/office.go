package demo

import (
	"fmt"
	"time"

	"castellan/internal/crm"
	"castellan/internal/records"
)

// at is a moment so many days before now, at an hour of the day.
func (d *demo) at(days, hour, minute int) string {
	day := d.Now().UTC().AddDate(0, 0, -days)
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC).Format(time.RFC3339)
}

// talks are calls, text messages and chats of the last days. Each is kept by
// whoever keeps the client.
func (d *demo) talks() error {
	about := []string{"Asked for a free hour on Friday", "Wants to move the visit", "Offer of the season card", "Did not answer", "Question about the bill"}
	outcomes := []string{"answered", "answered", "answered", "missed", "voicemail"}
	var calls []records.Write
	for i := range 20 {
		calls = append(calls, records.Write{Values: records.Values{
			"title": about[i%len(about)], "direction": []string{"in", "out"}[i%2], "outcome": outcomes[i%len(outcomes)], "seconds": int64(i%5) * 47,
			"began_at": d.at(i/3, 8+i%9, i*7%60), "contact": d.clientz[i*3], "number": []any{phone(i * 3)}, "responsible": d.keeper(i * 3),
		}})
	}
	if _, err := d.batch("call", calls); err != nil {
		return err
	}
	said := []struct{ channel, direction, text string }{
		{"sms", "out", "Your visit is tomorrow at ten. Answer 1 to confirm."},
		{"sms", "in", "1, thank you"},
		{"chat", "in", "Hello! Is there anything free on Saturday morning?"},
		{"chat", "out", "Good morning! At 10:30 with Marta. Shall I book it?"},
		{"chat", "in", "Yes please. And does the colouring take two hours?"},
	}
	var messages []records.Write
	for talk := range 8 {
		client := talk*5 + 1
		for i, m := range said[talk%3:] {
			messages = append(messages, records.Write{Values: records.Values{
				"channel": m.channel, "direction": m.direction, "body": m.text, "at": d.at(talk, 9+i, 12),
				"contact": d.clientz[client], "responsible": d.keeper(client),
			}})
		}
	}
	_, err := d.batch("message", messages)
	return err
}

// keeper is whoever keeps the client.
func (d *demo) keeper(client int) any {
	return []any{d.cast[ana].id, d.cast[ben].id, d.cast[marta].id, d.owner.Person}[client%4]
}

// prospects are those met at a fair; one of them has become a client.
func (d *demo) prospects() error {
	list, err := d.Book.Create(d.ctx, d.owner, "prospect_list", records.Values{"name": "Wedding fair in spring", "source": "Fair"})
	if err != nil {
		return fmt.Errorf("prospect list: %w", err)
	}
	names := []string{"Nora Lindqvist", "Oskar Brandt", "Elena Fabbri", "Kasia Wrona", "Пётр Ильин", "Grace Okafor", "Tomás Vidal", "Hana Novák", "Marco Greco", "Iga Malik"}
	var writes []records.Write
	for i, name := range names {
		writes = append(writes, records.Write{Values: records.Values{
			"name": name, "list": list, "status": []string{"new", "new", "reached", "interested", "refused"}[i%5], "city": cities[i%len(cities)],
			"phones": []any{phone(800 + i)}, "emails": []any{fmt.Sprintf("fair%d@example.com", i+1)}, "company_name": []string{"", "Sweet Avenue", "Photo Corner"}[i%3],
		}})
	}
	ids, err := d.batch("prospect", writes)
	if err != nil {
		return err
	}
	_, err = crm.Convert(d.ctx, d.Book, d.owner, ids[3], "Bridal party of six")
	return err
}

// folders keep together what belongs to one customer.
func (d *demo) folders() error {
	for i, name := range []string{"Ember Fitness, all of them", "The wedding of June"} {
		id, err := d.Book.Create(d.ctx, d.owner, "folder", records.Values{"name": name, "company": d.firms[i*4]})
		if err != nil {
			return fmt.Errorf("folder: %w", err)
		}
		for n := range 4 {
			if err := d.Book.Update(d.ctx, d.owner, "contact", d.clientz[i*24+n*6], 0, records.Values{"folder": id}); err != nil {
				return fmt.Errorf("put a client into a folder: %w", err)
			}
		}
	}
	return nil
}

// invoices: drafts, and some with their numbers.
func (d *demo) invoices() error {
	seller, err := d.Book.Create(d.ctx, d.owner, "legal_entity", records.Values{"name": "Lumen Studio Sp. z o.o.", "tax_id": "525-000-00-00",
		"address": "ul. Łąkowa 1, Kraków", "country": "PL", "bank_account": "PL61 1090 1014 0000 0712 1981 2874", "bank_name": "Example Bank", "ours": true})
	if err != nil {
		return fmt.Errorf("legal entity: %w", err)
	}
	for i := range 7 {
		o, more := offers[i%len(offers)], offers[(i+3)%len(offers)]
		id, err := d.Book.Create(d.ctx, d.owner, "invoice", records.Values{
			"title": o.name, "seller": seller, "contact": d.clientz[i*4], "currency": "EUR", "due_on": d.Now().AddDate(0, 0, 14-i).Format(time.DateOnly),
			"lines": []any{
				map[string]any{"title": o.name, "quantity": "1", "price": o.price, "vat": "23"},
				map[string]any{"title": more.name, "quantity": fmt.Sprint(1 + i%2), "price": more.price, "vat": "8"},
			},
		})
		if err != nil {
			return fmt.Errorf("invoice: %w", err)
		}
		if i < 5 {
			if err := d.Workspace.IssueInvoice(d.ctx, d.Book, d.owner, id, 0); err != nil {
				return fmt.Errorf("issue an invoice: %w", err)
			}
		}
	}
	return nil
}

// processes are what follows three of the deals.
func (d *demo) processes() error {
	all := d.Workspace.PipelinesOf("process")
	if len(all) == 0 {
		return nil
	}
	for i, title := range []string{"Bridal package of June", "Refit of the salon", "Season tickets of Ember Fitness"} {
		_, err := d.Book.Create(d.ctx, d.owner, "process", records.Values{"title": title, "stage": all[0].Stages[i%3].ID, "contact": d.clientz[i*8],
			"due": d.Now().AddDate(0, 0, 5+i*9).Format(time.DateOnly), "responsible": d.keeper(i * 8)})
		if err != nil {
			return fmt.Errorf("process: %w", err)
		}
	}
	return nil
}
