package blocklist

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatGuessersTryFirstWeighsLittle(t *testing.T) {
	about := []string{"ana.kowalska@salon.example", "Ana Kowalska", "Studio Mirabelle"}
	for _, p := range []string{
		"password", "PASSWORD", "p@$$w0rd", "ｐａｓｓｗｏｒｄ", "passwordpassword", "password12345678",
		"qwertyuiop12345", "12345678901234567890", "abcdefghijklmnopqrst", "zyxwvutsrqponm", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabc",
		"1qaz2wsx3edc4rfv", "йцукенгшщзхъ123", "anakowalska12345", "Kowalska!Kowalska!", "mirabelle2mirabelle", "salonsalonsalon",
		"iloveyouiloveyou1",
	} {
		if w := Weight(p, about...); w >= 8 {
			t.Errorf("%q weighs %d", p, w)
		}
	}
}

func TestPassphraseKeepsItsWeight(t *testing.T) {
	for _, p := range []string{
		"correct horse battery staple", "mango-river-candle-77", "Wir fahren im Mai nach Gdynia!", "три синих стула у окна", "b7Kx2mQz9wLp4nRt",
	} {
		if w := Weight(p); w < 8 {
			t.Errorf("%q weighs only %d", p, w)
		}
	}
}

func TestWeightIsNoMoreThanLength(t *testing.T) {
	for _, p := range []string{"", "a", "ab", "xyz", "ж", strings.Repeat("x9", 128)} {
		if w, n := Weight(p), len([]rune(p)); w > n || w < 0 {
			t.Errorf("%d characters weigh %d", n, w)
		}
	}
}

// A list cut short by a bad copy would let everything through.
func TestListIsWholeAndSorted(t *testing.T) {
	n := len(words) / hashSize
	if len(words)%hashSize != 0 || n < 49_000 {
		t.Fatalf("%d bytes are no list of 49,000 words", len(words))
	}
	all := make([]string, n)
	for i := range all {
		all[i] = words[i*hashSize : (i+1)*hashSize]
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != n {
		t.Fatal("the list is not sorted, or has doubles")
	}
	for _, w := range []string{"123456", "dragon", "letmein"} {
		if !listed(w) {
			t.Errorf("%q is not listed", w)
		}
	}
}

func FuzzWeight(f *testing.F) {
	f.Add("correct horse", "ana")
	f.Add("1q2w3e", "")
	f.Fuzz(func(t *testing.T, password, about string) {
		if len(password) > 256 {
			return
		}
		w := Weight(password, about)
		if n := len([]rune(Fold(password))); w < 0 || w > n {
			t.Fatalf("%d characters weigh %d", n, w)
		}
	})
}

func BenchmarkWeight(b *testing.B) {
	p := strings.Repeat("kx7mw2pq", 32)
	for b.Loop() {
		Weight(p)
	}
}
