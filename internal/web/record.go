package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// listParameters are those of every list of records.
func listParameters() []parameter {
	return []parameter{
		{name: "filter", doc: `A condition as text: city = "Warszawa" and (tags has vip or not source = web). Or the same as a JSON tree. Only fields that the asker sees plainly.`},
		{name: "sort", doc: "A field, with - before it for descending. By default -updated_at."},
		{name: "search", doc: "Beginnings of words, three or more digits of a phone in a row, or the beginning of a mail address."},
		{name: "fields", doc: "Names of fields, with commas between them. By default all that may be seen."},
		{name: "cursor", doc: "next of the page before."},
		{name: "limit", doc: "How many at most, up to 200. By default 50.", number: true},
		{name: "count", doc: "Whether to count what is found: capped stops at 1,000.", enum: []string{"capped", "exact"}},
		{name: "bin", doc: "1 for the records in the bin instead."},
		{name: "can", doc: "1 to be told of each record whether the asker may change and delete it."},
		{name: "zone", doc: "The time zone in which today begins, such as Europe/Warsaw. By default that of the workspace."},
	}
}

// recordRoutes are the same for every kind.
func (s *Server) recordRoutes() []route {
	var all []route
	for _, k := range crm.Kinds() {
		all = append(all, s.routesOf(&k)...)
	}
	return append(all, route{
		method: "GET", path: "/api/v1/operations/{operation}", name: "getOperation", tag: "Records", door: anyone,
		summary: "Tell how far work on very many records has come, to whoever began it", shape: answers((*call).progress),
	}, route{
		method: "POST", path: "/api/v1/operations/{operation}/undo", name: "undoOperation", tag: "Records", door: asRights, timeout: longWork,
		summary: "Take back what was done to many records at once", shape: answers((*call).undo),
	})
}

