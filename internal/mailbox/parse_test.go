package mailbox

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
)

func raw(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

func TestMailsAreReadInTheAlphabetThatTheySay(t *testing.T) {
	for name, by := range map[string]struct {
		with encoding.Encoding
		text string
	}{
		"koi8-r":       {charmap.KOI8R, "Здравствуйте, ёлка"},
		"windows-1251": {charmap.Windows1251, "Счёт № 5 — спасибо"},
		"iso-8859-2":   {charmap.ISO8859_2, "Zażółć gęślą jaźń"},
		"windows-1250": {charmap.Windows1250, "Łódź, żółw"},
		"iso-8859-1":   {charmap.ISO8859_1, "perché è così"},
		"iso-2022-jp":  {japanese.ISO2022JP, "こんにちは"},
		"euc-kr":       {korean.EUCKR, "안녕하세요"},
	} {
		held, err := by.with.NewEncoder().String(by.text)
		if err != nil {
			t.Fatal(err)
		}
		c := parse(raw("From: a@example.com", "Content-Type: text/plain; charset="+name, "Content-Transfer-Encoding: 8bit", "", held))
		if c.text != by.text {
			t.Errorf("%s: %q", name, c.text)
		}
	}
	h := parseHeader(raw("From: =?koi8-r?B?4c7OwQ==?= <anna@example.com>", "Subject: =?utf-8?B?0J/RgNC40LLQtdGC?= =?windows-1251?Q?=EC=E8=F0?=", "", ""), "")
	if len(h.from) != 1 || h.from[0] != "anna@example.com" || h.subject != "Приветмир" {
		t.Errorf("%+v", h)
	}
}

func TestTheTextOfAMailIsTextWhateverItWas(t *testing.T) {
	for name, c := range map[string]struct {
		mail   []byte
		want   string
		lacks  string
		files  int
		unread bool
	}{
		"plain": {mail: raw("From: a@example.com", "", "hello"), want: "hello"},
		"html alone": {mail: raw("Content-Type: text/html", "", "<html><head><title>no</title><style>p{}</style></head><body><h1>Dear</h1><p>you &amp; me<br>and<br>we<img src=https://eve.example.com/x.png alt=x></p><script>run()</script></body>"),
			want: "Dear\n\nyou & me\nand\nwe", lacks: "eve"},
		"the plain one of two":                    {mail: raw("Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "", "plain", "--b", "Content-Type: text/html", "", "<p>rich</p>", "--b--"), want: "plain", lacks: "rich"},
		"the only one of two that says something": {mail: raw("Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "", " ", "--b", "Content-Type: text/html", "", "<p>rich</p>", "--b--"), want: "rich"},
		"html that is never closed":               {mail: raw("Content-Type: text/html", "", "<head><meta x><body><p>still <b>here"), want: "still here"},
		"a script that is never closed":           {mail: raw("Content-Type: text/html", "", "seen<script>steal('"), want: "seen", lacks: "steal"},
		"base64":                                  {mail: raw("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "", "0J/RgNC4", "0LLQtdGC"), want: "Привет"},
		"quoted":                                  {mail: raw("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "caf=C3=A9 =", "noir"), want: "café noir"},
		"an unknown alphabet":                     {mail: raw("Content-Type: text/plain; charset=klingon", "", "nuqneH"), want: "nuqneH"},
		"an unknown encoding":                     {mail: raw("Content-Type: text/plain", "Content-Transfer-Encoding: rot13", "", "uryyb"), want: "uryyb"},
		"a boundary that never comes":             {mail: raw("Content-Type: multipart/mixed; boundary=never", "", "text"), unread: true},
		"a part that is cut off":                  {mail: raw("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "half a sen"), want: "half a sen"},
		"a text that is a file":                   {mail: raw("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see it", "--b", "Content-Type: text/plain; name=a.txt", "", "in here", "--b--"), want: "see it", lacks: "in here", files: 1},
		"a mail in a mail":                        {mail: raw("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "look", "--b", "Content-Type: message/rfc822", "Content-Disposition: attachment", "", "Subject: inner", "", "inner text", "--b--"), want: "look", lacks: "inner text", files: 1},
		"nothing":                                 {mail: raw("From: a@example.com", "", ""), want: ""},
		"no header":                               {mail: []byte("\x00\xff\xfe garbage"), unread: true},
		"not its own alphabet":                    {mail: raw("Content-Type: text/plain; charset=utf-8", "", "a\xff\xfeb"), want: "a\uFFFDb"},
	} {
		got := parse(c.mail)
		if got.text != c.want && (c.want != "" || !c.unread) || len(got.files) != c.files || got.unread != c.unread || c.lacks != "" && strings.Contains(got.text, c.lacks) {
			t.Errorf("%s: %q with %d files, unread %v", name, got.text, len(got.files), got.unread)
		}
	}
}

// A file is called as its sender called it, however the mail writes it.
func TestNamesOfFilesAreReadInEveryWayThatTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct{ disposition, kind, want string }{
		"plain":                        {"attachment; filename=a.txt", "text/plain", "a.txt"},
		"quoted":                       {`attachment; filename="a \"b\"; c.txt"`, "text/plain", `a "b"; c.txt`},
		"of the kind alone":            {"attachment", `application/pdf; name="offer.pdf"`, "offer.pdf"},
		"RFC 2047 in quotes":           {`attachment; filename="=?utf-8?B?0KHRh9GR0YIucGRm?="`, "application/pdf", "Счёт.pdf"},
		"RFC 2047 without quotes":      {`attachment; filename==?koi8-r?B?896j1C5wZGY=?=`, "application/pdf", "Счёт.pdf"},
		"RFC 2047 in two words":        {"attachment; filename=\"=?windows-1251?Q?=D1=F7=B8?=\r\n =?windows-1251?Q?=F2.pdf?=\"", "application/pdf", "Счёт.pdf"},
		"RFC 2231":                     {"attachment; filename*=utf-8''za%C5%BC%C3%B3%C5%82%C4%87.txt", "text/plain", "zażółć.txt"},
		"RFC 2231 in Windows-1251":     {"attachment; filename*=windows-1251'ru'%D1%F7%B8%F2.pdf", "application/pdf", "Счёт.pdf"},
		"RFC 2231 in pieces":           {"attachment; filename*0*=koi8-r''%F3%DE;\r\n filename*1*=%A3%D4;\r\n filename*2=.pdf", "application/pdf", "Счёт.pdf"},
		"the extended before the poor": {"attachment; filename=poor.txt; filename*=utf-8''caff%C3%A8.txt", "text/plain", "caffè.txt"},
		"pieces of the kind":           {"attachment", "application/pdf; name*0=of; name*1=fer.pdf", "offer.pdf"},
		"spaces without quotes":        {"attachment; filename=our offer.pdf; size=5", "application/pdf", "our offer.pdf"},
		"letters as they are":          {"attachment; filename=\"Счёт.pdf\"", "application/pdf", "Счёт.pdf"},
		"a quotation without an end":   {`attachment; filename="offer.pdf`, "application/pdf", "offer.pdf"},
		"an unknown alphabet":          {"attachment; filename*=klingon''a.txt", "text/plain", "a.txt"},
		"escapes that are none":        {"attachment; filename*=utf-8''100%zz.txt", "text/plain", "100%zz.txt"},
		"none":                         {"attachment", "application/pdf", ""},
	} {
		c2 := parse(raw("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see it", "--b", "Content-Type: "+c.kind, "Content-Disposition: "+c.disposition, "", "held", "--b--"))
		if len(c2.files) != 1 || c2.files[0].Name != c.want || c2.text != "see it" {
			t.Errorf("%s: %+v %q, not %q", name, c2.files, c2.text, c.want)
		}
	}
}

// A mail that was made to take all memory or time takes neither.
func TestAMailThatWasMadeToHurtDoesNot(t *testing.T) {
	var deep strings.Builder
	for i := range 2_000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	var wide strings.Builder
	wide.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
	for range 100_000 {
		wide.WriteString("--b\r\n\r\nx\r\n")
	}
	long := "Subject: " + strings.Repeat("x", 4<<20) + "\r\n\r\ntext"
	many := strings.Repeat("X: y\r\n", 400_000) + "\r\ntext"
	nested := "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 300_000) + "deep"
	tag := "Content-Type: text/html\r\n\r\n<p " + strings.Repeat("a", 3<<20)
	for name, mail := range map[string]string{"deep": deep.String(), "wide": wide.String(), "long": long, "many": many, "nested": nested, "tag": tag, "references": "References: " + strings.Repeat("<a@b> ", 10_000) + "\r\n\r\n"} {
		c := parse([]byte(mail))
		if len(c.text) > 2*mostText || len(c.files) > mostFiles || c.parts > mostParts+1 {
			t.Errorf("%s: %d characters, %d files, %d parts", name, len(c.text), len(c.files), c.parts)
		}
		if h := parseHeader([]byte(mail), "mx.example.com"); len(h.answers) > mostAnswers {
			t.Errorf("%s: %d answers", name, len(h.answers))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(raw("From: a@example.com", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/html", "", "<p>x", "--b", "Content-Type: message/delivery-status", "", "Action: failed", "--b--"))
	f.Add(raw("Subject: =?utf-8?q?x?=", "In-Reply-To: <a@b>", "Content-Transfer-Encoding: base64", "", "eA=="))
	f.Fuzz(func(t *testing.T, mail []byte) {
		h, c := parseHeader(mail, "mx.example.com"), parse(mail)
		if !utf8.ValidString(c.text) && !c.unread {
			t.Errorf("the text is no text: %q", c.text)
		}
		if len(h.answers) > mostAnswers || len(h.from) > mostSenders || len(c.files) > mostFiles {
			t.Errorf("more than is taken: %+v", h)
		}
		for _, file := range c.files {
			r, err := file.Open()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); err != nil || n == 0 || n > int64(len(mail))+1 && !bytes.Contains(mail, []byte("ncoding")) {
				t.Errorf("a file of %d bytes: %v", n, err)
			}
		}
	})
}

// Each bound holds by itself, and not because another one happens to.
func TestEachBoundOfAMailHoldsByItself(t *testing.T) {
	nest := func(depth int) []byte {
		var b strings.Builder
		for i := range depth {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return []byte(b.String() + "Content-Type: text/plain\r\n\r\nthe core")
	}
	if c := parse(nest(deepest)); c.text != "the core" {
		t.Errorf("at the deepest there is %q", c.text)
	}
	if c := parse(nest(deepest + 1)); strings.Contains(c.text, "core") {
		t.Error("deeper than the deepest is read")
	}
	c := parse([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", mostParts+50)))
	if n := strings.Count(c.text, "x"); n != mostParts-1 { // the whole counts as one
		t.Errorf("%d parts are read", n)
	}
	c = parse([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n", mostFiles+5)))
	if len(c.files) != mostFiles || c.left != 5 {
		t.Errorf("%d files are taken and %d left", len(c.files), c.left)
	}
	if c = parse([]byte("Subject: x\r\n\r\n" + strings.Repeat("y", mostText+1000))); len(c.text) != mostText {
		t.Errorf("%d bytes of text are read", len(c.text))
	}
	if c = parse([]byte("Content-Type: text/html\r\n\r\nseen<p " + strings.Repeat("a", mostText-100) + ">hidden")); !strings.Contains(c.text, "seen") {
		t.Errorf("before a tag without end there is %.40q", c.text)
	}
	if h := parseHeader([]byte("From: "+strings.Repeat("a@example.com, ", 20)+"z@example.com\r\n\r\n"), ""); len(h.from) != mostSenders {
		t.Errorf("%d senders are heard", len(h.from))
	}
	if h := parseHeader([]byte("References: "+strings.Repeat("<a@b> ", 80)+"\r\n\r\n"), ""); len(h.answers) != mostAnswers {
		t.Errorf("%d mails are answered", len(h.answers))
	}
	if c = parse([]byte("X: " + strings.Repeat("y", mostHeader+10) + "\r\nContent-Type: text/plain\r\n\r\ntext")); c.text == "text" {
		t.Error("a header without end is read to its end")
	}
}

// Of HTML only what a reader would see is left, whichever way it is hidden.
func TestWhatIsHiddenInHTMLIsNoText(t *testing.T) {
	for _, tag := range []string{"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea", "select"} {
		if got := plain([]byte("<p>seen</p><" + tag + ">hidden</" + tag + "><p>after</p>")); strings.Contains(got, "hidden") || !strings.Contains(got, "seen") || tag != "head" && !strings.Contains(got, "after") {
			t.Errorf("%s leaves %q", tag, got)
		}
	}
	for source, want := range map[string]string{
		"<object>a<object>b</object>c</object>seen":                        "seen",
		"<svg>a<svg>b</svg>c</svg>seen":                                    "seen",
		"<head><title>a</title><body>seen":                                 "seen",
		"<p>one</p><p>two</p>":                                             "one\n\ntwo",
		"one<br>two<br><br><br>three":                                      "one\ntwo\n\nthree",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>x": "a b\nc\n\nx",
	} {
		if got := plain([]byte(source)); got != want {
			t.Errorf("%s gives %q, not %q", source, got, want)
		}
	}
}

// A report is believed only if it is one, says that it failed, and names a mail.
func TestReportOfDeliveryIsReadAsOne(t *testing.T) {
	report := func(kind, action string) []byte {
		return raw("From: mailer@example.net", "Content-Type: multipart/report; report-type="+kind+"; boundary=b", "", "--b", "", "sorry",
			"--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx", "", "Action: "+action, "--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <ours@example.com>", "--b--")
	}
	for _, c := range []struct {
		kind, action string
		is, back     bool
	}{{"delivery-status", "failed", true, true}, {"delivery-status", "Failed ", true, true}, {"delivery-status", "delayed", true, false}, {"disposition-notification", "failed", false, true}} {
		if got := parseHeader(report(c.kind, c.action), "").report; got != c.is {
			t.Errorf("%s: a report of delivery is %v", c.kind, got)
		}
		if back := parse(report(c.kind, c.action)).returned; (len(back) == 1 && back[0] == "ours@example.com") != c.back {
			t.Errorf("%s %s: returned are %v", c.kind, c.action, back)
		}
	}
}

// Two mails without a number of their own are two, and one is one.
func TestMailIsKnownByItsNumberSenderAndDate(t *testing.T) {
	id := func(head string) string {
		held := []byte(head + "\r\n\r\n")
		h := parseHeader(held, "")
		return string(h.identity(held))
	}
	same := id("Message-ID: <a@b>\r\nFrom: a@example.com\r\nDate: x\r\nReceived: one way")
	if same != id("Received: another way\r\nMessage-ID: <a@b>\r\nFrom: a@example.com\r\nDate: x") {
		t.Error("a mail that came by two ways is two")
	}
	for _, other := range []string{"Message-ID: <b@b>\r\nFrom: a@example.com\r\nDate: x", "Message-ID: <a@b>\r\nFrom: eve@example.com\r\nDate: x", "Message-ID: <a@b>\r\nFrom: a@example.com\r\nDate: y"} {
		if id(other) == same {
			t.Errorf("%q is taken for another one", other)
		}
	}
	if id("From: a@example.com\r\nSubject: one") == id("From: a@example.com\r\nSubject: two") {
		t.Error("two mails without a number are one")
	}
}
