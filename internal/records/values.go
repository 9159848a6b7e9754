package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Values are what a record is to hold, by field name. Their Go types are those
// of the API: string, bool, json.Number (or float64, int64), nil for "nothing",
// []any, and map[string]any or value.Phone and value.Email for phones and mail
// addresses. A field that is not named keeps what it holds.
type Values map[string]any

// settings is what canonical forms depend on besides the value itself.
type settings struct {
	region string // default region of phone numbers
	ids    resolver
}

// resolver turns public ids into the house's own.
type resolver interface {
	Person(public string) (actor.PersonID, bool)
	Record(kind, public string) (schema.RecordID, bool)
	Numbered(prefix, public string) (int64, bool)
}

// maxNumber bounds numbers so that scaling cannot overflow.
const maxNumber = math.MaxInt64 / 1_000_000 / 2

// canonical checks a value and brings it into the form of the database. The
// error is a fault that names the field and never repeats the value.
func (s settings) canonical(f *schema.Field, v any) (store.Cell, error) {
	c := store.Cell{Field: f}
	if t, ok := v.(string); ok && strings.TrimSpace(t) == "" {
		v = nil
	}
	if a, ok := v.([]any); ok && len(a) == 0 {
		v = nil
	}
	if v == nil {
		if f.Required {
			return c, refuse(f, "required", "%s must not be empty.")
		}
		return c, nil
	}
	switch f.Type {
	case schema.Person, schema.Relation, schema.Pipeline, schema.Stage:
		// What the API shows as {"id": …, "name": …} may come back like that.
		if m, ok := v.(map[string]any); ok {
			v = m["id"]
		}
	}
	var err error
	switch f.Type {
	case schema.Text, schema.LongText:
		err = s.text(&c, v)
	case schema.Integer:
		c.Column, err = integer(f, v)
	case schema.Number:
		c.Column, err = scaled(f, v, 6)
	case schema.Money:
		c.Column, err = scaled(f, v, 2)
	case schema.Bool:
		b, ok := v.(bool)
		if !ok {
			return c, refuse(f, "bool", "%s must be yes or no.")
		}
		c.Column = int64(0)
		if b {
			c.Column = int64(1)
		}
	case schema.Date:
		t, ok := v.(string)
		if !ok {
			return c, refuse(f, "date", "%s must be a date such as 1986-07-16.")
		}
		d, perr := value.ParseDate(t, value.DateHint{})
		if perr != nil {
			return c, refuse(f, "date", "%s must be a date such as 1986-07-16.")
		}
		c.Column = d.String()
	case schema.DateTime:
		t, ok := v.(string)
		if !ok {
			return c, refuse(f, "datetime", "%s must be a time such as 2026-03-01T09:30:00Z.")
		}
		at, perr := time.Parse(time.RFC3339Nano, t)
		if perr != nil || at.Year() < 1 || at.Year() > 9999 {
			return c, refuse(f, "datetime", "%s must be a time such as 2026-03-01T09:30:00Z.")
		}
		c.Column = at.UnixMicro()
	case schema.Choice:
		t, ok := v.(string)
		if _, known := f.Option(t); !ok || !known {
			return c, refuse(f, "choice", "%s must be one of its choices.")
		}
		c.Column = t
	case schema.Choices:
		err = choices(&c, v)
	case schema.Phones:
		err = s.phones(&c, v)
	case schema.Emails:
		err = emails(&c, v)
	case schema.Tags:
		err = tags(&c, v)
	case schema.URL:
		err = link(&c, v)
	case schema.Lines:
		err = lines(&c, v)
	case schema.Person:
		id, ok := v.(actor.PersonID)
		if !ok {
			t, _ := v.(string)
			if id, ok = s.ids.Person(t); !ok {
				return c, refuse(f, "person", "%s must name a person of this workspace.")
			}
		}
		c.Column = int64(id)
	case schema.Relation:
		id, ok := v.(schema.RecordID)
		if !ok {
			t, _ := v.(string)
			if id, ok = s.ids.Record(f.Target, t); !ok {
				return c, refuse(f, "relation", "%s must name a record that you may see.")
			}
		}
		c.Column = int64(id)
	case schema.Pipeline, schema.Stage:
		id, ok := v.(int64)
		if !ok {
			t, _ := v.(string)
			if id, ok = s.ids.Numbered(f.Type.String(), t); !ok {
				return c, refuse(f, f.Type.String(), "%s must name one that exists.")
			}
		}
		c.Column = id
	default:
		return c, fmt.Errorf("canonical form of %s.%s: type %d is not known", f.Kind().Name, f.Name, f.Type)
	}
	if err == nil && f.Required && c.Column == nil {
		err = refuse(f, "required", "%s must not be empty.")
	}
	return c, err
}

