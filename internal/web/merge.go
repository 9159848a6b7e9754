package web

import (
	"encoding/json"

	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// mergeRoutes find records of the same client, and make them one.
func mergeRoutes(k *schema.Kind, one, base string) []route {
	noun, nouns := capital(k.Name), capital(k.Plural)
	return []route{
		{method: "POST", path: base + "/alike", name: "findAlike" + nouns, surface: records.ListOf(k), body: smallBody, shape: takes((*call).alike),
			summary: "Find " + k.Plural + " that may be the same as one that is being written, or as one that is there, among those that the asker may see; what is out of sight changes nothing in the answer"},
		{method: "POST", path: base + "/ask", name: "askForAccessTo" + nouns, surface: records.ListOf(k), body: smallBody, shape: takesOnly((*call).askForAccess),
			summary: "Ask whoever is responsible for a " + k.Name + " with this phone number or mail address for access to it; the answer is the same whether there is one or not"},
		{method: "GET", path: base + "/duplicates", name: "list" + nouns + "Duplicates", surface: records.ListOf(k), query: []parameter{{name: "cursor", doc: "next of the page before."}}, shape: answers((*call).duplicates),
			summary: "List " + k.Plural + " that are probably the same, among those that the asker may see"},
		{method: "POST", path: one + "/merge", name: "merge" + noun, door: need(records.MergeRecords), body: smallBody, shape: takes((*call).merge),
			summary: "Make one of two " + k.Plural + ": this one stays, the other goes to the bin, and what led to the other leads to this one; the operation takes it back in one step"},
	}
}

type mergeBody struct {
	Other        string            `json:"other" doc:"The record that goes to the bin."`
	Version      int64             `json:"version,omitempty" required:"false" doc:"The version of this record that was seen; absent: whatever it is now."`
	OtherVersion int64             `json:"other_version,omitempty" required:"false" doc:"The same of the other one."`
	Take         map[string]string `json:"take,omitempty" required:"false" nullable:"false" doc:"By field: this, other, or of lists both. Of fields that are not named, lists are united, what is empty is filled, and else this record's value counts."`
	Shares       bool              `json:"shares,omitempty" required:"false" doc:"Whether this record is also shared with those with whom the other one is."`
}

func (c *call) merge(b mergeBody) (operationAnswer, error) {
	id, err := c.id()
	if err != nil {
		return operationAnswer{}, err
	}
	kind := c.route.kind.Name
	other, ok := c.Records.Record(kind, b.Other)
	if !ok {
		return operationAnswer{}, fault.NotFound()
	}
	if b.Version < 0 || b.OtherVersion < 0 {
		return operationAnswer{}, fault.New(fault.Invalid, "version", "The version must be the number that the record was read with.").At("version")
	}
	op, err := c.Records.Merge(c.ctx, c.who, kind, records.Merging{Stays: id, Goes: other, StaysVersion: b.Version, GoesVersion: b.OtherVersion, Take: b.Take, Shares: b.Shares})
	return c.operation(op, kind), err
}

type alikeBody struct {
	ID     string          `json:"id,omitempty" required:"false" doc:"The record itself, which is not like itself. Without values, it is held against the others."`
	Values json.RawMessage `json:"values,omitempty" required:"false" doc:"The phones, mail addresses and name that are being written, as the fields of the record."`
}

type twinsAnswer struct {
	By      string            `json:"by" doc:"The field that is the same."`
	Records []json.RawMessage `json:"records" nullable:"false" doc:"As in a list."`
}

type duplicatesAnswer struct {
	Items []twinsAnswer `json:"items" nullable:"false"`
	Next  *string       `json:"next"`
}

func (c *call) alike(b alikeBody) (listOf[twinsAnswer], error) {
	none := list[twinsAnswer](nil)
	var but schema.RecordID
	if b.ID != "" {
		id, ok := c.Records.Record(c.route.kind.Name, b.ID)
		if !ok {
			return none, fault.NotFound()
		}
		but = id
	}
	var v records.Values
	if len(b.Values) > 0 {
		var err error
		if v, err = c.values(b.Values); err != nil {
			return none, err
		}
	}
	found, err := c.Records.Alike(c.ctx, c.who, c.route.kind.Name, v, but)
	if err != nil {
		return none, err
	}
	all, err := c.twins(found)
	return list(all), err
}

func (c *call) twins(found []records.Twins) ([]twinsAnswer, error) {
	var all []twinsAnswer
	for _, t := range found {
		s, err := c.scribbler(t.Page)
		if err != nil {
			return nil, err
		}
		a := twinsAnswer{By: t.By.Name, Records: []json.RawMessage{}}
		for i := range t.Page.Rows {
			a.Records = append(a.Records, s.record(nil, &t.Page.Rows[i], false, false))
		}
		all = append(all, a)
	}
	return all, nil
}

func (c *call) duplicates() (duplicatesAnswer, error) {
	a := duplicatesAnswer{Items: []twinsAnswer{}}
	found, next, err := c.Records.Duplicates(c.ctx, c.who, c.route.kind.Name, c.query.Get("cursor"))
	if err != nil {
		return a, err
	}
	all, err := c.twins(found)
	if all != nil {
		a.Items = all
	}
	if next != "" {
		a.Next = &next
	}
	return a, err
}

type askBody struct {
	Phone string `json:"phone,omitempty" required:"false" doc:"The whole number."`
	Email string `json:"email,omitempty" required:"false" doc:"The whole address."`
}

func (c *call) askForAccess(b askBody) error {
	field, typed := "phones", b.Phone
	if b.Email != "" {
		field, typed = "emails", b.Email
	}
	if (b.Phone == "") == (b.Email == "") {
		return fault.New(fault.Invalid, "find.one", "Look up by a phone number or by a mail address.")
	}
	return c.Records.AskForAccess(c.ctx, c.who, c.route.kind.Name, field, typed)
}
