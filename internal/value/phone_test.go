package value

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPhonesOfEveryUsualSpellingBecomeOneNumber(t *testing.T) {
	for _, c := range []struct{ typed, region, number, ext string }{
		{"+7 (950) 081-01-11", "RU", "+79500810111", ""},
		{"8(954)0991709", "RU", "+79540991709", ""},
		{"8 938 416 79 06", "RU", "+79384167906", ""},
		{"909 356 83 42", "RU", "+79093568342", ""},
		{"79161234567", "RU", "+79161234567", ""},
		{"'+7 (976) 081-53-90", "RU", "+79760815390", ""},
		{`="89161234567"`, "RU", "+79161234567", ""},
		{"８９１６１２３４５６７", "RU", "+79161234567", ""},
		{"8\u00a0916\u00a0123\u201145\u201167", "RU", "+79161234567", ""},
		{"+7 495 123-45-67 доб. 12", "RU", "+74951234567", "12"},
		{"0048 600 577 372", "PL", "+48600577372", ""},
		{"609-231-355", "PL", "+48609231355", ""},
		{"+39 331 8879978", "IT", "+393318879978", ""},
		{"06 1234 5678", "IT", "+390612345678", ""},
		{"001 212 555 0171", "US", "+12125550171", ""},
		{"(212) 555-0189", "US", "+12125550189", ""},
		{"212.555.0131", "US", "+12125550131", ""},
		{"212-555-0151 x12", "US", "+12125550151", "12"},
		{"tel:+1-418-656-9254;ext=102", "US", "+14186569254", "102"},
		{"+48 22 123 45 67", "", "+48221234567", ""},
	} {
		p, err := ParsePhone(c.typed, c.region)
		if err != nil || p.Number != c.number || p.Ext != c.ext || p.Typed != "" {
			t.Errorf("ParsePhone(%q, %s) = %+v, %v; want %s ext %q", c.typed, c.region, p, err, c.number, c.ext)
		}
	}
}

func TestWordsAroundAPhoneAreKept(t *testing.T) {
	for _, typed := range []string{"+7 916 555-00-10 Анна", "моб. 8 916 555 00 10 (после 18:00)", "8-916-555-00-10 ask for Ben"} {
		p, err := ParsePhone(typed, "RU")
		if err != nil || p.Number != "+79165550010" || p.Typed != typed {
			t.Errorf("ParsePhone(%q) = %+v, %v", typed, p, err)
		}
	}
}

func TestPhonesThatAreNoneAreRefusedWithAReason(t *testing.T) {
	for _, c := range []struct {
		typed, region string
		want          error
	}{
		{"", "RU", ErrPhoneEmpty},
		{" ' ", "RU", ErrPhoneEmpty},
		{"7.9E+10", "RU", ErrPhoneScientific},
		{"7,9165E+10", "RU", ErrPhoneScientific},
		{"79e10", "RU", ErrPhoneScientific},
		{"XXXX", "RU", ErrPhoneMasked},
		{"+7 916 XXX-XX-10", "RU", ErrPhoneMasked},
		{"+7 916 ***-**-10", "RU", ErrPhoneMasked},
		{"8 916 хххх", "RU", ErrPhoneMasked},
		{"12", "RU", ErrPhoneShort},
		{"123456", "RU", ErrPhoneShort},
		{"555-1234", "US", ErrPhoneShort},
		{"+48 600 577 372 1234", "RU", ErrPhoneLong},
		{"+7 916 555 00 10 123", "RU", ErrPhoneInvalid},
		{strings.Repeat("9", 60), "RU", ErrPhoneLong},
		{"(111) 555-1111", "US", ErrPhoneInvalid},
		{"8 916 555 00 10", "", ErrPhoneInvalid},
		{"нет", "RU", ErrPhoneShort},
	} {
		p, err := ParsePhone(c.typed, c.region)
		var typed *TypedError
		if !errors.Is(err, c.want) || !errors.As(err, &typed) || typed.Typed != c.typed {
			t.Errorf("ParsePhone(%q, %s) = %+v, %v; want %v", c.typed, c.region, p, err, c.want)
		}
		if d := PhoneDigits(c.typed); err != nil && len(d) > 3 && strings.Contains(err.Error(), d) {
			t.Errorf("the error repeats the number: %v", err)
		}
	}
}

