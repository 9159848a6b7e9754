package web_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"castellan/internal/store"
)

// upload puts a file on a record.
func (p *person) upload(about, name string, content []byte) *answer {
	p.Helper()
	return p.with("Content-Type", "application/octet-stream").with("Castellan-File-Name", url.PathEscape(name)).
		post("/api/v1/files/upload?about="+about, content)
}

// photo is a picture of one colour, with words beside its pixels.
func photo(t *town, side int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side/2))
	for i := range m.Pix {
		m.Pix[i] = 0xc0
	}
	m.Set(1, 1, color.Black)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	// A text chunk behind the header, as cameras and programs leave them.
	text := append([]byte("tEXt"), "Comment\x00taken at the hidden quarry"...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, text...), crc32.ChecksumIEEE(text))
	all := b.Bytes()
	const behindHeader = 33
	return append(append(bytes.Clone(all[:behindHeader]), chunk...), all[behindHeader:]...)
}

func bearer() object {
	role := sales()
	grades := role["grades"].(object)
	grades["file"] = object{"create": "all", "view": "all", "edit": "own", "delete": "own"}
	return role
}

const pdfText = "%PDF-1.7\n1 0 obj\n<< /Secret (quartz contract) >>\nendobj\n%%EOF\n"

func TestFileComesBackAsItWas(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", bearer())
		anna := a.create("contacts", object{"name": "Anna"})
		whole := append([]byte(pdfText), bytes.Repeat([]byte("0123456789abcdef"), 40_000)...) // several pieces, the last one short
		f := a.upload(anna, "Договор №1.pdf", whole).is(201).has(`"form":"pdf"`, `"picture":false`, "Договор №1.pdf")
		got := a.get("/api/v1/files/" + f.at("id") + "/content").is(200)
		if got.body != string(whole) {
			t.Errorf("%d bytes came back, not the %d that were brought", len(got.body), len(whole))
		}
		if d := got.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename*=utf-8''%D0%94") {
			t.Errorf("it is handed out as %q", d)
		}
		if n := len(a.get("/api/v1/files" + query("filter", `about = "`+anna+`"`)).is(200).items()); n != 1 {
			t.Errorf("the client has %d files", n)
		}
		a.get("/api/v1/contacts/"+anna+"/timeline").is(200).has(`"type":"file"`, "Договор №1.pdf")

		// In the bin with its client, and back with it.
		a.delete("/api/v1/contacts/" + anna).is(204)
		a.get("/api/v1/files/" + f.at("id") + "/content").is(404)
		a.post("/api/v1/contacts/"+anna+"/restore", nil).is(200)
		a.get("/api/v1/files/" + f.at("id") + "/content").is(200)
		// By itself, too; whoever may delete it still reaches it there.
		a.delete("/api/v1/files/" + f.at("id")).is(204)
		if n := len(a.get("/api/v1/files" + query("filter", `about = "`+anna+`"`)).is(200).items()); n != 0 {
			t.Errorf("a deleted file is still listed")
		}
		// What was thrown away is listed for whoever may take it out, and for nobody else.
		thrown := "/api/v1/files" + query("filter", `about = "`+anna+`"`, "bin", "1")
		if got := a.get(thrown).is(200).items(); len(got) != 1 || got[0]["id"] != f.at("id") {
			t.Errorf("the bin of the client holds %v", got)
		}
		blind := bearer()
		blind["abilities"] = []string{}
		t.hire("Bruno", blind).get(thrown).is(403).lacks("Договор")
		t.hire("Clara", bearer()).get(thrown).is(200, 404).lacks("Договор", f.at("id"))
		t.olga.get(thrown).is(200).has(f.at("id"))
		a.post("/api/v1/files/"+f.at("id")+"/restore", nil).is(200)
		if got := a.get(thrown).is(200).items(); len(got) != 0 {
			t.Errorf("what was taken out is still in the bin: %v", got)
		}

		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger" + query("limit", "200")).is(200).has(`"event":"file.fetched"`)
	})
}

