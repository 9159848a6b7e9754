package sheet

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"castellan/internal/value"
)

// Fields that a column can mean: those of a contact by their names in the
// schema, one to leave a column out, and four that only say something about the
// column next to them.
const (
	FieldName        = "name"
	FieldGiven       = "given_name"
	FieldMiddle      = "middle_name"
	FieldFamily      = "family_name"
	FieldPhones      = "phones"
	FieldEmails      = "emails"
	FieldBirthday    = "birthday"
	FieldGender      = "gender"
	FieldCompany     = "company"
	FieldJobTitle    = "job_title"
	FieldCity        = "city"
	FieldCountry     = "country"
	FieldAddress     = "address"
	FieldWebsite     = "website"
	FieldLanguage    = "language"
	FieldTags        = "tags"
	FieldSource      = "source"
	FieldNote        = "note"
	FieldResponsible = "responsible"
	FieldExternalID  = "external_id"
	FieldDiscount    = "discount"
	FieldCard        = "card"
	FieldCreated     = "created_at"
	FieldSkip        = "skip" // not taken over at all

	FieldPhoneLabel = "phones.label" // the label of the phones in the next such column
	FieldEmailLabel = "emails.label"
	FieldExtraLabel = "extra.label" // the heading of the next extra column
	FieldExtra      = "extra"       // kept under the label before it
)

// Fields lists what a person may map a column to; "" besides keeps it aside under
// its heading.
func Fields() []string {
	return []string{
		FieldName, FieldGiven, FieldMiddle, FieldFamily, FieldPhones, FieldEmails, FieldBirthday, FieldGender, FieldCompany, FieldJobTitle,
		FieldCity, FieldCountry, FieldAddress, FieldWebsite, FieldLanguage, FieldTags, FieldSource, FieldNote, FieldResponsible, FieldExternalID,
		FieldDiscount, FieldCard, FieldCreated, FieldSkip,
	}
}

// meaning is what a heading says about its column.
type meaning struct{ field, label string }

