package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"castellan/internal/fault"
)

// workbook makes an XLSX with the library that our own exports use.
func workbook(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t testing.TB, f *excelize.File, sheet string, row int, cells ...any) {
	t.Helper()
	at, err := excelize.CoordinatesToCellName(1, row)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetRow(sheet, at, &cells); err != nil {
		t.Fatal(err)
	}
}

func TestWorkbookIsReadAsAPersonWouldTypeIt(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", 1, "Выгрузка клиентов")
		put(t, f, "Sheet1", 3, "Имя", "Телефон", "Дата рождения", "Скидка", "Комментарий", "Код")
		put(t, f, "Sheet1", 4, "Анна Ёлкина", 79161234567, time.Date(1986, 7, 16, 0, 0, 0, 0, time.UTC), 12.5, "две\nстроки", "007")
		put(t, f, "Sheet1", 6, "Юрий Цой", "8 916 123-45-68", 31609, "5%", true, nil)
		put(t, f, "Sheet1", 7, "Пётр", 7.9e10, "--", 0, nil, nil)
		if err := f.SetCellRichText("Sheet1", "E7", []excelize.RichTextRun{{Text: "rich "}, {Text: "text"}}); err != nil {
			t.Fatal(err)
		}
	})
	g, drafts, problems := readAll(t, "клиенты.xlsx", data, nil, "RU", "ru")
	if g.Format != Workbook || g.Sheet != "Sheet1" || g.HeaderLine != 3 || g.Rows != 3 || len(drafts) != 3 {
		t.Fatalf("%+v, %d drafts", g, len(drafts))
	}
	a, y, p := drafts[0], drafts[1], drafts[2]
	if a.Line != 4 || a.Name != "Анна Ёлкина" || a.Phones[0].Number != "+79161234567" || a.Birthday.String() != "1986-07-16" || a.Discount != "12.5" || a.Note != "две\nстроки" || a.Extra["Код"] != "007" {
		t.Errorf("%+v", a)
	}
	if y.Line != 6 || y.Phones[0].Number != "+79161234568" || y.Birthday.String() != "1986-07-16" || y.Discount != "5" {
		t.Errorf("%+v", y)
	}
	// 7.9e10 as a number is 79000000000: all its digits are there.
	if p.Phones[0].Number != "+79000000000" || p.Note != "rich text" || !p.Birthday.IsZero() {
		t.Errorf("%+v", p)
	}
	if len(problems) != 1 || problems[0].Code != DateFormat || problems[0].Line != 7 {
		t.Errorf("%+v", problems)
	}
}

func TestFirstSheetWithHeadingsIsTaken(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		put(t, f, "Sheet1", 1, "Read me")
		for _, name := range []string{"Hidden", "Clients", "More"} {
			if _, err := f.NewSheet(name); err != nil {
				t.Fatal(err)
			}
			put(t, f, name, 1, "Name", "Phone")
			put(t, f, name, 2, name, "+1 212 555 0134")
		}
		if err := f.SetSheetVisible("Hidden", false); err != nil {
			t.Fatal(err)
		}
	})
	g, drafts, _ := readAll(t, "a.xlsx", data, nil, "US", "en")
	if g.Sheet != "Clients" || len(drafts) != 1 || drafts[0].Name != "Clients" {
		t.Errorf("%+v %+v", g, drafts)
	}
	if g, _, _ := readAll(t, "a.xlsx", data, &Guess{Sheet: "More"}, "US", "en"); g.Sheet != "More" {
		t.Errorf("the sheet that was asked for is not taken: %s", g.Sheet)
	}
}

