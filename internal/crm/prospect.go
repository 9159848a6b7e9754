package crm

import (
	"context"

	"castellan/internal/actor"
	"castellan/internal/fault"
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

// Conversion is what became of a prospect.
type Conversion struct {
	Contact schema.RecordID
	Deal    schema.RecordID // zero: none was wished
}

// Convert makes a client of a prospect, and a deal in the first stage of the
// first pipeline if one is named, in one step. It takes the rights to create
// them, to edit the prospect, and to see what is taken over. A prospect becomes
// a client once.
func Convert(ctx context.Context, book *records.Book, who actor.Actor, id schema.RecordID, deal string) (Conversion, error) {
	var made Conversion
	err := book.Together(ctx, who, func(w *records.Work) error {
		made = Conversion{}
		v, err := w.Take("prospect", id, "name", "phones", "emails", "website", "city", "job_title", "tags", "note", "responsible", "status", "contact")
		if err != nil {
			return err
		}
		if v["status"] == "converted" || v["contact"] != nil {
			return fault.New(fault.Conflict, "prospect.converted", "This prospect has become a client already.")
		}
		delete(v, "status")
		if made.Contact, err = w.Create("contact", v); err != nil {
			return err
		}
		change := records.Values{"status": "converted", "contact": made.Contact}
		if deal != "" {
			wish := records.Values{"title": deal, "contact": made.Contact}
			if r, named := v["responsible"]; named {
				wish["responsible"] = r
			}
			if made.Deal, err = w.Create("deal", wish); err != nil {
				return err
			}
			change["deal"] = made.Deal
		}
		return w.Update("prospect", id, 0, change)
	})
	return made, err
}
