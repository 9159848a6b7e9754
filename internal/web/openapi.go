package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"castellan/internal/crm"
	"castellan/internal/schema"
)

// Records are written by hand, so they are described by hand: these types stand
// for them in the table of routes.
type (
	recordShape struct{} // one record of the route's kind
	recordPage  struct{} // a page of them
	recordBoard struct{} // pages of them by stage
)

// recordBody says that the body's members are the fields of the route's kind.
func recordBody(s shape) shape { s.request = reflect.TypeFor[recordShape](); return s }

// findBodied says that the body is a findBody.
func findBodied(s shape) shape { s.request = reflect.TypeFor[findBody](); return s }

// describe makes the OpenAPI document of the table. Custom fields are not in it:
// a firm's own fields are told by /api/v1/kinds, to those who may see them.
func (s *Server) describe() ([]byte, error) {
	reg := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		return schemaName(t, hint)
	})
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Castellan", Version: "1",
			Description: "The API of Castellan. People are known by the cookie of their session, programs by the key that they send as Authorization: Bearer ck_…. " +
				"What an answer shows depends on who asks: fields that the asker may not see are absent, masked ones say so in sight. " +
				"Errors are problem documents (RFC 9457) and never repeat what was sent. Answers are not compressed: what a length tells is nobody's business.",
		},
		Paths: map[string]*huma.PathItem{},
		Components: &huma.Components{
			Schemas: reg,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"session": {Type: "apiKey", In: "cookie", Name: cookieSecure, Description: "Set by signing in. On the machine itself, without https, it is called " + cookieLocal + "."},
				"key":     {Type: "http", Scheme: "bearer", Description: "A program key."},
			},
		},
	}
	trouble := reg.Schema(reflect.TypeFor[problem](), true, "")
	for _, k := range crm.Kinds() {
		describeKind(reg, &k)
	}
	for _, rt := range s.routes {
		op := s.operationOf(reg, rt, trouble)
		item := doc.Paths[rt.path]
		if item == nil {
			item = &huma.PathItem{}
			doc.Paths[rt.path] = item
		}
		place := map[string]**huma.Operation{"GET": &item.Get, "POST": &item.Post, "PUT": &item.Put, "PATCH": &item.Patch, "DELETE": &item.Delete}[rt.method]
		if place == nil || *place != nil {
			return nil, fmt.Errorf("route %s %s is written twice, or has an unknown method", rt.method, rt.path)
		}
		*place = op
		if !slices.ContainsFunc(doc.Tags, func(t *huma.Tag) bool { return t.Name == rt.tag }) {
			doc.Tags = append(doc.Tags, &huma.Tag{Name: rt.tag})
		}
	}
	for _, one := range reg.Map() {
		nullableOff(one)
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	// Through any, so that the members of every object are in order and the
	// document can be committed and compared.
	var tree any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document back: %w", err)
	}
	out, err := json.MarshalIndent(tree, "", "\t")
	return append(out, '\n'), err
}

