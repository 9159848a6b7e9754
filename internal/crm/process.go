package crm

import "castellan/internal/schema"

// process is what follows a sale: a delivery, a first month of service, a
// renewal. It moves through the stages of its pipeline as a deal does, and
// tasks belong to it.
func process() schema.Kind {
	return schema.Kind{
		Number: processNumber, Name: "process", Plural: "processes",
		One:   words("Post-sale process", "Послепродажный процесс", "Processo post-vendita", "Proces posprzedażowy"),
		Many:  words("Post-sale processes", "Послепродажные процессы", "Processi post-vendita", "Procesy posprzedażowe"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Pipeline: "pipeline", Stage: "stage",
		Fields: kept(
			title("title", schema.Open, words("Title", "Название", "Titolo", "Tytuł")),
			&schema.Field{Name: "pipeline", Type: schema.Pipeline, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Kind of process", "Вид процесса", "Tipo di processo", "Rodzaj procesu")},
			&schema.Field{Name: "stage", Type: schema.Stage, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Step", "Шаг", "Passo", "Krok")},
			toClient(),
			toCompany(),
			toDeal(),
			responsible(),
			&schema.Field{Name: "due", Type: schema.Date, Class: schema.Open,
				Labels: words("Due", "Срок", "Scadenza", "Termin")},
			&schema.Field{Name: "closed_at", Type: schema.DateTime, Class: schema.Open, House: true,
				Labels: words("Closed", "Завершён", "Chiuso", "Zakończono")},
			tags(),
			note(),
		),
	}
}
