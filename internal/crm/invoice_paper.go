package crm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/paper"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/value"
)

// covered stands where the reader may not see what is written.
const covered = "XXXX"

// PrintInvoice draws an issued invoice as PDF, as its reader sees it: what is
// masked on the card is masked on paper (attack 26). It gives the number, too.
func (w *Workspace) PrintInvoice(ctx context.Context, b *records.Book, who actor.Actor, id schema.RecordID, on records.Surface, language string) (file []byte, number string, err error) {
	r, err := b.Draw(ctx, who, "invoice", id, on, policy.PrintInvoices, "invoice.printed")
	if err != nil {
		return nil, "", err
	}
	if language == "" {
		language = w.Settings().Language
	}
	seen := reading{r}
	state, _ := seen.value("status").(string)
	if state == draft {
		return nil, "", fault.New(fault.Conflict, "invoice.state_draft", "This invoice is a draft: issue it first.")
	}
	i := &paper.Invoice{
		Language: language, Number: seen.text("number"), Stamp: paper.Stamp(language, state),
		Issued: seen.day("issued_on"), Sold: seen.day("sold_on"), Due: seen.day("due_on"),
		Seller: seen.text("seller_as_issued"), Account: seen.text("account_as_issued"), Buyer: seen.text("buyer_as_issued"),
		Net: seen.money("net"), Tax: seen.money("vat"), Gross: seen.money("gross"), Currency: seen.text("currency"), Note: seen.text("note"),
	}
	if at, ok := seen.value("created_at").(int64); ok {
		i.Made = time.UnixMicro(at).UTC()
	}
	if text, ok := seen.value("lines").(string); ok {
		lines, err := value.ReadLines(text)
		if err != nil {
			return nil, "", fmt.Errorf("read the lines of an invoice: %w", err)
		}
		total, err := value.Total(lines)
		if err != nil {
			return nil, "", fmt.Errorf("add up an invoice: %w", err)
		}
		for _, l := range lines {
			i.Lines = append(i.Lines, paper.Line{Title: l.Title, Quantity: grouped(value.Decimal(l.Quantity, 6, 0)), Price: grouped(value.Decimal(l.Price, 2, 2)), Rate: rateText(l.Rate, language), Sum: grouped(value.Decimal(l.Sum, 2, 2))})
		}
		for _, t := range total.Taxes {
			if t.Rate != value.NoRate {
				i.Taxes = append(i.Taxes, paper.Tax{Rate: rateText(t.Rate, language), Net: grouped(value.Decimal(t.Net, 2, 2)), Tax: grouped(value.Decimal(t.Tax, 2, 2))})
			}
		}
	} else if seen.present("lines") {
		i.Lines = []paper.Line{{Title: covered}}
	}
	file, err = i.Draw()
	return file, i.Number, err
}

func rateText(rate int64, language string) string {
	if rate == value.NoRate {
		return paper.Exempt(language)
	}
	return value.Decimal(rate, 2, 0) + "%"
}

// grouped puts thin room between thousands.
func grouped(number string) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, part, pointed := strings.Cut(number, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "\u00a0" + whole[at:]
	}
	if pointed {
		whole += "." + part
	}
	return sign + whole
}

// reading is a record as its reader sees it.
type reading struct{ *records.Record }

func (r reading) at(name string) int {
	for i, f := range r.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// value is what is seen plainly, or nil.
func (r reading) value(name string) any {
	if i := r.at(name); i >= 0 && r.Rows[0].Sights[i] == policy.Plain {
		return r.Rows[0].Values[i]
	}
	return nil
}

// present tells of a field that is there and not seen.
func (r reading) present(name string) bool {
	i := r.at(name)
	return i >= 0 && r.Rows[0].Sights[i] != policy.Plain
}

func (r reading) text(name string) string {
	if r.present(name) {
		return covered
	}
	s, _ := r.value(name).(string)
	return s
}

func (r reading) day(name string) string {
	text := r.text(name)
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Format("02.01.2006")
	}
	return text
}

func (r reading) money(name string) string {
	if n, ok := r.value(name).(int64); ok {
		return grouped(value.Decimal(n, 2, 2))
	}
	return r.text(name)
}
