package paper_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/paper"
)

// read gives the text of each page, by a program of somebody else's.
func read(t *testing.T, file []byte) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "invoice.pdf")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v; install poppler-utils", err)
	}
	return strings.Split(strings.TrimSuffix(string(bytes.ReplaceAll(text, []byte("\u00a0"), []byte(" "))), "\f"), "\f")
}

// long is an invoice that has everything, and too much of it.
func long(language string, lines int) *paper.Invoice {
	i := &paper.Invoice{
		Language: language, Number: "117/2026", State: "issued", Issued: "27.11.2026", Sold: "26.11.2026", Due: "11.12.2026",
		Seller:  paper.Party{Name: "Przedsiębiorstwo Usługowo-Handlowe „Źdźbło i Gżegżółka” Spółka z ograniczoną odpowiedzialnością Sp. k.", Address: "ul. Świętojańska 117/4\n81-391 Gdynia\nPolska", TaxID: "PL 525-000-00-00", Registration: "0000123456"},
		Account: "PL61 1090 1014 0000 0712 1981 2874\nBank Przykładowy S.A.\nEXAMPLPW",
		Buyer:   paper.Party{Name: "Общество с ограниченной ответственностью «Объёмный съезд»", Address: "127006, Москва, ул. Примерная, д. 1", TaxID: "7700000000", TaxCode: "770001001"},
		Net:     "51 660,00", Tax: "11 881,80", Gross: "63 541,80", Currency: "PLN",
		Taxes: []paper.Tax{{Rate: "23%", Net: "41 660,00", Tax: "9 581,80", Gross: "51 241,80"}, {Rate: "8%", Net: "9 000,00", Tax: "720,00", Gross: "9 720,00"}, {Rate: paper.Exempt(language), Net: "1 000,00", Tax: "0,00", Gross: "1 000,00"}},
		Made:  time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), // without it the file tells the moment of drawing
		Note:  "Zażółć gęślą jaźń. Съешь ещё этих мягких французских булок. Perché no?",
	}
	for n := range lines {
		i.Lines = append(i.Lines, paper.Line{Title: fmt.Sprintf("%d. Konsultacja i wdrożenie — объёмная настройка, più formazione", n+1), Quantity: "1,5", Price: "1 033,33", Rate: "23%", Sum: "1 550,00"})
	}
	return i
}

// Whatever is drawn is on a page and readable: nothing falls off the paper,
// nothing lies over the foot, and every page says whose it is.
func TestLongInvoiceGoesOnOverPages(t *testing.T) {
	for _, language := range []string{"en", "ru", "pl", "it"} {
		file, err := long(language, 40).Draw()
		if err != nil {
			t.Fatal(err)
		}
		pages := read(t, file)
		if len(pages) < 2 || len(pages) > 4 {
			t.Fatalf("%s: 40 lines take %d pages", language, len(pages))
		}
		whole := strings.Join(pages, "")
		for n := 1; n <= 40; n++ {
			if got := strings.Count(whole, fmt.Sprintf(" %d. Konsultacja", n)); got != 1 {
				t.Errorf("%s: line %d stands there %d times", language, n, got)
			}
		}
		for n, page := range pages {
			if !strings.Contains(page, "117/2026") || !strings.Contains(page, "Konsultacja") && n < len(pages)-1 {
				t.Errorf("%s: page %d does not say what it belongs to:\n%s", language, n+1, page)
			}
			if last := strings.Fields(strings.TrimSpace(page)); len(last) < 4 || last[len(last)-1] != fmt.Sprint(len(pages)) {
				t.Errorf("%s: page %d does not count itself: %v", language, n+1, last[max(0, len(last)-4):])
			}
		}
		for _, word := range []string{"63 541,80 PLN", "PL61 1090 1014 0000 0712 1981 2874", "EXAMPLPW", "Źdźbło", "Объёмный съезд", "7700000000", "9 581,80", "jaźń", "булок"} {
			if !strings.Contains(whole, word) {
				t.Errorf("%s: the paper lacks %q", language, word)
			}
		}
		if dir := os.Getenv("INVOICE_PDF"); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, language+".pdf"), file, 0o600)
		}
	}
}

// For every number of lines the totals stand whole, on one page, with a line above them.
func TestTotalsAreNotTornApart(t *testing.T) {
	for lines := 1; lines <= 60; lines++ {
		file, err := long("pl", lines).Draw()
		if err != nil {
			t.Fatal(err)
		}
		pages := read(t, file)
		found := 0
		for _, page := range pages {
			if strings.Contains(page, "9 581,80") {
				found++
				if !strings.Contains(page, "51 660,00 PLN") || !strings.Contains(page, "Konsultacja") {
					t.Errorf("%d lines: the totals stand apart:\n%s", lines, page)
				}
			}
		}
		if found != 1 {
			t.Errorf("%d lines: the totals stand there %d times", lines, found)
		}
	}
}

// A word without an end neither runs out of its box nor stops the program.
func TestEndlessWordsAreBroken(t *testing.T) {
	i := long("en", 1)
	i.Lines[0].Title = strings.Repeat("Щ", 250)
	i.Buyer.Name = strings.Repeat("Ж", 200)
	i.Seller.Name = ""
	file, err := i.Draw()
	if err != nil {
		t.Fatal(err)
	}
	if whole := strings.Join(read(t, file), ""); strings.Count(whole, "Щ") != 250 || strings.Count(whole, "Ж") != 200 {
		t.Errorf("letters were lost:\n%s", whole)
	}
}

func TestSameInvoiceIsTheSameFile(t *testing.T) {
	one, err := long("it", 3).Draw()
	if err != nil {
		t.Fatal(err)
	}
	two, err := long("it", 3).Draw()
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("two drawings of one invoice differ, %v", err)
	}
}

// A void invoice asks nobody to pay, and says what it is; a paid one says so, too.
func TestVoidInvoiceAsksForNoMoney(t *testing.T) {
	for state, want := range map[string]struct {
		says    string
		account bool
	}{"issued": {"", true}, "paid": {"PAID", true}, "void": {"VOID", false}} {
		i := long("en", 2)
		i.State = state
		file, err := i.Draw()
		if err != nil {
			t.Fatal(err)
		}
		whole := strings.ToUpper(strings.Join(read(t, file), ""))
		if strings.Contains(whole, "PL61 1090") != want.account {
			t.Errorf("%s: the account is there: %v", state, !want.account)
		}
		for _, word := range []string{"PAID", "VOID"} {
			if strings.Contains(whole, word) != (word == want.says) {
				t.Errorf("%s: %s", state, whole)
			}
		}
	}
}

// When a file was made is what it is told, not when it is drawn.
func TestFileTellsTheTimeThatItIsGiven(t *testing.T) {
	i := long("en", 1)
	i.Made = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	file, err := i.Draw()
	if err != nil || bytes.Count(file, []byte("D:20260302100000")) != 2 {
		t.Errorf("the file tells another time, %v", err)
	}
}
