package exchange

import (
	"slices"
	"strings"

	"castellan/internal/schema"
	"castellan/internal/value"
)

// convert makes a cell into a value of a custom field, as the field's type would
// be written in a file. v is nil for an empty cell; rest says that some of it
// could not be taken over, and ok is false if nothing could.
func (r *reader) convert(f *schema.Field, cell string) (v any, rest, ok bool) {
	text := value.Line(strings.TrimPrefix(cell, "'"))
	if text == "" {
		return nil, false, true
	}
	if value.HasMask(text) {
		return nil, false, false
	}
	switch f.Type {
	case schema.LongText:
		return value.Paragraphs(cell), false, true
	case schema.Integer:
		n, ok := number(text)
		whole, part, _ := strings.Cut(n, ".")
		return whole, false, ok && strings.Trim(part, "0") == ""
	case schema.Number, schema.Money:
		v, ok = number(text)
		return v, false, ok
	case schema.Bool:
		v, ok = yesOrNo(text)
		return v, false, ok
	case schema.Date:
		whole, _, _ := strings.Cut(text, ".")
		d, err := value.ParseDate(text, value.DateHint{Order: r.mapping.DateOrder, Serial: r.mapping.Workbook && len(whole) == 5})
		if err == nil && d.IsZero() {
			return nil, false, true
		}
		return d.String(), false, err == nil
	case schema.Choice:
		v, ok = option(f, text)
		return v, false, ok
	case schema.Choices:
		var keys []string
		for _, word := range parts(text) {
			if key, ok := option(f, word); ok {
				keys = append(keys, key)
			} else {
				rest = true
			}
		}
		return keys, rest, len(keys) > 0
	case schema.Tags:
		return parts(text), false, true
	case schema.Phones:
		found, errs := value.ParsePhones(text, r.i.Settings.Region)
		return found, len(errs) > 0, len(found) > 0
	case schema.Emails:
		found, errs := value.ParseEmails(text)
		return found, len(errs) > 0, len(found) > 0
	case schema.Person:
		person, ok := r.m.Person(r.ctx, text)
		return person, false, ok
	case schema.Relation, schema.Pipeline, schema.Stage:
		return nil, false, false // a name does not say which of several is meant
	}
	return text, false, true
}

// parts are the words of a cell that holds several.
func parts(text string) []string {
	var all []string
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' || c == '\n' }) {
		if word = value.Line(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}

// option finds a choice by its key, or by what it is called in any language.
func option(f *schema.Field, word string) (string, bool) {
	key := value.TextKey(word)
	for _, o := range f.Options {
		if value.TextKey(o.Key) == key {
			return o.Key, true
		}
		for _, label := range o.Labels {
			if value.TextKey(label) == key {
				return o.Key, true
			}
		}
	}
	return "", false
}

// number reads a number with thousands and decimals as people write them. Of
// "1,200" alone nobody can say what it is.
func number(text string) (string, bool) {
	t := strings.Map(func(c rune) rune {
		switch c {
		case ' ', '\u00a0', '\u202f', '\'':
			return -1
		case '−':
			return '-'
		}
		return c
	}, text)
	digits := strings.TrimPrefix(t, "-")
	comma, dot := strings.Count(digits, ","), strings.Count(digits, ".")
	switch {
	case comma == 1 && dot == 0:
		if whole, part, _ := strings.Cut(digits, ","); len(part) == 3 && whole != "0" {
			return "", false
		}
		t = strings.Replace(t, ",", ".", 1)
	case comma > 0 && dot == 1 && grouped(digits, ",", "."):
		t = strings.ReplaceAll(t, ",", "")
	case dot > 1 && comma <= 1 && grouped(digits, ".", ","), dot == 1 && comma == 1 && grouped(digits, ".", ","):
		t = strings.Replace(strings.ReplaceAll(t, ".", ""), ",", ".", 1)
	case comma > 1 && dot == 0 && grouped(digits, ",", "."):
		t = strings.ReplaceAll(t, ",", "")
	}
	for _, c := range strings.Replace(strings.TrimPrefix(t, "-"), ".", "", 1) {
		if c < '0' || c > '9' {
			return "", false
		}
	}
	return t, t != "" && t != "-" && t != "."
}

// grouped tells whether the mark parts the whole number into groups of three.
func grouped(digits, mark, point string) bool {
	whole, _, _ := strings.Cut(digits, point)
	groups := strings.Split(whole, mark)
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return len(groups) > 1 && len(groups[0]) >= 1 && len(groups[0]) <= 3
}

var (
	yes = []string{"yes", "y", "true", "1", "да", "истина", "sì", "si", "vero", "tak", "prawda", "x", "+"}
	no  = []string{"no", "n", "false", "0", "нет", "ложь", "falso", "nie", "fałsz", "-"}
)

func yesOrNo(text string) (is, ok bool) {
	key := strings.ToLower(text)
	return slices.Contains(yes, key), slices.Contains(yes, key) || slices.Contains(no, key)
}

// ours tells whether a column is one of those that our file of refused rows
// puts first, in any language.
func ours(heading string) bool {
	heading = value.Line(heading)
	for _, words := range ownHeadings {
		if slices.Contains(words[:], heading) {
			return true
		}
	}
	return false
}
