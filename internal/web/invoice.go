package web

import (
	"context"
	"mime"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// invoiceRoutes are what is done with invoices beside what is done with every record.
func (s *Server) invoiceRoutes() []route {
	var kind *schema.Kind
	for _, k := range crm.Kinds() {
		if k.Name == "invoice" {
			kind = &k
		}
	}
	one := "/api/v1/invoices/{id}"
	all := []route{
		{method: "POST", path: one + "/issue", name: "issueInvoice", summary: "Give an invoice its number; from then on it is not changed", door: need(records.IssueInvoices), shape: step((*crm.Workspace).IssueInvoice)},
		{method: "POST", path: one + "/pay", name: "payInvoice", summary: "Say that an issued invoice is paid", door: need(records.IssueInvoices), shape: step((*crm.Workspace).PayInvoice)},
		{method: "POST", path: one + "/unpay", name: "unpayInvoice", summary: "Take that back", door: need(records.IssueInvoices), shape: step((*crm.Workspace).UnpayInvoice)},
		{method: "POST", path: one + "/void", name: "voidInvoice", summary: "Make an invoice void; it keeps its number", door: need(records.IssueInvoices), body: smallBody, shape: voidShape()},
		{method: "GET", path: one + "/pdf", name: "printInvoice", summary: "An issued invoice as PDF, with what the asker may see of it", door: need(records.PrintInvoices), timeout: longWork,
			query: []parameter{{name: "language", doc: "By default that of the workspace.", enum: crm.Languages()}}, shape: text("application/pdf", (*call).printInvoice)},
	}
	for i := range all {
		all[i].kind, all[i].tag, all[i].surface = kind, "Invoices", records.CardOf(kind)
		if all[i].method == "POST" {
			all[i].headers = []parameter{ifMatch}
		}
	}
	return all
}

// step is one step in the life of an invoice; the header If-Match says which
// version it is meant for.
func step(do func(*crm.Workspace, context.Context, *records.Book, actor.Actor, schema.RecordID, int64) error) shape {
	return writes[recordShape](func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		version, err := c.version(nil)
		if err != nil {
			return err
		}
		if err := do(c.Workspace, c.ctx, c.Records, c.who, id, version); err != nil {
			return err
		}
		return c.readBack(id)
	})
}

type voidBody struct {
	Reason string `json:"reason,omitempty" required:"false" doc:"Why, for whoever reads the invoice later."`
}

func voidShape() shape {
	s := takes(func(*call, voidBody) (struct{}, error) { return struct{}{}, nil })
	w := writes[recordShape](func(c *call) error {
		var b voidBody
		if err := c.decode(&b); err != nil {
			return err
		}
		if len(b.Reason) > 1000 {
			return fault.New(fault.Invalid, "field.long", "The reason is longer than 250 characters.").At("reason")
		}
		return step(func(w *crm.Workspace, ctx context.Context, book *records.Book, who actor.Actor, id schema.RecordID, version int64) error {
			return w.VoidInvoice(ctx, book, who, id, version, strings.TrimSpace(b.Reason))
		}).handle(c)
	})
	w.request = s.request
	return w
}

func (c *call) printInvoice() ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	file, number, err := c.Workspace.PrintInvoice(c.ctx, c.Records, c.who, id, c.surface(), c.query.Get("language"))
	if err != nil {
		return nil, err
	}
	name := "invoice-" + strings.ReplaceAll(number, "/", "-") + ".pdf"
	c.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	return file, nil
}
