package mailbox

import "strings"

// said is what the house adds to a mail, in the language of the firm.
var said = map[string]map[string]string{
	"en": {
		"large":  "This mail is too large to be taken. It lies in the mailbox.",
		"unread": "The text of this mail could not be read. It lies in the mailbox.",
		"left":   "[Files that were not taken and lie in the mailbox: {n}]",
	},
	"ru": {
		"large":  "Это письмо слишком велико, чтобы его принять. Оно осталось в почтовом ящике.",
		"unread": "Текст этого письма не удалось прочитать. Оно осталось в почтовом ящике.",
		"left":   "[Файлов, которые не приняты и остались в почтовом ящике: {n}]",
	},
	"it": {
		"large":  "Questo messaggio è troppo grande per essere acquisito. È rimasto nella casella di posta.",
		"unread": "Non è stato possibile leggere il testo di questo messaggio. È rimasto nella casella di posta.",
		"left":   "[File non acquisiti e rimasti nella casella di posta: {n}]",
	},
	"pl": {
		"large":  "Ta wiadomość jest za duża, by ją przyjąć. Została w skrzynce pocztowej.",
		"unread": "Nie udało się odczytać treści tej wiadomości. Została w skrzynce pocztowej.",
		"left":   "[Pliki, których nie przyjęto i które zostały w skrzynce pocztowej: {n}]",
	},
}

// words are in the language of the firm, or in English.
func (b *Box) words(which string) string {
	if b.Language != nil {
		if words := said[b.Language()]; words != nil {
			return words[which]
		}
	}
	return said["en"][which]
}

// noteOfLeft says that files were not taken.
func (b *Box) noteOfLeft(n string) string { return strings.ReplaceAll(b.words("left"), "{n}", n) }