func (s *Server) operationOf(reg huma.Registry, rt *route, trouble *huma.Schema) *huma.Operation {
	op := &huma.Operation{OperationID: rt.name, Summary: rt.summary, Tags: []string{rt.tag}, Responses: map[string]*huma.Response{}}
	switch rt.door.mark {
	case stranger:
		op.Security = []map[string][]string{}
		op.Description = "Open to everybody."
	case byAbility:
		op.Description = "Needs the ability " + string(rt.door.ability) + "."
	case byRights:
		op.Description = "Shows and changes what the rights of the asker allow."
	case signedIn:
		op.Description = "For whoever is signed in."
	case halfway:
		op.Description = "For people who are signed in, and for those of whom a second factor is outstanding."
	case closed:
		op.Description = "Closed."
	}
	if rt.door.mark != stranger {
		op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
	}
	if rt.door.mark == halfway || rt.fresh {
		op.Security = []map[string][]string{{"session": {}}} // no program has a factor to prove
	}
	switch {
	case rt.fresh:
		op.Description += freshWords
	case rt.freshIf != nil:
		op.Description += freshSometimes
	}
	for part := range strings.SplitSeq(rt.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
		}
	}
	for _, p := range rt.query {
		in := &huma.Schema{Type: "string"}
		if p.number {
			in.Type = "integer"
		}
		for _, word := range p.enum {
			in.Enum = append(in.Enum, word)
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: in})
	}
	told := rt.headers
	if rt.looks() {
		told = append(slices.Clone(told), viewAs)
	}
	for _, p := range told {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "header", Description: p.doc, Schema: &huma.Schema{Type: "string"}})
	}
	if rt.body > 0 {
		media, in := "application/json", rt.schemaOf(reg, rt.request, true)
		if rt.takes != "" {
			media, in = rt.takes, &huma.Schema{Type: "string", Format: "binary"}
		}
		op.RequestBody = &huma.RequestBody{Required: true, Description: fmt.Sprintf("At most %d KiB.", rt.body>>10), Content: map[string]*huma.MediaType{media: {Schema: in}}}
	}
	good := &huma.Response{Description: http.StatusText(rt.success())}
	if rt.response != nil {
		good.Content = map[string]*huma.MediaType{"application/json": {Schema: rt.schemaOf(reg, rt.response, false)}}
	} else if rt.media != "" {
		good.Content = map[string]*huma.MediaType{strings.SplitN(rt.media, ";", 2)[0]: {Schema: &huma.Schema{Type: "string"}}}
	}
	op.Responses[strconv.Itoa(rt.success())] = good
	op.Responses["default"] = &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: trouble}}}
	return op
}

// What takes a fresh proof says so.
const (
	freshWords     = " Takes a person who has proved a short while ago who they are; otherwise 403 with the code stepup.needed, see stepUp."
	freshSometimes = " Some of what it does takes a person who has proved a short while ago who they are; otherwise 403 with the code stepup.needed, see stepUp."
)

func (r *route) schemaOf(reg huma.Registry, t reflect.Type, sent bool) *huma.Schema {
	switch t {
	case nil:
		return &huma.Schema{}
	case reflect.TypeFor[recordShape]():
		name := capital(r.kind.Name)
		if sent {
			name += "Fields"
		}
		return &huma.Schema{Ref: "#/components/schemas/" + name}
	case reflect.TypeFor[recordPage]():
		return &huma.Schema{Ref: "#/components/schemas/" + capital(r.kind.Name) + "Page"}
	case reflect.TypeFor[recordBoard]():
		return &huma.Schema{Ref: "#/components/schemas/" + capital(r.kind.Name) + "Board"}
	}
	return reg.Schema(t, true, "")
}

// schemaName calls a type what it is called here, without what only tells an
// answer from a body.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	name := t.Name()
	if name == "" {
		name = hint
	}
	if inner, ok := strings.CutPrefix(name, "listOf["); ok {
		inner = strings.TrimSuffix(inner, "]")
		return capital(strings.TrimSuffix(inner[strings.LastIndexByte(inner, '.')+1:], "Answer")) + "List"
	}
	name = strings.TrimSuffix(name, "Answer")
	return capital(name)
}

// nullableOff says of arrays what is true of ours: there is always one.
func nullableOff(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	nullableOff(s.Items)
	for _, p := range s.Properties {
		nullableOff(p)
	}
	if inner, ok := s.AdditionalProperties.(*huma.Schema); ok {
		nullableOff(inner)
	}
}

