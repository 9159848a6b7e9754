package crm

import "castellan/internal/schema"

// task is something that a person is to do, for a client or not.
func task() schema.Kind {
	return schema.Kind{
		Number: taskNumber, Name: "task", Plural: "tasks",
		One:   words("Task", "Задача", "Attività", "Zadanie"),
		Many:  words("Tasks", "Задачи", "Attività", "Zadania"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			&schema.Field{Name: "title", Type: schema.Text, Class: schema.Open, Required: true, Max: 250, Keyed: true, Indexed: true, Free: true,
				Search: schema.ByWords, Sort: true, Labels: words("What to do", "Что сделать", "Cosa fare", "Co zrobić")},
			&schema.Field{Name: "activity", Type: schema.Choice, Class: schema.Open,
				Labels: words("Activity", "Вид", "Tipo", "Rodzaj"),
				Options: []schema.Option{
					option("call", "Call", "Звонок", "Chiamata", "Telefon"),
					option("meeting", "Meeting", "Встреча", "Incontro", "Spotkanie"),
					option("message", "Message", "Сообщение", "Messaggio", "Wiadomość"),
					option("other", "Other", "Другое", "Altro", "Inne"),
				}},
			&schema.Field{Name: "due", Type: schema.DateTime, Class: schema.Open, Indexed: true, Sort: true,
				Labels: words("Due", "Срок", "Scadenza", "Termin")},
			&schema.Field{Name: "done", Type: schema.Bool, Class: schema.Open, Indexed: true,
				Labels: words("Done", "Выполнена", "Completata", "Wykonane")},
			&schema.Field{Name: "done_at", Type: schema.DateTime, Class: schema.Open, House: true,
				Labels: words("Done at", "Когда выполнена", "Completata il", "Wykonano")},
			relation("contact", "contact", words("Client", "Клиент", "Cliente", "Klient")),
			relation("company", "company", words("Company", "Компания", "Azienda", "Firma")),
			relation("deal", "deal", words("Deal", "Сделка", "Trattativa", "Transakcja")),
			responsible(),
			note(),
		),
	}
}
