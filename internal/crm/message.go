package crm

import (
	"context"
	"time"

	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// message is a text message, a chat note or a mail with a client. Its number and
// addresses are seen by whoever may see them in the details of messages.
func message() schema.Kind {
	return schema.Kind{
		Number: messageNumber, Name: "message", Plural: "messages", ListedOn: "messages", ShownOn: "messages", Lent: 3,
		One:   words("Message", "Сообщение", "Messaggio", "Wiadomość"),
		Many:  words("Messages", "Сообщения", "Messaggi", "Wiadomości"),
		Title: "subject", Responsible: "responsible", Days: "created_at", Moment: "at",
		Fields: kept(
			title("subject", schema.Personal, words("Subject", "Тема", "Oggetto", "Temat")),
			&schema.Field{Name: "channel", Type: schema.Choice, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Channel", "Канал", "Canale", "Kanał"),
				Options: []schema.Option{
					option("sms", "SMS", "SMS", "SMS", "SMS"),
					option("chat", "Chat", "Чат", "Chat", "Czat"),
					option("mail", "E-mail", "Эл. почта", "E-mail", "E-mail"),
				}},
			&schema.Field{Name: "direction", Type: schema.Choice, Class: schema.Open, Indexed: true,
				Labels: words("Direction", "Направление", "Direzione", "Kierunek"),
				Options: []schema.Option{
					option("in", "Received", "Получено", "Ricevuto", "Otrzymana"),
					option("out", "Sent", "Отправлено", "Inviato", "Wysłana"),
				}},
			&schema.Field{Name: "number", Type: schema.Phones, Class: schema.Contact, Max: 1, Search: schema.ByDigits,
				Labels: words("Number", "Номер", "Numero", "Numer")},
			&schema.Field{Name: "addresses", Type: schema.Emails, Class: schema.Contact, Max: 20, Search: schema.ByAddress,
				Labels: words("Addresses", "Адреса", "Indirizzi", "Adresy")},
			&schema.Field{Name: "body", Type: schema.LongText, Class: schema.Personal, Max: 100_000, Free: true,
				Labels: words("Text", "Текст", "Testo", "Treść")},
			&schema.Field{Name: "at", Type: schema.DateTime, Class: schema.Open, Indexed: true, Sort: true,
				Labels: words("When", "Когда", "Quando", "Kiedy")},
			&schema.Field{Name: "delivery", Type: schema.Choice, Class: schema.Open, House: true, Indexed: true,
				Labels: words("Delivery", "Доставка", "Consegna", "Dostarczenie"),
				Options: []schema.Option{
					option("waiting", "Waiting", "Ожидает отправки", "In attesa", "Czeka"),
					option("sent", "Sent", "Отправлено", "Inviato", "Wysłana"),
					option("failed", "Not delivered", "Не доставлено", "Non consegnato", "Niedostarczona"),
				}},
			// Why it failed, in words for whoever wrote it: what the mail server said is
			// for those who run it, and repeats the address.
			&schema.Field{Name: "problem", Type: schema.Choice, Class: schema.Open, House: true,
				Labels: words("Why not delivered", "Почему не доставлено", "Perché non consegnato", "Dlaczego niedostarczona"),
				Options: []schema.Option{
					option("unreachable", "The mail server could not be reached.", "Почтовый сервер был недоступен.", "Il server di posta non era raggiungibile.", "Serwer poczty był nieosiągalny."),
					option("settings", "The mail server did not accept our sign-in or sender. Whoever runs Castellan can mend it.", "Почтовый сервер не принял нашу учётную запись или отправителя. Это может исправить тот, кто обслуживает Castellan.", "Il server di posta non ha accettato il nostro accesso o mittente. Può sistemarlo chi gestisce Castellan.", "Serwer poczty nie przyjął naszego logowania lub nadawcy. Może to naprawić osoba, która prowadzi Castellan."),
					option("recipient", "The mail server does not accept the client's address.", "Почтовый сервер не принимает адрес клиента.", "Il server di posta non accetta l'indirizzo del cliente.", "Serwer poczty nie przyjmuje adresu klienta."),
					option("refused", "The mail server refused the mail.", "Почтовый сервер отклонил письмо.", "Il server di posta ha rifiutato il messaggio.", "Serwer poczty odrzucił wiadomość."),
					option("late", "It could not be sent in time.", "Его не удалось отправить вовремя.", "Non è stato possibile inviarlo in tempo.", "Nie udało się jej wysłać na czas."),
					option("files", "A file that was to go with it is not there any more.", "Файла, который должен был уйти с письмом, больше нет.", "Un file che doveva partire con il messaggio non c'è più.", "Pliku, który miał z nią iść, już nie ma."),
					option("broken", "The conversation with the mail server broke off.", "Связь с почтовым сервером прервалась.", "La comunicazione con il server di posta si è interrotta.", "Połączenie z serwerem poczty zostało przerwane."),
					option("returned", "It came back: the client's mail server could not deliver it.", "Оно вернулось: почтовый сервер клиента не смог его доставить.", "È tornato indietro: il server del cliente non ha potuto consegnarlo.", "Wróciła: serwer poczty klienta nie mógł jej dostarczyć."),
				}},
			// Anybody can write any sender: what the server that received a mail found of it.
			&schema.Field{Name: "sender", Type: schema.Choice, Class: schema.Open, House: true,
				Labels: words("Sender", "Отправитель", "Mittente", "Nadawca"),
				Options: []schema.Option{
					option("proven", "Proven", "Подтверждён", "Verificato", "Potwierdzony"),
					option("unproven", "Not proven", "Не подтверждён", "Non verificato", "Niepotwierdzony"),
					option("other", "An address that the client does not have", "Адрес, которого у клиента нет", "Un indirizzo che il cliente non ha", "Adres, którego klient nie ma"),
				}},
			&schema.Field{Name: "claimed_at", Type: schema.DateTime, Class: schema.Open, House: true,
				Labels: words("Date that the mail gives", "Дата, указанная в письме", "Data indicata nel messaggio", "Data podana w wiadomości")},
			toClient(),
			toCompany(),
			toDeal(),
			responsible(),
		),
	}
}

// prepareMessage gives a message that has no subject the beginning of its text
// for one, and the moment of writing if no other is named: by it a message stands on
// the timeline, so that it is never without one.
func (w *Workspace) prepareMessage(_ context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
	if before != nil {
		if at, named := v["at"]; named && at == nil {
			for _, c := range before.Cells {
				if made, ok := c.Column.(int64); ok && c.Field.Name == "created_at" {
					v["at"] = written(time.UnixMicro(made).UTC())
				}
			}
		}
		return nil
	}
	if held(before, v, "subject") == "" {
		subject := beginning(held(before, v, "body"), 80)
		if subject == "" {
			subject = words("Message", "Сообщение", "Messaggio", "Wiadomość").In(w.Settings().Language)
		}
		v["subject"] = subject
	}
	if v["at"] == nil {
		v["at"] = written(tx.Now())
	}
	return nil
}

// beginning is the first line of a text, cut between words to at most so many characters.
func beginning(s string, most int) string {
	end, space := 0, 0
	n := 0
	for i, r := range s {
		if r == '\n' || r == '\r' {
			return s[:i]
		}
		if n == most {
			end = i
			break
		}
		if r == ' ' {
			space = i
		}
		n++
	}
	switch {
	case end == 0:
		return s
	case space > 0:
		end = space
	}
	return s[:end] + "…"
}
