package web

import (
	"encoding/json"
	"slices"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

func (s *Server) prospectRoutes() []route {
	all := crm.Kinds()
	kind := &all[slices.IndexFunc(all, func(k schema.Kind) bool { return k.Name == "prospect" })]
	return []route{{
		method: "POST", path: "/api/v1/prospects/{id}/convert", name: "convertProspect", tag: "Prospects", door: asRights, body: smallBody,
		summary: "Make a client of a prospect, and a deal if one is named, in one step", shape: created(takes((*call).convert)),
	}, {
		method: "POST", path: "/api/v1/prospects/rows", name: "createProspectRows", tag: "Prospects", door: asRights, kind: kind, surface: records.CardOf(kind), headers: []parameter{onceOnly}, body: rowsBody, timeout: longWork,
		summary: "Create a prospect of every row, each as if it were created alone; rows that are refused are named, the others are made, and all of it is undone as one", shape: created(takes((*call).createRows)),
	}}
}

// rowsBody holds as many rows as are taken, each with a long note.
const rowsBody = 2 << 20

type rowsShape struct {
	Rows []json.RawMessage `json:"rows" nullable:"false" doc:"At most 1,000, each with the fields of one record."`
}

type refusedRow struct {
	Row    int           `json:"row" doc:"Which of the rows, from 0."`
	Code   string        `json:"code"`
	Detail string        `json:"detail" doc:"A sentence in plain English."`
	Field  string        `json:"field,omitempty"`
	Errors []problemPart `json:"errors,omitempty" nullable:"false" doc:"One for each field, where several need attention."`
}

type rowsAnswer struct {
	Operation string       `json:"operation" doc:"By which all of it can be undone."`
	Done      int          `json:"done"`
	Refused   []refusedRow `json:"refused" nullable:"false"`
}

type convertBody struct {
	Deal string `json:"deal,omitempty" required:"false" doc:"What the deal is called; absent: no deal is made."`
}

type convertAnswer struct {
	Contact string  `json:"contact"`
	Deal    *string `json:"deal"`
}

func (c *call) convert(b convertBody) (convertAnswer, error) {
	id, ok := c.Records.Record("prospect", c.r.PathValue("id"))
	if !ok {
		return convertAnswer{}, fault.NotFound()
	}
	made, err := crm.Convert(c.ctx, c.Records, c.who, id, b.Deal)
	if err != nil {
		return convertAnswer{}, err
	}
	a := convertAnswer{Contact: c.Records.RecordWord("contact", made.Contact)}
	if made.Deal != 0 {
		word := c.Records.RecordWord("deal", made.Deal)
		a.Deal = &word
	}
	return a, nil
}

func (c *call) createRows(b rowsShape) (rowsAnswer, error) {
	a := rowsAnswer{Refused: []refusedRow{}}
	asked, err := json.Marshal(b)
	if err != nil {
		return a, err
	}
	var rows []records.Values
	var places []int // of those rows that could be read
	for i, row := range b.Rows {
		v, err := c.values(row)
		if err != nil {
			a.Refused = append(a.Refused, refusedRowOf(i, fault.New(fault.Invalid, "rows.form", "A row must be an object with the fields of one record.")))
			continue
		}
		rows, places = append(rows, v), append(places, i)
	}
	if len(rows) == 0 && len(b.Rows) > 0 {
		return a, fault.New(fault.Invalid, "rows.form", "Each row must be an object with the fields of one record.").At("rows")
	}
	op, err := c.Records.CreateRows(c.ctx, c.who, c.route.kind.Name, rows, records.Once{Key: c.header(onceOnly), Asked: append([]byte(c.route.path+"\n"), asked...)})
	if err != nil {
		return a, err
	}
	a.Operation, a.Done = c.Vault.Public("operation", op.ID), op.Done
	for _, r := range op.Refused {
		a.Refused = append(a.Refused, refusedRowOf(places[r.Row], r.Err))
	}
	slices.SortFunc(a.Refused, func(x, y refusedRow) int { return x.Row - y.Row })
	return a, nil
}

// refusedRowOf tells why a row was not made, as the same record would be told of alone.
func refusedRowOf(row int, err error) refusedRow {
	one := refusedRow{Row: row}
	if f, ok := fault.As(err); ok {
		one.Code, one.Detail, one.Field = f.Code, f.Public, f.Field
		for i := range f.Fields {
			one.Errors = append(one.Errors, problemPart{f.Fields[i].Field, f.Fields[i].Code, f.Fields[i].Public})
		}
	}
	return one
}
