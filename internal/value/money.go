package value

import (
	"errors"
	"math"
	"strings"
	"unicode"
)

// Why an amount was refused.
var (
	ErrMoneyEmpty     = errors.New("there is no amount")
	ErrMoneyInvalid   = errors.New("this is not an amount of money")
	ErrMoneyAmbiguous = errors.New("it is not clear whether this amount has thousands or decimals")
	ErrMoneyPrecise   = errors.New("the amount has more decimals than its currency")
	ErrMoneyLarge     = errors.New("the amount is too large")
)

// ParseMoney reads an amount into minor units (cents, kopecks, groszy) and the
// ISO code of its currency, "" if none stands beside it. It takes thousands by
// space, comma, dot or apostrophe and decimals by comma or dot. Where both could
// be meant ("1,200"), the language decides ("en", "ru", "it", "pl"), and where it
// does not, the amount is refused: a budget must not grow a thousandfold.
// Errors are TypedErrors.
func ParseMoney(s, language string) (minor int64, currency string, err error) {
	minor, currency, err = parseMoney(visible(Line(s)), language)
	if err != nil {
		return 0, "", &TypedError{Typed: s, Err: err}
	}
	return minor, currency, nil
}

func parseMoney(s, language string) (int64, string, error) {
	s = unwrapCell(s)
	if len(s) > 64 {
		return 0, "", ErrMoneyInvalid
	}
	number, word, negative, ok := moneyParts(s)
	if !ok {
		return 0, "", ErrMoneyInvalid
	}
	if number == "" {
		if word == "" && !negative {
			return 0, "", ErrMoneyEmpty
		}
		return 0, "", ErrMoneyInvalid
	}
	currency := ""
	if word != "" {
		if currency, ok = currencyNamed(word); !ok {
			return 0, "", ErrMoneyInvalid
		}
	}
	whole, fraction, err := thousandsAndDecimals(number, language)
	if err != nil {
		return 0, "", err
	}
	places := minorPlaces(currency)
	for len(fraction) > places && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > places {
		return 0, "", ErrMoneyPrecise
	}
	var minor int64
	for _, c := range whole + fraction + "000"[:places-len(fraction)] {
		if minor > (math.MaxInt64-9)/10 {
			return 0, "", ErrMoneyLarge
		}
		minor = minor*10 + int64(c-'0')
	}
	if negative {
		minor = -minor
	}
	return minor, currency, nil
}

// moneyParts parts digits with their separators from sign and currency.
func moneyParts(s string) (number, word string, negative, ok bool) {
	if inner, cut := strings.CutPrefix(s, "("); cut && strings.HasSuffix(inner, ")") {
		s, negative = inner[:len(inner)-1], true
	}
	var n, w strings.Builder
	ended := false // the number has ended: a second one is no part of it
	for _, r := range s {
		d, isDigit := digit(r)
		switch {
		case isDigit && ended:
			return "", "", false, false
		case isDigit:
			n.WriteByte(d)
		case (r == '-' || r == '−') && n.Len() == 0 && !negative:
			negative = true
		case r == ' ' || r == '\u00a0' || r == '\u202f' || unicode.IsSpace(r):
			if n.Len() > 0 && !ended {
				n.WriteByte(' ')
			}
		case (r == '.' || r == ',' || r == '\'' || r == '’') && n.Len() > 0 && !ended:
			if r == '’' {
				r = '\''
			}
			n.WriteRune(r)
		case unicode.IsLetter(r) || unicode.Is(unicode.Sc, r):
			ended = n.Len() > 0
			w.WriteRune(r)
		case r == '.' && w.Len() > 0: // "руб."
		default:
			return "", "", false, false
		}
	}
	return strings.Trim(n.String(), " "), w.String(), negative, true
}

// thousandsAndDecimals decides what the separators of a number mean.
func thousandsAndDecimals(number, language string) (whole, fraction string, err error) {
	// "100." and "100,-" style ends: the separator means nothing.
	number = strings.TrimRight(number, " .,'")
	last := strings.LastIndexAny(number, ".,'")
	if last < 0 {
		whole, ok := ungroup(number, " ")
		return whole, "", orInvalid(ok)
	}
	sep := number[last : last+1]
	head, tail := number[:last], number[last+1:]
	if strings.Trim(tail, "0123456789") != "" {
		// "1,200 300": a space may only part thousands before the others.
		return "", "", ErrMoneyInvalid
	}
	others := strings.Trim(strings.ReplaceAll(head, sep, ""), "0123456789")
	switch {
	case sep == "'":
		whole, ok := ungroup(number, "'")
		return whole, "", orInvalid(ok)
	case strings.Contains(head, sep) && others == "": // 1.200.500
		whole, ok := ungroup(number, sep)
		return whole, "", orInvalid(ok)
	case strings.Contains(head, sep): // 1.200,500.3
		return "", "", ErrMoneyInvalid
	case strings.ContainsAny(head, " ,.'"): // 1.200,50 and 12 444,53
		other := head[strings.IndexAny(head, " ,.'"):][:1]
		whole, ok := ungroup(head, other)
		return whole, tail, orInvalid(ok)
	case len(tail) == 3 && len(head) <= 3 && strings.Trim(head, "0") != "": // 1,200
		switch {
		case sep == "," && base(language) == "en", sep == "." && (base(language) == "it" || base(language) == "de" || base(language) == "es" || base(language) == "pt"):
			return head + tail, "", nil
		}
		return "", "", ErrMoneyAmbiguous
	}
	return head, tail, nil
}

func orInvalid(ok bool) error {
	if ok {
		return nil
	}
	return ErrMoneyInvalid
}

// ungroup takes thousands separators out, if they part thousands.
func ungroup(s, sep string) (string, bool) {
	parts := strings.Split(s, sep)
	for i, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" || len(parts) > 1 && (i == 0 && len(p) > 3 || i > 0 && len(p) != 3) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

func currencyNamed(word string) (string, bool) {
	switch w := strings.ToLower(word); w {
	case "₽", "р", "руб", "рублей", "рубля", "рубль", "rub", "rur":
		return "RUB", true
	case "€", "eur", "euro", "евро":
		return "EUR", true
	case "$", "usd", "us$", "долл", "доллар", "долларов":
		return "USD", true
	case "zł", "zl", "pln", "złotych", "злотых":
		return "PLN", true
	case "£", "gbp":
		return "GBP", true
	case "₴", "uah", "грн":
		return "UAH", true
	case "₸", "kzt", "тг", "тенге":
		return "KZT", true
	case "byn", "chf", "czk", "jpy", "cny", "sek", "nok", "dkk", "huf", "ron", "bgn", "try", "ils", "aed", "gel", "amd", "uzs", "cad", "aud", "krw", "inr", "brl", "mxn", "kwd", "bhd", "omr", "jod", "tnd", "vnd", "clp", "isk", "azn", "kgs", "mdl", "tjs", "rsd":
		return strings.ToUpper(w), true
	case "kč":
		return "CZK", true
	case "₺":
		return "TRY", true
	case "₾":
		return "GEL", true
	}
	return "", false
}

// minorPlaces are the decimals of a currency (ISO 4217).
func minorPlaces(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK":
		return 0
	case "KWD", "BHD", "OMR", "JOD", "TND":
		return 3
	}
	return 2
}
