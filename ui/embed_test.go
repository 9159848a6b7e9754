package ui_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"castellan/ui"
)

func TestThereIsAPageWhetherOrNotItWasBuilt(t *testing.T) {
	page, err := fs.ReadFile(ui.Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("Castellan")) {
		t.Error("the page does not say whose it is")
	}
	if got := bytes.Contains(page, []byte(ui.Placeholder)); got != ui.Built() {
		t.Errorf("place for a nonce: %v, page built: %v; want the same", got, ui.Built())
	}
}

// An inline script or style would be refused by the content security policy,
// and the page would stay blank.
func TestThePageHoldsNoInlineScriptOrStyle(t *testing.T) {
	page, err := fs.ReadFile(ui.Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range bytes.Split(page, []byte("<"))[1:] {
		s := string(tag)
		if strings.HasPrefix(s, "script") && !strings.Contains(s[:strings.Index(s, ">")], "src=") {
			t.Errorf("inline script: <%s", s)
		}
		if strings.HasPrefix(s, "style") || strings.Contains(s, " style=") || strings.Contains(s, " onclick=") {
			t.Errorf("inline style or handler: <%s", s)
		}
	}
}