// Attack 19: attachments under an unreadable field or record, thumbnails
// included, by id and by direct link.
func TestAttack19_FileOfAForeignClientIsRefusedByEveryAddress(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b := t.hire("Anton", bearer()), t.hire("Berta", bearer())
		c := b.create("contacts", object{"name": "Cecilia Quartz"})
		f := b.upload(c, "quartz passport.png", photo(t, 640)).is(201).at("id")
		b.get("/api/v1/files/" + f + "/picture").is(200)
		nothing := a.get("/api/v1/files/file_0000000000000/content").is(404).body
		for _, path := range []string{"", "/content", "/picture", "/history", "/timeline", "/why", "/history/1"} {
			if got := a.get("/api/v1/files/"+f+path).is(404).lacks("quartz", "passport"); path == "/content" && got.body != nothing {
				t.Errorf("a file of somebody else's client is refused in other words than one that never was: %s, %s", got.body, nothing)
			}
			t.guest().get("/api/v1/files/" + f + path).is(401).lacks("quartz")
		}
		a.get("/api/v1/files"+query("filter", `about = "`+c+`"`)).is(200, 404).lacks("quartz", f)
		a.patch("/api/v1/files/"+f, object{"name": "mine.png"}).is(404)
		a.delete("/api/v1/files/" + f).is(404)
		a.post("/api/v1/files/"+f+"/reveal", object{"fields": []string{"content"}}).is(404)

		// Nor does somebody who sees the client and not what files hold.
		closed := bearer()
		closed["sights"] = []object{{"class": "open", "own": "plain", "group": "plain", "all": "plain"}}
		closed["grades"].(object)["contact"] = object{"create": "all", "view": "all", "edit": "all", "delete": "all"}
		d := t.hire("Dora", closed)
		for _, path := range []string{"/content", "/picture"} {
			d.get("/api/v1/files/"+f+path).is(403).lacks("quartz", "passport", "PNG")
		}
		d.get("/api/v1/files/"+f).is(200).lacks("quartz", "passport")
	})
}

// Attack 21 and 22: whoever may not put a file there leaves nothing behind, and
// the id of another's file moves, reads and deletes nothing.
func TestAttack22_FileOfAnotherIsNotTakenByItsId(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b := t.hire("Anton", bearer()), t.hire("Berta", bearer())
		mine, c := a.create("contacts", object{"name": "Anna"}), b.create("contacts", object{"name": "Cecilia Quartz"})
		f := b.upload(c, "quartz.pdf", []byte(pdfText)).is(201).at("id")
		a.upload(c, "planted.pdf", []byte(pdfText)).is(404)
		a.upload(f, "planted.pdf", []byte(pdfText)).is(404)
		a.upload("contact_0000000000000", "planted.pdf", []byte(pdfText)).is(404)
		t.hire("Otto", sales()).upload(mine, "planted.pdf", []byte(pdfText)).is(403, 404)
		own := a.upload(mine, "own.pdf", []byte(pdfText)).is(201).at("id")
		for _, body := range []object{{"about": c, "about_kind": "contact"}, {"about": mine}, {"content": 1}, {"form": "image"}, {"picture": true}, {"blob": f}, {"id": f}} {
			a.patch("/api/v1/files/"+own, body).is(400, 403, 422)
			a.patch("/api/v1/files/"+f, body).is(404)
		}
		// Nor does a file leave for another client of the same person.
		second := a.create("contacts", object{"name": "Ada"})
		a.patch("/api/v1/files/"+own, object{"about": second, "about_kind": "contact"}).is(422).has("file.moved")
		a.get("/api/v1/files" + query("filter", `about = "`+second+`"`)).is(200).lacks(own)
		a.get("/api/v1/files" + query("filter", `about = "`+mine+`"`)).is(200).has(own)
		a.post("/api/v1/files", object{"name": "copy.pdf", "about": mine, "about_kind": "contact"}).is(422).has("file.content")
		a.post("/api/v1/files", object{"name": "copy.pdf", "about": mine, "about_kind": "contact", "content": 55}).is(422)
		if got := b.get("/api/v1/files/" + f + "/content").is(200).body; got != pdfText {
			t.Errorf("the file of another is now %q", got)
		}
		var loose int64
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT COUNT(*) FROM blob WHERE record IS NULL")).Scan(&loose); err != nil || loose != 0 {
			t.Errorf("%d refused files were kept, %v", loose, err)
		}
	})
}

