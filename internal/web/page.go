package web

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// page is the built page in memory: every file with its compressed twins, and
// index.html cut where the nonce goes.
type page struct {
	files map[string]*pageFile // by path, with a slash before it
	index []string             // index.html, with the nonce between the parts
}

type pageFile struct {
	media     string
	immutable bool              // its name carries a checksum
	forms     map[string][]byte // by encoding: "", "br", "gzip"
}

// encodings are tried in this order.
var encodings = [...]struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func openPage(files fs.FS, placeholder string) (*page, error) {
	p := &page{files: map[string]*pageFile{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		ext := path.Ext(name)
		if err != nil || d.IsDir() || ext == ".br" || ext == ".gz" || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if name == "index.html" {
			p.index = strings.Split(string(content), placeholder)
			return nil
		}
		f := &pageFile{media: mime.TypeByExtension(ext), immutable: strings.HasPrefix(name, "assets/"), forms: map[string][]byte{"": content}}
		if f.media == "" {
			f.media = "application/octet-stream"
		}
		for _, e := range encodings {
			if twin, err := fs.ReadFile(files, name+e.suffix); err == nil {
				f.forms[e.name] = twin
			} else if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		p.files["/"+name] = f
		return nil
	})
	if err == nil && p.index == nil {
		err = errors.New("the page has no index.html")
	}
	return p, err
}

// serve answers with a file of the page, or with the page itself where a person
// follows a link into it. It is false if neither is meant.
func (p *page) serve(s *Server, w http.ResponseWriter, r *http.Request) bool {
	if f := p.files[r.URL.Path]; f != nil {
		f.serve(w, r)
		return true
	}
	if path.Ext(r.URL.Path) != "" || r.URL.Path != "/" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	nonce := base64.RawStdEncoding.EncodeToString(s.Vault.Bytes(16))
	body := strings.Join(p.index, nonce)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policyOfPage(nonce))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write([]byte(body)) // whoever has gone away does not need the answer
	return true
}

func (f *pageFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Vary", "Accept-Encoding")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body := f.forms[""]
	for _, e := range encodings {
		if twin := f.forms[e.name]; twin != nil && takesEncoding(r, e.name) {
			h.Set("Content-Encoding", e.name)
			body = twin
			break
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever has gone away does not need the answer
}

// takesEncoding tells whether the browser takes an encoding.
func takesEncoding(r *http.Request, name string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		word, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if word == name {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
