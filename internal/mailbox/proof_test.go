package mailbox

import (
	"fmt"
	"strings"
	"testing"
)

// ours is the name with which the server of these tests signs.
const ours = "mx.example.net"

// What proves a sender is what the receiving server found, and nothing that whoever
// sends a mail can write (RFC 8601, RFC 7489).
func TestSenderIsProvenByTheReceivingServerAlone(t *testing.T) {
	const from = "From: Anna <anna@example.com>"
	says := func(what string) string { return "Authentication-Results: " + ours + "; " + what }
	for name, c := range map[string]struct {
		header []string
		want   bool
	}{
		"nothing is said":                       {[]string{from}, false},
		"dmarc passes":                          {[]string{says("dmarc=pass header.from=example.com"), from}, true},
		"dmarc passes, as Google says it":       {[]string{says("dkim=pass header.i=@example.com header.s=20230601 header.b=AbC/d+E=;\r\n       spf=pass (google.com: domain of anna@example.com designates 192.0.2.1 as permitted sender) smtp.mailfrom=anna@example.com;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com"), from}, true},
		"dmarc passes, as Microsoft says it":    {[]string{says("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=pass (signature was verified) header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=100"), from}, true},
		"dmarc passes for another domain":       {[]string{says("dmarc=pass header.from=eve.example"), from}, false},
		"dmarc fails and dkim passes":           {[]string{says("dkim=pass header.d=example.com; dmarc=fail header.from=example.com"), from}, false},
		"dmarc could not be asked":              {[]string{says("spf=pass smtp.mailfrom=example.com; dmarc=temperror header.from=example.com"), from}, false},
		"no dmarc, dkim of the domain":          {[]string{says("dkim=pass header.d=example.com; dmarc=none header.from=example.com"), from}, true},
		"dkim of a part of the domain":          {[]string{says("dkim=pass header.d=mail.example.com"), from}, true},
		"dkim by its identity":                  {[]string{says("dkim=pass header.i=@example.com"), from}, true},
		"dkim of another domain":                {[]string{says("dkim=pass header.d=eve.example"), from}, false},
		"dkim of a domain that ends alike":      {[]string{says("dkim=pass header.d=notexample.com"), from}, false},
		"dkim of what belongs to everybody":     {[]string{says("dkim=pass header.d=com"), from}, false},
		"dkim of a neighbour at the same host":  {[]string{says("dkim=pass header.d=eve.github.io"), "From: a@anna.github.io"}, false},
		"dkim fails":                            {[]string{says("dkim=fail header.d=example.com"), from}, false},
		"one of two signatures passes":          {[]string{says("dkim=fail header.d=example.com; dkim=pass header.d=example.com"), from}, true},
		"spf of the domain":                     {[]string{says("spf=pass smtp.mailfrom=bounces@mail.example.com"), from}, true},
		"spf of another domain":                 {[]string{says("spf=pass smtp.mailfrom=eve@eve.example"), from}, false},
		"spf that is soft":                      {[]string{says("spf=softfail smtp.mailfrom=anna@example.com"), from}, false},
		"spf of who greeted":                    {[]string{says("spf=pass smtp.helo=example.com"), from}, false},
		"nothing was checked":                   {[]string{says("none"), from}, false},
		"another server says so":                {[]string{"Authentication-Results: mx.eve.example; dmarc=pass header.from=example.com", from}, false},
		"one whose name begins alike":           {[]string{"Authentication-Results: mx.example.net.eve.example; dmarc=pass header.from=example.com", from}, false},
		"in capitals":                           {[]string{"AUTHENTICATION-RESULTS: MX.Example.NET; DMARC=Pass Header.From=EXAMPLE.com", from}, true},
		"with a version":                        {[]string{"Authentication-Results: " + ours + " 1; dmarc=pass header.from=example.com", from}, true},
		"with a version to come":                {[]string{"Authentication-Results: " + ours + " 2; dmarc=pass header.from=example.com", from}, false},
		"with comments":                         {[]string{"Authentication-Results: (a; b) " + ours + " (c (d\\) e)); dmarc (f) = (g) pass (h) header.from (i) = (j) example.com", from}, true},
		"with quotations":                       {[]string{"Authentication-Results: \"" + ours + "\"; dmarc=\"pass\" reason=\"a; dkim=pass\" header.from=\"example.com\"", from}, true},
		"a pass within a comment":               {[]string{says("spf=fail (; dmarc=pass header.from=example.com) smtp.mailfrom=eve@eve.example"), from}, false},
		"a pass within an address":              {[]string{says(`spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.com "@eve.example`), from}, false},
		"a pass within a quotation with quotes": {[]string{says(`spf=pass smtp.mailfrom="x\"; dmarc=pass header.from=example.com; y=\""@eve.example`), from}, false},
		"a comment without an end":              {[]string{says("dmarc=pass header.from=example.com (never"), from}, false},
		"a quotation without an end":            {[]string{says(`dmarc=pass header.from=example.com; spf=pass smtp.mailfrom="x`), from}, false},
		"what is not sound is not believed":     {[]string{says("dmarc=pass header.from=example.com; this is no result"), from}, false},
		"below one that is not sound":           {[]string{says("= ="), says("dmarc=pass header.from=example.com"), from}, false},
		"no result after the name":              {[]string{"Authentication-Results: " + ours + " dmarc=pass header.from=example.com", from}, false},
		"two headers of two checks":             {[]string{says("dmarc=none header.from=example.com"), says("dkim=pass header.d=example.com"), from}, true},
		"a forged one below the server's":       {[]string{says("dmarc=fail header.from=example.com"), says("dmarc=pass header.from=example.com"), from}, false},
		"forged below where it was received":    {[]string{says("spf=fail smtp.mailfrom=eve@eve.example"), "Received: from eve.example by mx.example.net; Fri, 27 Nov 2026 10:00:00 +0000", says("dmarc=pass header.from=example.com"), from}, false},
		"below the trace of its delivery":       {[]string{"Received: by lmtp.example.net", says("dmarc=pass header.from=example.com"), "Received: from a by mx.example.net", from}, true},
		"two senders":                           {[]string{says("dmarc=pass header.from=example.com"), "From: anna@example.com, eve@eve.example"}, false},
		"two headers of senders":                {[]string{says("dmarc=pass header.from=example.com"), from, "From: eve@eve.example"}, false},
		"no sender":                             {[]string{says("dmarc=pass header.from=example.com")}, false},
		"in another alphabet":                   {[]string{says("dmarc=pass header.from=xn--e1afmkfd.xn--p1ai"), "From: a@пример.рф"}, true},
	} {
		raw := []byte(strings.Join(append(c.header, "Subject: x", "", "text"), "\r\n"))
		if got := parseHeader(raw, ours).proven; got != c.want {
			t.Errorf("%s: proven is %v", name, got)
		}
		if parseHeader(raw, "").proven {
			t.Errorf("%s: proven although no server is believed", name)
		}
	}
}

func TestAllServersOfADomainMayBeBelieved(t *testing.T) {
	for id, want := range map[string]bool{"mx1.example.net": true, "a.b.example.net": true, "example.net": false, "mx.notexample.net": false, ".example.net": false, "mx1.example.net.eve.example": false} {
		raw := fmt.Appendf(nil, "Authentication-Results: %s; dmarc=pass header.from=example.com\r\nFrom: a@example.com\r\n\r\n", id)
		if got := parseHeader(raw, "*.example.net").proven; got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}

// Whatever stands in an address or a comment, it makes no result.
func FuzzReadResults(f *testing.F) {
	f.Add("eve")
	f.Add(`"; dmarc=pass header.from=example.com "@eve.example`)
	f.Add(`\"; dmarc=pass header.from=example.com`)
	f.Add("(((")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, _ = readResults(text)
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		commented := "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text) + ")"
		id, all, sound := readResults(ours + "; spf=fail " + commented + " smtp.mailfrom=" + quoted + "@eve.example; dkim=none")
		if !sound || id != ours || len(all) != 2 || all[0].of("smtp.mailfrom") != text+"@eve.example" {
			t.Errorf("%q is read as %q %+v %v", text, id, all, sound)
		}
	})
}
