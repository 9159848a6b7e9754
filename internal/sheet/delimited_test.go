package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"castellan/internal/fault"
	"castellan/internal/value"
)

// table opens a text and gives its rows as "line:cell|cell" and its row errors.
func table(t testing.TB, text string, g *Guess) (Guess, []string, []*RowError) {
	t.Helper()
	r, found, err := Open(strings.NewReader(text), int64(len(text)), "a.csv", g)
	if err != nil {
		t.Fatalf("open %q: %v", text, err)
	}
	var rows []string
	var bad []*RowError
	for {
		row, err := r.Next()
		var re *RowError
		switch {
		case errors.Is(err, io.EOF):
			return found, rows, bad
		case errors.As(err, &re):
			bad = append(bad, re)
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, fmt.Sprintf("%d:%s", row.Line, strings.Join(row.Cells, "|")))
		}
	}
}

func TestTrapsOfDelimitedFiles(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       []string
	}{
		{"comma", "Name,Phone\nAnna,1\n", []string{"2:Anna|1"}},
		{"semicolon with commas in cells", "Name;Phone\nRossi, Anna;1,5\nLee, Ben;2,5\n", []string{"2:Rossi, Anna|1,5", "3:Lee, Ben|2,5"}},
		{"tab", "Name\tPhone\nAnna\t1\n", []string{"2:Anna|1"}},
		{"bar", "Name|Phone\nAnna|1\n", []string{"2:Anna|1"}},
		{"sep directive", "sep=;\r\nName;Note\r\nAnna;a,b\r\n", []string{"3:Anna|a,b"}},
		{"title above", "Clients of 2026;;\n\nName;Phone;City\nAnna;1;Rome\n", []string{"4:Anna|1|Rome"}},
		{"title and date above", "Report\nmade on Monday\n\nName;Phone\nAnna;1\n", []string{"5:Anna|1"}},
		{"blank lines", "\n\nName,Phone\n\nAnna,1\n,\n\nBen,2\n\n", []string{"5:Anna|1", "8:Ben|2"}},
		{"headings again", "Name,Phone\nAnna,1\nNAME,Phone\nBen,2\n", []string{"2:Anna|1", "4:Ben|2"}},
		{"quotes and lines", "Name,Note\r\nAnna,\"line \"\"one\"\"\r\nline, two\"\r\nBen,\"\"\r\n", []string{"2:Anna|line \"one\"\nline, two", "4:Ben|"}},
		{"stray quotes", "Name;Company\nAnna;ООО \"Ромашка\"\nBen;\"Acme \"Best\" Ltd\"\n", []string{"2:Anna|ООО \"Ромашка\"", "3:Ben|Acme \"Best\" Ltd"}},
		{"quote never closed", "Name;Company;City\nAnna;\"Acme;Rome\nBen;\"Best\";Oslo\nCy;X;Y\n", []string{"2:Anna|\"Acme|Rome", "3:Ben|Best|Oslo", "4:Cy|X|Y"}},
		{"quote never closed, at the end", "Name;Company\nAnna;A\nBen;\"B\n", []string{"2:Anna|A", "3:Ben|\"B"}},
		{"mixed line ends", "Name,Phone\rAnna,1\r\nBen,2\nCy,3\r\r\nDee,4", []string{"2:Anna|1", "3:Ben|2", "4:Cy|3", "5:Dee|4"}},
		{"zero bytes", "Name,Phone\nAn\x00na,1\x00\n", []string{"2:Anna|1"}},
		{"short rows", "Name,Phone,City\nAnna\nBen,2\n", []string{"2:Anna||", "3:Ben|2|"}},
		{"empty cells behind", "Name,Phone\nAnna,1,,,\nBen,2,,,\n", []string{"2:Anna|1", "3:Ben|2"}},
		{"no headings", "Anna,anna@example.com\nBen,ben@example.com\n", []string{"1:Anna|anna@example.com", "2:Ben|ben@example.com"}},
		{"one column", "anna@example.com\nben@example.com\n", []string{"1:anna@example.com", "2:ben@example.com"}},
		{"one column with a heading", "E-mail\nanna@example.com\n", []string{"2:anna@example.com"}},
		{"byte order mark", "\xef\xbb\xbfName,Phone\nAnna,1\n", []string{"2:Anna|1"}},
	} {
		_, rows, bad := table(t, c.text, nil)
		if !slices.Equal(rows, c.want) || len(bad) != 0 {
			t.Errorf("%s: %q, %v; want %q", c.what, rows, bad, c.want)
		}
	}
}

