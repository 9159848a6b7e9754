package mail

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryMessageIsSaidInEveryLanguageWithTheSameValues(t *testing.T) {
	places := regexp.MustCompile(`\{[a-z]*\}?`)
	used := func(w text) string {
		all := places.FindAllString(strings.Join(append(append([]string{w.subject}, w.lines...), w.after...), " "), -1)
		slices.Sort(all)
		return strings.Join(slices.Compact(all), " ")
	}
	if len(Templates()) < 15 {
		t.Fatalf("only %d messages were found", len(Templates()))
	}
	for language, all := range words {
		if len(all) != len(words["en"]) || foot[language] == "" || months[language][11] == "" {
			t.Errorf("%s has %d messages, English has %d", language, len(all), len(words["en"]))
		}
		for name, w := range all {
			english := words["en"][name]
			// What an address on the net says of a mail is for the reader to know who and where.
			if got, want := strings.ReplaceAll(used(w), "{workspace}", ""), strings.ReplaceAll(used(english), "{workspace}", ""); strings.Fields(got) == nil || !slices.Equal(strings.Fields(got), strings.Fields(want)) {
				t.Errorf("%s in %s uses %s, in English %s", name, language, got, want)
			}
			if (w.button == "") != (english.button == "") || len(w.lines) != len(english.lines) || len(w.after) != len(english.after) {
				t.Errorf("%s in %s has other parts than in English", name, language)
			}
		}
	}
}

func TestMomentsAreToldInTheZoneOfTheReader(t *testing.T) {
	at := time.Date(2026, 5, 3, 22, 30, 0, 0, time.UTC)
	for language, want := range map[string]string{
		"en": "4 May 2026, 00:30 (Europe/Warsaw)", "ru": "4 мая 2026, 00:30 (Europe/Warsaw)", "it": "4 maggio 2026, 00:30 (Europe/Warsaw)", "pl": "4 maja 2026, 00:30 (Europe/Warsaw)",
	} {
		if got := moment(at, language, "Europe/Warsaw"); got != want {
			t.Errorf("in %s it is %q, want %q", language, got, want)
		}
	}
	if got := moment(at, "en", "Moon/Base"); got != "3 May 2026, 22:30 (UTC)" {
		t.Errorf("an unknown zone gives %q", got)
	}
}