func (s *Server) routesOf(k *schema.Kind) []route {
	base := "/api/v1/" + k.Plural
	one := base + "/{id}"
	noun := capital(k.Name)
	nouns := capital(k.Plural)
	questions := listParameters()
	if k.Time != nil {
		questions = append(questions, parameter{name: "clients", doc: "1 to have the clients of the appointments beside them, as the list shows them."})
	}
	with := func(r route) route {
		r.kind, r.tag = k, nouns
		if r.door == (door{}) {
			r.door = asRights
		}
		if r.surface == "" {
			r.surface = records.CardOf(k)
		}
		return r
	}
	all := []route{
		{method: "GET", path: base, name: "list" + nouns, summary: "List " + k.Plural + " that the asker may see", surface: records.ListOf(k), query: questions, shape: writes[recordPage]((*call).listRecords)},
		{method: "POST", path: base, name: "create" + noun, summary: "Create a " + k.Name + "; with the header Idempotency-Key it is created once, however often it is sent", headers: []parameter{onceOnly}, body: largeBody, shape: created(recordBody(writes[recordShape]((*call).createRecord)))},
		{method: "GET", path: base + "/count", name: "count" + nouns, summary: "Count " + k.Plural + " that the asker may see", surface: records.ListOf(k), query: []parameter{listParameters()[0], listParameters()[2], listParameters()[9], {name: "exact", doc: "1 to count all; else counting stops at 1,000."}}, shape: answers((*call).countRecords)},
		{method: "POST", path: base + "/find", name: "find" + noun, summary: "Look up by a full phone number or mail address, exact match only", surface: records.ListOf(k), door: need(records.FindExact), body: smallBody, shape: findBodied(writes[recordPage]((*call).findRecords))},
		{method: "POST", path: base + "/bulk", name: "bulk" + nouns, summary: "Do the same to many " + k.Plural + " at once", door: need(records.ChangeInBulk), body: largeBody, timeout: longWork, shape: freshWhen(bulkBody.grave, takes((*call).bulk))},
		{method: "GET", path: one, name: "get" + noun, summary: "Read one " + k.Name, shape: writes[recordShape]((*call).readRecord)},
		{method: "PATCH", path: one, name: "update" + noun, summary: "Change the fields that are named; with the header If-Match only if the version is still that one", headers: []parameter{ifMatch}, body: largeBody, shape: recordBody(writes[recordShape]((*call).updateRecord))},
		{method: "DELETE", path: one, name: "delete" + noun, summary: "Move one " + k.Name + " to the bin; with the header If-Match only if the version is still that one", headers: []parameter{ifMatch}, shape: does((*call).deleteRecord)},
		{method: "POST", path: one + "/restore", name: "restore" + noun, summary: "Bring one " + k.Name + " back from the bin", shape: writes[recordShape]((*call).restoreRecord)},
		{method: "POST", path: one + "/reveal", name: "reveal" + noun, summary: "Open fields that are seen on asking; every opening is noted", body: smallBody, shape: takes((*call).reveal)},
		{method: "GET", path: one + "/history", name: "get" + noun + "History", summary: "Tell what was changed, when and by whom", shape: answers((*call).history)},
		{method: "GET", path: one + "/history/{version}", name: "get" + noun + "Version", summary: "Read one " + k.Name + " as it was", shape: writes[recordShape]((*call).earlier)},
		{method: "POST", path: one + "/history/{version}/restore", name: "revert" + noun, summary: "Bring one " + k.Name + " back to what it was", door: need(records.RevertRecords), shape: writes[recordShape]((*call).revert)},
		{method: "GET", path: one + "/timeline", name: "get" + noun + "Timeline", summary: "Tell what happened to one " + k.Name + " and what is linked to it, newest first", query: []parameter{{name: "cursor", doc: "next of the page before."}, {name: "only", doc: "changes, or the name of a kind such as task: only moments of that sort. By default all."}}, shape: answers((*call).timeline)},
		{method: "GET", path: one + "/seen", name: "get" + noun + "Sightings", summary: "Tell who has ever seen one " + k.Name, door: need(records.SeeSightings), shape: answers((*call).sightings)},
		{method: "GET", path: one + "/access", name: "get" + noun + "Access", summary: "Tell who can see one " + k.Name + ", how much of it, and why", door: need(records.Explain), shape: answers((*call).access)},
		{method: "GET", path: one + "/why", name: "explain" + noun, summary: "Tell why a person can or cannot do something to one " + k.Name + " or see a field of it; about oneself everybody may ask", query: []parameter{
			{name: "person", doc: "By default the asker."}, {name: "field", doc: "A field; by default the record as a whole."}, {name: "action", doc: "By default view.", enum: []string{"view", "edit", "delete", "export"}},
		}, shape: answers((*call).why)},
	}
	if k.Stage != "" {
		all = append(all, boardRoute(k))
	}
	if !k.Within && k.Time == nil {
		all = append(all, mergeRoutes(k, one, base)...)
	}
	if !k.Within {
		all = append(all,
			route{method: "GET", path: one + "/shares", name: "list" + noun + "Shares", summary: "List with whom one " + k.Name + " is shared", shape: answers((*call).shares)},
			route{method: "POST", path: one + "/shares", name: "share" + noun, summary: "Share one " + k.Name + " with a person or a group", door: need(records.ShareRecords), body: smallBody, shape: created(takes((*call).share))},
			route{method: "DELETE", path: one + "/shares/{principal}", name: "unshare" + noun, summary: "End a share", door: need(records.ShareRecords), shape: does((*call).unshare)},
		)
	}
	for i := range all {
		all[i] = with(all[i])
	}
	return all
}