// Attack 51: stored scripts by SVG, HTML and names.
func TestAttack51_FileNeverRunsInOurName(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", bearer())
		anna := a.create("contacts", object{"name": "Anna"})
		for name, content := range map[string]string{
			"picture.png": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
			"photo.jpg":   `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
			"letter.pdf":  `<!DOCTYPE html><html><script>alert(1)</script></html>`,
			"note.txt":    `<script>alert(1)</script>`,
			"tool.pdf":    "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00",
			"run.txt":     "#!/bin/sh\nrm -rf /\n",
			"lib.docx":    "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		} {
			a.upload(anna, name, []byte(content)).is(422).has("file.form").lacks("alert", "/bin/sh")
		}
		if n := t.held("blob"); n != 0 {
			t.Errorf("the content of %d refused files was kept", n)
		}
		for name, want := range map[string]string{
			`<img src=x onerror=alert(1)>.pdf`: `_img src=x onerror=alert(1)_.pdf`,
			"invoice\u202efdp.exe":             "invoicefdp.exe.pdf",
			"../../etc/passwd":                 "passwd.pdf",
			`C:\Users\anna\letter.PDF`:         "letter.pdf",
			"a\r\nSet-Cookie: x=1":             "aSet-Cookie_ x=1.pdf",
			"page.html":                        "page.html.pdf",
			"\u200b\u2066":                     "file.pdf",
			"call (212) 555-0123.pdf":          "call XXXX.pdf", // for somebody who does not see numbers
			strings.Repeat("я", 300):           strings.Repeat("я", 120) + ".pdf",
		} {
			f := a.upload(anna, name, []byte(pdfText)).is(201)
			if got := f.at("name"); got != want {
				t.Errorf("%q is kept as %q, want %q", name, got, want)
			}
			h := a.get("/api/v1/files/" + f.at("id") + "/content").is(200).header
			if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Set-Cookie") != "" {
				t.Errorf("%q is handed out with %v", name, h)
			}
		}
		// A small picture is drawn anew: nothing but pixels comes along.
		f := a.upload(anna, "quarry.png", photo(t, 2000)).is(201).has(`"picture":true`).at("id")
		got := a.get("/api/v1/files/"+f+"/picture").is(200).lacks("hidden quarry", "tEXt")
		small, err := jpeg.Decode(strings.NewReader(got.body))
		if err != nil || small.Bounds().Dx() != 320 || small.Bounds().Dy() != 160 {
			t.Errorf("the small picture is %v, %v", small, err)
		}
		if h := got.header; h.Get("Content-Type") != "image/jpeg" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("the small picture is handed out with %v", h)
		}
		a.get("/api/v1/files/" + a.upload(anna, "x.pdf", []byte(pdfText)).at("id") + "/picture").is(404)
	})
}

func TestFileThatIsTooLargeOrEmptyIsRefused(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", bearer())
		anna := a.create("contacts", object{"name": "Anna"})
		large := append([]byte(pdfText), make([]byte, 25<<20)...)
		a.upload(anna, "large.pdf", large).is(413)
		a.upload(anna, "empty.pdf", []byte{}).is(422).has("file.empty")
		a.upload(anna, "", []byte(pdfText)).is(422).has("file.name")
		var pieces int64
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT COUNT(*) FROM blob_piece")).Scan(&pieces); err != nil || pieces != 0 {
			t.Errorf("%d pieces of refused files were kept, %v", pieces, err)
		}
		// A few bytes that claim a picture of a thousand million pixels are kept as
		// a file, and never opened as a picture.
		bomb := photo(t, 64)
		binary.BigEndian.PutUint32(bomb[16:], 32_000)
		binary.BigEndian.PutUint32(bomb[20:], 32_000)
		binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
		a.upload(anna, "bomb.png", bomb).is(201).has(`"picture":false`)
	})
}
