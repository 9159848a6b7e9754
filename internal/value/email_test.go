package value

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMailAddressesOfTheWholeWorld(t *testing.T) {
	for in, want := range map[string]string{
		" c5@example.org ":                 "c5@example.org",
		"Client.9@Example.COM":             "Client.9@example.com",
		"имя7@пример.рф":                   "имя7@пример.рф",
		"имя7@xn--e1afmkfd.xn--p1ai":       "имя7@пример.рф",
		"mailto:a@example.com":             "a@example.com",
		"Anna <anna+crm@mail.example.com>": "anna+crm@mail.example.com",
		"'a@example.com":                   "a@example.com",
		"o'neil@example.com":               "o'neil@example.com",
		"a\u200b@exam\u00adple.com":        "a@example.com",
		"a@münchen.example":                "a@münchen.example",
	} {
		m, err := ParseEmail(in)
		if err != nil || m.Address != want {
			t.Errorf("ParseEmail(%q) = %+v, %v; want %s", in, m, err, want)
		}
	}
}

func TestWhatIsNoMailAddressIsRefused(t *testing.T) {
	for in, want := range map[string]error{
		"":                                       ErrEmailEmpty,
		"not-an-address-2":                       ErrEmailInvalid,
		"@example.com":                           ErrEmailInvalid,
		"a@localhost":                            ErrEmailInvalid,
		"a@example..com":                         ErrEmailInvalid,
		"a b@example.com":                        ErrEmailInvalid,
		"a..b@example.com":                       ErrEmailInvalid,
		".a@example.com":                         ErrEmailInvalid,
		"a@127.0.0.1":                            ErrEmailInvalid,
		"a@-x.com":                               ErrEmailInvalid,
		"a@example.com\nbcc: b@c.d":              ErrEmailInvalid,
		EmailMask:                                ErrEmailMasked,
		"a***@example.com":                       ErrEmailMasked,
		strings.Repeat("a", 65) + "@example.com": ErrEmailInvalid,
	} {
		if m, err := ParseEmail(in); !errors.Is(err, want) {
			t.Errorf("ParseEmail(%q) = %+v, %v; want %v", in, m, err, want)
		}
	}
}

func TestEmailKeyIsOneForEverySpelling(t *testing.T) {
	for _, pair := range [][2]string{
		{"Client.9@Example.COM", "client.9@example.com"},
		{"Имя7@ПРИМЕР.рф", "имя7@xn--e1afmkfd.xn--p1ai"},
		{" a@b.example ", "A@B.example"},
	} {
		if a, b := EmailKey(pair[0]), EmailKey(pair[1]); a != b {
			t.Errorf("EmailKey(%q) = %q, EmailKey(%q) = %q", pair[0], a, pair[1], b)
		}
	}
}

func TestSeveralMailAddressesInOneCell(t *testing.T) {
	mails, errs := ParseEmails("c0@example.net; second0@example.net ::: C0@example.net, x@y, a@example.com b@example.com")
	var got []string
	for _, m := range mails {
		got = append(got, m.Address)
	}
	if want := []string{"c0@example.net", "second0@example.net", "a@example.com", "b@example.com"}; !slices.Equal(got, want) || len(errs) != 1 {
		t.Errorf("got %v, %v; want %v and one error", got, errs, want)
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"a@example.com", "имя7@пример.рф", "Anna <a@b.cd>", "a@xn--e1afmkfd.xn--p1ai", "a@b@c.de", "a@ß.example", "\xff@\xff", "a@faß.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 400 {
			return
		}
		mails, _ := ParseEmails(s)
		if m, err := ParseEmail(s); err == nil {
			mails = append(mails, m)
		}
		for _, m := range mails {
			again, err := ParseEmail(m.Address)
			if err != nil || again != m {
				t.Errorf("%q gives %q, which reads as %+v, %v", s, m.Address, again, err)
			}
			if k := EmailKey(m.Address); EmailKey(k) != k || strings.ContainsAny(k, " \n\r\t") || !utf8.ValidString(k) {
				t.Errorf("the key of %q is %q", m.Address, k)
			}
		}
	})
}
