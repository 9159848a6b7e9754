package sheet

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/charmap"

	"castellan/internal/sheet/sheettest"
	"castellan/internal/value"
)

func cardsOf(t testing.TB, text string) []Draft {
	t.Helper()
	_, drafts, _ := readAll(t, "a.vcf", []byte(text), nil, "RU", "ru")
	return drafts
}

func TestCardsOfEveryVersion(t *testing.T) {
	win, err := charmap.Windows1251.NewEncoder().String("Петров;Пётр;;;")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		text string
		want func(Draft) bool
	}{
		"soft line breaks": {"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9F=D0=B5=D1=82=D1=80=D0=BE=\r\n=D0=B2;=D0=9F=D1=91=D1=82=D1=80;;;\r\nTEL;CELL:89165550010\r\nEND:VCARD\r\n",
			func(d Draft) bool {
				return d.Family == "Петров" && d.Given == "Пётр" && d.Phones[0].Label == "mobile"
			}},
		"charset of windows": {"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:=CF=E5=F2=F0=EE=E2;=CF=B8=F2=F0;;;\nEND:VCARD\n",
			func(d Draft) bool { return d.Family == "Петров" && d.Given == "Пётр" }},
		"eight bits without a word about it": {"BEGIN:VCARD\nVERSION:2.1\nN:" + win + "\nEND:VCARD\n",
			func(d Draft) bool { return d.Family == "Петров" && d.Given == "Пётр" }},
		"folded lines": {"BEGIN:VCARD\nVERSION:3.0\nFN:Anna\n  Rossi\nNOTE:one\\ntwo\\, thr\n ee\\; four\nEND:VCARD\n",
			func(d Draft) bool { return d.Name == "Anna Rossi" && d.Note == "one\ntwo, three; four" }},
		"apple's labels": {"BEGIN:VCARD\nVERSION:3.0\nFN:A\nitem1.TEL:+12125550134\nitem1.X-ABLabel:_$!<HomeFAX>!$_\nitem2.EMAIL;type=INTERNET:a@example.com\nitem2.X-ABLabel:_$!<Work>!$_\nEND:VCARD\n",
			func(d Draft) bool { return d.Phones[0].Label == "fax" && d.Emails[0].Label == "work" }},
		"uri with extension": {"BEGIN:VCARD\nVERSION:4.0\nFN:A\nTEL;VALUE=uri;TYPE=\"work,voice\":tel:+1-418-656-9254;ext=102\nBDAY:--0203\nGENDER:F;woman\nEND:VCARD\n",
			func(d Draft) bool {
				return d.Phones[0].Ext == "102" && d.Phones[0].Label == "work" && d.Birthday.String() == "--02-03" && d.Gender == "female"
			}},
		"a picture and what follows it": {"BEGIN:VCARD\nVERSION:2.1\nFN:A\nPHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\n AAAA\nBBBB==\n\nTITLE:Boss\nEND:VCARD\n",
			func(d Draft) bool { return d.JobTitle == "Boss" && len(d.Extra) == 0 }},
		"a large picture": {"BEGIN:VCARD\nVERSION:3.0\nFN:A\nPHOTO;ENCODING=b;TYPE=JPEG:" + strings.Repeat("AAAABBBBCCCC\n ", 60_000) + "\nTITLE:Boss\nEND:VCARD\n",
			func(d Draft) bool { return d.JobTitle == "Boss" && d.Name == "A" }},
		"never ended": {"BEGIN:VCARD\nFN:A\nTITLE:Boss\n", func(d Draft) bool { return d.Name == "A" && d.JobTitle == "Boss" }},
		"an assistant's card inside": {"BEGIN:VCARD\nVERSION:2.1\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nTEL:+12125550134\nEND:VCARD\nTITLE:Boss\nEND:VCARD\n",
			func(d Draft) bool { return d.Name == "A" && d.JobTitle == "Boss" && len(d.Phones) == 0 }},
		"tags and links": {"BEGIN:VCARD\nVERSION:3.0\nFN:A\nCATEGORIES:VIP,a\\,b\nURL:javascript:alert(1)\nEND:VCARD\n",
			func(d Draft) bool { return slices.Equal(d.Tags, []string{"VIP", "a", "b"}) && d.Website == "" }},
	} {
		if drafts := cardsOf(t, c.text); len(drafts) != 1 || !c.want(drafts[0]) {
			t.Errorf("%s: %+v", what, drafts)
		}
	}
}

func TestCardThatIsNotEndedDoesNotTakeTheNext(t *testing.T) {
	drafts := cardsOf(t, "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\njunk\nBEGIN:VCARD\nFN:C\nEND:VCARD\n")
	var names []string
	for _, d := range drafts {
		names = append(names, d.Name)
	}
	if !slices.Equal(names, []string{"A", "B", "C"}) || drafts[1].Line != 3 {
		t.Errorf("%v", names)
	}
}

func TestCardsAgreeWithAnIndependentReader(t *testing.T) {
	compared := 0
	for _, file := range sheettest.Files(t) {
		if name := filepath.Base(file); !slices.Contains([]string{"rfc6350.vcf", "gmail.vcf", "rfc6350-example.vcf", "John_Doe_GMAIL.vcf"}, name) {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, drafts, _ := readAll(t, file, data, nil, "US", "en")
		dec := vcard.NewDecoder(bytes.NewReader(data))
		for i := 0; ; i++ {
			card, err := dec.Decode()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			compared++
			d := drafts[i]
			if card.PreferredValue(vcard.FieldFormattedName) != d.Name || card.Name().FamilyName != d.Family || card.Name().GivenName != d.Given {
				t.Errorf("%s: names differ: %+v", file, d)
			}
			for _, tel := range card.Values(vcard.FieldTelephone) {
				p, err := value.ParsePhone(tel, "US")
				if err != nil || !slices.ContainsFunc(d.Phones, func(q value.Phone) bool { return q.Number == p.Number && q.Ext == p.Ext }) {
					t.Errorf("%s: %s is missing", file, tel)
				}
			}
			for _, mail := range card.Values(vcard.FieldEmail) {
				if !slices.ContainsFunc(d.Emails, func(m value.Email) bool { return strings.EqualFold(m.Address, mail) }) {
					t.Errorf("%s: %s is missing", file, mail)
				}
			}
		}
	}
	if compared < 2 {
		t.Errorf("only %d cards were compared", compared)
	}
}