// capital is a word as it stands in a name: legal_entity as LegalEntity.
func capital(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// asked reads the question of a list.
func (c *call) asked() (records.Query, error) {
	q := records.Query{Sort: c.query.Get("sort"), Search: c.query.Get("search"), Cursor: c.query.Get("cursor"), Bin: c.yes("bin"), Can: c.yes("can")}
	var err error
	if q.Limit, err = c.number("limit"); err != nil {
		return q, err
	}
	if names := c.query.Get("fields"); names != "" {
		q.Fields = strings.Split(names, ",")
	}
	switch c.query.Get("count") {
	case "capped":
		q.Count = records.Capped
	case "exact":
		q.Count = records.Exact
	}
	if q.Zone, err = c.zone(c.query.Get("zone")); err != nil {
		return q, err
	}
	return q, condition(&q, c.query.Get("filter"))
}

// zone is the time zone that is named, or that of the workspace.
func (c *call) zone(name string) (*time.Location, error) {
	if name == "" {
		return c.Workspace.Zone(), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fault.New(fault.Invalid, "query.zone", "The time zone must be a name such as Europe/Warsaw.").At("zone")
	}
	return zone, nil
}

// condition puts a filter into the question, in either of its forms.
func condition(q *records.Query, filter string) error {
	if !strings.HasPrefix(strings.TrimSpace(filter), "{") {
		q.Filter = filter
		return nil
	}
	d := json.NewDecoder(strings.NewReader(filter))
	d.DisallowUnknownFields()
	if wellFormed([]byte(filter), true) != nil || d.Decode(&q.Tree) != nil {
		return fault.New(fault.Invalid, "query.tree", "The filter is neither a condition as text nor a tree of conditions. See /api/docs.").At("filter")
	}
	return nil
}

func (c *call) listRecords() error {
	q, err := c.asked()
	if err != nil {
		return err
	}
	p, err := c.Records.List(c.ctx, c.who, c.route.kind.Name, c.surface(), q)
	if err != nil {
		return err
	}
	if c.yes("clients") {
		if p.Clients, err = c.Records.ClientsOf(c.ctx, c.who, p, c.surface()); err != nil {
			return err
		}
	}
	return c.page(p)
}

// page writes a page of records.
func (c *call) page(p *records.Page) error {
	lent := c.buffers.get()
	b, err := c.appendPage((*lent)[:0], p)
	if err == nil {
		err = c.write("application/json", b)
	}
	c.buffers.put(lent, b)
	return err
}

func (c *call) appendPage(b []byte, p *records.Page) ([]byte, error) {
	b, err := c.appendRecords(append(b, `{"items":[`...), p)
	if err != nil {
		return b, err
	}
	b = append(b, `],"next":`...)
	if p.Next == "" {
		b = append(b, "null"...)
	} else {
		b = appendText(b, p.Next)
	}
	if p.Count != nil {
		b = append(b, `,"count":{"n":`...)
		b = strconv.AppendInt(b, int64(p.Count.N), 10)
		b = append(b, `,"capped":`...)
		b = strconv.AppendBool(b, p.Count.Capped)
		b = append(b, '}')
	}
	if p.Clients != nil {
		if b, err = c.appendRecords(append(b, `,"clients":[`...), p.Clients); err != nil {
			return b, err
		}
		b = append(b, ']')
	}
	return append(b, '}'), nil
}

// appendRecords appends the records of a page, with commas between them.
func (c *call) appendRecords(b []byte, p *records.Page) ([]byte, error) {
	s, err := c.scribbler(p)
	if err != nil {
		return b, err
	}
	for i := range p.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		if p.Each {
			p.May = p.MayOf(&p.Rows[i])
		}
		b = s.record(b, &p.Rows[i], p.Each, false)
	}
	return b, nil
}

// one writes one record.
func (c *call) one(r *records.Record) error {
	s, err := c.scribbler(&r.Page)
	if err != nil {
		return err
	}
	lent := c.buffers.get()
	b := s.record((*lent)[:0], &r.Rows[0], true, r.Binned)
	c.w.Header().Set("ETag", `"`+strconv.FormatInt(r.Rows[0].Version, 10)+`"`)
	err = c.write("application/json", b)
	c.buffers.put(lent, b)
	return err
}

func (c *call) readRecord() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return c.readBack(id)
}

// readBack answers with the record as the caller sees it.
func (c *call) readBack(id schema.RecordID) error {
	r, err := c.Records.Read(c.ctx, c.who, c.route.kind.Name, id, c.surface())
	if err != nil {
		return err
	}
	return c.one(r)
}

func (c *call) createRecord() error {
	body, err := c.json()
	if err != nil {
		return err
	}
	v, err := c.values(body)
	if err != nil {
		return err
	}
	once := records.Once{Key: c.header(onceOnly), Asked: append([]byte(c.route.path+"\n"), body...)}
	id, err := c.Records.CreateOnce(c.ctx, c.who, c.route.kind.Name, v, once)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/v1/"+c.route.kind.Plural+"/"+c.Records.RecordWord(c.route.kind.Name, id))
	err = c.readBack(id)
	if fault.Is(err, fault.Missing) {
		// Somebody may create what they may not look at. It is there, and that
		// is all that they learn.
		return c.answer(map[string]any{"id": c.Records.RecordWord(c.route.kind.Name, id), "kind": c.route.kind.Name, "version": 1})
	}
	return err
}