// synonyms: field, label and language, then headings in one form (see
// headingKey). One language for all files of it: a heading counts for the
// language of the file too.
const synonyms = `
name . en: name, full name, client, client name, customer, customer name, contact, contact name, display name, fn, file as
name . ru: клиент, фио, ф и о, фио клиента, имя клиента, имя фамилия, имя и фамилия, фамилия имя, фамилия имя отчество, полное имя, контакт, контактное лицо, покупатель, пациент, гость, полное имя контакта
name . it: nome completo, nome e cognome, cognome e nome, nominativo, cliente, contatto, nome cliente
name . pl: imię i nazwisko, nazwisko i imię, klient, pełne imię, kontakt, nazwa klienta
either . en: first name or full name
either . ru: имя
either . it: nome
either . pl: imię
given_name . en: first name, given name, firstname, forename, givenname
given_name . ru: имя контакта
middle_name . en: middle name, additional name, middlename, patronymic
middle_name . ru: отчество
middle_name . it: secondo nome
middle_name . pl: drugie imię
family_name . en: last name, family name, surname, lastname, familyname
family_name . ru: фамилия
family_name . it: cognome
family_name . pl: nazwisko
phones . en: phone, phone number, telephone, phones, tel, contact phone, phone 1, telephone number, primary phone, whatsapp, whatsapp number, whatsapp phone number
phones . ru: телефон, телефоны, номер телефона, тел, номер, телефон клиента, контактный телефон, основной телефон, телефон 1
phones . it: telefono, numero di telefono, recapito, recapito telefonico, n telefono
phones . pl: telefon, numer telefonu, nr telefonu, tel kontaktowy, telefon kontaktowy
phones mobile en: mobile, mobile phone, cell, cell phone, cellphone, mobile number, mobile phone number, mobile telephone, tel mobile
phones mobile ru: мобильный, мобильный телефон, моб телефон, моб, сотовый, сотовый телефон, телефон мобильный
phones mobile it: cellulare, telefono cellulare, cell, mobile
phones mobile pl: komórka, telefon komórkowy, tel komórkowy, komórkowy
phones work en: work phone, business phone, business phone 2, office phone, company phone, company main phone, work, tel work
phones work ru: рабочий телефон, рабочий прямой телефон, служебный телефон, телефон рабочий
phones work it: telefono ufficio, telefono lavoro, ufficio
phones work pl: telefon służbowy, telefon do pracy, telefon firmowy
phones home en: home phone, home phone 2, tel home
phones home ru: домашний телефон, домашний, дом телефон, телефон домашний
phones home it: telefono casa, casa, telefono abitazione
phones home pl: telefon domowy, domowy
phones fax en: fax, business fax, home fax, other fax, fax number, tel fax
phones fax ru: факс
phones other en: other phone, additional phone, second phone, phone 2, phone 3, alternative phone, secondary phone, car phone, radio phone, callback, tel other
phones other ru: другой телефон, доп телефон, дополнительный телефон, дополнительный, второй телефон, телефон 2, телефон 3
phones other it: altro telefono, telefono 2, secondo telefono
phones other pl: inny telefon, dodatkowy telefon, telefon 2, telefon dodatkowy
phones main en: tel main
phones pager en: pager, tel pager
emails . en: email, e mail, mail, email address, e mail address, emails, primary email, email 1, e mail 2 address, e mail 3 address, additional email addresses, secondary email, email 2
emails . ru: почта, эл почта, электронная почта, имейл, емейл, емаил, е mail, адрес эл почты, адрес электронной почты, e mail клиента
emails . it: posta elettronica, indirizzo email, indirizzo e mail, indirizzo di posta elettronica, posta
emails . pl: adres e mail, adres email, poczta, poczta elektroniczna
emails work en: work email, business email
emails work ru: рабочий email, рабочий e mail
emails home en: personal email, home email
emails home ru: личный email, личный e mail
emails other en: other email
emails other ru: другой email, другой e mail
birthday . en: birthday, date of birth, birth date, birthdate, dob, bday
birthday . ru: дата рождения, день рождения, др, д р, родился, рождение
birthday . it: data di nascita, compleanno, nato il, nascita
birthday . pl: data urodzenia, urodziny
gender . en: gender, sex
gender . ru: пол
gender . it: sesso, genere
gender . pl: płeć
company . en: company, company name, organization, organisation, organization name, organization 1 name, account name, associated company, employer, org
company . ru: компания, организация, название компании, компания контакта, фирма, место работы
company . it: azienda, società, ditta, ragione sociale, impresa
company . pl: firma, nazwa firmy, przedsiębiorstwo
job_title . en: job title, position, occupation, organization title, organization 1 title, profession, role, jobtitle
job_title . ru: должность, профессия
job_title . it: ruolo, professione, qualifica, mansione, posizione
job_title . pl: stanowisko, zawód
city . en: city, town, city town
city . ru: город, населенный пункт
city . it: città, comune, località
city . pl: miasto, miejscowość
country . en: country, country region
country . ru: страна
country . it: paese, nazione, stato
country . pl: kraj, państwo
address . en: address, street address, street, postal address, zip, zip code, postal code, postcode, state, region, state region, province
address . ru: адрес, улица, домашний адрес, индекс, почтовый индекс, регион, область
address . it: indirizzo, via, cap, provincia
address . pl: adres, ulica, kod pocztowy, kod, województwo
website . en: website, web site, web, web page, webpage, url, homepage, site, website url, company domain name, personal web page, website 1 value
website . ru: сайт, веб сайт
website . it: sito, sito web, sito internet
website . pl: strona, strona www, witryna, www
language . en: preferred language
language . ru: язык
language . it: lingua
language . pl: język
tags . en: tags, tag, labels, categories, category, group, groups, group membership, keywords, segments
tags . ru: теги, тэги, тег, категории, категория, группа, группы, метки, сегмент
tags . it: etichette, etichetta, categorie, categoria, gruppo, gruppi
tags . pl: tagi, tag, etykiety, kategorie, kategoria, grupa, grupy
source . en: source, lead source, original source, referral source, original traffic source
source . ru: источник, откуда узнал, откуда узнали, канал, источник трафика, источник сделки
source . it: origine, provenienza, fonte
source . pl: źródło, pochodzenie
note . en: note, notes, comment, comments, description, remarks, note body
note . ru: примечание, примечания, комментарий, комментарии, заметка, заметки, описание, примечание 1, примечание 2, примечание 3, примечание 4, примечание 5
note . it: nota, note, commento, commenti, descrizione, annotazioni
note . pl: notatka, notatki, uwagi, komentarz, opis
responsible . en: responsible, owner, contact owner, assigned to, responsible user, sales owner, account manager
responsible . ru: ответственный, менеджер, ответственный за контакт, сотрудник, мастер
responsible . it: responsabile, assegnato a, venditore
responsible . pl: osoba odpowiedzialna, opiekun, właściciel, handlowiec
external_id . en: id, record id, contact id, client id, customer id, organizational id number
external_id . ru: ид, id клиента, код клиента, id контакта
external_id . it: id cliente, codice cliente, codice
external_id . pl: id klienta, kod klienta
discount . en: discount
discount . ru: скидка, скидка %
discount . it: sconto
discount . pl: rabat, zniżka
card . en: card, card number, loyalty card
card . ru: карта, номер карты, карта клиента
card . it: tessera, numero tessera, carta
card . pl: karta, numer karty
created_at . en: create date, created, created at, creation date, date added, created on
created_at . ru: дата создания, дата создания контакта, дата добавления, создан
created_at . it: data di creazione, data creazione, creato il
created_at . pl: data utworzenia, utworzono, data dodania
`