// refuse makes the fault for a value that cannot be taken. format holds one %s
// for the field's English label.
func refuse(f *schema.Field, code, format string) error {
	return fault.Newf(fault.Invalid, "field."+code, format, f.Labels.In("en")).At(f.Name)
}

func (s settings) text(c *store.Cell, v any) error {
	f := c.Field
	t, ok := v.(string)
	if !ok {
		return refuse(f, "text", "%s must be text.")
	}
	t, ok = clean(t, f.Type == schema.LongText)
	if !ok {
		return refuse(f, "characters", "%s holds characters that cannot be stored.")
	}
	if t == "" {
		return nil
	}
	limit := f.Max
	if limit == 0 {
		limit = 250
		if f.Type == schema.LongText {
			limit = 20_000
		}
	}
	if utf8.RuneCountInString(t) > limit {
		return fault.Newf(fault.Invalid, "field.long", "%s is longer than %d characters.", f.Labels.In("en"), limit).At(f.Name)
	}
	open := t
	if f.Free {
		// A mask that comes back is what a form showed, not what the person
		// wrote: storing it would destroy the number under it.
		if value.HasMask(t) {
			return refuse(f, "masked", "%s holds a hidden number (XXXX). Leave the field as it was, or write the text anew.")
		}
		if masked, found := value.MaskContacts(t); found {
			c.Masked, open = masked, masked
		}
	}
	c.Column = t
	if f.Keyed {
		c.Key = value.TextKey(open)
	}
	return nil
}

// clean trims, turns CRLF into LF and refuses what no person types: control
// characters and broken UTF-8.
func clean(t string, lines bool) (string, bool) {
	if !utf8.ValidString(t) {
		return "", false
	}
	t = strings.ReplaceAll(t, "\r\n", "\n")
	t = strings.TrimSpace(t)
	for _, r := range t {
		if r < ' ' && r != '\t' && (r != '\n' || !lines) || r == 0x7f || r == 0xfeff {
			return "", false
		}
	}
	return t, true
}

func integer(f *schema.Field, v any) (any, error) {
	switch n := v.(type) {
	case int64:
		return n, nil
	case int:
		return int64(n), nil
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < maxNumber {
			return int64(n), nil
		}
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	case string:
		if i, err := strconv.ParseInt(n, 10, 64); err == nil {
			return i, nil
		}
	}
	return nil, refuse(f, "integer", "%s must be a whole number.")
}

// scaled reads a decimal without ever passing through binary floating point.
func scaled(f *schema.Field, v any, places int) (any, error) {
	var t string
	switch n := v.(type) {
	case json.Number:
		t = n.String()
	case string:
		t = strings.TrimSpace(n)
	case int:
		t = strconv.Itoa(n)
	case int64:
		t = strconv.FormatInt(n, 10)
	case float64:
		t = strconv.FormatFloat(n, 'f', -1, 64)
	}
	if i, ok := decimal(t, places); ok {
		return i, nil
	}
	return nil, fault.Newf(fault.Invalid, "field.number", "%s must be a number with at most %d decimal places.", f.Labels.In("en"), places).At(f.Name)
}

// decimal reads digits with an optional sign and point into an integer scaled
// by ten to the places.
func decimal(t string, places int) (int64, bool) {
	sign := int64(1)
	if strings.HasPrefix(t, "-") {
		sign, t = -1, t[1:]
	}
	whole, part, _ := strings.Cut(t, ".")
	if whole == "" || len(part) > places {
		part = strings.TrimRight(part, "0")
		if whole == "" || len(part) > places {
			return 0, false
		}
	}
	var n int64
	for _, r := range whole + part + strings.Repeat("0", places-len(part)) {
		if r < '0' || r > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(r-'0')
	}
	return sign * n, true
}

