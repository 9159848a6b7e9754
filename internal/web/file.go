package web

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// fileRoutes are those of kinds that hold files, beside those of every kind.
func (s *Server) fileRoutes() []route {
	var all []route
	for _, k := range crm.Kinds() {
		if k.Content == nil {
			continue
		}
		noun, base := capital(k.Name), "/api/v1/"+k.Plural
		part := []route{
			{method: "POST", path: base + "/upload", name: "attach" + noun, summary: "Put a " + k.Name + " on a record: its content is the body, and its name stands in the header Castellan-File-Name, percent-encoded", headers: []parameter{fileName}, body: records.MaxFile + 1, timeout: longWork,
				query: []parameter{{name: "about", doc: "The id of the record to put it on."}}, shape: attachShape()},
			{method: "GET", path: base + "/{id}/content", name: "get" + noun + "Content", summary: "Fetch what a " + k.Name + " holds, to be kept and not to be shown", timeout: longWork, shape: streams("application/octet-stream", (*call).fileContent)},
			{method: "GET", path: base + "/{id}/picture", name: "get" + noun + "Picture", summary: "See a small picture of a " + k.Name + ", made by the server", shape: streams("image/jpeg", (*call).filePicture)},
		}
		for i := range part {
			part[i].door, part[i].kind, part[i].tag, part[i].surface = asRights, &k, capital(k.Plural), records.CardOf(&k)
		}
		all = append(all, part...)
	}
	return all
}

func attachShape() shape {
	s := created(writes[recordShape]((*call).attach))
	s.takes = "application/octet-stream"
	return s
}

// streams is a route whose answer is handed on as it is read.
func streams(media string, do func(*call) (*records.File, error)) shape {
	return shape{media: media, handle: func(c *call) error {
		f, err := do(c)
		if err != nil {
			return err
		}
		return c.stream(media, f)
	}}
}

func (c *call) attach() error {
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media == "multipart/form-data" || media == "application/x-www-form-urlencoded" {
		return fault.New(fault.Invalid, "body.media", "Send the file itself as the body, not a form, and its name in the header Castellan-File-Name.")
	}
	name, err := url.PathUnescape(c.header(fileName))
	if err != nil || name == "" || len(name) > 1024 {
		return fault.New(fault.Invalid, "file.name", "The header Castellan-File-Name must hold the name of the file, percent-encoded.")
	}
	kind, about, ok := c.named(c.query.Get("about"))
	if !ok {
		return fault.NotFound()
	}
	id, err := c.Records.Attach(c.ctx, c.who, c.route.kind.Name, kind, about, name, c.r.Body)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", "/api/v1/"+c.route.kind.Plural+"/"+c.Records.RecordWord(c.route.kind.Name, id))
	return c.readBack(id)
}

// named finds the kind and the id of a record from the word shown outside.
func (c *call) named(word string) (string, schema.RecordID, bool) {
	for _, k := range c.Records.Kinds() {
		if id, ok := c.Records.Record(k.Name, word); ok {
			return k.Name, id, true
		}
	}
	return "", 0, false
}

func (c *call) fileContent() (*records.File, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	f, err := c.Records.FetchFile(c.ctx, c.who, c.route.kind.Name, id, c.surface())
	if err != nil {
		return nil, err
	}
	// Whatever a file holds, no browser opens it in our name (attack 51): it is
	// kept as a file, its kind is not guessed at, and were it shown after all, it
	// would be shut in.
	c.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	return f, nil
}

func (c *call) filePicture() (*records.File, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	f, err := c.Records.GlanceAt(c.ctx, c.who, c.route.kind.Name, id, c.surface())
	if err == nil {
		c.w.Header().Set("Content-Disposition", "inline")
	}
	return f, err
}

// stream hands a file on. Once it has begun, an error can only break it off: the
// length tells the reader that it is not whole.
func (c *call) stream(media string, f *records.File) error {
	h := c.holds(media)
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	c.status = http.StatusOK
	if c.r.Method == http.MethodHead {
		c.w.WriteHeader(c.status)
		return nil
	}
	first := make([]byte, min(f.Size, 64<<10))
	if _, err := io.ReadFull(f, first); err != nil {
		return err // nothing has gone out yet
	}
	c.w.WriteHeader(c.status)
	if _, err := c.w.Write(first); err != nil {
		return nil //nolint:nilerr // whoever has gone away does not need the rest
	}
	if _, err := io.Copy(c.w, f); err != nil && c.ctx.Err() == nil {
		c.log.Error("a file broke off", "route", c.route.path, "error", err)
	}
	return nil
}
