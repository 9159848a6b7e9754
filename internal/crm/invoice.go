package crm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// The states of an invoice. One that was issued is never a draft again.
const (
	draft  = "draft"
	issued = "issued"
	paid   = "paid"
	void   = "void"
)

// invoice is a claim on a client. While it is a draft it is like any record; once
// issued it has a number, says for good what it said then, and can only be paid
// or made void.
//
// What stands on it of seller and buyer is written down when it is issued: a
// later change of a name or an account does not reach back. Each part stands in
// a field of its own, so that whoever may not see the address of a legal entity
// does not read it here. The account is the firm's own, there to be paid to: it
// is open to whoever may view the invoice.
func invoice() schema.Kind {
	return schema.Kind{
		Number: invoiceNumber, Name: "invoice", Plural: "invoices",
		One:   words("Invoice", "Счёт", "Fattura", "Faktura"),
		Many:  words("Invoices", "Счета", "Fatture", "Faktury"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			// Made by the house of two counts: nobody types into it.
			&schema.Field{Name: "number", Type: schema.Text, Class: schema.Open, House: true, Keyed: true, Indexed: true, Search: schema.ByWords,
				Labels: words("Number", "Номер", "Numero", "Numer")},
			title("title", schema.Open, words("What for", "За что", "Oggetto", "Za co")),
			&schema.Field{Name: "status", Type: schema.Choice, Class: schema.Open, House: true, Indexed: true,
				Labels: words("State", "Состояние", "Stato", "Stan"), Options: []schema.Option{
					option(draft, "Draft", "Черновик", "Bozza", "Szkic"),
					option(issued, "Issued", "Выставлен", "Emessa", "Wystawiona"),
					option(paid, "Paid", "Оплачен", "Pagata", "Zapłacona"),
					option(void, "Void", "Аннулирован", "Annullata", "Anulowana"),
				}},
			relation("seller", "legal_entity", words("From", "От кого", "Emittente", "Sprzedawca")),
			toClient(),
			toCompany(),
			relation("buyer", "legal_entity", words("Billed to", "Плательщик", "Intestatario", "Nabywca")),
			toDeal(),
			&schema.Field{Name: "lines", Type: schema.Lines, Class: schema.Open, Free: true, Max: 200,
				Labels: words("Lines", "Позиции", "Righe", "Pozycje")},
			&schema.Field{Name: "currency", Type: schema.Text, Class: schema.Open, Max: 3, Free: true,
				Labels: words("Currency", "Валюта", "Valuta", "Waluta")},
			&schema.Field{Name: "net", Type: schema.Money, Class: schema.Open, House: true,
				Labels: words("Net", "Без НДС", "Imponibile", "Netto")},
			&schema.Field{Name: "vat", Type: schema.Money, Class: schema.Open, House: true,
				Labels: words("VAT", "НДС", "IVA", "VAT")},
			&schema.Field{Name: "gross", Type: schema.Money, Class: schema.Open, House: true,
				Labels: words("Total", "Итого", "Totale", "Brutto")},
			&schema.Field{Name: "tax_note", Type: schema.Choice, Class: schema.Open,
				Labels: words("VAT note", "Отметка об НДС", "Annotazione IVA", "Adnotacja VAT"), Options: []schema.Option{
					option("reverse_charge", "Reverse charge", "НДС платит покупатель", "Inversione contabile", "Odwrotne obciążenie"),
					option("exempt", "Exempt from VAT", "Освобождено от НДС", "Esente da IVA", "Zwolnienie z VAT"),
					option("outside", "Outside the scope of VAT", "Не облагается НДС", "Fuori campo IVA", "Nie podlega VAT"),
				}},
			&schema.Field{Name: "issued_on", Type: schema.Date, Class: schema.Open, House: true,
				Labels: words("Issued on", "Дата счёта", "Data di emissione", "Data wystawienia")},
			&schema.Field{Name: "sold_on", Type: schema.Date, Class: schema.Open,
				Labels: words("Delivered on", "Дата оказания", "Data della prestazione", "Data sprzedaży")},
			&schema.Field{Name: "due_on", Type: schema.Date, Class: schema.Open,
				Labels: words("Due on", "Оплатить до", "Scadenza", "Termin płatności")},
			&schema.Field{Name: "paid_on", Type: schema.Date, Class: schema.Open, House: true,
				Labels: words("Paid on", "Дата оплаты", "Pagata il", "Zapłacono")},
			&schema.Field{Name: "void_reason", Type: schema.Text, Class: schema.Open, House: true, Max: 250, Free: true,
				Labels: words("Why it is void", "Почему аннулирован", "Motivo dell'annullamento", "Powód anulowania")},
			asIssued("seller_as_issued", schema.Open, words("Seller as issued", "Продавец на счёте", "Emittente in fattura", "Sprzedawca na fakturze"), "legal_entity.name"),
			asIssued("seller_tax_id", schema.Open, words("Seller's tax number", "ИНН продавца", "Partita IVA dell'emittente", "NIP sprzedawcy"), "legal_entity.tax_id"),
			asIssued("seller_tax_code", schema.Open, words("Seller's tax code", "КПП продавца", "Codice fiscale dell'emittente", "Kod podatkowy sprzedawcy"), "legal_entity.tax_code"),
			asIssued("seller_registration", schema.Open, words("Seller's registration", "ОГРН продавца", "Numero REA dell'emittente", "KRS / REGON sprzedawcy"), "legal_entity.registration"),
			asIssued("seller_address", schema.Open, words("Seller's address", "Адрес продавца", "Sede dell'emittente", "Adres sprzedawcy"), "legal_entity.address", "legal_entity.country"),
			asIssued("account_as_issued", schema.Open, words("Account as issued", "Реквизиты на счёте", "Conto in fattura", "Rachunek na fakturze")),
			asIssued("buyer_as_issued", schema.Personal, words("Buyer as issued", "Покупатель на счёте", "Cliente in fattura", "Nabywca na fakturze"), "legal_entity.name", "company.name", "contact.name"),
			asIssued("buyer_tax_id", schema.Open, words("Buyer's tax number", "ИНН покупателя", "Partita IVA del cliente", "NIP nabywcy"), "legal_entity.tax_id", "company.tax_id"),
			asIssued("buyer_tax_code", schema.Open, words("Buyer's tax code", "КПП покупателя", "Codice fiscale del cliente", "Kod podatkowy nabywcy"), "legal_entity.tax_code"),
			asIssued("buyer_registration", schema.Open, words("Buyer's registration", "ОГРН покупателя", "Numero REA del cliente", "KRS / REGON nabywcy"), "legal_entity.registration"),
			asIssued("buyer_address", schema.Open, words("Buyer's address", "Адрес покупателя", "Sede del cliente", "Adres nabywcy"), "legal_entity.address", "legal_entity.country"),
			responsible(),
			tags(),
			note(),
		),
	}
}

