package value_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"castellan/internal/value"
)

func line(t *testing.T, quantity, price string, rate int64) value.InvoiceLine {
	t.Helper()
	q, ok := value.Scaled(quantity, 6)
	p, fine := value.Scaled(price, 2)
	if !ok || !fine {
		t.Fatalf("%s times %s is not read", quantity, price)
	}
	l, err := value.InvoiceLine{Title: "x", Quantity: q, Price: p, Rate: rate}.Multiplied()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Half of a hundredth goes away from zero, of a line and of a tax; the tax is
// counted once for each rate, and the whole is what its parts say.
func TestInvoiceComesToExactlyWhatItsPartsSay(t *testing.T) {
	for _, c := range []struct{ quantity, price, sum string }{
		{"1", "10.00", "10.00"}, {"3", "33.33", "99.99"}, {"0.5", "0.01", "0.01"}, {"0.5", "-0.01", "-0.01"}, {"0.499999", "0.01", "0.00"},
		{"1.5", "0.03", "0.05"}, {"2.5", "0.01", "0.03"}, {"0.333333", "100.00", "33.33"}, {"1000000", "999999.99", "999999990000.00"},
	} {
		if got := value.Decimal(line(t, c.quantity, c.price, value.NoRate).Sum, 2, 2); got != c.sum {
			t.Errorf("%s times %s is %s, want %s", c.quantity, c.price, got, c.sum)
		}
	}
	total, err := value.Total([]value.InvoiceLine{line(t, "1", "0.10", 2300), line(t, "1", "0.10", 2300), line(t, "1", "0.10", 2300), line(t, "2", "5.00", 800), line(t, "1", "7.00", value.NoRate), line(t, "1", "3.00", 0)})
	if err != nil {
		t.Fatal(err)
	}
	// Three times 0.023 would be 0.06 rounded line by line; once for the rate it is 0.069.
	if total.Net != 20_30 || total.Tax != 7+80 || total.Gross != 21_17 || len(total.Taxes) != 4 || total.Taxes[0].Tax != 7 || total.Taxes[3].Rate != value.NoRate {
		t.Errorf("it comes to %+v", total)
	}
	if _, err := (value.InvoiceLine{Quantity: 1e15, Price: 1e14}).Multiplied(); err == nil {
		t.Error("more than can be counted was counted")
	}
}

// Held against arithmetic with fractions, on lines of chance.
func TestTotalsAgreeWithFractions(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	for range 5_000 {
		var lines []value.InvoiceLine
		want := map[int64]*big.Rat{}
		for range 1 + r.IntN(6) {
			l, err := value.InvoiceLine{Quantity: 1 + r.Int64N(5_000_000), Price: r.Int64N(200_000) - 50_000, Rate: []int64{value.NoRate, 0, 500, 2300, 1234}[r.IntN(5)]}.Multiplied()
			if err != nil {
				t.Fatal(err)
			}
			exact := big.NewRat(l.Quantity, 1_000_000)
			exact.Mul(exact, big.NewRat(l.Price, 1))
			if off := exact.Sub(exact, big.NewRat(l.Sum, 1)); off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
				t.Fatalf("%+v is off by %v", l, off)
			}
			lines = append(lines, l)
			if want[l.Rate] == nil {
				want[l.Rate] = new(big.Rat)
			}
			want[l.Rate].Add(want[l.Rate], big.NewRat(l.Sum, 1))
		}
		total, err := value.Total(lines)
		if err != nil {
			t.Fatal(err)
		}
		var net, tax int64
		for _, x := range total.Taxes {
			net, tax = net+x.Net, tax+x.Tax
			exact := new(big.Rat)
			if x.Rate != value.NoRate {
				exact.Mul(want[x.Rate], big.NewRat(x.Rate, 10_000))
			}
			if off := exact.Sub(exact, big.NewRat(x.Tax, 1)); off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
				t.Fatalf("the tax at %d is off by %v", x.Rate, off)
			}
		}
		if net != total.Net || tax != total.Tax || net+tax != total.Gross {
			t.Fatalf("%+v is not what its parts say", total)
		}
	}
}

func TestLinesAreReadAsTheyWereWrittenAndNumbersInThemHidden(t *testing.T) {
	lines := []value.InvoiceLine{line(t, "1.25", "10.00", 2300), line(t, "3", "1.10", value.NoRate)}
	lines[0].Title, lines[1].Title = "Cut for +48 500 555 001", `He said "two"`
	text, err := value.WriteLines(lines)
	if err != nil {
		t.Fatal(err)
	}
	back, err := value.ReadLines(text)
	if err != nil || len(back) != 2 || back[0] != lines[0] || back[1] != lines[1] {
		t.Errorf("%s reads as %+v, %v", text, back, err)
	}
	masked, found := value.MaskLines(text)
	if !found || strings.Contains(masked, "555") || !strings.Contains(masked, `"sum":"12.50"`) {
		t.Errorf("masked: %s", masked)
	}
	for _, s := range []string{"", "-", ".", "1.", "1.234", "1e3", "+1", "0x1", "99999999999999999999", "1,5", " 1"} {
		if n, ok := value.Scaled(s, 2); ok {
			t.Errorf("%q is read as %d", s, n)
		}
	}
}
