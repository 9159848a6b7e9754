package exchange

import (
	"fmt"

	"castellan/internal/sheet"
)

// Sentence tells of a problem in a language of ours, for whoever brings the
// file: what cannot be taken over and where it stands, never the value. A
// language that is not ours gets English, which is the most exact: it has the
// words of the field that refused, which others have only in the page.
func Sentence(p sheet.Problem, language string) string {
	frame, ours := frames[language]
	words, told := problems[p.Code][language]
	if !ours || !told {
		return p.Public
	}
	switch {
	case p.Refuses || p.Heading == "":
		return fmt.Sprintf(frame.row, p.Line, words)
	case lost[p.Code]:
		return fmt.Sprintf(frame.left, p.Line, p.Heading, words)
	}
	return fmt.Sprintf(frame.cell, p.Line, p.Heading, words)
}

// frame is how a sentence names its place.
type frame struct{ row, cell, left string }

var frames = map[string]frame{
	"ru": {"Строка %d: %s.", "Строка %d, «%s»: %s.", "Строка %d, «%s»: %s, поэтому значение не взято."},
	"it": {"Riga %d: %s.", "Riga %d, «%s»: %s.", "Riga %d, «%s»: %s, quindi il valore è stato tralasciato."},
	"pl": {"Wiersz %d: %s.", "Wiersz %d, „%s”: %s.", "Wiersz %d, „%s”: %s, więc wartość pominięto."},
}

// lost are the problems by which a value stays behind.
var lost = map[sheet.Code]bool{
	sheet.PhoneFormat: true, sheet.PhoneScientific: true, sheet.Masked: true, sheet.EmailFormat: true, sheet.DateFormat: true, sheet.DateAmbiguous: true,
	sheet.LinkRefused: true, sheet.GenderUnknown: true, sheet.NumberFormat: true, sheet.TooLong: true, sheet.TooMany: true, notFitting: true,
}

// problems says each of them without its place. A test demands every code in
// every language.
var problems = map[sheet.Code]map[string]string{
	sheet.NoName:          {"ru": "имени нет", "it": "manca il nome", "pl": "brak nazwiska"},
	sheet.NoPhone:         {"ru": "нет ни телефона, ни адреса почты", "it": "non c’è né un numero di telefono né un indirizzo e-mail", "pl": "brak numeru telefonu i adresu e-mail"},
	sheet.Nothing:         {"ru": "нет ни имени, ни телефона, ни адреса почты, добавлять некого", "it": "non ci sono nome, telefono né indirizzo e-mail, quindi non c’è nessuno da aggiungere", "pl": "brak nazwiska, telefonu i adresu e-mail, więc nie ma kogo dodać"},
	sheet.PhoneFormat:     {"ru": "по такому номеру нельзя позвонить", "it": "non è un numero che si possa chiamare", "pl": "pod taki numer nie można zadzwonić"},
	sheet.PhoneScientific: {"ru": "электронная таблица округлила номер до степени десяти", "it": "un foglio di calcolo ha troncato il numero a una potenza di dieci", "pl": "arkusz kalkulacyjny obciął numer do potęgi dziesięciu"},
	sheet.Masked:          {"ru": "значение скрыто маской", "it": "il valore è nascosto da una maschera", "pl": "wartość jest ukryta maską"},
	sheet.EmailFormat:     {"ru": "это не адрес почты", "it": "non è un indirizzo e-mail", "pl": "to nie jest adres e-mail"},
	sheet.DateFormat:      {"ru": "это не дата", "it": "non è una data", "pl": "to nie jest data"},
	sheet.DateAmbiguous:   {"ru": "день и месяц не различить", "it": "giorno e mese non si distinguono", "pl": "nie da się odróżnić dnia od miesiąca"},
	sheet.LinkRefused:     {"ru": "это не адрес сайта", "it": "non è un indirizzo web", "pl": "to nie jest adres strony"},
	sheet.GenderUnknown:   {"ru": "такое обозначение пола неизвестно", "it": "questa indicazione del sesso non è nota", "pl": "takie oznaczenie płci nie jest znane"},
	sheet.NumberFormat:    {"ru": "это не число", "it": "non è un numero", "pl": "to nie jest liczba"},
	sheet.TooLong:         {"ru": "текст слишком длинный", "it": "il testo è troppo lungo", "pl": "tekst jest za długi"},
	sheet.TooMany:         {"ru": "значений слишком много", "it": "i valori sono troppi", "pl": "wartości jest za dużo"},
	sheet.TooManyCells:    {"ru": "ячеек больше, чем заголовков, поэтому строку нельзя прочитать", "it": "ci sono più celle che intestazioni, quindi la riga non si può leggere", "pl": "komórek jest więcej niż nagłówków, więc wiersza nie da się odczytać"},
	sheet.BadQuoting:      {"ru": "кавычка открыта и не закрыта, поэтому строку нельзя прочитать", "it": "una virgoletta è aperta e mai chiusa, quindi la riga non si può leggere", "pl": "cudzysłów jest otwarty i niezamknięty, więc wiersza nie da się odczytać"},
	notFitting:            {"ru": "поле не принимает такое значение", "it": "il campo non accetta questo valore", "pl": "pole nie przyjmuje takiej wartości"},
	notSaved:              {"ru": "сохранить эту строку нельзя", "it": "questa riga non si può salvare", "pl": "tego wiersza nie można zapisać"},
	notResponsible:        {"ru": "человека с именем ответственного здесь нет, поэтому отвечаете вы, и за другие строки с этим именем тоже", "it": "qui nessuno ha il nome del responsabile, quindi il responsabile sei tu, anche per le altre righe con questo nome", "pl": "nikt tutaj nie nazywa się tak jak osoba odpowiedzialna, więc osobą odpowiedzialną jesteś ty, także w innych wierszach z tym nazwiskiem"},
	notAssigned:           {"ru": "вы не можете назначать ответственными других, поэтому отвечаете вы", "it": "non puoi rendere responsabili altri, quindi il responsabile sei tu", "pl": "nie możesz wyznaczać innych, więc osobą odpowiedzialną jesteś ty"},
	notCompany:            {"ru": "компанию нельзя было добавить, и клиент остался без неё", "it": "non si è potuta aggiungere l’azienda, quindi il cliente ne è privo", "pl": "firmy nie można było dodać, więc klient jest bez niej"},
	unreadable:            {"ru": "эту строку нельзя прочитать", "it": "questa riga non si può leggere", "pl": "tego wiersza nie da się odczytać"},
}

// ownHeadings are those of the columns that our file of refused rows puts before
// those of the file. They say nothing of a client when the file comes back.
var ownHeadings = map[string][3]string{
	"en": {"Castellan: line", "Castellan: imported", "Castellan: reasons"},
	"ru": {"Castellan: строка", "Castellan: взята", "Castellan: причины"},
	"it": {"Castellan: riga", "Castellan: importata", "Castellan: motivi"},
	"pl": {"Castellan: wiersz", "Castellan: wczytany", "Castellan: przyczyny"},
}

// answers are no and yes.
var answers = map[string][2]string{"en": {"no", "yes"}, "ru": {"нет", "да"}, "it": {"no", "sì"}, "pl": {"nie", "tak"}}

// spoken is the language itself if it is ours, else English.
func spoken(language string) string {
	if _, ok := ownHeadings[language]; ok {
		return language
	}
	return "en"
}
