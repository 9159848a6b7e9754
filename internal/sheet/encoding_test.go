package sheet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"castellan/internal/fault"
	"castellan/internal/sheet/sheettest"
)

const (
	russian = "Имя;Телефон;Комментарий\nАлёна Щербак;8 938 416 79 06;перезвонить завтра, ООО \"Ромашка\"\nФёдор Жуков;+7 950 081 01 11;ПОСТОЯННЫЙ КЛИЕНТ\n"
	polish  = "Imię;Nazwisko;Telefon;Miasto\nŻaneta;Źrebiec;+48 602 972 865;Łódź\nMałgorzata;Dąbrowska;609-231-355;Kraków\nŁukasz;Święs;609-231-355;Poznań\n"
	italian = "Nome;Cognome;Telefono;Note\nNiccolò;De Luca;+39 331 8879978;Perché no? È già in città\nLetizia;Nicolò;+39 339 1634643;più tardi\n"
	french  = "First Name,Last Name,Company\nZoë,García,Grün & Söhne\nSiân,Müller,Köln\nChloé,Ødegård,Málaga\n"
)

func encoded(t testing.TB, text, encoding string) []byte {
	t.Helper()
	page, ok := encodingNamed(encoding)
	if !ok {
		t.Fatalf("no encoding %s", encoding)
	}
	if page.enc == nil {
		return []byte(text)
	}
	b, err := page.enc.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEncodingIsToldByItsLetters(t *testing.T) {
	for _, c := range []struct{ text, encoding string }{
		{russian, "utf-8"}, {russian, "windows-1251"}, {russian, "koi8-r"}, {russian, "cp866"}, {russian, "utf-16le"}, {russian, "utf-16be"},
		{polish, "utf-8"}, {polish, "windows-1250"}, {polish, "iso-8859-2"}, {polish, "utf-16le"},
		{italian, "utf-8"}, {italian, "windows-1252"}, {french, "windows-1252"}, {"Name,Phone\nAnna,1\n", "utf-8"},
	} {
		data := encoded(t, c.text, c.encoding)
		for _, mark := range []bool{true, false} {
			if !mark && strings.HasPrefix(c.encoding, "utf-16") {
				data = bytes.TrimPrefix(bytes.TrimPrefix(data, []byte{0xff, 0xfe}), []byte{0xfe, 0xff})
			}
			if got := detectEncoding(data); got != c.encoding {
				t.Errorf("%s in %s (mark %v) is taken for %s", c.text[:12], c.encoding, mark, got)
			}
		}
	}
}

func TestEncodingIsToldByAFewLetters(t *testing.T) {
	for _, c := range []struct{ text, encoding string }{
		{"Name,City\nAnna,Łódź\n", "windows-1250"},
		{"Name,City\nPaweł,Kraków\n", "windows-1250"},
		{"Nome,Città\nAnna,Roma\n", "windows-1252"},
		{"Name,Note\nИван,VIP\n", "windows-1251"},
		{"name\nЖАННА ЁЖИКОВА\n", "cp866"},
		{"name\nюрий щукин\n", "koi8-r"},
		{"Name,City\nSusanne,Düsseldorf\n", "windows-1252"},
	} {
		if got := detectEncoding(encoded(t, c.text, c.encoding)); got != c.encoding {
			t.Errorf("%q in %s is taken for %s", c.text, c.encoding, got)
		}
	}
}

func TestUTF8WithABrokenLetterStaysUTF8(t *testing.T) {
	if got := detectEncoding([]byte(strings.Repeat(russian, 5) + "\xff" + russian)); got != "utf-8" {
		t.Errorf("taken for %s", got)
	}
	cut := []byte(russian)
	if got := detectEncoding(cut[:9]); got != "utf-8" {
		t.Errorf("a letter cut in two makes it %s", got)
	}
}

func TestLettersThatComeLateStillTellTheEncoding(t *testing.T) {
	text := "Name;Phone\n" + strings.Repeat("Ben;+7 916 555 00 10\n", 20_000) + "Алёна Щербак;+7 916 555 00 11\n"
	data := encoded(t, text, "windows-1251")
	r, g, err := Open(bytes.NewReader(data), int64(len(data)), "late.csv", nil)
	if err != nil || g.Encoding != "windows-1251" {
		t.Fatalf("%+v, %v", g.Encoding, err)
	}
	last := Row{}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		last = row
	}
	if last.Cells[0] != "Алёна Щербак" || last.Line != 20_002 {
		t.Errorf("the last row is %+v", last)
	}
}

func TestPersonCanCorrectTheEncoding(t *testing.T) {
	data := encoded(t, russian, "windows-1251")
	_, g, err := Open(bytes.NewReader(data), int64(len(data)), "a.csv", &Guess{Encoding: "koi8-r"})
	if err != nil || g.Encoding != "koi8-r" || g.Columns[0].Heading == "Имя" {
		t.Errorf("%+v, %v", g, err)
	}
	if _, _, err := Open(bytes.NewReader(data), int64(len(data)), "a.csv", &Guess{Encoding: "rot13"}); err == nil {
		t.Error("an unknown encoding is believed")
	}
}

func TestFilesReadAlikeInEveryEncodingThatHoldsThem(t *testing.T) {
	for _, file := range sheettest.Files(t) {
		if filepath.Base(file) != "yclients_clients.csv" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := charmap.Windows1251.NewDecoder().Bytes(data)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := readAll(t, file, data, nil, "RU", "ru")
		for _, encoding := range []string{"utf-8", "koi8-r", "cp866", "utf-16be"} {
			g, got, _ := readAll(t, file, encoded(t, string(text), encoding), nil, "RU", "ru")
			if g.Encoding != encoding || len(got) != len(want) || got[0].Name != want[0].Name || got[1].Name != want[1].Name {
				t.Errorf("in %s: taken for %s, %d drafts", encoding, g.Encoding, len(got))
			}
		}
	}
}

func TestPicturesAndProgramsAreNoTables(t *testing.T) {
	noise := rand.NewChaCha8([32]byte{7})
	random := make([]byte, 5000)
	if _, err := noise.Read(random); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"picture.png": append([]byte("\x89PNG\r\n\x1a\n"), random...),
		"program":     append([]byte("\x7fELF\x02\x01\x01\x00"), bytes.Repeat([]byte("\x00\x00\x01name,phone\n"), 200)...),
		"noise.csv":   random,
	} {
		_, g, err := Open(bytes.NewReader(content), int64(len(content)), name, nil)
		if f, ok := fault.As(err); !ok || f.Code != "import.file.binary" {
			t.Errorf("%s is read as %s, %v", name, g.Encoding, err)
		}
	}
	// A stray one is left to the cell in which it stands.
	content := []byte("Name,Phone\nEmma\x02 Harper,+1 212 555 0101\x00\n" + strings.Repeat("Liam Bennett,+1 212 555 0102\n", 20))
	if _, _, err := Open(bytes.NewReader(content), int64(len(content)), "clients.csv", nil); err != nil {
		t.Errorf("a table with a stray control character is refused: %v", err)
	}
}