// list reads a JSON array, or one value as an array of one.
func list(v any) []any {
	switch l := v.(type) {
	case []any:
		return l
	case []string:
		all := make([]any, len(l))
		for i, s := range l {
			all[i] = s
		}
		return all
	case []value.Phone:
		all := make([]any, len(l))
		for i, p := range l {
			all[i] = p
		}
		return all
	case []value.Email:
		all := make([]any, len(l))
		for i, e := range l {
			all[i] = e
		}
		return all
	}
	return []any{v}
}

// bounded checks how many values a multi field gets.
func bounded(f *schema.Field, n int) error {
	limit := f.Max
	if limit == 0 {
		limit = 50
	}
	if n > limit {
		return fault.Newf(fault.Invalid, "field.many", "%s takes at most %d values.", f.Labels.In("en"), limit).At(f.Name)
	}
	return nil
}

// fill puts a multi field's values into its cell.
func fill(c *store.Cell, values any, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	text, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("encode %s: %w", c.Field.Name, err)
	}
	c.Column, c.Multi = string(text), keys
	return nil
}

func choices(c *store.Cell, v any) error {
	all := list(v)
	if err := bounded(c.Field, len(all)); err != nil {
		return err
	}
	var keys []string
	for _, one := range all {
		t, ok := one.(string)
		if _, known := c.Field.Option(t); !ok || !known {
			return refuse(c.Field, "choice", "%s must be some of its choices.")
		}
		if !slices.Contains(keys, t) {
			keys = append(keys, t)
		}
	}
	return fill(c, keys, keys)
}

func tags(c *store.Cell, v any) error {
	all := list(v)
	if err := bounded(c.Field, len(all)); err != nil {
		return err
	}
	var shown, keys []string
	for _, one := range all {
		t, ok := one.(string)
		if ok {
			t, ok = clean(t, false)
		}
		if !ok || utf8.RuneCountInString(t) > 60 {
			return refuse(c.Field, "tag", "%s must be words of at most 60 characters.")
		}
		if t == "" {
			continue
		}
		// Tags are open to everyone who sees the record, and found by exact
		// match: no place for a number that may be hidden elsewhere.
		if _, found := value.MaskContacts(t); found || value.HasMask(t) {
			return refuse(c.Field, "tag_contact", "%s must not hold phone numbers or mail addresses.")
		}
		if key := value.TextKey(t); !slices.Contains(keys, key) {
			shown, keys = append(shown, t), append(keys, key)
		}
	}
	return fill(c, shown, keys)
}

func (s settings) phones(c *store.Cell, v any) error {
	all := list(v)
	if err := bounded(c.Field, len(all)); err != nil {
		return err
	}
	var phones []value.Phone
	var keys []string
	for _, one := range all {
		p, typed := value.Phone{}, ""
		switch m := one.(type) {
		case value.Phone:
			p = m
		case string:
			typed = m
		case map[string]any:
			typed, _ = m["number"].(string)
			p.Label, _ = m["label"].(string)
			if ext, ok := m["ext"].(string); ok && ext != "" {
				typed += " x" + ext
			}
		}
		if p.Number == "" {
			if strings.TrimSpace(typed) == "" {
				continue
			}
			label := p.Label
			parsed, err := value.ParsePhone(typed, s.region)
			switch {
			case errors.Is(err, value.ErrPhoneMasked):
				return refuse(c.Field, "masked", "%s: a hidden number (XXXX) cannot be saved. Leave the field as it was, or write the whole number.")
			case err != nil:
				return refuse(c.Field, "phone", "%s: this is not a phone number that can be called.")
			}
			p = parsed
			p.Label = label
		}
		label, ok := clean(p.Label, false)
		if !ok || utf8.RuneCountInString(label) > 40 {
			return refuse(c.Field, "label", "%s: a label has at most 40 characters.")
		}
		if _, found := value.MaskContacts(label); found {
			return refuse(c.Field, "label", "%s: a label must not hold numbers or addresses.")
		}
		p.Label = label
		if key := value.PhoneKey(p); !slices.Contains(keys, key) {
			phones, keys = append(phones, p), append(keys, key)
		}
	}
	return fill(c, phones, keys)
}

