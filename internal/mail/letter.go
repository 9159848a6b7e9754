package mail

import (
	"fmt"
	"html/template"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"castellan/internal/value"
)

// Template names a message of the house. Its words are in words.go, in every
// language.
type Template string

// The messages that the house knows, with the values that each takes.
const (
	Invite          Template = "invite"           // link; by
	Reset           Template = "reset"            // link: somebody asked for it at the sign-in page
	ResetStarted    Template = "reset_started"    // link; by: an administrator asked for it
	PasswordChanged Template = "password_changed" // address, device
	EmailConfirm    Template = "email_confirm"    // link; goes to the new address
	EmailChanging   Template = "email_changing"   // goes to the old address when a change is asked for
	EmailChanged    Template = "email_changed"    // goes to the old address when it is changed
	DeviceNew       Template = "device_new"       // address, device, place
	FactorAdded     Template = "factor_added"     // factor
	FactorRemoved   Template = "factor_removed"   // factor
	FactorReset     Template = "factor_reset"     // by
	FactorResetOf   Template = "factor_reset_of"  // by, whose: goes to the owners
	FactorGuessed   Template = "factor_guessed"   // address, device: too many wrong codes, by somebody who knows the password
	RecoveryUsed    Template = "recovery_used"    // left
	RoleChanged     Template = "role_changed"     // role, by
	Deactivated     Template = "deactivated"
	Reactivated     Template = "reactivated"
	Test            Template = "test"
)

// Letter is what a person of the house writes to a client. It says what its
// writer says and nothing else, as plain text: what a client is shown cannot be
// made to fetch or to run anything. It has no words in words.go.
const Letter Template = "letter"

// Templates lists all that the house itself says.
func Templates() []Template { return slices.Sorted(maps.Keys(words["en"])) }

// text is what a template says in one language. In braces stand values: {name}
// of the recipient, {workspace}, {when} and {ends} are always there.
type text struct {
	subject string
	lines   []string // paragraphs before the link
	button  string   // words of the link; empty: there is none
	after   []string // paragraphs after it
}

// letter is a message that is ready to be sent.
type letter struct {
	to, name, subject, text, html string
	files                         []File
}

const longest = 200 // characters of a value: names and devices are not stories

// write makes a letter of a message. It fails if the template is not known, or
// has a link where the message has none.
func (o *Outbox) write(m Message) (letter, error) {
	if m.Template == Letter {
		if a, err := mail.ParseAddress(m.To); err != nil || a.Address != m.To || m.Token != "" {
			return letter{}, fmt.Errorf("mail %s: this is not one address, or it has a link", m.Template)
		}
		return letter{to: m.To, name: value.Line(m.Name), subject: value.Line(m.Subject), text: value.Paragraphs(m.Text) + "\n"}, nil
	}
	language := m.Language
	if words[language] == nil {
		language = "en"
	}
	t, known := words[language][m.Template]
	if !known {
		return letter{}, fmt.Errorf("there is no mail %q", string(m.Template))
	}
	if (t.button != "") != (m.Token != "") {
		return letter{}, fmt.Errorf("mail %s: the link is missing or too much", m.Template)
	}
	if a, err := mail.ParseAddress(m.To); err != nil || a.Address != m.To {
		return letter{}, fmt.Errorf("mail %s: this is not one address", m.Template)
	}
	values := map[string]string{"name": m.Name, "workspace": o.Workspace(), "when": moment(m.At, language, m.Zone), "ends": moment(m.Ends, language, m.Zone)}
	maps.Copy(values, m.Values)
	if said := factors[language][values["factor"]]; said != "" {
		values["factor"] = said
	}
	fill := filler(values)
	about := page{Language: language, Title: fill(t.subject), Button: t.button, Foot: fill(foot[language])}
	for _, l := range t.lines {
		about.Lines = append(about.Lines, fill(l))
	}
	for _, l := range t.after {
		about.After = append(about.After, fill(l))
	}
	if m.Token != "" {
		about.Link = o.URL + m.Path + "#" + m.Token
	}
	var html strings.Builder
	if err := sheet.Execute(&html, about); err != nil {
		return letter{}, fmt.Errorf("write mail %s: %w", m.Template, err)
	}
	return letter{to: m.To, name: value.Line(m.Name), subject: value.Line(about.Title), text: about.plain(), html: html.String()}, nil
}

// filler puts values into sentences, in one pass: what stands in a value is
// never taken for a place of another.
func filler(values map[string]string) func(string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(values)) {
		v := []rune(value.Line(values[k]))
		if len(v) > longest {
			v = append(v[:longest:longest], '…')
		}
		pairs = append(pairs, "{"+k+"}", string(v))
	}
	return strings.NewReplacer(pairs...).Replace
}

// page is what both forms of a letter are made of.
type page struct {
	Language, Title, Button string
	Link                    string
	Lines, After            []string
	Foot                    string
}

// plain is the letter for those who read without HTML.
func (p page) plain() string {
	parts := slices.Clone(p.Lines)
	if p.Link != "" {
		parts = append(parts, p.Button+":\n"+p.Link)
	}
	parts = append(append(parts, p.After...), "-- \n"+p.Foot)
	return strings.Join(parts, "\n\n") + "\n"
}

// sheet is the letter in HTML: nothing is fetched, so that no reader is watched.
var sheet = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title></head>
<body style="margin:0;padding:24px 12px;background:#f4f4f5;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#18181b">
<div style="max-width:520px;margin:0 auto;padding:28px 28px 20px;background:#ffffff;border:1px solid #e4e4e7;border-radius:8px">
{{range .Lines}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}{{if .Link}}<p style="margin:24px 0"><a href="{{.Link}}" style="display:inline-block;padding:10px 18px;background:#3b5bdb;color:#ffffff;text-decoration:none;border-radius:6px;font-weight:600">{{.Button}}</a></p>
<p style="margin:0 0 16px;font-size:13px;color:#52525b;word-break:break-all">{{.Link}}</p>
{{end}}{{range .After}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}<p style="margin:20px 0 0;padding-top:12px;border-top:1px solid #e4e4e7;font-size:13px;color:#71717a">{{.Foot}}</p>
</div></body></html>
`))

var months = map[string][12]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"ru": {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	"it": {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
	"pl": {"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia"},
}

// moment is a time as its reader says it, with the zone that it is told in.
func moment(t time.Time, language, zone string) string {
	if t.IsZero() {
		return ""
	}
	at, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		at, zone = time.UTC, "UTC"
	}
	t = t.In(at)
	return fmt.Sprintf("%d %s %d, %s (%s)", t.Day(), months[language][t.Month()-1], t.Year(), t.Format("15:04"), zone)
}
