package value

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesSplitByTheirWords(t *testing.T) {
	for _, c := range []struct{ full, language, given, middle, family string }{
		{"Иванов Иван Иванович", "ru", "Иван", "Иванович", "Иванов"},
		{"Иван Иванович Иванов", "ru", "Иван", "Иванович", "Иванов"},
		{"Ольга Цой", "ru", "Ольга", "", "Цой"},
		{"Цой Ольга", "ru", "Ольга", "", "Цой"},
		{"Мария Волкова", "ru", "Мария", "", "Волкова"},
		{"Волкова Мария", "ru", "Мария", "", "Волкова"},
		{"Волков Ибрагим", "ru", "Ибрагим", "", "Волков"},
		{"Марина Ильина", "ru", "Марина", "", "Ильина"},
		{"Алёна Щербак", "en", "Алёна", "", "Щербак"},
		{"Анна Петровна", "ru", "Анна", "Петровна", ""},
		{"Иван", "ru", "Иван", "", ""},
		{"Rossi, Anna Maria", "it", "Anna", "Maria", "Rossi"},
		{"Sofia De Luca", "it", "Sofia", "", "De Luca"},
		{"Zoë van der Berg", "en", "Zoë", "", "van der Berg"},
		{"Mary Jane Smith", "en", "Mary", "Jane", "Smith"},
		{"Nagy Anna", "hu", "Anna", "", "Nagy"},
		{"山田太郎", "ja", "太郎", "", "山田"},
		{"", "en", "", "", ""},
	} {
		given, middle, family := SplitName(c.full, c.language)
		if given != c.given || middle != c.middle || family != c.family {
			t.Errorf("SplitName(%q, %s) = %q %q %q", c.full, c.language, given, middle, family)
		}
	}
}

func TestDisplayNameFollowsTheLanguage(t *testing.T) {
	for _, c := range []struct{ given, middle, family, language, want string }{
		{"Иван", "Иванович", "Иванов", "ru", "Иванов Иван Иванович"},
		{"Иван", "", "Иванов", "en", "Иван Иванов"},
		{"Anna", "", "Nagy", "hu-HU", "Nagy Anna"},
		{"太郎", "", "山田", "ja", "山田太郎"},
		{" Anna ", "", "", "it", "Anna"},
		{"", "", "", "ru", ""},
	} {
		if got := DisplayName(c.given, c.middle, c.family, c.language); got != c.want {
			t.Errorf("DisplayName(%q %q %q, %s) = %q", c.given, c.middle, c.family, c.language, got)
		}
	}
}

func FuzzSplitName(f *testing.F) {
	for _, s := range []string{"Иванов Иван Иванович", "a b c d", "van der", "Rossi, Anna", ",", " , a", "山田太郎", "de la Cruz"} {
		f.Add(s, "ru")
		f.Add(s, "en")
		f.Add(s, "ja")
	}
	f.Fuzz(func(t *testing.T, s, language string) {
		if len(s) > 500 {
			return
		}
		given, middle, family := SplitName(s, language)
		letters := func(s string) []rune {
			r := []rune(strings.NewReplacer(" ", "", ",", "").Replace(s))
			slices.Sort(r)
			return r
		}
		if !slices.Equal(letters(Line(s)), letters(given+middle+family)) {
			t.Errorf("SplitName(%q, %s) = %q %q %q: words lost or made", s, language, given, middle, family)
		}
	})
}
