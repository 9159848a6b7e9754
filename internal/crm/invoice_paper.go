package crm

import (
	"context"
	"fmt"
	"slices"
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
	in := format(language)
	i := &paper.Invoice{
		Language: language, Number: seen.text("number"), State: state,
		Issued: in.day(seen.text("issued_on")), Sold: in.day(seen.text("sold_on")), Due: in.day(seen.text("due_on")),
		Seller: seen.party("seller"), Account: seen.text("account_as_issued"), Buyer: seen.party("buyer"),
		Net: seen.money("net", in), Tax: seen.money("vat", in), Gross: seen.money("gross", in), Currency: seen.text("currency"),
		TaxNote: paper.TaxNote(language, seen.text("tax_note")), Note: seen.text("note"),
	}
	if at, ok := seen.value("created_at").(int64); ok {
		i.Made = time.UnixMicro(at).UTC()
	}
	if err := seen.lines(i, in); err != nil {
		return nil, "", err
	}
	file, err = i.Draw()
	return file, i.Number, err
}

// lines puts the lines on paper, and what is due on them at each rate.
func (r reading) lines(i *paper.Invoice, in format) error {
	text, ok := r.value("lines").(string)
	if !ok {
		if r.covers("lines") {
			i.Lines = []paper.Line{{Title: covered}}
		}
		return nil
	}
	lines, err := value.ReadLines(text)
	if err != nil {
		return fmt.Errorf("read the lines of an invoice: %w", err)
	}
	total, err := value.Total(lines)
	if err != nil {
		return fmt.Errorf("add up an invoice: %w", err)
	}
	for _, l := range lines {
		i.Lines = append(i.Lines, paper.Line{Title: l.Title, Quantity: in.number(value.Decimal(l.Quantity, 6, 0)), Price: in.number(value.Decimal(l.Price, 2, 2)), Rate: in.rate(l.Rate), Sum: in.number(value.Decimal(l.Sum, 2, 2))})
	}
	if !slices.ContainsFunc(total.Taxes, func(t value.Tax) bool { return t.Rate != value.NoRate }) {
		return nil // no tax is spoken of
	}
	for _, t := range total.Taxes {
		i.Taxes = append(i.Taxes, paper.Tax{Rate: in.rate(t.Rate), Net: in.number(value.Decimal(t.Net, 2, 2)), Tax: in.number(value.Decimal(t.Tax, 2, 2)), Gross: in.number(value.Decimal(t.Net+t.Tax, 2, 2))})
	}
	return nil
}

// format is how a language writes numbers and days.
type format string

func (f format) rate(rate int64) string {
	if rate == value.NoRate {
		return paper.Exempt(string(f))
	}
	return f.number(value.Decimal(rate, 2, 0)) + "%"
}

// number writes a decimal as people of the language do.
func (f format) number(decimal string) string {
	between, point := "\u00a0", ","
	switch f {
	case "en":
		between, point = ",", "."
	case "it":
		between = "."
	}
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	whole, part, pointed := strings.Cut(decimal, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + between + whole[at:]
	}
	if pointed {
		whole += point + part
	}
	return sign + whole
}

func (f format) day(text string) string {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	switch f {
	case "en":
		return t.Format("2 January 2006") // where 03/04 is March, and where it is April
	case "it":
		return t.Format("02/01/2006")
	}
	return t.Format("02.01.2006")
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

// covers tells of a field that holds something and is not seen.
func (r reading) covers(name string) bool {
	i := r.at(name)
	return i >= 0 && r.Rows[0].Sights[i] != policy.Plain && r.Rows[0].Present[i] > 0
}

func (r reading) text(name string) string {
	if r.covers(name) {
		return covered
	}
	s, _ := r.value(name).(string)
	return s
}

func (r reading) money(name string, in format) string {
	if n, ok := r.value(name).(int64); ok {
		return in.number(value.Decimal(n, 2, 2))
	}
	return r.text(name)
}

func (r reading) party(as string) paper.Party {
	return paper.Party{Name: r.text(as + "_as_issued"), Address: r.text(as + "_address"), TaxID: r.text(as + "_tax_id"), TaxCode: r.text(as + "_tax_code"), Registration: r.text(as + "_registration")}
}
