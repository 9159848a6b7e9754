package value

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Date is a calendar date, or a day of the year when Year is 0, as birthdays
// often are. The zero Date is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2006-01-02", "--01-02" without a year, "" for no date.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Year == 0:
		return fmt.Sprintf("--%02d-%02d", int(d.Month), d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// DateOrder is the order of day and month where both are numbers.
type DateOrder uint8

const (
	AnyOrder DateOrder = iota // take what only reads one way, refuse the rest
	DayMonth                  // 31.12.2024, 31/12/2024
	MonthDay                  // 12/31/2024
)

// String is "", "dmy" or "mdy".
func (o DateOrder) String() string { return [...]string{"", "dmy", "mdy"}[o] }

// DateHint is what is known about a column of dates beforehand. The zero hint
// knows nothing, and makes ParseDate refuse what could mean two days.
type DateHint struct {
	Order DateOrder
	// Serial allows the day numbers that spreadsheets keep dates in. Without it
	// 17049 is not a date.
	Serial bool
	// Latest is the last day that the column can hold (for birthdays, today). It
	// gives two-digit years their century; without it they are refused.
	Latest Date
}

// Why a date was refused.
var (
	ErrDateInvalid   = errors.New("this is not a date")
	ErrDateAmbiguous = errors.New("the day and the month of this date cannot be told apart")
	ErrDateCentury   = errors.New("the century of this date is not known")
)

// ParseDate reads a date: ISO, with dots, slashes or dashes, compact (20060102),
// with the month in words (English, Russian, Italian, Polish), vCard days
// without a year (--0102), DD-MM, and with a time behind, which is dropped. An
// empty cell and the empty date of address books ("0/0/00", "0000-00-00") give
// the zero Date. Errors are TypedErrors.
func ParseDate(s string, hint DateHint) (Date, error) {
	d, err := parseDate(visible(Line(s)), hint)
	if err != nil {
		return Date{}, &TypedError{Typed: s, Err: err}
	}
	return d, nil
}

func parseDate(s string, hint DateHint) (Date, error) {
	s = unwrapCell(s)
	switch {
	case s == "":
		return Date{}, nil
	case len(s) > 64:
		return Date{}, ErrDateInvalid
	case strings.HasPrefix(s, "--"):
		return yearless(s[2:])
	}
	if hint.Serial {
		if d, ok := serialDate(s); ok {
			return d, nil
		}
	}
	numbers, words, seps, ok := dateParts(s)
	if !ok {
		return Date{}, ErrDateInvalid
	}
	if words != "" {
		return wordDate(numbers, words, hint)
	}
	if allZero(numbers) {
		return Date{}, nil
	}
	switch len(numbers) {
	case 1:
		if n := numbers[0]; len(n) == 8 {
			return realDay(atoi(n[:4]), atoi(n[4:6]), atoi(n[6:]))
		}
	case 2:
		a, b := atoi(numbers[0]), atoi(numbers[1])
		if len(numbers[0]) > 2 || len(numbers[1]) > 2 {
			return Date{}, ErrDateInvalid
		}
		day, month, err := dayMonth(a, b, seps, hint.Order)
		if err != nil {
			return Date{}, err
		}
		return realDay(0, month, day)
	case 3:
		return threeNumbers(numbers, seps, hint)
	}
	return Date{}, ErrDateInvalid
}

func threeNumbers(numbers []string, seps string, hint DateHint) (Date, error) {
	if len(numbers[0]) == 4 { // 2006-01-02
		if len(numbers[1]) > 2 || len(numbers[2]) > 2 {
			return Date{}, ErrDateInvalid
		}
		return realDay(atoi(numbers[0]), atoi(numbers[1]), atoi(numbers[2]))
	}
	if len(numbers[0]) > 2 || len(numbers[1]) > 2 || len(numbers[2]) != 4 && len(numbers[2]) != 2 {
		return Date{}, ErrDateInvalid
	}
	day, month, err := dayMonth(atoi(numbers[0]), atoi(numbers[1]), seps, hint.Order)
	if err != nil {
		return Date{}, err
	}
	year := atoi(numbers[2])
	if len(numbers[2]) == 2 {
		if hint.Latest.Year == 0 {
			return Date{}, ErrDateCentury
		}
		return inCentury(year, month, day, hint.Latest)
	}
	if year == 0 {
		return Date{}, ErrDateInvalid
	}
	return realDay(year, month, day)
}

// inCentury takes the latest year that ends in the two digits and is not after
// the latest day.
func inCentury(yy, month, day int, latest Date) (Date, error) {
	year := latest.Year/100*100 + yy
	if year > latest.Year || year == latest.Year && (month > int(latest.Month) || month == int(latest.Month) && day > latest.Day) {
		year -= 100
	}
	return realDay(year, month, day)
}

// dayMonth decides which of two numbers is the day. Dots and a lone dash mean the
// day comes first in every country that writes them.
func dayMonth(a, b int, seps string, order DateOrder) (day, month int, err error) {
	switch {
	case order == MonthDay && a <= 12:
		return b, a, nil
	case order == DayMonth && b <= 12, b <= 12 && a > 12:
		return a, b, nil
	case a <= 12 && b > 12:
		return b, a, nil
	case strings.HasPrefix(seps, ".") || seps == "-":
		return a, b, nil
	case a == b:
		return a, b, nil
	case a > 12 && b > 12:
		return 0, 0, ErrDateInvalid
	}
	return 0, 0, ErrDateAmbiguous
}

// yearless is vCard's "0102", "01-02" after "--".
func yearless(s string) (Date, error) {
	s = strings.ReplaceAll(s, "-", "")
	if i := strings.IndexAny(s, "T "); i >= 0 {
		s = s[:i]
	}
	if len(s) != 4 || strings.Trim(s, "0123456789") != "" {
		return Date{}, ErrDateInvalid
	}
	return realDay(0, atoi(s[:2]), atoi(s[2:]))
}

// serialDate is a spreadsheet's day number. Day 60 is the 29 February 1900 that
// never was; what lies before it is off by one, as spreadsheets are.
func serialDate(s string) (Date, bool) {
	s = strings.Replace(s, ",", ".", 1)
	whole, frac, _ := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 7 || strings.Trim(whole, "0123456789") != "" || strings.Trim(frac, "0123456789") != "" {
		return Date{}, false
	}
	// 20240131 is a compact date; 31.12 is one without a year, not day 31.
	n := atoi(whole)
	if n < 61 || n > 2958465 {
		return Date{}, false
	}
	t := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	return Date{t.Year(), t.Month(), t.Day()}, true
}

// dateParts takes numbers, one month in words and separators apart, and stops
// at a time of day.
func dateParts(s string) (numbers []string, word, seps string, ok bool) {
	if i := strings.IndexByte(s, ':'); i > 0 { // "… 10:15:00", "…T10:15:00Z"
		j := i
		for j > 0 && s[j-1] >= '0' && s[j-1] <= '9' {
			j--
		}
		s = strings.TrimRight(strings.TrimRight(s[:j], "T"), " ,")
		if j == 0 {
			return nil, "", "", false
		}
	}
	for s != "" {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n > 0 {
			numbers = append(numbers, s[:n])
			s = s[n:]
			continue
		}
		n = strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			w := strings.ToLower(s[:n])
			switch {
			case w == "г" || w == "года" || w == "r" || w == "th" || w == "st" || w == "nd" || w == "rd" || w == "of" || w == "t" && len(numbers) > 0:
			case word != "":
				return nil, "", "", false
			default:
				word = w
			}
			s = s[n:]
			continue
		}
		switch s[0] {
		case '.', '/', '-':
			seps += s[:1]
		case ' ', ',':
		default:
			return nil, "", "", false
		}
		s = s[1:]
		if len(numbers) > 4 || len(seps) > 4 {
			return nil, "", "", false
		}
	}
	return numbers, word, seps, len(numbers) > 0
}