func TestLargeWorkbookStreams(t *testing.T) {
	var b bytes.Buffer
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetRow("A1", []any{"Name", "Phone", "E-mail"}); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), []any{"Client", 79160000000 + i, fmt.Sprintf("c%d@example.com", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, drafts, problems := readAll(t, "a.xlsx", b.Bytes(), nil, "RU", "en")
	if len(drafts) != 5000 || len(problems) != 0 || drafts[4999].Phones[0].Number != "+79160004999" || drafts[4999].Line != 5001 {
		t.Errorf("%d drafts, %d problems", len(drafts), len(problems))
	}
}

func TestWorkbooksThatCannotBeReadSayWhy(t *testing.T) {
	plain := workbook(t, func(f *excelize.File) { put(t, f, "Sheet1", 1, "Name", "Phone") })
	protected, err := excelize.Encrypt(plain, &excelize.Options{Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	old := make([]byte, 4096)
	copy(old, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	old[30], old[48] = 9, 1
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	if w, err := z.Create("clients.csv"); err != nil {
		t.Fatal(err)
	} else if _, err := w.Write([]byte("Name,Phone\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	empty := workbook(t, func(*excelize.File) {})
	for code, data := range map[string][]byte{
		"password": protected, "xls": old, "archive": archive.Bytes(), "empty": empty, "workbook": plain[:len(plain)/2],
	} {
		_, _, err := Open(bytes.NewReader(data), int64(len(data)), "clients.xlsx", nil)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != "import.file."+code {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// parts makes a workbook by hand, as no library would.
func parts(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func handmade(sheet, shared, styles string) map[string]string {
	return map[string]string{
		"xl/workbook.xml":            `<?xml version="1.0"?><x:workbook xmlns:x="a" xmlns:r="b"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="S" r:id="rId7"/></x:sheets></x:workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId7" Target="/xl/worksheets/one.xml"/></Relationships>`,
		"xl/worksheets/one.xml":      sheet,
		"xl/sharedStrings.xml":       shared,
		"xl/styles.xml":              styles,
	}
}

func TestUnusualWorkbookIsReadToo(t *testing.T) {
	data := parts(t, handmade(
		`<x:worksheet xmlns:x="a"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>Birthday</x:t></x:is></x:c><x:c r="E1" t="str"><x:v>Phone</x:v></x:c></x:row>`+
			`<x:row r="5"><x:c r="A5" t="s"><x:v>1</x:v></x:c><x:c s="1"><x:v>30147</x:v></x:c><x:c r="E5"><x:v>7.9161234567E10</x:v></x:c><x:c r="ZZZ5"><x:v>9</x:v></x:c></x:row>`+
			`<x:row><x:c t="s"><x:v>99</x:v></x:c><x:c t="e"><x:v>#REF!</x:v></x:c><x:c r="E6" t="s"><x:v>-1</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
		`<sst><si><t>Name</t></si><si><r><t>An</t></r><r><t xml:space="preserve">na </t></r><rPh><t>ignored</t></rPh></si></sst>`,
		`<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-419]dd\.mm\.yyyy;@"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>`))
	g, drafts, _ := readAll(t, "a.xlsx", data, nil, "RU", "ru")
	if len(drafts) != 1 || drafts[0].Line != 5 || drafts[0].Name != "Anna" || drafts[0].Birthday.String() != "1986-07-16" || drafts[0].Phones[0].Number != "+79161234567" {
		t.Errorf("%+v\n%+v", g, drafts)
	}
}

func TestWorkbookThatBlowsUpIsStopped(t *testing.T) {
	bomb := handmade(`<worksheet><sheetData><row><c t="inlineStr"><is><t>`+strings.Repeat("A", 12<<20)+`</t></is></c></row></sheetData></worksheet>`, "<sst/>", "<styleSheet/>")
	data := parts(t, bomb)
	_, _, err := Open(bytes.NewReader(data), int64(len(data)), "a.xlsx", nil)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != "import.file.large" {
		t.Errorf("a cell of 12 MB: %v", err)
	}
	broken := handmade(`<worksheet><sheetData><row><c><v>1</v></c></row><row><c`, "<sst><si>", "<styleSheet")
	data = parts(t, broken)
	if _, _, err := Open(bytes.NewReader(data), int64(len(data)), "a.xlsx", nil); !errors.As(err, &f) {
		t.Errorf("broken XML: %v", err)
	}
}

func FuzzSheetXML(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`, `<sst><si><t>Name</t></si></sst>`)
	f.Add(`<row r="-1"><c r="@@"><is><t></is></c></row><row r="99999999999">`, `<sst><si><rPh><t>`)
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		if len(sheet)+len(shared) > 8<<10 {
			return
		}
		data := parts(t, handmade(sheet, shared, "<styleSheet/>"))
		r, _, err := Open(bytes.NewReader(data), int64(len(data)), "a.xlsx", nil)
		if err != nil {
			return
		}
		for {
			if _, err := r.Next(); err != nil {
				var re *RowError
				if !errors.As(err, &re) {
					return
				}
			}
		}
	})
}

func TestOnlyDateFormatsMakeDates(t *testing.T) {
	custom := map[string]string{"170": "[Red]0.00", "171": `0.00" days"`, "172": "[$-419]dd mmmm yyyy", "173": `\d0`, "174": "m/d/yy h:mm", "175": "[h]:mm"}
	for id, want := range map[string]bool{"0": false, "14": true, "22": true, "49": false, "": false, "170": false, "171": false, "172": true, "173": false, "174": true, "175": false} {
		if got := dateFormat(id, custom); got != want {
			t.Errorf("format %s (%s): %v", id, custom[id], got)
		}
	}
}
