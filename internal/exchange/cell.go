package exchange

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/value"
)

// cell is one value on its way into a file.
type cell struct {
	text   string // as people read it
	number string // for a sheet, if it is a number: a decimal with a point
	form   cellForm
	ours   bool // its letters are ours or were checked: it cannot be a formula
}

type cellForm uint8

const (
	cellText cellForm = iota
	cellNumber
	cellMoney
	cellDay
	cellMoment
)

// renderer writes the values of records as people read them.
type renderer struct {
	people   map[actor.PersonID]string
	steps    map[schema.Type]map[int64]string
	zone     *time.Location
	language string
}

func (r *renderer) headings(fields []*schema.Field) []cell {
	all := make([]cell, len(fields))
	for i, f := range fields {
		all[i].text = f.Labels.In(r.language)
		if all[i].text == "" {
			all[i].text = f.Name
		}
	}
	return all
}

func (r *renderer) row(p *records.Page, row *records.Row) []cell {
	all := make([]cell, len(p.Fields))
	for i, f := range p.Fields {
		switch {
		case row.Sights[i] == records.Plain:
			all[i] = r.value(p, f, row.Values[i])
		case row.Sights[i] != records.Hidden && f.Type == schema.Phones:
			// That there are two numbers may be known; of all else, not even whether it is there.
			all[i] = cell{text: strings.TrimSuffix(strings.Repeat("XXXX, ", row.Present[i]), ", "), ours: true}
		}
	}
	return all
}

func (r *renderer) value(p *records.Page, f *schema.Field, v any) cell {
	switch v := v.(type) {
	case string:
		return r.written(f, v)
	case int64:
		return r.counted(p, f, v)
	}
	return cell{}
}

func (r *renderer) written(f *schema.Field, v string) cell {
	switch f.Type {
	case schema.Phones:
		var all []value.Phone
		var words []string
		if json.Unmarshal([]byte(v), &all) == nil {
			for _, p := range all {
				word := p.Number
				if p.Ext != "" {
					word += " x" + p.Ext
				}
				words = append(words, word)
			}
		}
		return cell{text: strings.Join(words, ", "), ours: true}
	case schema.Emails:
		var all []value.Email
		var words []string
		if json.Unmarshal([]byte(v), &all) == nil {
			for _, e := range all {
				words = append(words, e.Address)
			}
		}
		return cell{text: strings.Join(words, ", ")}
	case schema.Tags, schema.Choices:
		var words []string
		if json.Unmarshal([]byte(v), &words) == nil && f.Type == schema.Choices {
			for i, key := range words {
				words[i] = r.option(f, key)
			}
		}
		return cell{text: strings.Join(words, ", ")}
	case schema.Choice:
		return cell{text: r.option(f, v)}
	case schema.Lines:
		lines, err := value.ReadLines(v)
		if err != nil {
			return cell{}
		}
		var words []string
		for _, l := range lines {
			words = append(words, l.Title+" × "+value.Decimal(l.Quantity, 6, 0)+" = "+value.Decimal(l.Sum, 2, 2))
		}
		return cell{text: strings.Join(words, "; ")}
	case schema.Date:
		if day, err := time.Parse(time.DateOnly, v); err == nil {
			return cell{text: v, number: serial(day, false), form: cellDay, ours: true}
		}
	}
	return cell{text: v}
}

func (r *renderer) option(f *schema.Field, key string) string {
	if o, known := f.Option(key); known && o.Labels.In(r.language) != "" {
		return o.Labels.In(r.language)
	}
	return key
}

func (r *renderer) counted(p *records.Page, f *schema.Field, n int64) cell {
	switch f.Type {
	case schema.Bool:
		word := answers[r.language][0]
		if n != 0 {
			word = answers[r.language][1]
		}
		return cell{text: word, ours: true}
	case schema.Money:
		d := value.Decimal(n, 2, 2)
		return cell{text: d, number: d, form: cellMoney, ours: true}
	case schema.Number:
		d := value.Decimal(n, 6, 0)
		return cell{text: d, number: d, form: cellNumber, ours: true}
	case schema.DateTime:
		at := time.UnixMicro(n).In(r.zone)
		return cell{text: at.Format("2006-01-02 15:04"), number: serial(at, true), form: cellMoment, ours: true}
	case schema.Person:
		return cell{text: r.people[actor.PersonID(n)]}
	case schema.Pipeline, schema.Stage:
		return cell{text: r.steps[f.Type][n]}
	case schema.Relation:
		return cell{text: p.Titles[schema.RecordID(n)]} // empty: it may not leave
	}
	d := strconv.FormatInt(n, 10)
	return cell{text: d, number: d, form: cellNumber, ours: true}
}

// serial is a day or a moment as sheets count them: days since 30 December 1899.
// Those before March 1900 sheets disagree about: they stay text.
func serial(at time.Time, moment bool) string {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	if day.Before(time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)) || day.Year() > 9999 {
		return ""
	}
	days := strconv.Itoa(int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour)))
	if !moment {
		return days
	}
	seconds := at.Hour()*3600 + at.Minute()*60 + at.Second()
	return days + strings.TrimPrefix(strconv.FormatFloat(float64(seconds)/86400, 'f', 9, 64), "0")
}
