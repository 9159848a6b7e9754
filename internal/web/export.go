package web

import (
	"fmt"
	"io"
	"mime"

	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) exportRoutes() []route {
	base, one := "/api/v1/exports", "/api/v1/exports/{id}"
	return []route{
		{method: "GET", path: base, name: "listExports", tag: "Exports", summary: "List files of records that were asked for: one's own, and everybody's for those who may read the archive", door: anyone, query: []parameter{{name: "before", doc: "The id of the last one of the page before."}}, shape: answers((*call).exports)},
		{method: "POST", path: base + "/look", name: "lookAtExport", tag: "Exports", summary: "Tell how many records a file would hold, and which fields would be masked in it", door: asRights, surface: records.OnExport, body: largeBody, timeout: longWork, shape: takes((*call).lookAtExport)},
		{method: "POST", path: base, name: "createExport", tag: "Exports", summary: "Ask for a file of records; it is made in the background, by the right to export and as that masks", door: asRights, surface: records.OnExport, fresh: true, programs: true, body: largeBody, timeout: longWork, shape: created(takes((*call).createExport))},
		{method: "GET", path: one, name: "getExport", tag: "Exports", summary: "Tell how far an export has come", door: anyone, shape: answers((*call).readExport)},
		{method: "DELETE", path: one, name: "cancelExport", tag: "Exports", summary: "Stop an export whose file was not taken yet, and destroy what there is of it", door: anyone, shape: does((*call).cancelExport)},
		{method: "GET", path: one + "/file", name: "getExportFile", tag: "Exports", summary: "Take the file: once, by whoever asked for it, in the session in which they asked and within an hour; or from the archive, by those who may read that", door: asRights, surface: records.OnExport, fresh: true, programs: true, timeout: longWork, shape: exportFileShape()},
	}
}

type exportSelection struct {
	Kind    string   `json:"kind" doc:"The name of a kind, such as contact."`
	IDs     []string `json:"ids,omitempty" required:"false" nullable:"false" doc:"The records; or a filter or search that finds them."`
	Filter  string   `json:"filter,omitempty" required:"false" doc:"As in the list of the kind."`
	Search  string   `json:"search,omitempty" required:"false"`
	All     bool     `json:"all,omitempty" required:"false" doc:"Every record that the asker may export, if there is neither ids nor filter nor search."`
	Sort    string   `json:"sort,omitempty" required:"false" doc:"As in the list of the kind."`
	Zone    string   `json:"zone,omitempty" required:"false" doc:"The time zone in which today begins. By default that of the workspace."`
	Columns []string `json:"columns,omitempty" required:"false" nullable:"false" doc:"Names of fields, in the order of the columns. By default every field that may be in a file."`
}

type exportBody struct {
	Kind    string   `json:"kind" doc:"The name of a kind, such as contact."`
	IDs     []string `json:"ids,omitempty" required:"false" nullable:"false" doc:"The records; or a filter or search that finds them."`
	Filter  string   `json:"filter,omitempty" required:"false" doc:"As in the list of the kind."`
	Search  string   `json:"search,omitempty" required:"false"`
	All     bool     `json:"all,omitempty" required:"false" doc:"Every record that the asker may export, if there is neither ids nor filter nor search."`
	Sort    string   `json:"sort,omitempty" required:"false" doc:"As in the list of the kind."`
	Zone    string   `json:"zone,omitempty" required:"false" doc:"The time zone in which today begins. By default that of the workspace."`
	Columns []string `json:"columns,omitempty" required:"false" nullable:"false" doc:"Names of fields, in the order of the columns. By default every field that may be in a file."`
	Format  string   `json:"format" enum:"csv,xlsx"`
	Reason  string   `json:"reason" doc:"What the file is for, in words; those who look after the archive read it."`
}