func TestPhonesInOneCellArePartedOnce(t *testing.T) {
	for _, c := range []struct {
		cell, region string
		want         []string
		errs         int
	}{
		{"+1 212-555-0134 ::: 212-555-0141 x12", "US", []string{"+12125550134", "+12125550141x12"}, 0},
		{"8 916 555 00 10, 8 916 555 00 11; +7 (916) 555-00-12", "RU", []string{"+79165550010", "+79165550011", "+79165550012"}, 0},
		{"8 916 555 00 10 / 8 916 555 00 10", "RU", []string{"+79165550010"}, 0},
		{"8(495)123-45-67/68", "RU", []string{"+74951234567"}, 0},
		{"8(495)123-45-67, доб. 12", "RU", []string{"+74951234567x12"}, 0},
		{"tel:+1-418-656-9254;ext=102", "", []string{"+14186569254x102"}, 0},
		{"7.9E+10\n89165550010", "RU", []string{"+79165550010"}, 1},
		{" ; , ", "RU", nil, 0},
	} {
		phones, errs := ParsePhones(c.cell, c.region)
		var got []string
		for _, p := range phones {
			n := p.Number
			if p.Ext != "" {
				n += "x" + p.Ext
			}
			got = append(got, n)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || len(errs) != c.errs {
			t.Errorf("ParsePhones(%q) = %v, %v; want %v and %d errors", c.cell, got, errs, c.want, c.errs)
		}
	}
	phones, _ := ParsePhones("8(495)123-45-67/68", "RU")
	if len(phones) != 1 || !strings.Contains(phones[0].Typed, "68") {
		t.Errorf("the second ending of a number is lost: %+v", phones)
	}
}

// spelling writes digits as people do.
func spelling(r *rand.Rand, digits string) string {
	switch r.IntN(5) {
	case 0:
		return digits
	case 1, 2:
		var b strings.Builder
		for i, d := range digits {
			if i > 0 && r.IntN(3) == 0 {
				b.WriteString([]string{" ", "-", "  ", " - "}[r.IntN(4)])
			}
			b.WriteRune(d)
		}
		return b.String()
	}
	n := len(digits)
	return digits[:n-10] + " (" + digits[n-10:n-7] + ") " + digits[n-7:n-4] + "-" + digits[n-4:n-2] + "-" + digits[n-2:]
}

func TestFastPathNeverDisagreesWithTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fast := 0
	// Beginnings and whole lengths that the fast path looks for, and some beside.
	shapes := []struct {
		region, head string
		length       int
	}{
		{"RU", "+79", 11}, {"RU", "79", 11}, {"RU", "89", 11}, {"RU", "9", 10}, {"PL", "+485", 11}, {"PL", "+486", 11}, {"PL", "+487", 11}, {"PL", "+488", 11},
		{"IT", "+393", 12}, {"IT", "3", 10}, {"US", "+1", 11}, {"", "+79", 11}, {"", "+1", 11}, {"RU", "+7", 11}, {"IT", "39", 10}, {"US", "1", 11}, {"PL", "48", 11}, {"IT", "+39", 12},
	}
	for fast < spellings {
		shape := shapes[r.IntN(len(shapes))]
		region := shape.region
		d, plus := strings.CutPrefix(shape.head, "+")
		for want := shape.length + max(0, r.IntN(12)-10); len(d) < want; {
			d += string(rune('0' + r.IntN(10)))
		}
		typed := spelling(r, d)
		if plus {
			typed = "+" + strings.TrimLeft(typed, " ")
		}
		got, ok := plainPhone(typed, region)
		if !ok {
			continue
		}
		fast++
		want, ext, err := libraryPhone(typed, region)
		if err != nil || ext != "" || got != want {
			t.Fatalf("plainPhone(%q, %s) = %s; the library says %s %s %v", typed, region, got, want, ext, err)
		}
	}
}

func TestFastPathTakesNineDigitPolishNumbersAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range spellings / 5 {
		typed := fmt.Sprintf("%03d-%03d %03d", 100+r.IntN(900), r.IntN(1000), r.IntN(1000))
		if got, ok := plainPhone(typed, "PL"); ok {
			if want, _, err := libraryPhone(typed, "PL"); err != nil || got != want {
				t.Fatalf("plainPhone(%q, PL) = %s; the library says %s %v", typed, got, want, err)
			}
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"+7 916 555-00-10", "8(495)123-45-67, доб. 12", "7.9E+10", "XXXX", "1-800-FLOWERS", "tel:+1-418-656-9254;ext=102", "+39 06 123", "٠١٢٣٤٥٦٧٨٩", "+541112345678", "\xff+7"} {
		f.Add(s, "RU")
		f.Add(s, "US")
	}
	f.Fuzz(func(t *testing.T, s, region string) {
		if len(s) > 300 || len(region) > 4 {
			return
		}
		phones, _ := ParsePhones(s, region)
		if p, err := ParsePhone(s, region); err == nil {
			phones = append(phones, p)
		}
		for _, p := range phones {
			again, err := ParsePhone(p.Number, region)
			if err != nil || again.Number != p.Number || again.Typed != "" {
				t.Errorf("%q gives %s, which reads as %+v, %v", s, p.Number, again, err)
			}
			if strings.Trim(p.Number, "+0123456789") != "" || strings.Trim(p.Ext, "0123456789") != "" {
				t.Errorf("%q gives %q %q", s, p.Number, p.Ext)
			}
		}
	})
}

func BenchmarkParsePhonePlain(b *testing.B) {
	for b.Loop() {
		if _, err := ParsePhone("8 (916) 555-00-10", "RU"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParsePhoneLibrary(b *testing.B) {
	for b.Loop() {
		if _, _, err := libraryPhone("8 (916) 555-00-10", "RU"); err != nil {
			b.Fatal(err)
		}
	}
}
