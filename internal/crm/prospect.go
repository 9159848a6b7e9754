package crm

import (
	"context"

	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// prospectList is a table of people and firms who are not clients yet.
func prospectList() schema.Kind {
	return schema.Kind{
		Number: prospectListNumber, Name: "prospect_list", Plural: "prospect_lists",
		One:   words("Prospect list", "Список потенциальных клиентов", "Lista di potenziali clienti", "Lista potencjalnych klientów"),
		Many:  words("Prospect lists", "Списки потенциальных клиентов", "Liste di potenziali clienti", "Listy potencjalnych klientów"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Open, words("Name", "Название", "Nome", "Nazwa")),
			source(),
			&schema.Field{Name: "closed", Type: schema.Bool, Class: schema.Open, Indexed: true,
				Labels: words("Worked through", "Обработан", "Completata", "Przepracowana")},
			responsible(),
			tags(),
			note(),
		),
	}
}

// prepareProspect has a prospect begin as a new one.
func prepareProspect(_ context.Context, _ *store.Tx, before *store.Stored, v records.Values) error {
	if before == nil && v["status"] == nil {
		v["status"] = "new"
	}
	return nil
}

// prospect is one row of a prospect list. It becomes a client, and a deal if one
// is wished, by Convert; the row stays and leads to what became of it.
func prospect() schema.Kind {
	return schema.Kind{
		Number: prospectNumber, Name: "prospect", Plural: "prospects",
		One:   words("Prospect", "Потенциальный клиент", "Potenziale cliente", "Potencjalny klient"),
		Many:  words("Prospects", "Потенциальные клиенты", "Potenziali clienti", "Potencjalni klienci"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Personal, words("Name", "Имя", "Nome", "Imię i nazwisko")),
			&schema.Field{Name: "list", Type: schema.Relation, Target: "prospect_list", Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Prospect list", "Список потенциальных клиентов", "Lista di potenziali clienti", "Lista potencjalnych klientów")},
			&schema.Field{Name: "status", Type: schema.Choice, Class: schema.Open, Indexed: true,
				Labels: words("Status", "Статус", "Stato", "Status"),
				Options: []schema.Option{
					option("new", "New", "Новый", "Nuovo", "Nowy"),
					option("reached", "Reached", "Связались", "Contattato", "Skontaktowano się"),
					option("interested", "Interested", "Заинтересован", "Interessato", "Zainteresowany"),
					option("refused", "Not interested", "Не заинтересован", "Non interessato", "Niezainteresowany"),
					option("converted", "Became a client", "Стал клиентом", "Diventato cliente", "Został klientem"),
				}},
			keyed(text("company_name", schema.Open, words("Company", "Компания", "Azienda", "Firma"))),
			text("job_title", schema.Open, words("Job title", "Должность", "Ruolo", "Stanowisko")),
			phones(),
			emails(),
			&schema.Field{Name: "website", Type: schema.URL, Class: schema.Contact, Max: 500,
				Labels: words("Website", "Сайт", "Sito web", "Strona WWW")},
			keyed(text("city", schema.Personal, words("City", "Город", "Città", "Miasto"))),
			toClient(),
			toDeal(),
			responsible(),
			tags(),
			note(),
		),
	}
}
