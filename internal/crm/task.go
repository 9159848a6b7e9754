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
			title("title", schema.Open, words("What to do", "Что сделать", "Cosa fare", "Co zrobić")),
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
			toClient(),
			toCompany(),
			toDeal(),
			relation("process", "process", words("Post-sale process", "Послепродажный процесс", "Processo post-vendita", "Proces posprzedażowy")),
			responsible(),
			note(),
		),
	}
}
