package crm

import (
	"context"

	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// call is a call that was made, taken or missed. Its number is seen by whoever
// may see numbers in calls, which is a right of its own.
func call() schema.Kind {
	return schema.Kind{
		Number: callNumber, Name: "call", Plural: "calls", ListedOn: "calls", ShownOn: "calls",
		One:   words("Call", "Звонок", "Chiamata", "Połączenie"),
		Many:  words("Calls", "Звонки", "Chiamate", "Połączenia"),
		Title: "title", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("title", schema.Open, words("About", "О чём", "Oggetto", "Temat")),
			&schema.Field{Name: "direction", Type: schema.Choice, Class: schema.Open, Indexed: true,
				Labels: words("Direction", "Направление", "Direzione", "Kierunek"),
				Options: []schema.Option{
					option("in", "Incoming", "Входящий", "In arrivo", "Przychodzące"),
					option("out", "Outgoing", "Исходящий", "In uscita", "Wychodzące"),
				}},
			&schema.Field{Name: "outcome", Type: schema.Choice, Class: schema.Open, Indexed: true,
				Labels: words("Outcome", "Результат", "Esito", "Wynik"),
				Options: []schema.Option{
					option("answered", "Answered", "Состоялся", "Risposta", "Odebrane"),
					option("missed", "Missed", "Пропущен", "Persa", "Nieodebrane"),
					option("busy", "Busy", "Занято", "Occupato", "Zajęte"),
					option("voicemail", "Voice mail", "Автоответчик", "Segreteria", "Poczta głosowa"),
				}},
			&schema.Field{Name: "number", Type: schema.Phones, Class: schema.Contact, Max: 1, Search: schema.ByDigits,
				Labels: words("Number", "Номер", "Numero", "Numer")},
			&schema.Field{Name: "began_at", Type: schema.DateTime, Class: schema.Open, Indexed: true, Sort: true,
				Labels: words("When", "Когда", "Quando", "Kiedy")},
			&schema.Field{Name: "seconds", Type: schema.Integer, Class: schema.Open,
				Labels: words("Seconds", "Секунд", "Secondi", "Sekundy")},
			&schema.Field{Name: "recording", Type: schema.URL, Class: schema.Contact, Max: 500,
				Labels: words("Recording", "Запись", "Registrazione", "Nagranie")},
			toClient(),
			toCompany(),
			toDeal(),
			responsible(),
			note(),
		),
	}
}

// prepareCall names a call that nobody named, and has it begin now.
func (w *Workspace) prepareCall(_ context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
	if before != nil {
		return nil
	}
	if held(before, v, "title") == "" {
		name := words("Call", "Звонок", "Chiamata", "Połączenie")
		switch v["direction"] {
		case "in":
			name = words("Incoming call", "Входящий звонок", "Chiamata in arrivo", "Połączenie przychodzące")
		case "out":
			name = words("Outgoing call", "Исходящий звонок", "Chiamata in uscita", "Połączenie wychodzące")
		}
		v["title"] = name.In(w.Settings().Language)
	}
	if v["began_at"] == nil {
		v["began_at"] = written(tx.Now())
	}
	return nil
}
