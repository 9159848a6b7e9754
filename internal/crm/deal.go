package crm

import "castellan/internal/schema"

// deal is a sale under way; it moves through the stages of its pipeline.
func deal() schema.Kind {
	return schema.Kind{
		Number: dealNumber, Name: "deal", Plural: "deals",
		One:   words("Deal", "Сделка", "Trattativa", "Transakcja"),
		Many:  words("Deals", "Сделки", "Trattative", "Transakcje"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Pipeline: "pipeline", Stage: "stage",
		Fields: kept(
			title("title", schema.Open, words("Title", "Название", "Titolo", "Tytuł")),
			&schema.Field{Name: "pipeline", Type: schema.Pipeline, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Pipeline", "Воронка", "Pipeline", "Lejek")},
			&schema.Field{Name: "stage", Type: schema.Stage, Class: schema.Open, Required: true, Indexed: true, Follows: "pipeline",
				Labels: words("Stage", "Этап", "Fase", "Etap")},
			&schema.Field{Name: "amount", Type: schema.Money, Class: schema.Open,
				Labels: words("Amount", "Сумма", "Importo", "Kwota")},
			&schema.Field{Name: "currency", Type: schema.Text, Class: schema.Open, Max: 3, Free: true, Follows: "amount",
				Labels: words("Currency", "Валюта", "Valuta", "Waluta")},
			toClient(),
			toCompany(),
			inFolder(),
			responsible(),
			&schema.Field{Name: "expected_close", Type: schema.Date, Class: schema.Open,
				Labels: words("Expected to close", "Ожидаемое закрытие", "Chiusura prevista", "Przewidywane zamknięcie")},
			&schema.Field{Name: "closed_at", Type: schema.DateTime, Class: schema.Open, House: true, Follows: "stage",
				Labels: words("Closed", "Закрыта", "Chiusa", "Zamknięto")},
			text("lost_reason", schema.Open, words("Reason for loss", "Причина отказа", "Motivo della perdita", "Powód przegranej")),
			source(),
			tags(),
			note(),
		),
	}
}