func TestRowThatCannotBeReadIsNamedAndPassedOver(t *testing.T) {
	text := "Name;Phone\nAnna;1\nBen;2;3;secret 89165550010\nCy;3\nDee;" + strings.Repeat("x", 40_000) + "\nEve;5\n"
	_, rows, bad := table(t, text, nil)
	if want := []string{"2:Anna|1", "4:Cy|3", "6:Eve|5"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	if len(bad) != 2 || bad[0].Line != 3 || bad[0].Code != TooManyCells || !bad[0].Refuses || bad[1].Line != 5 || bad[1].Code != TooLong {
		t.Fatalf("row errors: %+v", bad)
	}
	if !strings.Contains(bad[0].Value, "secret") || strings.Contains(bad[0].Error(), "secret") {
		t.Errorf("the row is in the wrong place: %+v", bad[0])
	}
}

func TestQuoteThatSwallowsAFileIsPutBack(t *testing.T) {
	var b strings.Builder
	b.WriteString("Name;Phone;City\nAnna;\"1;Rome;x\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "Ben %d;2;Oslo\n", i)
	}
	_, rows, bad := table(t, b.String(), nil)
	if len(rows) != 5000 || len(bad) != 1 || bad[0].Code != BadQuoting || bad[0].Line != 2 {
		t.Errorf("%d rows, %v", len(rows), bad)
	}
}

func TestLineWithoutEndIsRefusedAlone(t *testing.T) {
	text := "Name;Phone\nAnna;1\n" + strings.Repeat("y", 3<<20) + "\nBen;2\n"
	_, rows, bad := table(t, text, nil)
	if !slices.Equal(rows, []string{"2:Anna|1", "4:Ben|2"}) || len(bad) != 1 || bad[0].Code != TooLong {
		t.Errorf("%q %v", rows, bad)
	}
}

func TestWhatIsNoTableIsRefusedInPlainWords(t *testing.T) {
	for what, data := range map[string]string{
		"empty": "", "blank": " \r\n\t\n", "pdf": "%PDF-1.7\n...", "html": "<html><body><table><tr><td>Name</td></tr></table>",
		"xml": "<?xml version=\"1.0\"?><Workbook/>", "gzip": "\x1f\x8b\x08\x00abc", "zip": "PK\x03\x04 not really", "rar": "Rar!\x1a\x07",
	} {
		_, _, err := Open(strings.NewReader(data), int64(len(data)), "clients.csv", nil)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Invalid || !strings.HasPrefix(f.Code, "import.file.") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSourcesAreRecognisedByTheirOwnHeadings(t *testing.T) {
	for source, headings := range map[string]string{
		"amocrm":       "ID;Тип;Полное имя контакта;Имя;Фамилия;Название компании;Ответственный;Дата создания контакта;Кем создан контакт;Сделки;Теги;Примечание 1;Рабочий телефон",
		"amocrm_leads": "ID,Название сделки,Бюджет,Ответственный,Дата создания сделки,Кем создана сделка,Теги,Примечание,Этап сделки,Воронка,Полное имя контакта,Компания контакта,Ответственный за контакт,Рабочий телефон",
		"google":       "First Name,Middle Name,Last Name,Labels,Organization Name,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value",
		"google_old":   "Name,Given Name,Additional Name,Family Name,Yomi Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value",
		"outlook":      "First Name,Middle Name,Last Name,Title,Suffix,Initials,Web Page,Gender,Birthday,E-mail Address,E-mail 2 Address,Primary Phone,Business Phone,Home Country,Business Street,Categories",
		"hubspot":      "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Create Date",
		"nocrm":        "Lead;ID;Phone;Email;Pipeline;Step;Step_ID;Status;User;Created_at;tags",
		"yclients":     "Имя;Телефон;Доп. телефон;Email;Комментарий;Дата рождения;Пол;Продано;Оплачено;Баланс;Скидка;Карта",
		"dikidi":       "Имя;Телефон;Кол-во записей;Последняя запись;Первая запись;Дата добавления;Источник;Заметка",
		"generic":      "Imię i nazwisko;Telefon komórkowy;Adres e-mail;Miasto;Uwagi",
	} {
		g, err := Detect("x.csv", []byte(headings+"\n"))
		if err != nil || g.Source != source {
			t.Errorf("%s is taken for %s (%v)", source, g.Source, err)
		}
	}
	// The clone's English template is the same thing.
	if g, _ := Detect("x.csv", []byte("Name;Phone;Additional phone;Email;Comment;Date of birth;Gender;Total spent;Total paid;Balance;Discount;Card\n")); g.Source != "yclients" {
		t.Errorf("the English template is taken for %s", g.Source)
	}
}

func TestHeadingsOfFourLanguages(t *testing.T) {
	for heading, want := range map[string]meaning{
		"E-Mail *": {FieldEmails, ""}, "e_mail": {FieldEmails, ""}, "Адрес эл. почты": {FieldEmails, ""}, "Posta elettronica": {FieldEmails, ""},
		"Телефон (WhatsApp)": {FieldPhones, ""}, "Cellulare": {FieldPhones, "mobile"}, "Telefon komórkowy": {FieldPhones, "mobile"}, "Моб. телефон": {FieldPhones, "mobile"},
		"Data urodzenia": {FieldBirthday, ""}, "ДАТА РОЖДЕНИЯ": {FieldBirthday, ""}, "Compleanno": {FieldBirthday, ""},
		"Nazwisko": {FieldFamily, ""}, "Cognome": {FieldFamily, ""}, "Отчество": {FieldMiddle, ""}, "Comment 3": {FieldNote, ""},
		"Business Country/Region": {FieldCountry, "work"}, "Address 2 - City": {FieldCity, "address 2"}, "Etichette": {FieldTags, ""},
	} {
		if got, ok := headingMeaning(heading); !ok || got != want {
			t.Errorf("%q means %+v, want %+v", heading, got, want)
		}
	}
}

func TestImyaIsTheWholeNameUnlessThereIsAFamilyName(t *testing.T) {
	for headings, want := range map[string]string{"Имя;Телефон": FieldName, "Имя;Фамилия;Телефон": FieldGiven, "Nome;Cognome": FieldGiven, "Imię;Telefon": FieldName} {
		g, err := Detect("x.csv", []byte(headings+"\n"))
		if err != nil || g.Columns[0].Field != want {
			t.Errorf("%s: %+v, %v", headings, g.Columns, err)
		}
	}
}

func TestDatesTellTheirOwnOrder(t *testing.T) {
	for text, want := range map[string]value.DateOrder{
		"Name,Birthday\nA,3/4/1980\nB,7/16/1986\n":               value.MonthDay,
		"Name,Birthday\nA,3/4/1980\nB,16/7/1986\n":               value.DayMonth,
		"Name,Birthday\nA,3/4/1980\n":                            value.AnyOrder,
		"Имя;Дата рождения\nA;16/7/1986\nB;7/16/1986\n":          value.AnyOrder,
		"Name,Birthday\nA,16/7/1986\nB,7/16/1986\n":              value.AnyOrder,
		"Nome,Data di nascita\nA,3/4/1980\n":                     value.DayMonth,
		"Name,Birthday\nA,1986-07-16\nB,--04-23\nC,0/0/00\n":     value.AnyOrder,
		"Имя;Дата рождения\nA;16-11\nB;1961-11-18\nC;01.02.1990": value.DayMonth,
	} {
		g, _, _ := table(t, text, nil)
		if g.DateOrder != want {
			t.Errorf("%q: %v, want %v", text, g.DateOrder, want)
		}
	}
}

func TestCorrectedGuessIsBelieved(t *testing.T) {
	text := "a;b\nAnna;x\nBen;y\n"
	given := Guess{Delimiter: ";", HeaderLine: NoHeader, Columns: []Column{{Index: 1, Field: FieldName}, {Index: 0, Field: FieldNote}}}
	g, drafts, _ := readAll(t, "a.csv", []byte(text), &given, "RU", "ru")
	if g.HeaderLine != NoHeader || len(drafts) != 3 || drafts[1].Name != "x" || drafts[1].Note != "Anna" || len(g.Columns[0].Samples) != 3 {
		t.Errorf("%+v\n%+v", g, drafts)
	}
	if given.Columns[0].Samples != nil {
		t.Error("the guess that was given is changed")
	}
	_, rows, _ := table(t, "x\ny;z\nName;Phone\nAnna;1\n", &Guess{HeaderLine: 3, Delimiter: ";"})
	if !slices.Equal(rows, []string{"4:Anna|1"}) {
		t.Errorf("rows %q", rows)
	}
}

func TestEstimateOfRowsIsNear(t *testing.T) {
	var b strings.Builder
	b.WriteString("Name;Phone;Note\n")
	for i := range 30_000 {
		fmt.Fprintf(&b, "Client %d;+7 916 %07d;\"two\nlines\"\n", i, i)
	}
	r, g, err := Open(strings.NewReader(b.String()), int64(b.Len()), "a.csv", nil)
	if err != nil || r == nil || g.Rows < 27_000 || g.Rows > 33_000 {
		t.Errorf("%d rows, %v", g.Rows, err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		russian, polish, "Name;\"Phone\nAnna;\"1\";\"\n", "sep=,\n\n,\n", "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE:=C3=\n=91;\nTEL;X:1\nBEGIN:VCARD\nAGENT:\nEND:VCARD\n",
		"\xff\xfeN\x00a\x00", "PK\x03\x04", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a\tb\r\r\r\nc|d;e,f", "First Name,E-mail 1 - Label,E-mail 1 - Value,Custom Field 1 - Label,Custom Field 1 - Value\nA,* Home,x@y.zz,L,V\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8<<10 {
			return
		}
		if _, err := Detect("x", data); err != nil {
			var fl *fault.Fault
			if !errors.As(err, &fl) {
				t.Errorf("Detect: %v is for nobody's eyes", err)
			}
		}
		r, g, err := Open(bytes.NewReader(data), int64(len(data)), "x.csv", nil)
		if err != nil {
			return
		}
		m := g.Mapping()
		last := 0
		for n := 0; ; n++ {
			if n > len(data)+10 {
				t.Fatal("more rows than bytes")
			}
			row, err := r.Next()
			var re *RowError
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &re):
				continue
			case err != nil:
				return
			}
			if row.Line < last || len(row.Cells) < len(g.Columns) {
				t.Fatalf("row %+v after line %d for %d columns", row, last, len(g.Columns))
			}
			last = row.Line
			_, problems := m.Contact(row, "RU", g.Language, noon)
			for _, p := range problems {
				if p.Line != row.Line || p.Public == "" || p.Code == "" {
					t.Errorf("problem %+v", p)
				}
			}
		}
	})
}

func BenchmarkRowsToDrafts(b *testing.B) {
	var s strings.Builder
	s.WriteString("Имя;Фамилия;Телефон;Email;Комментарий;Дата рождения;Пол;Город;Теги\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "Анна;Петрова;8 (916) %03d-%02d-%02d;c%d@example.com;перезвонить;17.04.1952;ж;Москва;vip, опт\n", i%1000, i/1000, i%100, i)
	}
	data := s.String()
	b.SetBytes(int64(len(data)))
	rows := 0
	for b.Loop() {
		r, g, err := Open(strings.NewReader(data), int64(len(data)), "a.csv", nil)
		if err != nil {
			b.Fatal(err)
		}
		m := g.Mapping()
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			m.Contact(row, "RU", "ru", noon)
			rows++
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
