package crm

import "castellan/internal/schema"

// service is what the firm does for a client in one visit. It says how long it
// takes and what it costs, until an appointment says otherwise.
func service() schema.Kind {
	return schema.Kind{
		Number: serviceNumber, Name: "service", Plural: "services",
		One:   words("Service", "Услуга", "Servizio", "Usługa"),
		Many:  words("Services", "Услуги", "Servizi", "Usługi"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			&schema.Field{Name: "name", Type: schema.Text, Class: schema.Open, Required: true, Max: 250, Keyed: true, Indexed: true, Free: true,
				Search: schema.ByWords, Sort: true, Labels: words("Name", "Название", "Nome", "Nazwa")},
			keyed(text("category", schema.Open, words("Category", "Категория", "Categoria", "Kategoria"))),
			&schema.Field{Name: "duration", Type: schema.Integer, Class: schema.Open,
				Labels: words("Duration, minutes", "Длительность, минут", "Durata, minuti", "Czas trwania, min")},
			&schema.Field{Name: "price", Type: schema.Money, Class: schema.Open,
				Labels: words("Price", "Цена", "Prezzo", "Cena")},
			&schema.Field{Name: "colour", Type: schema.Choice, Class: schema.Open,
				Labels: words("Colour", "Цвет", "Colore", "Kolor"), Options: colours()},
			&schema.Field{Name: "active", Type: schema.Bool, Class: schema.Open, Indexed: true,
				Labels: words("Offered", "Оказывается", "Offerto", "W ofercie")},
			responsible(),
			note(),
		),
	}
}

// colours are those that the page has a light and a dark shade of.
func colours() []schema.Option {
	return []schema.Option{
		option("blue", "Blue", "Синий", "Blu", "Niebieski"),
		option("teal", "Teal", "Бирюзовый", "Verde acqua", "Turkusowy"),
		option("green", "Green", "Зелёный", "Verde", "Zielony"),
		option("lime", "Lime", "Лаймовый", "Lime", "Limonkowy"),
		option("yellow", "Yellow", "Жёлтый", "Giallo", "Żółty"),
		option("orange", "Orange", "Оранжевый", "Arancione", "Pomarańczowy"),
		option("red", "Red", "Красный", "Rosso", "Czerwony"),
		option("pink", "Pink", "Розовый", "Rosa", "Różowy"),
		option("grape", "Grape", "Виноградный", "Uva", "Winogronowy"),
		option("violet", "Violet", "Фиолетовый", "Viola", "Fioletowy"),
		option("indigo", "Indigo", "Индиго", "Indaco", "Indygo"),
		option("gray", "Grey", "Серый", "Grigio", "Szary"),
	}
}