type headingTable struct {
	meanings  map[string]meaning
	languages map[string]string // of headings that only one language has
}

// known is built once from synonyms and never changed.
var known = sync.OnceValue(func() headingTable {
	t := headingTable{map[string]meaning{}, map[string]string{}}
	for line := range strings.Lines(synonyms) {
		head, words, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		parts := strings.Fields(head)
		m := meaning{field: parts[0]}
		if parts[1] != "." {
			m.label = parts[1]
		}
		for w := range strings.SplitSeq(words, ", ") {
			if _, ok := t.meanings[w]; !ok {
				t.meanings[w] = m
			}
			if lang, ok := t.languages[w]; ok && lang != parts[2] {
				t.languages[w] = ""
			} else {
				t.languages[w] = parts[2]
			}
		}
	}
	return t
})

// headingKey folds a heading: letters and digits in lower case, all else one
// space. "E-mail *" and "e_mail" are one.
func headingKey(h string) string {
	return strings.Join(strings.FieldsFunc(value.TextKey(h), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) && r != '%'
	}), " ")
}

var (
	numbered  = regexp.MustCompile(`^(.*) (\d+) (label|type|value|name|title|yomi name|department|symbol|location|job description|formatted|street|city|po box|region|postal code|country|extended address|service)$`)
	outlooked = regexp.MustCompile(`^(home|business|other) (address|street(?: \d)?|address po box|city|state|postal code|country|country region)$`)
	comment   = regexp.MustCompile(`^(?:comment|комментарий|примечание|note|commento|komentarz) \d+$`)
	bracketed = regexp.MustCompile(`\s*[(\[].*[)\]]\s*$`)
)

// headingMeaning says what a heading means by itself, in any source.
func headingMeaning(heading string) (meaning, bool) {
	key := headingKey(heading)
	if key == "" {
		return meaning{}, false
	}
	if m := numbered.FindStringSubmatch(key); m != nil {
		return numberedMeaning(m[1], m[2], m[3])
	}
	if m := outlooked.FindStringSubmatch(key); m != nil {
		label := m[1]
		if label == "business" {
			label = "work"
		}
		return meaning{addressPart(m[2]), label}, true
	}
	if comment.MatchString(key) {
		return meaning{field: FieldNote}, true
	}
	if m, ok := known().meanings[key]; ok {
		return m, true
	}
	// "Телефон (WhatsApp)", "Birthday [dd.mm.yyyy]"
	if short := bracketed.ReplaceAllString(heading, ""); short != heading && short != "" {
		m, ok := known().meanings[headingKey(short)]
		return m, ok
	}
	return meaning{}, false
}

// numberedMeaning reads the numbered groups of Google's address book.
func numberedMeaning(group, number, part string) (meaning, bool) {
	labelled := part == "label" || part == "type"
	switch {
	case group == "phone" && labelled:
		return meaning{field: FieldPhoneLabel}, true
	case group == "phone" && part == "value":
		return meaning{field: FieldPhones}, true
	case group == "e mail" && labelled:
		return meaning{field: FieldEmailLabel}, true
	case group == "e mail" && part == "value":
		return meaning{field: FieldEmails}, true
	case (group == "address" || group == "website" || group == "organization" || group == "im") && labelled:
		return meaning{field: FieldSkip}, true
	case group == "address":
		return meaning{addressPart(part), "address " + number}, true
	case group == "organization" && part == "name":
		return meaning{field: FieldCompany}, true
	case group == "organization" && part == "title":
		return meaning{field: FieldJobTitle}, true
	case group == "website" && part == "value":
		return meaning{field: FieldWebsite}, true
	case (group == "custom field" || group == "event" || group == "relation") && labelled:
		return meaning{field: FieldExtraLabel}, true
	case (group == "custom field" || group == "event" || group == "relation") && part == "value":
		return meaning{field: FieldExtra}, true
	}
	return meaning{}, false
}

func addressPart(part string) string {
	switch part {
	case "city":
		return FieldCity
	case "country", "country region":
		return FieldCountry
	}
	return FieldAddress
}