// asIssued is a part of an issued invoice that stays what it was, and is seen no
// more than what it was made of. What is the firm's own is not free text: its
// account and its tax number are no number of anybody, and are not masked as one.
func asIssued(name string, class schema.Class, labels schema.Labels, of ...string) *schema.Field {
	return &schema.Field{Name: name, Type: schema.LongText, Class: class, House: true, Max: 2_000, Free: strings.HasPrefix(name, "buyer"), Labels: labels, Copies: of}
}

// settleInvoice makes a new invoice a draft, gives it a currency and a name, and
// adds its lines up.
func (w *Workspace) settleInvoice(_ context.Context, _ *store.Tx, d *records.Draft) (records.Values, error) {
	v := records.Values{}
	if d.New() {
		v["status"] = draft
		if d.Holds("currency") == nil {
			v["currency"] = w.Settings().Currency
		}
	}
	if c, given := d.Holds("currency").(string); given && d.Names("currency") {
		if c = strings.ToUpper(c); len(c) != 3 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil, fault.New(fault.Invalid, "invoice.currency", "A currency is three letters, such as EUR.").At("currency")
		}
		v["currency"] = c
	}
	var lines []value.InvoiceLine
	if text, ok := d.Holds("lines").(string); ok {
		var err error
		if lines, err = value.ReadLines(text); err != nil {
			return nil, fmt.Errorf("read the lines of an invoice: %w", err)
		}
	}
	if d.Holds("title") == nil && len(lines) > 0 {
		v["title"] = shortened(lines[0].Title, 250)
	}
	if d.New() || d.Names("lines") {
		t, err := value.Total(lines)
		if err != nil {
			return nil, fault.New(fault.Invalid, "lines.large", "The invoice comes to more than can be counted.").At("lines")
		}
		v["net"], v["vat"], v["gross"] = value.Decimal(t.Net, 2, 2), value.Decimal(t.Tax, 2, 2), value.Decimal(t.Gross, 2, 2)
	}
	return v, nil
}