func (b *exportBody) selection() exportSelection {
	return exportSelection{Kind: b.Kind, IDs: b.IDs, Filter: b.Filter, Search: b.Search, All: b.All, Sort: b.Sort, Zone: b.Zone, Columns: b.Columns}
}

type exportColumn struct {
	Field  string `json:"field"`
	Label  string `json:"label"`
	Masked bool   `json:"masked" doc:"On some records, at least."`
}

type exportLook struct {
	Count   int            `json:"count"`
	Columns []exportColumn `json:"columns" nullable:"false"`
}

type exportAnswer struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Format   string   `json:"format" enum:"csv,xlsx"`
	State    string   `json:"state" enum:"asked,making,made,taken,ended,expired"`
	Why      string   `json:"why,omitempty" enum:"session,entry,rights,cancelled,fault" doc:"Of one that ended before its file was taken."`
	By       doer     `json:"by"`
	At       string   `json:"asked_at"`
	Made     *string  `json:"made_at"`
	Taken    *string  `json:"taken_at"`
	Ends     *string  `json:"ends_at" doc:"When a file that is made must have been taken."`
	Ended    *string  `json:"ended_at"`
	Expected int      `json:"expected" doc:"Records, as counted when the file was asked for."`
	Done     int      `json:"done" doc:"Records in the file so far."`
	Size     int64    `json:"size"`
	Hash     string   `json:"sha256,omitempty" doc:"Of the file."`
	Filter   string   `json:"filter,omitempty"`
	Search   string   `json:"search,omitempty"`
	Sort     string   `json:"sort,omitempty"`
	Named    int      `json:"named,omitempty" doc:"How many records were named one by one."`
	Columns  []string `json:"columns" nullable:"false"`
	Masked   []string `json:"masked" nullable:"false"`
	Reason   string   `json:"reason"`
	Mine     bool     `json:"mine"`
	Open     bool     `json:"open" doc:"The asker may take the file now, once."`
	Archive  bool     `json:"archive" doc:"The asker may fetch the file from the archive."`
}

// selection reads which records are meant.
func (c *call) selection(b *exportSelection) (exchange.ExportAsk, error) {
	a := exchange.ExportAsk{Kind: b.Kind, Fields: b.Columns}
	known := false
	for _, k := range c.Records.Kinds() {
		known = known || k.Name == b.Kind
	}
	if !known {
		return a, fault.New(fault.Invalid, "export.kind", "There is no such kind of record.").At("kind")
	}
	if b.Columns != nil && len(b.Columns) == 0 {
		return a, fault.New(fault.Invalid, "export.columns", "There is no column to export.").At("columns")
	}
	switch {
	case b.IDs != nil:
		if b.Filter != "" || b.Search != "" || b.All {
			return a, fault.New(fault.Invalid, "export.which", "Name the records, or a filter that finds them, but not both.").At("ids")
		}
		for _, word := range b.IDs {
			id, ok := c.Records.Record(b.Kind, word)
			if !ok {
				return a, fault.NotFound()
			}
			a.Which.IDs = append(a.Which.IDs, id)
		}
	case b.Filter != "" || b.Search != "" || b.All:
		q := records.Query{Search: b.Search, Sort: b.Sort}
		var err error
		if q.Zone, err = c.zone(b.Zone); err != nil {
			return a, err
		}
		if err := condition(&q, b.Filter); err != nil {
			return a, err
		}
		a.Which.Query = &q
	default:
		return a, fault.New(fault.Invalid, "export.which", "Name the records, or a filter that finds them.").At("ids")
	}
	return a, nil
}

func (c *call) lookAtExport(b exportSelection) (exportLook, error) {
	a, err := c.selection(&b)
	if err != nil {
		return exportLook{}, err
	}
	out, err := c.Exports.Outgoing(c.ctx, c.who, a)
	if err != nil {
		return exportLook{}, err
	}
	look := exportLook{Count: out.Count, Columns: []exportColumn{}}
	for _, f := range out.Fields {
		look.Columns = append(look.Columns, exportColumn{f.Field.Name, f.Field.Labels.In(c.who.Language), f.Sight != records.Plain})
	}
	return look, nil
}

