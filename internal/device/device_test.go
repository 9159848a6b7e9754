package device

import (
	"strings"
	"testing"
)

func TestDevicesAreNamedAsTheirPeopleKnowThem(t *testing.T) {
	for said, want := range map[string]Device{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                          {"Chrome", "141", "Windows", Desktop},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0":            {"Edge", "141", "Windows", Desktop},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 YaBrowser/25.8.0.0 Safari/537.36":       {"Yandex Browser", "25", "Windows", Desktop},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1":  {"Safari", "18", "iOS", Phone},
		"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1":           {"Safari", "16", "iPadOS", Tablet},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.0 Mobile/15E148 Safari/604.1": {"Chrome", "141", "iOS", Phone},
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36":                          {"Chrome", "141", "Android", Phone},
		"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                           {"Chrome", "141", "Android", Tablet},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                    {"Safari", "18", "macOS", Desktop},
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0":                                                                   {"Firefox", "143", "Linux", Desktop},
		"Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0":                                                                     {"Firefox", "143", "Android", Phone},
		"curl/8.5.0":                 {"curl", "8", "", Program},
		"PostmanRuntime/7.43.0":      {"PostmanRuntime", "7", "", Program},
		"python-requests/2.31 linux": {"python-requests", "2", "", Program},
		"gibberish":                  {"gibberish", "", "", Program},
		"<script> x":                 {Form: Program},
		"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko": {"Internet Explorer", "", "Windows", Desktop},
		"Mozilla/5.0": {},
		"":            {},
		"   ":         {},
	} {
		if got := Of(said); got != want {
			t.Errorf("%s\nis %+v, want %+v", said, got, want)
		}
	}
}

// What a browser says may be anything: a page must not be filled by it.
func TestHostileNamesAreShortAndPlain(t *testing.T) {
	for _, said := range []string{
		strings.Repeat("Android Mobile; x", 4000), "Mozilla/5.0 <script>alert(1)</script>", strings.Repeat("\xff", 2000), "A\x00B/1.0\r\nX: y",
		"Mozilla/5.0 (" + strings.Repeat("Ж", 600) + ") Version/1", strings.Repeat("A", 500) + "/1.0",
	} {
		d := Of(said)
		for _, word := range []string{d.Browser, d.Version, d.System} {
			if len(word) > 40 || strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%.40q gives %q", said, word)
			}
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		Of("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0")
	}
}