func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// guardInvoice keeps what was issued as it was, and its number taken: no way of
// changing or deleting leads round it.
func guardInvoice(_ context.Context, _ *store.Tx, d *records.Draft, bin bool) error {
	state, _ := d.Held("status").(string)
	if state == draft {
		if d.Holds("status") != draft {
			return fault.New(fault.Invalid, "invoice.state", "An invoice is issued by issuing it.").At("status")
		}
		return nil
	}
	if bin {
		return fault.New(fault.Conflict, "invoice.kept", "An invoice that was issued is not deleted: its number would be missing. Make it void instead.")
	}
	for _, name := range d.Touches() {
		if !slices.Contains([]string{"responsible", "tags", "note"}, name) {
			return fault.New(fault.Conflict, "invoice.fixed", "An invoice that was issued is not changed. Make it void, and issue another one.").At(name)
		}
	}
	return nil
}

// stateOf demands one of the states.
func stateOf(d *records.Draft, wanted ...string) error {
	state, _ := d.Held("status").(string)
	if slices.Contains(wanted, state) {
		return nil
	}
	return fault.New(fault.Conflict, "invoice.state_"+state, map[string]string{
		draft: "This invoice is a draft: issue it first.", issued: "This invoice is issued already.", paid: "This invoice is paid.", void: "This invoice is void.",
	}[state])
}

// IssueInvoice gives an invoice its number, the next one of its legal entity in
// this year, in one transaction with everything else: numbers have no gaps and
// none is given twice, whoever else issues at the same moment and wherever the
// program dies.
func (w *Workspace) IssueInvoice(ctx context.Context, b *records.Book, who actor.Actor, id schema.RecordID, version int64) error {
	return b.Keep(ctx, who, "invoice", id, version, policy.IssueInvoices, "invoice.issued", func(tx *store.Tx, d *records.Draft) (records.Values, error) {
		if err := stateOf(d, draft); err != nil {
			return nil, err
		}
		var wrong []fault.Fault
		if d.Held("seller") == nil {
			wrong = append(wrong, *fault.New(fault.Invalid, "invoice.seller", "Say from which legal entity the invoice comes.").At("seller"))
		}
		if d.Held("buyer") == nil && d.Held("company") == nil && d.Held("contact") == nil {
			wrong = append(wrong, *fault.New(fault.Invalid, "invoice.buyer", "Say to whom the invoice goes: a legal entity, a company or a client.").At("buyer"))
		}
		if d.Held("lines") == nil {
			wrong = append(wrong, *fault.New(fault.Invalid, "invoice.lines", "An invoice needs at least one line.").At("lines"))
		}
		if err := fault.Join(wrong); err != nil {
			return nil, err
		}
		day := w.today(tx)
		seller := d.Held("seller").(int64)
		v := records.Values{"status": issued, "issued_on": day.Format(time.DateOnly)}
		from, err := entityOf(ctx, tx, seller, "seller")
		if err != nil {
			return nil, err
		}
		if !from.ours {
			return nil, fault.New(fault.Invalid, "invoice.foreign", "Invoices come from your own legal entities. Somebody who may change the settings of the workspace says which ones are yours.").At("seller")
		}
		from.onto(v, "seller")
		v["account_as_issued"] = orNothing(from.account)
		to, err := buyerOf(ctx, tx, d)
		if err != nil {
			return nil, err
		}
		to.onto(v, "buyer")
		n, err := nextNumber(ctx, tx, seller, day.Year(), int64(id))
		if err != nil {
			return nil, err
		}
		v["number"] = fmt.Sprintf("%d/%d", n, day.Year())
		return v, nil
	})
}

// nextNumber counts one further. The row of the count is locked until the
// transaction ends, so that whoever issues at the same moment waits for what
// becomes of this number.
func nextNumber(ctx context.Context, tx *store.Tx, seller int64, year int, invoice int64) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, store.Text(`INSERT INTO invoice_count (seller, year, last) VALUES (?, ?, 1)
		ON CONFLICT (seller, year) DO UPDATE SET last = invoice_count.last + 1 RETURNING last`), seller, int64(year)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count an invoice: %w", err)
	}
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO invoice_number (seller, year, sequence, invoice) VALUES (?, ?, ?, ?)"), seller, int64(year), n, invoice); err != nil {
		return 0, fmt.Errorf("number an invoice: %w", err)
	}
	return n, nil
}

// today is the day at the workspace.
func (w *Workspace) today(tx *store.Tx) time.Time {
	return tx.Now().In(w.Zone())
}

