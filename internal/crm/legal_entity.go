package crm

import "castellan/internal/schema"

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
