package value

import (
	"errors"
	"fmt"
	"testing"
)

func TestMoneyOfFourLanguages(t *testing.T) {
	for _, c := range []struct {
		in, language string
		minor        int64
		currency     string
	}{
		{"12 444,53", "ru", 1244453, ""},
		{"12\u00a0444,53 ₽", "ru", 1244453, "RUB"},
		{"1.200,50", "it", 120050, ""},
		{"1.200,50", "en", 120050, ""},
		{"1,200.50", "ru", 120050, ""},
		{"$1,200", "en", 120000, "USD"},
		{"1.200", "it", 120000, ""},
		{"1.200.500", "ru", 120050000, ""},
		{"9156", "ru", 915600, ""},
		{"0", "ru", 0, ""},
		{"-5,5", "ru", -550, ""},
		{"(100)", "en", -10000, ""},
		{"1'200.50 CHF", "de", 120050, "CHF"},
		{"0.125", "en", 0, "!"},
		{"0,500 KWD", "en", 500, "KWD"},
		{"100 JPY", "en", 100, "JPY"},
		{"1500 руб.", "ru", 150000, "RUB"},
		{"99,90 zł", "pl", 9990, "PLN"},
		{"100,-", "pl", 0, "!"},
	} {
		minor, currency, err := ParseMoney(c.in, c.language)
		if c.currency == "!" {
			if err == nil {
				t.Errorf("ParseMoney(%q, %s) = %d %s", c.in, c.language, minor, currency)
			}
			continue
		}
		if err != nil || minor != c.minor || currency != c.currency {
			t.Errorf("ParseMoney(%q, %s) = %d %q, %v; want %d %q", c.in, c.language, minor, currency, err, c.minor, c.currency)
		}
	}
}

func TestMoneyThatCouldBeAThousandTimesMoreIsRefused(t *testing.T) {
	for _, c := range []struct {
		in, language string
		want         error
	}{
		{"1.200", "ru", ErrMoneyAmbiguous},
		{"1,200", "it", ErrMoneyAmbiguous},
		{"1.200", "en", ErrMoneyAmbiguous},
		{"1.2345", "en", ErrMoneyPrecise},
		{"5%", "ru", ErrMoneyInvalid},
		{"1 2", "ru", ErrMoneyInvalid},
		{"1,20,300", "en", ErrMoneyInvalid},
		{"12 кг", "ru", ErrMoneyInvalid},
		{"1e5", "en", ErrMoneyInvalid},
		{"", "en", ErrMoneyEmpty},
		{"-", "en", ErrMoneyInvalid},
		{"92233720368547758070", "en", ErrMoneyLarge},
	} {
		if minor, _, err := ParseMoney(c.in, c.language); !errors.Is(err, c.want) {
			t.Errorf("ParseMoney(%q, %s) = %d, %v; want %v", c.in, c.language, minor, err, c.want)
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"12 444,53", "1.200,50 €", "-(5)", "1'200", "9223372036854775807", "٠١٢", "1,,2", "..", "1 200 300.5 zł"} {
		f.Add(s, "ru")
		f.Add(s, "en")
	}
	f.Fuzz(func(t *testing.T, s, language string) {
		if len(s) > 200 {
			return
		}
		minor, currency, err := ParseMoney(s, language)
		if err != nil || minor < 0 {
			return
		}
		scale := int64(1)
		for range minorPlaces(currency) {
			scale *= 10
		}
		printed := fmt.Sprintf("%d %s", minor/scale, currency)
		if scale > 1 {
			printed = fmt.Sprintf("%d.%0*d %s", minor/scale, minorPlaces(currency), minor%scale, currency)
		}
		// Three decimals with a short head read as thousands: say them in full.
		again, same, err := ParseMoney(printed, "ru")
		if errors.Is(err, ErrMoneyAmbiguous) {
			return
		}
		if err != nil || again != minor || same != currency {
			t.Errorf("%q gives %d %s, printed %q, which reads as %d %s, %v", s, minor, currency, printed, again, same, err)
		}
	})
}
