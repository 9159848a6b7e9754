// Package crm says which kinds of record a CRM has, one file a kind, and what is special about each.
//
// A kind is one file here and its migration twins; nothing else in the house
// names it. The fields are data (see schema); what a kind does beyond them,
// such as making a client's display name from its parts, is its Prepare.
package crm

import (
	"slices"

	"castellan/internal/schema"
)

// The codes of the kinds in the database. They are never reused.
const (
	contactNumber = 1
	companyNumber = 2
	dealNumber    = 3
	taskNumber    = 4
	commentNumber = 5

	legalEntityNumber  = 6
	folderNumber       = 7
	prospectListNumber = 8
	prospectNumber     = 9
	callNumber         = 12
	messageNumber      = 13
	processNumber      = 14
	serviceNumber      = 10
	appointmentNumber  = 11

	fileNumber    = 15
	invoiceNumber = 16
)

// Kinds lists the built-in kinds with their built-in fields.
func Kinds() []schema.Kind {
	return []schema.Kind{
		contact(), company(), deal(), task(), comment(),
		legalEntity(), folder(), prospectList(), prospect(), call(), message(), process(), service(), appointment(), file(),
	}
}

// words is short for labels in the four languages of the page.
func words(en, ru, it, pl string) schema.Labels {
	return schema.Labels{"en": en, "ru": ru, "it": it, "pl": pl}
}

// text is a line that people type: it is masked, and where it can be filtered
// by or sorted by, it is keyed.
func text(name string, class schema.Class, labels schema.Labels) *schema.Field {
	return &schema.Field{Name: name, Type: schema.Text, Class: class, Labels: labels, Max: 250, Free: true}
}

// keyed makes a text comparable; the migration has the column and its index.
func keyed(f *schema.Field) *schema.Field {
	f.Keyed, f.Indexed = true, true
	return f
}

// following makes a field come from the same record as another one in a merge.
func following(leader string, f *schema.Field) *schema.Field {
	f.Follows = leader
	return f
}

func note() *schema.Field {
	return &schema.Field{Name: "note", Type: schema.LongText, Class: schema.Personal, Max: 20_000, Free: true,
		Labels: words("Note", "Примечание", "Nota", "Notatka")}
}

func tags() *schema.Field {
	return &schema.Field{Name: "tags", Type: schema.Tags, Class: schema.Open, Max: 50,
		Labels: words("Tags", "Теги", "Etichette", "Tagi")}
}

func source() *schema.Field {
	return keyed(text("source", schema.Open, words("Source", "Источник", "Origine", "Źródło")))
}

func responsible() *schema.Field {
	return &schema.Field{Name: "responsible", Type: schema.Person, Class: schema.Open, Indexed: true,
		Labels: words("Responsible", "Ответственный", "Responsabile", "Osoba odpowiedzialna")}
}

func phones() *schema.Field {
	return &schema.Field{Name: "phones", Type: schema.Phones, Class: schema.Contact, Max: 20, Search: schema.ByDigits,
		Labels: words("Phones", "Телефоны", "Telefoni", "Telefony")}
}

func emails() *schema.Field {
	return &schema.Field{Name: "emails", Type: schema.Emails, Class: schema.Contact, Max: 20, Search: schema.ByAddress,
		Labels: words("E-mails", "Эл. почта", "E-mail", "E-maile")}
}

func relation(name, target string, labels schema.Labels) *schema.Field {
	return &schema.Field{Name: name, Type: schema.Relation, Target: target, Class: schema.Open, Indexed: true, Labels: labels}
}

// kept adds the fields that the house keeps on every record.
func kept(fields ...*schema.Field) []*schema.Field {
	return append(fields,
		&schema.Field{Name: "created_at", Type: schema.DateTime, Class: schema.Open, House: true, Sort: true,
			Labels: words("Created", "Создано", "Creato", "Utworzono")},
		&schema.Field{Name: "created_by", Type: schema.Person, Class: schema.Open, House: true,
			Labels: words("Created by", "Кем создано", "Creato da", "Utworzył(a)")},
		&schema.Field{Name: "updated_at", Type: schema.DateTime, Class: schema.Open, House: true, Sort: true,
			Labels: words("Changed", "Изменено", "Modificato", "Zmieniono")},
		&schema.Field{Name: "updated_by", Type: schema.Person, Class: schema.Open, House: true,
			Labels: words("Changed by", "Кем изменено", "Modificato da", "Zmienił(a)")},
	)
}

// title is the text by which people call a record of a kind.
func title(name string, class schema.Class, labels schema.Labels) *schema.Field {
	return &schema.Field{Name: name, Type: schema.Text, Class: class, Required: true, Max: 250, Keyed: true, Indexed: true, Free: true,
		Search: schema.ByWords, Sort: true, Labels: labels}
}

func externalID() *schema.Field {
	return &schema.Field{Name: "external_id", Type: schema.Text, Class: schema.Open, Max: 100, Free: true, Keyed: true, Indexed: true,
		Labels: words("Id in the former system", "Ид. в прежней системе", "Id nel sistema precedente", "Id w poprzednim systemie")}
}

// toClient, toCompany and toDeal lead to whom or what a record concerns.
func toClient() *schema.Field {
	return relation("contact", "contact", words("Client", "Клиент", "Cliente", "Klient"))
}

func toCompany() *schema.Field {
	return relation("company", "company", words("Company", "Компания", "Azienda", "Firma"))
}

func toDeal() *schema.Field {
	return relation("deal", "deal", words("Deal", "Сделка", "Trattativa", "Transakcja"))
}

// option is short for one choice.
func option(key, en, ru, it, pl string) schema.Option {
	return schema.Option{Key: key, Labels: words(en, ru, it, pl)}
}

// Languages are those of the page, and those in which a name can be ordered.
func Languages() []string { return slices.Clone([]string{"en", "ru", "it", "pl"}) }
