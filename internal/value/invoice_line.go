package value

import (
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// InvoiceLine is one line of an invoice. Numbers are whole: nothing passes through
// binary fractions.
type InvoiceLine struct {
	Title    string
	Quantity int64 // millionths
	Price    int64 // of one, without tax, in hundredths of the currency
	Rate     int64 // of value added tax, in hundredths of a percent; NoRate: none is due
	Sum      int64 // Quantity times Price, in hundredths, rounded half away from zero
}

// NoRate is the rate of a line on which no tax is due, which is another thing
// than a rate of zero.
const NoRate = -1

// Errors of lines.
var (
	ErrLineTitle    = errors.New("a line needs a title")
	ErrLineQuantity = errors.New("a quantity is more than nothing and has at most six decimal places")
	ErrLinePrice    = errors.New("a price has at most two decimal places")
	ErrLineRate     = errors.New("a rate lies between 0 and 100 and has at most two decimal places")
	ErrLineLarge    = errors.New("a line or an invoice comes to more than can be counted")
)

// largest bounds what a line and an invoice come to, in hundredths.
const largest = 1_000_000_000_000_00

// written is a line as it is stored and as the API shows it.
type written struct {
	Title    string  `json:"title"`
	Quantity string  `json:"quantity"`
	Price    string  `json:"price"`
	VAT      *string `json:"vat"`
	Sum      string  `json:"sum"`
}

// Multiplied gives the line with its sum.
func (l InvoiceLine) Multiplied() (InvoiceLine, error) {
	sum, ok := rounded(l.Quantity, l.Price, 1_000_000)
	if !ok {
		return l, ErrLineLarge
	}
	l.Sum = sum
	return l, nil
}

// rounded is a times b divided by c, rounded half away from zero: 0.5 becomes 1
// and -0.5 becomes -1, as people round on paper.
func rounded(a, b, c int64) (int64, bool) {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	half := big.NewInt(c / 2)
	if p.Sign() < 0 {
		half.Neg(half)
	}
	p.Quo(p.Add(p, half), big.NewInt(c))
	if !p.IsInt64() || p.CmpAbs(big.NewInt(largest)) > 0 {
		return 0, false
	}
	return p.Int64(), true
}

// Tax is what is due at one rate.
type Tax struct {
	Rate int64 // NoRate: none
	Net  int64
	Tax  int64
}

// Totals is what lines come to. Tax is counted once a rate, on the sum of its
// lines, and rounded half away from zero; so the whole is exactly what its parts
// say.
type Totals struct {
	Taxes           []Tax // highest rate first, lines without tax last
	Net, Tax, Gross int64
}

// Total adds up lines.
func Total(lines []InvoiceLine) (Totals, error) {
	var t Totals
	for _, l := range lines {
		i := slices.IndexFunc(t.Taxes, func(x Tax) bool { return x.Rate == l.Rate })
		if i < 0 {
			i = len(t.Taxes)
			t.Taxes = append(t.Taxes, Tax{Rate: l.Rate})
		}
		t.Taxes[i].Net += l.Sum
		if t.Net += l.Sum; t.Net > largest || t.Net < -largest {
			return Totals{}, ErrLineLarge
		}
	}
	slices.SortFunc(t.Taxes, func(a, b Tax) int { return int(b.Rate - a.Rate) })
	for i := range t.Taxes {
		if t.Taxes[i].Rate == NoRate {
			continue
		}
		tax, ok := rounded(t.Taxes[i].Net, t.Taxes[i].Rate, 100_00)
		if !ok {
			return Totals{}, ErrLineLarge
		}
		t.Taxes[i].Tax = tax
		t.Tax += tax
	}
	t.Gross = t.Net + t.Tax
	return t, nil
}

// WriteLines is the form in which lines are stored.
func WriteLines(lines []InvoiceLine) (string, error) {
	all := make([]written, len(lines))
	for i, l := range lines {
		all[i] = written{Title: l.Title, Quantity: Decimal(l.Quantity, 6, 0), Price: Decimal(l.Price, 2, 2), Sum: Decimal(l.Sum, 2, 2)}
		if l.Rate != NoRate {
			rate := Decimal(l.Rate, 2, 0)
			all[i].VAT = &rate
		}
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// ReadLines is the inverse of WriteLines.
func ReadLines(text string) ([]InvoiceLine, error) {
	var all []written
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	lines := make([]InvoiceLine, len(all))
	for i, w := range all {
		l := InvoiceLine{Title: w.Title, Rate: NoRate}
		var ok [4]bool
		l.Quantity, ok[0] = Scaled(w.Quantity, 6)
		l.Price, ok[1] = Scaled(w.Price, 2)
		l.Sum, ok[2] = Scaled(w.Sum, 2)
		ok[3] = true
		if w.VAT != nil {
			l.Rate, ok[3] = Scaled(*w.VAT, 2)
		}
		if slices.Contains(ok[:], false) {
			return nil, errors.New("a stored line does not hold numbers")
		}
		lines[i] = l
	}
	return lines, nil
}

// MaskLines hides numbers and addresses that were typed into the titles of
// stored lines.
func MaskLines(text string) (masked string, found bool) {
	lines, err := ReadLines(text)
	if err != nil {
		return "", true
	}
	for i := range lines {
		if m, hid := MaskContacts(lines[i].Title); hid {
			lines[i].Title, found = m, true
		}
	}
	if !found {
		return text, false
	}
	masked, err = WriteLines(lines)
	if err != nil {
		return "", true
	}
	return masked, true
}

// Scaled reads digits with an optional sign and point into a whole number scaled
// by ten to the places.
func Scaled(text string, places int) (int64, bool) {
	whole, part, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	part = strings.TrimRight(part, "0")
	if whole == "" || len(whole) > 15 || len(part) > places || pointed && strings.HasSuffix(text, ".") {
		return 0, false
	}
	digits := whole + part + strings.Repeat("0", places-len(part))
	if strings.Trim(digits, "0123456789") != "" || len(digits) > 18 {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	return n, err == nil
}

// Decimal writes a scaled number with a point, and at least so many places
// behind it.
func Decimal(n int64, places, least int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	digits := strconv.FormatInt(n, 10)
	if len(digits) <= places {
		digits = strings.Repeat("0", places+1-len(digits)) + digits
	}
	whole, part := digits[:len(digits)-places], digits[len(digits)-places:]
	for len(part) > least && strings.HasSuffix(part, "0") {
		part = part[:len(part)-1]
	}
	if part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}
