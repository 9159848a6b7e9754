package value

import (
	"slices"
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func TestTextKeyFoldsWhatPeopleTakeForEqual(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"  Anna   Rossi ":     "anna rossi",
		"Фёдор\tЁлкин":        "федор елкин",
		"Фе\u0308дор":         "федор",
		"ŁUKASZ":              "łukasz",
		"Jo\u200bhn\u00ad":    "john",
		"a\xff\x00b":          "a b",
		"İstanbul":            "istanbul",
		"ΟΔΟΣ":                "οδοσ",
		"Cafe\u0301":          "café",
		"one\r\n two\u00a0x ": "one two x",
	} {
		if got := TextKey(in); got != want {
			t.Errorf("TextKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTextKeyOfAKeyIsItself(t *testing.T) {
	stable := func(s string) bool {
		k := TextKey(s)
		return TextKey(k) == k && utf8.ValidString(k)
	}
	if err := quick.Check(stable, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

func TestWordsMatchWithAndWithoutMarks(t *testing.T) {
	for in, want := range map[string][]string{
		"Łukasz Żółty, Sp. z o.o.": {"lukasz", "zolty", "sp", "z", "o"},
		"x\u0301y й\u0301":         {"xy", "й\u0301"},
		"Йод и Ёж":                 {"йод", "и", "еж"},
		"Grün & Söhne":             {"grun", "sohne"},
		"c0@example.org":           {"c0", "example", "org"},
		"":                         nil,
	} {
		if got := Words(in); !slices.Equal(got, want) {
			t.Errorf("Words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLineAndParagraphsKeepTheWordsOnly(t *testing.T) {
	if got := Line(" a\r\nb\x00\u202e c\xff "); got != "a b c" {
		t.Errorf("Line = %q", got)
	}
	if got := Paragraphs("a\r\nb\rc\n\n\td\x07\ufeff "); got != "a\nb\nc\n\n\td" {
		t.Errorf("Paragraphs = %q", got)
	}
	if got := Line("می\u200cخواهم"); got != "می\u200cخواهم" {
		t.Errorf("Line lost a joiner: %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Анна Ёлкина", "a\xffb", "e\u0308", "İ", "ﬁ ß", "\u0345Α", "\r\n\v"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 {
			return
		}
		k := TextKey(s)
		if TextKey(k) != k {
			t.Errorf("TextKey(%q) = %q, whose key is %q", s, k, TextKey(k))
		}
		if l := Line(s); Line(l) != l || !utf8.ValidString(l) {
			t.Errorf("Line(%q) = %q is not a line", s, l)
		}
		if p := Paragraphs(s); Paragraphs(p) != p || !utf8.ValidString(p) {
			t.Errorf("Paragraphs(%q) = %q is not stable: %q", s, p, Paragraphs(p))
		}
		for _, w := range Words(s) {
			if w == "" {
				t.Errorf("Words(%q) holds an empty word", s)
			}
		}
	})
}
