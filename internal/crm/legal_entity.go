package crm

import (
	"context"
	"slices"

	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// legalEntity is a firm as the law and its bank know it: what stands on a
// contract and an invoice. A company may trade as several.
func legalEntity() schema.Kind {
	return schema.Kind{
		Number: legalEntityNumber, Name: "legal_entity", Plural: "legal_entities",
		One:   words("Legal entity", "Юридическое лицо", "Persona giuridica", "Podmiot prawny"),
		Many:  words("Legal entities", "Юридические лица", "Persone giuridiche", "Podmioty prawne"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Open, words("Name", "Наименование", "Denominazione", "Nazwa")),
			keyed(text("tax_id", schema.Open, words("Tax number", "ИНН", "Partita IVA", "NIP"))),
			text("tax_code", schema.Open, words("Tax code", "КПП", "Codice fiscale", "Kod podatkowy")),
			text("registration", schema.Open, words("Registration number", "ОГРН", "Numero REA", "KRS / REGON")),
			&schema.Field{Name: "vat_payer", Type: schema.Bool, Class: schema.Open,
				Labels: words("Pays VAT", "Плательщик НДС", "Soggetto IVA", "Płatnik VAT")},
			text("country", schema.Open, words("Country", "Страна", "Paese", "Kraj")),
			&schema.Field{Name: "address", Type: schema.Text, Class: schema.Open, Max: 500, Free: true,
				Labels: words("Registered address", "Юридический адрес", "Sede legale", "Adres siedziby")},
			// Who knows an account number can write a false invoice: it is guarded like a way to reach a person.
			text("bank_account", schema.Contact, words("Bank account", "Расчётный счёт", "Conto bancario (IBAN)", "Rachunek bankowy")),
			text("bank_name", schema.Open, words("Bank", "Банк", "Banca", "Bank")),
			text("bank_code", schema.Open, words("Bank code (BIC)", "БИК", "BIC / SWIFT", "Kod banku (BIC)")),
			&schema.Field{Name: "ours", Type: schema.Bool, Class: schema.Open,
				Labels: words("One of ours", "Наше юрлицо", "Nostra", "Nasz podmiot")},
			phones(),
			emails(),
			toCompany(),
			toClient(),
			responsible(),
			tags(),
			externalID(),
			note(),
		),
	}
}

// settleLegalEntity lets nobody make a legal entity the firm's own who may not
// change what the firm is.
func settleLegalEntity(_ context.Context, _ *store.Tx, d *records.Draft) (records.Values, error) {
	if d.New() && d.Holds("ours") == int64(1) {
		return nil, d.Needs(policy.ManageSettings, "ours")
	}
	return nil, nil
}

// guardLegalEntity keeps apart the firm's own legal entities, whose account
// stands open on invoices, from those of others, whose account is guarded: were
// anybody free to call a client's legal entity one of ours, or to bring its
// account over to one, an invoice would show what its card does not. And whoever
// changes the account that clients pay to moves the firm's money.
func guardLegalEntity(_ context.Context, _ *store.Tx, d *records.Draft, _ bool) error {
	was, is := d.Held("ours") == int64(1), d.Holds("ours") == int64(1)
	if was != is {
		return d.Needs(policy.ManageSettings, "ours")
	}
	account := []string{"bank_account", "bank_name", "bank_code"}
	for _, name := range d.Touches() {
		if was && slices.Contains(account, name) {
			return d.Needs(policy.ManageSettings, name)
		}
	}
	return nil
}
