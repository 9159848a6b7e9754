package query

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Words turns what people type into what rows hold.
type Words interface {
	// Person finds a person by public id.
	Person(public string) (actor.PersonID, bool)
	// Record finds a record by public id. Whether it exists is not asked.
	Record(kind, public string) (schema.RecordID, bool)
	// Key folds text as the field's keys are folded: those in the table multi,
	// or those in the twin of a Keyed field. Folding twice changes nothing.
	Key(f *schema.Field, typed string) (string, bool)
	// Part folds a part of such a text: what it begins with, or contains.
	Part(f *schema.Field, typed string) (string, bool)
}

// Names is the way back: public ids for Print and Node.
type Names interface {
	PersonWord(id actor.PersonID) string
	RecordWord(kind string, id schema.RecordID) string
}

// maxValue is the longest text of one value in bytes.
const maxValue = 1024

// storable tells whether both databases can hold the text.
func storable(s string) bool {
	return len(s) <= maxValue && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// operand is one value as typed: a Value, or an Anchor if its Word is set.
type operand struct {
	value  Value
	anchor Anchor
}

func absolute(v Value, ok bool) (operand, bool) { return operand{value: v}, ok }

// compare makes the leaf that compares the field with the operand.
func (o operand) compare(f *schema.Field, op Op) Cond {
	if o.anchor.Word != 0 {
		return Relative{f, op, o.anchor}
	}
	return Compare{f, op, o.value}
}

// yearless tells whether the operand is a date without a year.
func (o operand) yearless() bool { return o.value.form == text && o.value.text < firstYear }

// read understands the text of one value of the field. Whether it was quoted
// makes no difference, so JSON and text mean the same.
func read(f *schema.Field, s string, words Words) (operand, bool) {
	if !storable(s) {
		return operand{}, false
	}
	switch f.Type {
	case schema.Text, schema.LongText, schema.URL:
		if f.Keyed {
			key, ok := words.Key(f, s)
			return absolute(Text(key), ok && storable(key))
		}
		return absolute(Text(s), true)
	case schema.Integer:
		return absolute(readDecimal(s, 0))
	case schema.Number:
		return absolute(readDecimal(s, numberPlaces))
	case schema.Money:
		return absolute(readDecimal(s, moneyPlaces))
	case schema.Bool:
		return absolute(readBool(s))
	case schema.Choice:
		_, ok := f.Option(s)
		return absolute(Text(s), ok)
	case schema.Date:
		return readDate(s)
	case schema.DateTime:
		return readDateTime(s)
	case schema.Person:
		return readPerson(s, words)
	case schema.Pipeline, schema.Stage:
		id, ok := words.Record(f.Type.String(), s)
		return absolute(Record(id), ok)
	case schema.Relation:
		return absolute(readRecord(f, s, words))
	}
	return operand{}, false
}

const (
	numberPlaces = 6
	moneyPlaces  = 2
)

func readDecimal(s string, places int) (Value, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	digits := strings.TrimPrefix(whole, "-")
	if digits == "" || dotted && fraction == "" || len(fraction) > places || !allDigits(digits) || !allDigits(fraction) {
		return Value{}, false
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	return Int(n), err == nil
}

func printDecimal(n int64, places int) string {
	sign, digits := "", strconv.FormatInt(n, 10)
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if places == 0 {
		return sign + digits
	}
	if short := places + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - places
	return sign + digits[:point] + "." + digits[point:]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func readBool(s string) (Value, bool) {
	switch strings.ToLower(s) {
	case "yes", "true":
		return Bool(true), true
	case "no", "false":
		return Bool(false), true
	}
	return Value{}, false
}

// leapYear is put before a date without a year, so that the 29th of February passes.
const leapYear = "2000"

func readDate(s string) (operand, bool) {
	if month, ok := strings.CutPrefix(s, "--"); ok {
		return absolute(Text(s), isDay(leapYear+"-"+month))
	}
	if isDay(s) {
		return absolute(Text(s), true)
	}
	return readAnchor(s)
}

func readDateTime(s string) (operand, bool) {
	if isDay(s) {
		return operand{anchor: Anchor{Word: OnDay, Day: s}}, true
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		year := t.UTC().Year()
		return absolute(Time(t), year >= 0 && year <= 9999)
	}
	return readAnchor(s)
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func readPerson(s string, words Words) (operand, bool) {
	if s == "me" {
		return operand{anchor: Anchor{Word: Me}}, true
	}
	id, ok := words.Person(s)
	return absolute(Person(id), ok)
}

func readRecord(f *schema.Field, s string, words Words) (Value, bool) {
	if f.Target != schema.AnyKind {
		id, ok := words.Record(f.Target, s)
		return Record(id), ok
	}
	end := strings.LastIndexByte(s, '_')
	if end <= 0 {
		return Value{}, false
	}
	id, ok := words.Record(s[:end], s)
	return RecordOf(s[:end], id), ok
}

var unitTexts = [...]string{Minute: "min", Hour: "h", Day: "d", Week: "w", Month: "mo", Year: "y"}

// The farthest that an Anchor may be shifted keeps its year between 1 and 9999.
const (
	maxShift      = 50_000
	maxShiftYears = 1_000
)

func readAnchor(s string) (operand, bool) {
	a := Anchor{Word: Now}
	rest, ok := strings.CutPrefix(s, "now")
	if !ok {
		a.Word = Today
		if rest, ok = strings.CutPrefix(s, "today"); !ok {
			return operand{}, false
		}
	}
	if rest == "" {
		return operand{anchor: a}, true
	}
	digits := strings.TrimRight(rest[1:], "adhimnowy")
	n, err := strconv.Atoi(digits)
	if (rest[0] != '-' && rest[0] != '+') || err != nil || !allDigits(digits) || n > maxShift {
		return operand{}, false
	}
	for unit, name := range unitTexts {
		if name == "" || name != rest[1+len(digits):] {
			continue
		}
		a.Unit = Unit(unit)
		if a.Unit < Day && a.Word == Today || a.Unit >= Month && n > maxShiftYears {
			return operand{}, false
		}
		if a.Shift = n; rest[0] == '-' {
			a.Shift = -n
		}
		if n == 0 {
			a.Unit = 0
		}
		return operand{anchor: a}, true
	}
	return operand{}, false
}

// String gives the text form.
func (a Anchor) String() string {
	word := ""
	switch a.Word {
	case Now:
		word = "now"
	case Today:
		word = "today"
	case OnDay:
		return a.Day
	case Me:
		return "me"
	}
	if a.Shift == 0 || int(a.Unit) >= len(unitTexts) {
		return word
	}
	sign := ""
	if a.Shift > 0 {
		sign = "+"
	}
	return word + sign + strconv.Itoa(a.Shift) + unitTexts[a.Unit]
}

// unreadable stands for what nobody could have typed, such as NULL. No column
// holds it, so it is refused when it comes back; the text form shows it as "?".
const unreadable = "\x00"

// write is the inverse of read.
func write(f *schema.Field, v Value, names Names) string {
	if v.IsNull() || !v.fits(f) {
		return unreadable
	}
	switch f.Type {
	case schema.Integer:
		return printDecimal(v.number, 0)
	case schema.Number:
		return strings.TrimSuffix(strings.TrimRight(printDecimal(v.number, numberPlaces), "0"), ".")
	case schema.Money:
		return printDecimal(v.number, moneyPlaces)
	case schema.Bool:
		if v.number == 0 {
			return "no"
		}
		return "yes"
	case schema.DateTime:
		return time.UnixMicro(v.number).UTC().Format(time.RFC3339Nano)
	case schema.Person:
		if names == nil {
			return unreadable
		}
		return names.PersonWord(actor.PersonID(v.number))
	case schema.Pipeline, schema.Stage:
		if names == nil {
			return unreadable
		}
		return names.RecordWord(f.Type.String(), schema.RecordID(v.number))
	case schema.Relation:
		kind := f.Target
		if kind == schema.AnyKind {
			kind = v.text
		}
		if names == nil || kind == "" {
			return unreadable
		}
		return names.RecordWord(kind, schema.RecordID(v.number))
	}
	return v.text
}