// describeKind adds how records of a kind look: as shown, as sent, as a page.
func describeKind(reg huma.Registry, k *schema.Kind) {
	name := capital(k.Name)
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: "string", Description: doc} }
	shown := &huma.Schema{
		Type: "object", Description: "As far as the asker may see it: a field that is absent is hidden. Fields of one's own begin with x_.",
		Required: []string{"id", "kind", "version"}, AdditionalProperties: true,
		Properties: map[string]*huma.Schema{
			"id": text(""), "kind": {Type: "string", Enum: []any{k.Name}}, "version": {Type: "integer", Format: "int64"},
			"sight":  {Type: "object", Description: "Of fields that are not shown plainly: click or masked.", AdditionalProperties: &huma.Schema{Type: "string", Enum: []any{"masked", "click"}}},
			"can":    {Type: "object", Properties: map[string]*huma.Schema{"edit": {Type: "boolean"}, "delete": {Type: "boolean"}, "merge": {Type: "boolean"}}},
			"binned": {Type: "boolean", Description: "It is in the bin."},
		},
	}
	sent := &huma.Schema{Type: "object", Description: "Fields to write; those that are not named keep what they hold. version may name the one that was seen.", Properties: map[string]*huma.Schema{"version": {Type: "integer", Format: "int64"}}, AdditionalProperties: true}
	for _, f := range k.Fields {
		shown.Properties[f.Name] = fieldSchema(f, false)
		if !f.House {
			sent.Properties[f.Name] = fieldSchema(f, true)
		}
	}
	page := &huma.Schema{
		Type: "object", Required: []string{"items", "next"},
		Properties: map[string]*huma.Schema{
			"items": {Type: "array", Items: &huma.Schema{Ref: "#/components/schemas/" + name}},
			"next":  {Type: "string", Nullable: true, Description: "The cursor of the next page; null at the end."},
			"count": {Type: "object", Required: []string{"n", "capped"}, Properties: map[string]*huma.Schema{"n": {Type: "integer"}, "capped": {Type: "boolean", Description: "There are at least that many."}}},
		},
	}
	reg.Map()[name], reg.Map()[name+"Fields"], reg.Map()[name+"Page"] = shown, sent, page
	if k.Stage != "" {
		reg.Map()[name+"Board"] = boardSchema(reg, name)
	}
}

// boardSchema is how a board of the kind looks in JSON.
func boardSchema(reg huma.Registry, name string) *huma.Schema {
	object := func(required []string, properties map[string]*huma.Schema) *huma.Schema {
		return &huma.Schema{Type: "object", Required: required, Properties: properties, AdditionalProperties: false}
	}
	text := &huma.Schema{Type: "string"}
	lane := object([]string{"stage", "count", "totals", "page"}, map[string]*huma.Schema{
		"stage": text,
		"count": reg.Schema(reflect.TypeFor[countAnswer](), true, ""),
		"totals": {Type: "array", Description: "Money by currency; empty where not all amounts may be seen.",
			Items: object([]string{"currency", "amount"}, map[string]*huma.Schema{"currency": text, "amount": text})},
		"page": {Ref: "#/components/schemas/" + name + "Page"},
	})
	return object([]string{"pipeline", "lanes"}, map[string]*huma.Schema{"pipeline": text, "lanes": {Type: "array", Items: lane}})
}

// fieldSchema is how a field looks in JSON.
func fieldSchema(f *schema.Field, sent bool) *huma.Schema {
	s := &huma.Schema{Type: "string", Nullable: true, Description: f.Labels.In("en")}
	object := func(required string, members ...string) *huma.Schema {
		o := &huma.Schema{Type: "object", Required: []string{required}, Properties: map[string]*huma.Schema{}}
		for _, m := range members {
			o.Properties[m] = &huma.Schema{Type: "string"}
		}
		return o
	}
	switch f.Type {
	case schema.Text, schema.LongText, schema.URL, schema.Pipeline, schema.Stage:
		if f.Max > 0 {
			s.MaxLength = &f.Max
		}
	case schema.Integer:
		s.Type, s.Format = "integer", "int64"
	case schema.Number, schema.Money:
		s.Description += `. A decimal in text, such as "1200.50".`
	case schema.Bool:
		s.Type = "boolean"
	case schema.Date:
		s.Description += `. "1986-07-16", or "--07-16" where the year is not known.`
	case schema.DateTime:
		s.Format = "date-time"
	case schema.Choice:
		for _, o := range f.Options {
			s.Enum = append(s.Enum, o.Key)
		}
		s.Enum = append(s.Enum, nil)
	case schema.Lines:
		one := object("title", "title", "quantity", "price", "vat", "sum")
		one.Properties["vat"].Nullable = true
		one.Properties["vat"].Description = "A rate in percent; null where none is due."
		one.Properties["sum"].Description = "Quantity times price, rounded half away from zero; kept by Castellan."
		s = &huma.Schema{Type: "array", Items: one, Description: s.Description + `. Numbers are decimals in text, such as "1.5".`}
	case schema.Choices, schema.Tags:
		s = &huma.Schema{Type: "array", Items: &huma.Schema{Type: "string"}, Description: s.Description}
	case schema.Phones:
		s = &huma.Schema{Type: "array", Items: object("number", "number", "label", "ext", "typed"), Description: s.Description + ". A number that is not shown is XXXX."}
	case schema.Emails:
		s = &huma.Schema{Type: "array", Items: object("address", "address", "label"), Description: s.Description, Nullable: true}
	case schema.Person, schema.Relation:
		if sent {
			s.Description += ". An id."
			break
		}
		members := []string{"id", "name"}
		if f.Type == schema.Relation {
			members = []string{"id", "kind", "title"}
		}
		o := object("id", members...)
		o.Nullable, o.Description = true, s.Description
		s = o
	}
	return s
}