// version is the one that the writer has seen: of the header If-Match or of the
// member version; zero if neither says.
func (c *call) version(v records.Values) (int64, error) {
	wrong := fault.New(fault.Invalid, "version", "The version must be the number that the record was read with, as in If-Match: \"3\".").At("version")
	seen := int64(0)
	if given, ok := v["version"]; ok {
		delete(v, "version")
		n, ok := given.(json.Number)
		if !ok {
			return 0, wrong
		}
		var err error
		if seen, err = n.Int64(); err != nil || seen < 1 {
			return 0, wrong
		}
	}
	tag := c.header(ifMatch)
	if tag == "" || tag == "*" {
		return seen, nil
	}
	n, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || n < 1 || seen != 0 && seen != n {
		return 0, wrong
	}
	return n, nil
}

func (c *call) updateRecord() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	body, err := c.json()
	if err != nil {
		return err
	}
	v, err := c.values(body)
	if err != nil {
		return err
	}
	version, err := c.version(v)
	if err != nil {
		return err
	}
	if err := c.Records.Update(c.ctx, c.who, c.route.kind.Name, id, version, v); err != nil {
		return err
	}
	err = c.readBack(id)
	if fault.Is(err, fault.Missing) {
		return c.nothing() // it was carried out of the writer's sight
	}
	return err
}

func (c *call) deleteRecord() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	version, err := c.version(nil)
	if err != nil {
		return err
	}
	return c.Records.Delete(c.ctx, c.who, c.route.kind.Name, id, version)
}

func (c *call) restoreRecord() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := c.Records.Restore(c.ctx, c.who, c.route.kind.Name, id); err != nil {
		return err
	}
	return c.readBack(id)
}

type countAnswer struct {
	N      int  `json:"n"`
	Capped bool `json:"capped" doc:"There are at least that many."`
}

func (c *call) countRecords() (countAnswer, error) {
	q, err := c.asked()
	if err != nil {
		return countAnswer{}, err
	}
	q.Count = records.Capped
	if c.yes("exact") {
		q.Count = records.Exact
	}
	n, err := c.Records.CountOf(c.ctx, c.who, c.route.kind.Name, c.surface(), q)
	return countAnswer{n.N, n.Capped}, err
}

type findBody struct {
	Phone string `json:"phone,omitempty" required:"false" doc:"The whole number."`
	Email string `json:"email,omitempty" required:"false" doc:"The whole address."`
}

func (c *call) findRecords() error {
	var b findBody
	if err := c.decode(&b); err != nil {
		return err
	}
	field, typed := "phones", b.Phone
	if b.Email != "" {
		field, typed = "emails", b.Email
	}
	if (b.Phone == "") == (b.Email == "") {
		return fault.New(fault.Invalid, "find.one", "Look up by a phone number or by a mail address.")
	}
	p, err := c.Records.Find(c.ctx, c.who, c.route.kind.Name, field, typed, c.surface())
	if err != nil {
		return err
	}
	return c.page(p)
}

// values reads a body whose members are the fields of a record of the route's kind.
func (c *call) values(body []byte) (records.Values, error) {
	if err := wellFormed(body, false); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v records.Values
	if err := d.Decode(&v); err != nil || v == nil {
		return nil, fault.New(fault.Invalid, "body.malformed", "The body must be a JSON object with the fields of the record.")
	}
	// Ids of the house are read here, as what a kind does with its stages comes
	// before the reading of values.
	for name, t := range map[string]schema.Type{c.route.kind.Pipeline: schema.Pipeline, c.route.kind.Stage: schema.Stage} {
		if word, ok := v[name].(string); ok && name != "" {
			if id, ok := c.Records.Numbered(t.String(), word); ok {
				v[name] = id
			}
		}
	}
	return v, nil
}