// recognise gives every heading its meaning and names the source.
func recognise(headings []string) (source, language string, meanings []meaning) {
	keys := map[string]bool{}
	for _, h := range headings {
		keys[headingKey(h)] = true
	}
	source = vendorOf(keys)
	meanings = make([]meaning, len(headings))
	hasFamily := false
	for i, h := range headings {
		meanings[i], _ = headingMeaning(h)
		hasFamily = hasFamily || meanings[i].field == FieldFamily
	}
	for i, h := range headings {
		if m, ok := vendorMeaning(source, headingKey(h)); ok {
			meanings[i] = m
		}
		if meanings[i].field == "either" {
			if meanings[i].field = FieldName; hasFamily {
				meanings[i].field = FieldGiven
			}
		}
	}
	return source, headingLanguage(headings), meanings
}

// vendorOf names the program that wrote the file, by headings that only it uses.
func vendorOf(keys map[string]bool) string {
	count := func(words ...string) int {
		n := 0
		for _, w := range words {
			if keys[w] {
				n++
			}
		}
		return n
	}
	switch {
	case keys["название сделки"] && count("этап сделки", "воронка", "полное имя контакта", "бюджет", "кем создана сделка") >= 2,
		keys["lead title"] && count("pipeline", "lead stage", "stage", "main contact", "lead usable") >= 2:
		return "amocrm_leads"
	case keys["полное имя контакта"] && count("тип", "рабочий прямой телефон", "дата создания контакта", "кем создан контакт", "сделки", "примечание 1") >= 2:
		return "amocrm"
	case count("first name", "last name") > 0 && count("e mail 1 value", "phone 1 value", "labels", "organization name", "phonetic first name", "file as") >= 2:
		return "google"
	case count("given name", "family name", "yomi name", "given name yomi", "group membership", "additional name yomi") >= 2 && count("e mail 1 value", "phone 1 value", "group membership", "organization 1 name") > 0:
		return "google_old"
	case keys["first name"] && count("e mail address", "e mail 2 address", "business phone", "home country region", "business street", "company main phone", "tty tdd phone", "internet free busy") >= 2:
		return "outlook"
	case count("step", "step id") == 2, count("step", "step id", "pipeline", "created by", "remind date", "remind time", "reminder activity", "client folder", "created from", "starred", "first activity", "estimated closing date", "last update", "probability") >= 4 && count("lead", "step id", "client folder", "remind date") > 0:
		return "nocrm"
	case keys["record id"] && count("first name", "last name", "email", "contact owner", "lead status", "create date", "company name", "lifecycle stage", "phone number") >= 2:
		return "hubspot"
	case count("кол во записей", "последняя запись", "первая запись") >= 2:
		return "dikidi"
	case count("доп телефон", "продано", "потрачено", "оплачено", "баланс", "скидка", "карта", "визиты", "первый визит", "последний визит", "категории", "дата рождения") >= 3 && keys["телефон"],
		count("additional phone", "total spent", "total paid", "balance", "discount", "card") >= 3:
		return "yclients"
	}
	return "generic"
}

// vendorMeaning is where a vendor means something else than everybody.
func vendorMeaning(source, key string) (meaning, bool) {
	extra := meaning{}
	switch source {
	case "amocrm", "amocrm_leads":
		switch key {
		case "имя":
			return meaning{field: FieldGiven}, true
		case "id":
			if source == "amocrm_leads" {
				return extra, true // the deal's, not the contact's
			}
		case "ответственный за контакт":
			return meaning{field: FieldResponsible}, true
		case "ответственный", "дата создания сделки", "теги":
			if source == "amocrm_leads" && key != "теги" {
				return extra, true
			}
		case "компания":
			if source == "amocrm_leads" {
				return meaning{field: FieldCompany}, true
			}
		}
	case "nocrm":
		switch key {
		case "user":
			return meaning{field: FieldResponsible}, true
		case "lead", "client folder", "category", "state":
			return extra, true
		}
	case "outlook":
		switch key {
		case "title", "initials", "location", "assistant s phone", "language", "company yomi":
			return extra, true // "Title" is Mr, "Language" rarely one of a person
		}
	case "google", "google_old":
		switch key {
		case "file as", "language", "location":
			return extra, true
		case "photo":
			return meaning{field: FieldSkip}, true
		}
	}
	return meaning{}, false
}

// headingLanguage is the language of most headings.
func headingLanguage(headings []string) string {
	votes := map[string]int{}
	for _, h := range headings {
		if lang := known().languages[headingKey(h)]; lang != "" {
			votes[lang]++
		} else if strings.ContainsFunc(h, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			votes["ru"]++
		}
	}
	best := "en"
	for _, lang := range []string{"ru", "it", "pl"} {
		if votes[lang] > votes[best] {
			best = lang
		}
	}
	return best
}
