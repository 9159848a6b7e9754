package crm

import "castellan/internal/schema"

// contact is a client: a person whom the firm serves or hopes to.
func contact() schema.Kind {
	return schema.Kind{
		Number: contactNumber, Name: "contact", Plural: "contacts",
		One:   words("Client", "Клиент", "Cliente", "Klient"),
		Many:  words("Clients", "Клиенты", "Clienti", "Klienci"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Personal, words("Name", "Имя", "Nome", "Imię i nazwisko")),
			following("name", text("given_name", schema.Personal, words("Given name", "Имя (без фамилии)", "Nome di battesimo", "Imię"))),
			following("name", text("middle_name", schema.Personal, words("Middle name", "Отчество", "Secondo nome", "Drugie imię"))),
			following("name", text("family_name", schema.Personal, words("Family name", "Фамилия", "Cognome", "Nazwisko"))),
			phones(),
			emails(),
			toCompany(),
			inFolder(),
			text("job_title", schema.Open, words("Job title", "Должность", "Ruolo", "Stanowisko")),
			keyed(text("city", schema.Personal, words("City", "Город", "Città", "Miasto"))),
			text("country", schema.Personal, words("Country", "Страна", "Paese", "Kraj")),
			&schema.Field{Name: "address", Type: schema.Text, Class: schema.Contact, Max: 500, Free: true,
				Labels: words("Address", "Адрес", "Indirizzo", "Adres")},
			&schema.Field{Name: "website", Type: schema.URL, Class: schema.Contact, Max: 500,
				Labels: words("Website", "Сайт", "Sito web", "Strona WWW")},
			&schema.Field{Name: "birthday", Type: schema.Date, Class: schema.Personal,
				Labels: words("Birthday", "День рождения", "Data di nascita", "Data urodzenia")},
			&schema.Field{Name: "gender", Type: schema.Choice, Class: schema.Personal,
				Labels: words("Gender", "Пол", "Genere", "Płeć"),
				Options: []schema.Option{
					option("female", "Female", "Женский", "Femmina", "Kobieta"),
					option("male", "Male", "Мужской", "Maschio", "Mężczyzna"),
					option("other", "Other", "Другой", "Altro", "Inna"),
				}},
			&schema.Field{Name: "language", Type: schema.Choice, Class: schema.Open,
				Labels: words("Language", "Язык", "Lingua", "Język"),
				Options: []schema.Option{
					option("en", "English", "Английский", "Inglese", "Angielski"),
					option("ru", "Russian", "Русский", "Russo", "Rosyjski"),
					option("it", "Italian", "Итальянский", "Italiano", "Włoski"),
					option("pl", "Polish", "Польский", "Polacco", "Polski"),
				}},
			tags(),
			source(),
			responsible(),
			&schema.Field{Name: "discount", Type: schema.Number, Class: schema.Open,
				Labels: words("Discount, %", "Скидка, %", "Sconto, %", "Rabat, %")},
			text("card", schema.Open, words("Card number", "Номер карты", "Numero tessera", "Numer karty")),
			externalID(),
			note(),
		),
	}
}