func wordDate(numbers []string, word string, hint DateHint) (Date, error) {
	month := monthNamed(word)
	if month == 0 || len(numbers) > 2 {
		return Date{}, ErrDateInvalid
	}
	if len(numbers) == 1 {
		if len(numbers[0]) > 2 {
			return Date{}, ErrDateInvalid
		}
		return realDay(0, month, atoi(numbers[0]))
	}
	day, year := numbers[0], numbers[1]
	if len(day) == 4 {
		day, year = year, day
	}
	switch {
	case len(day) > 2 || len(year) != 4 && len(year) != 2:
		return Date{}, ErrDateInvalid
	case len(year) == 2 && hint.Latest.Year == 0:
		return Date{}, ErrDateCentury
	case len(year) == 2:
		return inCentury(atoi(year), month, atoi(day), hint.Latest)
	}
	return realDay(atoi(year), month, atoi(day))
}

// monthNamed knows months by their beginnings in English, Russian, Italian and
// Polish. 0: none.
func monthNamed(word string) int {
	if len([]rune(word)) < 3 {
		return 0
	}
	for month, beginnings := range [12][]string{
		{"jan", "янв", "gen", "sty"}, {"feb", "фев", "lut"}, {"mar", "мар"}, {"apr", "апр", "kwi"},
		{"may", "мая", "май", "mag", "maj"}, {"jun", "июн", "giu", "cze"}, {"jul", "июл", "lug", "lip"}, {"aug", "авг", "ago", "sie"},
		{"sep", "сен", "set", "wrz"}, {"oct", "окт", "ott", "paź", "paz"}, {"nov", "ноя", "lis"}, {"dec", "дек", "dic", "gru"},
	} {
		for _, b := range beginnings {
			if strings.HasPrefix(word, b) {
				return month + 1
			}
		}
	}
	return 0
}

// realDay checks that the day exists; without a year 29 February does.
func realDay(year, month, day int) (Date, error) {
	probe := year
	if year == 0 {
		probe = 2000
	}
	if probe < 1000 || probe > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return Date{}, ErrDateInvalid
	}
	if t := time.Date(probe, time.Month(month), day, 0, 0, 0, 0, time.UTC); t.Day() != day {
		return Date{}, ErrDateInvalid
	}
	return Date{year, time.Month(month), day}, nil
}

func allZero(numbers []string) bool {
	for _, n := range numbers {
		if strings.Trim(n, "0") != "" {
			return false
		}
	}
	return true
}

// atoi reads digits that are known to be few.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}
