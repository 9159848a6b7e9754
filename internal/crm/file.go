package crm

import (
	"context"
	"slices"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// file is something that somebody put on another record: a contract, a photo.
// Whoever put it there is responsible for it, and nobody reaches it who may not
// view the record that it is on. Its content is as sensitive as who somebody is:
// it may be a copy of a passport.
func file() schema.Kind {
	return schema.Kind{
		Number: fileNumber, Name: "file", Plural: "files", Within: true, Lent: 2,
		One:   words("File", "Файл", "File", "Plik"),
		Many:  words("Files", "Файлы", "File", "Pliki"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Content: &schema.Content{Name: "name", Form: "form", Size: "content", Picture: "picture"},
		Fields: kept(
			&schema.Field{Name: "name", Type: schema.Text, Class: schema.Personal, Required: true, Max: 150, Free: true,
				Labels: words("Name", "Имя файла", "Nome", "Nazwa")},
			&schema.Field{Name: "form", Type: schema.Choice, Class: schema.Open, House: true,
				Labels: words("Kind of file", "Вид файла", "Tipo di file", "Rodzaj pliku"), Options: fileForms()},
			&schema.Field{Name: "content", Type: schema.Integer, Class: schema.Personal, House: true,
				Labels: words("Content, bytes", "Содержимое, байт", "Contenuto, byte", "Zawartość, bajtów")},
			&schema.Field{Name: "picture", Type: schema.Bool, Class: schema.Open, House: true,
				Labels: words("Has a small picture", "Есть миниатюра", "Ha una miniatura", "Ma miniaturę")},
			&schema.Field{Name: "about_kind", Type: schema.Text, Class: schema.Open, Required: true, Max: 40,
				Labels: words("On a", "К чему", "Su", "Do czego")},
			&schema.Field{Name: "about", Type: schema.Relation, Target: schema.AnyKind, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("On", "К записи", "Relativo a", "Do rekordu")},
			responsible(),
		),
	}
}

// fileForms are what a file can be; blob says which one a file is.
func fileForms() []schema.Option {
	return []schema.Option{
		option("pdf", "PDF", "PDF", "PDF", "PDF"),
		option("image", "Picture", "Изображение", "Immagine", "Obraz"),
		option("document", "Document", "Документ", "Documento", "Dokument"),
		option("sheet", "Spreadsheet", "Таблица", "Foglio di calcolo", "Arkusz"),
		option("slides", "Presentation", "Презентация", "Presentazione", "Prezentacja"),
		option("text", "Text", "Текст", "Testo", "Tekst"),
		option("archive", "Archive", "Архив", "Archivio", "Archiwum"),
		option("audio", "Sound", "Аудио", "Audio", "Dźwięk"),
		option("video", "Video", "Видео", "Video", "Wideo"),
	}
}

// settleFile refuses a file without content: one comes by being brought, never
// by being named (attack 22).
func settleFile(_ context.Context, _ *store.Tx, d *records.Draft) (records.Values, error) {
	if d.New() && d.Holds("content") == nil {
		return nil, fault.New(fault.Invalid, "file.content", "A file is made by bringing it: send it to the address for uploads.")
	}
	return nil, nil
}

// guardFile keeps a file where it was put, whatever would move it (attack 22).
func guardFile(_ context.Context, _ *store.Tx, d *records.Draft, _ bool) error {
	for _, name := range d.Touches() {
		if slices.Contains([]string{"about", "about_kind", "content", "form", "picture"}, name) {
			return fault.New(fault.Invalid, "file.moved", "A file stays where it was put.").At(name)
		}
	}
	return nil
}