// nonceHere stands in the reference where the nonce of the answer goes.
const nonceHere = "NONCE-OF-THE-ANSWER"

// reference is the OpenAPI document for people: one page without scripts.
func (s *Server) reference() ([]byte, error) {
	type line struct {
		Method, Path, Summary, Needs, Body string
		Query                              []struct{ Name, Doc string }
	}
	type part struct {
		Name  string
		Lines []line
	}
	var parts []part
	for _, rt := range s.routes {
		i := slices.IndexFunc(parts, func(p part) bool { return p.Name == rt.tag })
		if i < 0 {
			parts, i = append(parts, part{Name: rt.tag}), len(parts)
		}
		l := line{Method: rt.method, Path: rt.path, Summary: rt.summary}
		switch rt.door.mark {
		case stranger:
			l.Needs = "open to everybody"
		case byAbility:
			l.Needs = "needs " + string(rt.door.ability)
		case byRights:
			l.Needs = "by the rights of the asker"
		case signedIn:
			l.Needs = "for whoever is signed in"
		case halfway:
			l.Needs = "for whoever is signed in, or on the way"
		case closed:
			l.Needs = "closed"
		}
		if rt.body > 0 {
			l.Body = fmt.Sprintf("Takes a body of at most %d KiB.", rt.body>>10)
		}
		for _, p := range rt.query {
			l.Query = append(l.Query, struct{ Name, Doc string }{p.name, p.doc})
		}
		parts[i].Lines = append(parts[i].Lines, l)
	}
	var b bytes.Buffer
	err := referencePage.Execute(&b, map[string]any{"Parts": parts, "Nonce": nonceHere})
	return b.Bytes(), err
}

var referencePage = template.Must(template.New("reference").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API of Castellan</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<style nonce="{{.Nonce}}">
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; color-scheme: light dark; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; }
article { border-top: 1px solid #8884; padding: .75rem 0; }
p, dl { margin: .25rem 0; }
dt { font-family: ui-monospace, monospace; }
small { color: #666; color: color-mix(in srgb, currentColor 65%, transparent); }
</style>
</head>
<body>
<h1>API of Castellan</h1>
<p>For programs there is the same in <a href="/api/openapi.json">OpenAPI 3.1</a>. Programs send their key as <code>Authorization: Bearer ck_…</code>; people are known by the cookie of their session.</p>
<p>What an answer shows depends on who asks. Errors are problem documents (RFC 9457) in plain words.</p>
<nav><p>{{range .Parts}}<a href="#{{.Name}}">{{.Name}}</a> {{end}}</p></nav>
{{range .Parts}}<h2 id="{{.Name}}">{{.Name}}</h2>
{{range .Lines}}<article>
<p><code><strong>{{.Method}}</strong> {{.Path}}</code></p>
<p>{{.Summary}}. <small>{{.Needs}}</small></p>
{{if .Body}}<p><small>{{.Body}}</small></p>{{end}}
{{if .Query}}<dl>{{range .Query}}<dt>{{.Name}}</dt><dd>{{.Doc}}</dd>{{end}}</dl>{{end}}
</article>
{{end}}{{end}}</body>
</html>
`))
