package crm

import "castellan/internal/schema"

// company is a firm that clients belong to or that is a client itself.
func company() schema.Kind {
	return schema.Kind{
		Number: companyNumber, Name: "company", Plural: "companies",
		One:   words("Company", "Компания", "Azienda", "Firma"),
		Many:  words("Companies", "Компании", "Aziende", "Firmy"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Open, words("Name", "Название", "Nome", "Nazwa")),
			phones(),
			emails(),
			&schema.Field{Name: "website", Type: schema.URL, Class: schema.Open, Max: 500,
				Labels: words("Website", "Сайт", "Sito web", "Strona WWW")},
			text("tax_id", schema.Open, words("Tax number", "ИНН", "Partita IVA", "NIP")),
			text("industry", schema.Open, words("Industry", "Отрасль", "Settore", "Branża")),
			keyed(text("city", schema.Open, words("City", "Город", "Città", "Miasto"))),
			text("country", schema.Open, words("Country", "Страна", "Paese", "Kraj")),
			&schema.Field{Name: "address", Type: schema.Text, Class: schema.Contact, Max: 500, Free: true,
				Labels: words("Address", "Адрес", "Indirizzo", "Adres")},
			tags(),
			source(),
			responsible(),
			externalID(),
			note(),
		),
	}
}