// PayInvoice says that an issued invoice is paid, today.
func (w *Workspace) PayInvoice(ctx context.Context, b *records.Book, who actor.Actor, id schema.RecordID, version int64) error {
	return b.Keep(ctx, who, "invoice", id, version, policy.IssueInvoices, "invoice.paid", func(tx *store.Tx, d *records.Draft) (records.Values, error) {
		return records.Values{"status": paid, "paid_on": w.today(tx).Format(time.DateOnly)}, stateOf(d, issued)
	})
}

// UnpayInvoice takes that back.
func (w *Workspace) UnpayInvoice(ctx context.Context, b *records.Book, who actor.Actor, id schema.RecordID, version int64) error {
	return b.Keep(ctx, who, "invoice", id, version, policy.IssueInvoices, "invoice.unpaid", func(_ *store.Tx, d *records.Draft) (records.Values, error) {
		return records.Values{"status": issued, "paid_on": nil}, stateOf(d, paid)
	})
}

// VoidInvoice makes an invoice void. It keeps its number.
func (w *Workspace) VoidInvoice(ctx context.Context, b *records.Book, who actor.Actor, id schema.RecordID, version int64, reason string) error {
	return b.Keep(ctx, who, "invoice", id, version, policy.IssueInvoices, "invoice.voided", func(_ *store.Tx, d *records.Draft) (records.Values, error) {
		return records.Values{"status": void, "void_reason": reason}, stateOf(d, issued, paid)
	})
}

// party is what an invoice says of somebody, as it is now.
type party struct {
	name, taxID, taxCode, registration, address, account string
	ours                                                 bool
}

// onto writes the party down, each part in its own field.
func (p party) onto(v records.Values, as string) {
	for field, text := range map[string]string{"_as_issued": p.name, "_tax_id": p.taxID, "_tax_code": p.taxCode, "_registration": p.registration, "_address": p.address} {
		v[as+field] = orNothing(text)
	}
}

// orNothing is a text as a field holds it: nothing rather than an empty one.
func orNothing(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// entityOf is what an invoice says of a legal entity.
func entityOf(ctx context.Context, tx *store.Tx, id int64, field string) (party, error) {
	v, err := heldBy(ctx, tx, `SELECT name, tax_id, tax_code, registration, address, country, bank_account, bank_name, bank_code, CASE ours WHEN 1 THEN 'yes' END
		FROM legal_entity WHERE id = ? AND deleted_at IS NULL`, id, 10)
	if errors.Is(err, store.ErrNoRows) {
		return party{}, fault.New(fault.Invalid, "invoice.gone", "The legal entity on this invoice is in the bin.").At(field)
	}
	if err != nil {
		return party{}, err
	}
	return party{name: v[0], taxID: v[1], taxCode: v[2], registration: v[3], address: beneath(v[4:6]...), account: beneath(v[6:9]...), ours: v[9] != ""}, nil
}

// buyerOf is what an invoice says of whom it goes to: the legal entity if there
// is one, else the company, else the client.
func buyerOf(ctx context.Context, tx *store.Tx, d *records.Draft) (party, error) {
	if id, ok := d.Held("buyer").(int64); ok {
		return entityOf(ctx, tx, id, "buyer")
	}
	for _, of := range []struct{ field, ask string }{
		{"company", "SELECT name, tax_id FROM company WHERE id = ? AND deleted_at IS NULL"},
		{"contact", "SELECT name, NULL FROM contact WHERE id = ? AND deleted_at IS NULL"},
	} {
		id, ok := d.Held(of.field).(int64)
		if !ok {
			continue
		}
		v, err := heldBy(ctx, tx, of.ask, id, 2)
		if errors.Is(err, store.ErrNoRows) {
			return party{}, fault.New(fault.Invalid, "invoice.gone", "Whom this invoice goes to is in the bin.").At(of.field)
		}
		if err != nil {
			return party{}, err
		}
		return party{name: v[0], taxID: v[1]}, nil
	}
	return party{}, errors.New("an invoice goes to nobody")
}

// heldBy reads texts of one row.
func heldBy(ctx context.Context, tx *store.Tx, ask string, id int64, n int) ([]string, error) {
	held := make([]*string, n)
	into := make([]any, n)
	for i := range held {
		into[i] = &held[i]
	}
	if err := tx.QueryRow(ctx, store.Text(ask), id).Scan(into...); err != nil {
		return nil, err
	}
	all := make([]string, n)
	for i, h := range held {
		if h != nil {
			all[i] = *h
		}
	}
	return all, nil
}

// beneath are lines beneath each other, without those that say nothing.
func beneath(lines ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return s == "" }), "\n")
}