func (c *call) createExport(b exportBody) (exportAnswer, error) {
	which := b.selection()
	a, err := c.selection(&which)
	if err != nil {
		return exportAnswer{}, err
	}
	a.Format, a.Reason = b.Format, b.Reason
	e, err := c.Exports.Ask(c.ctx, c.who, a)
	if err != nil {
		return exportAnswer{}, err
	}
	c.w.Header().Set("Location", "/api/v1/exports/"+c.Vault.Public("export", e.ID))
	return c.exportOf(e)
}

func (c *call) exportOf(e *exchange.Export) (exportAnswer, error) {
	by, err := c.doerOf(e.By.Kind, e.By.Person)
	if err != nil {
		return exportAnswer{}, err
	}
	a := exportAnswer{
		ID: c.Vault.Public("export", e.ID), Kind: e.Kind, Format: e.Format, State: string(e.State), Why: e.Why, By: by,
		At: instant(e.At), Made: instantOr(e.Made), Taken: instantOr(e.Taken), Ends: instantOr(e.Ends), Ended: instantOr(e.Ended),
		Expected: e.Expected, Done: e.Records, Size: e.Size, Filter: e.Filter, Search: e.Search, Sort: e.Sort, Named: e.Named,
		Columns: e.Fields, Masked: e.Masked, Reason: e.Reason, Mine: e.By.Person == c.who.Person && c.who.ViewAs == 0, Open: e.Open, Archive: e.Archive,
	}
	if e.Hash != nil {
		a.Hash = fmt.Sprintf("%x", e.Hash)
	}
	if a.Masked == nil {
		a.Masked = []string{}
	}
	return a, nil
}

func (c *call) exportInPath() (int64, error) {
	id, ok := c.Vault.ID("export", c.r.PathValue("id"))
	if !ok {
		return 0, fault.NotFound()
	}
	return id, nil
}

func (c *call) exports() (listOf[exportAnswer], error) {
	before := int64(0)
	if word := c.query.Get("before"); word != "" {
		var ok bool
		if before, ok = c.Vault.ID("export", word); !ok {
			return listOf[exportAnswer]{}, fault.New(fault.Invalid, "page.cursor", "This is not the cursor of this list. Begin with the first page.").At("before")
		}
	}
	exports, err := c.Exports.List(c.ctx, c.who, before)
	if err != nil {
		return listOf[exportAnswer]{}, err
	}
	var all []exportAnswer
	for _, e := range exports {
		a, err := c.exportOf(e)
		if err != nil {
			return listOf[exportAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

func (c *call) readExport() (exportAnswer, error) {
	id, err := c.exportInPath()
	if err != nil {
		return exportAnswer{}, err
	}
	e, err := c.Exports.Status(c.ctx, c.who, id)
	if err != nil {
		return exportAnswer{}, err
	}
	return c.exportOf(e)
}

func (c *call) cancelExport() error {
	id, err := c.exportInPath()
	if err != nil {
		return err
	}
	return c.Exports.Cancel(c.ctx, c.who, id)
}

func exportFileShape() shape {
	return shape{media: "application/octet-stream", handle: func(c *call) (err error) {
		id, err := c.exportInPath()
		if err != nil {
			return err
		}
		f, err := c.Exports.Fetch(c.ctx, c.who, id)
		if err != nil {
			return err
		}
		defer func() {
			if e := f.Close(); e != nil && err == nil {
				c.log.Error("an export is not given back", "error", e)
			}
		}()
		// Kept as a file, and opened by no browser in our name, as other files are.
		c.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
		return c.stream(f.Media, &records.File{Name: f.Name, Size: f.Size, Reader: io.Reader(f)})
	}}
}