func emails(c *store.Cell, v any) error {
	all := list(v)
	if err := bounded(c.Field, len(all)); err != nil {
		return err
	}
	var mails []value.Email
	var keys []string
	for _, one := range all {
		var m value.Email
		typed := ""
		switch e := one.(type) {
		case value.Email:
			typed, m.Label = e.Address, e.Label
		case string:
			typed = e
		case map[string]any:
			typed, _ = e["address"].(string)
			m.Label, _ = e["label"].(string)
		}
		if strings.TrimSpace(typed) == "" {
			continue
		}
		parsed, err := value.ParseEmail(typed)
		if err != nil {
			return refuse(c.Field, "email", "%s: this is not a mail address.")
		}
		label, ok := clean(m.Label, false)
		if !ok || utf8.RuneCountInString(label) > 40 {
			return refuse(c.Field, "label", "%s: a label has at most 40 characters.")
		}
		if _, found := value.MaskContacts(label); found {
			return refuse(c.Field, "label", "%s: a label must not hold numbers or addresses.")
		}
		parsed.Label = label
		if key := value.EmailKey(parsed.Address); !slices.Contains(keys, key) {
			mails, keys = append(mails, parsed), append(keys, key)
		}
	}
	return fill(c, mails, keys)
}

// link takes http and https only: a "javascript:" that a colleague clicks is
// somebody else's program (attack 51).
func link(c *store.Cell, v any) error {
	f := c.Field
	t, ok := v.(string)
	if ok {
		t, ok = clean(t, false)
	}
	limit := f.Max
	if limit == 0 {
		limit = 500
	}
	if !ok || len(t) > limit {
		return refuse(f, "url", "%s must be a web address.")
	}
	if !strings.Contains(t, "://") && !strings.Contains(t, ":") {
		t = "https://" + t
	}
	u, err := url.Parse(t)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return refuse(f, "url", "%s must be a web address that begins with http:// or https://.")
	}
	c.Column = t
	return nil
}

// lines reads the lines of an invoice. A fault names the line by its place.
func lines(c *store.Cell, v any) error {
	all, ok := v.([]any)
	if !ok {
		return refuse(c.Field, "lines", "%s must be a list of lines.")
	}
	if err := bounded(c.Field, len(all)); err != nil {
		return err
	}
	read := make([]value.InvoiceLine, len(all))
	for i, one := range all {
		l, err := line(c.Field, one)
		code := map[error]string{value.ErrLineTitle: "title", value.ErrLineQuantity: "quantity", value.ErrLinePrice: "price", value.ErrLineRate: "rate", value.ErrLineLarge: "large"}[err]
		if code != "" {
			return fault.Newf(fault.Invalid, "lines."+code, "Line %d: %s.", i+1, err).At(c.Field.Name)
		}
		if err != nil {
			return err
		}
		read[i] = l
	}
	text, err := value.WriteLines(read)
	if err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	c.Column = text
	if masked, found := value.MaskLines(text); found {
		c.Masked = masked
	}
	return nil
}

func line(f *schema.Field, v any) (value.InvoiceLine, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return value.InvoiceLine{}, refuse(f, "lines", "%s must be a list of lines.")
	}
	for name := range m {
		if !slices.Contains([]string{"title", "quantity", "price", "vat", "sum"}, name) {
			return value.InvoiceLine{}, refuse(f, "lines", "%s: a line has a title, a quantity, a price and a rate of VAT.")
		}
	}
	title, ok := m["title"].(string)
	if ok {
		title, ok = clean(title, false)
	}
	if !ok || title == "" || utf8.RuneCountInString(title) > 250 {
		return value.InvoiceLine{}, value.ErrLineTitle
	}
	if value.HasMask(title) {
		return value.InvoiceLine{}, refuse(f, "masked", "%s holds a hidden number (XXXX). Leave the field as it was, or write the text anew.")
	}
	l := value.InvoiceLine{Title: title, Rate: value.NoRate}
	if l.Quantity, ok = value.Scaled(numeral(m["quantity"]), 6); !ok || l.Quantity <= 0 {
		return l, value.ErrLineQuantity
	}
	if l.Price, ok = value.Scaled(numeral(m["price"]), 2); !ok {
		return l, value.ErrLinePrice
	}
	if rate := numeral(m["vat"]); rate != "" {
		if l.Rate, ok = value.Scaled(rate, 2); !ok || l.Rate < 0 || l.Rate > 100_00 {
			return l, value.ErrLineRate
		}
	}
	return l.Multiplied()
}

// numeral is a number of JSON as it was written, or the text that holds one.
func numeral(v any) string {
	switch n := v.(type) {
	case json.Number:
		return n.String()
	case string:
		return strings.TrimSpace(n)
	case int:
		return strconv.Itoa(n)
	}
	return ""
}
