package crm

import "castellan/internal/schema"

// comment is a remark on another record. Its author is responsible for it, and
// nobody reads it who may not view the record that it is about.
func comment() schema.Kind {
	return schema.Kind{
		Number: commentNumber, Name: "comment", Plural: "comments", Within: true, Lent: 1,
		One:   words("Comment", "Комментарий", "Commento", "Komentarz"),
		Many:  words("Comments", "Комментарии", "Commenti", "Komentarze"),
		Title: "text", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			&schema.Field{Name: "text", Type: schema.LongText, Class: schema.Open, Required: true, Max: 20_000, Free: true,
				Labels: words("Comment", "Комментарий", "Commento", "Komentarz")},
			&schema.Field{Name: "about_kind", Type: schema.Text, Class: schema.Open, Required: true, Max: 40,
				Labels: words("On a", "К чему", "Su", "Do czego")},
			&schema.Field{Name: "about", Type: schema.Relation, Target: schema.AnyKind, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("On", "К записи", "Relativo a", "Do rekordu")},
			responsible(),
		),
	}
}
