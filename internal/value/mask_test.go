package value

import (
	"strings"
	"testing"
)

func TestContactsTypedIntoTextAreMasked(t *testing.T) {
	for in, want := range map[string]string{
		"звонить после 18:00, тел. +7 916 555-00-10":      "звонить после 18:00, тел. XXXX",
		"call (212) 555-0100 or 212.555.0101 x12, thanks": "call XXXX or XXXX, thanks",
		"+79165550010":                          "XXXX",
		"8(916)5550010":                         "XXXX",
		"8 916 555 00 10":                       "XXXX",
		"８９１６５５５００１０":                           "XXXX",
		"٠٩١٦٥٥٥٠٠١٠":                           "XXXX",
		"8\u200b916\u200b555\u200b00\u200b10":   "XXXX",
		"8-916–555‑00−10":                       "XXXX",
		"609 231 355":                           "XXXX",
		"01.23.45.67.89 et 01.02.03.04.05":      "XXXX et XXXX",
		"+7 (4872) 12-05-20":                    "XXXX",
		"+7 4872 12.05.2024":                    "XXXX",
		"моб.:89165550010;дом:84951234567":      "моб.:XXXX;дом:XXXX",
		"тел. 51-22-33":                         "тел. XXXX",
		"10:30 8 916 555 00 10":                 "10:30 XXXX",
		"17.04.1952 +7 916 555-00-10":           "17.04.1952 XXXX",
		"pay to anna.rossi+x@example.com today": "pay to [e-mail] today",
		"имя@пример.рф":                         "[e-mail]",
		"<a@b.example>, ivan @ example.com.":    "<[e-mail]>, [e-mail].",
		"79165550010@example.com":               "[e-mail]",
		"ends in 55001, 89165550010":            "ends in XXXX, XXXX",
		"+7 916 555-00-10 доб. 12":              "XXXX",
		"45.67.2024":                            "XXXX",
		"A1234567":                              "AXXXX",
	} {
		got, found := MaskContacts(in)
		if got != want || !found {
			t.Errorf("MaskContacts(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDatesPricesAndSmallNumbersStayReadable(t *testing.T) {
	for _, s := range []string{
		"", "VIP", "много\nстрок", "order 123456", "№ 12345 от 28.09.2024 10:15:00", "1961-11-18", "16-11", "7/16/1986",
		"12 444,53", "1.200,50 €", "1,200,500.00", "бюджет 1 500 000", "1 234 567,89", "15 000 000 руб.", "$ 1250000", "2019-2024", "2023 2024 2025",
		"18:00-20:00", "2026-01-02 10:00:00 - 2026-01-03 12:30:00", "12.05.24 - 15.05.24", "размер 42-44, рост 170", "5%", "1500-2000 zł", "@anna", "a@b", "me@work",
		"line 100\n200\n300\n400", "size XXXXL", "XXXX", "[e-mail]",
	} {
		if got, found := MaskContacts(s); got != s || found {
			t.Errorf("MaskContacts(%q) = %q", s, got)
		}
	}
}

func TestMaskWrittenBackIsSeen(t *testing.T) {
	for s, want := range map[string]bool{
		"XXXX": true, "+7 XXXX": true, "call XXXX today": true, "XXXXXXXX": true, "[e-mail]": true, "••••": true, "тел.XXXX": true,
		"": false, "XXX": false, "XXXXL": false, "size XXXXL": false, "MCXXXX": false, "xxxx": false,
	} {
		if got := HasMask(s); got != want {
			t.Errorf("HasMask(%q) = %v", s, got)
		}
	}
}

func FuzzMaskContacts(f *testing.F) {
	for _, s := range []string{
		"звонить после 18:00, тел. +7 916 555-00-10", "12 444,53", "a@b.example", "1.2.3.4.5.6.7", "12.05.2024 12:30 916", "1234567usd@x.example",
		"８９１６５５５００１０ 55500", "609 231 355,00 609231", "+1 (2", "\xff12345678\xff", "tel 12345, 12345", "1 500 000@a.bc",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		last := 0
		var numbers []string
		for _, span := range FindContacts(s) {
			if span.Start < last || span.End <= span.Start || span.End > len(s) {
				t.Fatalf("spans of %q overlap or leave it: %+v", s, span)
			}
			last = span.End
			if span.Kind == PhoneContact {
				numbers = append(numbers, PhoneDigits(s[span.Start:span.End]))
			}
		}
		masked, found := MaskContacts(s)
		if again, more := MaskContacts(masked); more || again != masked {
			t.Errorf("masking %q gives %q, again %q", s, masked, again)
		}
		if found == (masked == s) {
			t.Errorf("MaskContacts(%q) = %q, %v", s, masked, found)
		}
		for _, run := range digitRun.FindAllString(masked, -1) {
			for i, d := 0, PhoneDigits(run); i+5 <= len(d); i++ {
				for _, n := range numbers {
					if strings.Contains(n, d[i:i+5]) {
						t.Errorf("MaskContacts(%q) = %q shows a part of the number", s, masked)
					}
				}
			}
		}
	})
}

func BenchmarkMaskContactsQuietNote(b *testing.B) {
	note := strings.Repeat("Клиент просил перезвонить после обеда, любит зелёный чай. ", 5)
	b.SetBytes(int64(len(note)))
	for b.Loop() {
		MaskContacts(note)
	}
}

func BenchmarkMaskContacts(b *testing.B) {
	note := strings.Repeat("Клиент просил перезвонить 28.09.2024 после 18:00, тел. +7 916 555-00-10, ", 3)
	b.SetBytes(int64(len(note)))
	for b.Loop() {
		MaskContacts(note)
	}
}
