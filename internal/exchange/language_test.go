package exchange_test

import (
	"strings"
	"testing"

	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// Whoever cannot read English could not mend their file.
func TestRefusedRowsSpeakTheLanguageOfWhoeverImports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		who := crmtest.As(crmtest.Owner)
		who.Language = "ru"
		i := bring(t, h, m, "clients.csv", []byte("Имя;Телефон;Почта\nАнна;abc;anna@example.com\nПётр;+79165550101;petr@example.com;лишнее\nИван;+79165550102;\n"), nil)
		if i.Created != 2 || i.Refused != 1 || i.Told != 2 {
			t.Errorf("%d new, %d refused, %d told; want 2, 1, 2", i.Created, i.Refused, i.Told)
		}
		var out strings.Builder
		if err := m.Refused(t.Context(), who, i.ID, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Castellan: причины", "2,да,", "Строка 2, «Телефон»: по такому номеру нельзя позвонить, поэтому значение не взято.", "3,нет,", "ячеек больше, чем заголовков"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is not told:\n%s", want, out.String())
			}
		}
		if strings.Contains(out.String(), "Line") {
			t.Errorf("a Russian is told in English:\n%s", out.String())
		}
		// Mended and brought back, our own columns are nobody's data.
		again := bring(t, h, m, "refused.csv", []byte(strings.ReplaceAll(out.String(), "abc", "+79165550103")), nil)
		if c := again.Settings.Guess.Columns[2]; c.Field != "skip" {
			t.Errorf("the reasons become %q", c.Field)
		}
	})
}

// The day of the former system was offered as the day of the ledger, and then dropped.
func TestDayOfTheFormerSystemIsNotTheLedgers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := desk(t, crmtest.Open(t, db))
		i := upload(t, m, crmtest.Owner, "c.csv", []byte("Name;Phone;Created\nAnna;+79165550101;05.03.2019\n"), nil)
		if got := i.Settings.Guess.Columns[2].Field; got != "" {
			t.Errorf("a column that is not taken over is said to become %q", got)
		}
		s := i.Settings
		s.Guess.Columns[2].Field = "created_at"
		if _, err := m.Adjust(t.Context(), crmtest.As(crmtest.Owner), i.ID, s); !fault.Is(err, fault.Invalid) {
			t.Errorf("the house's own day is taken from a file: %v", err)
		}
	})
}

func TestNobodyReadsAFileForACountryThatDoesNotExist(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := desk(t, crmtest.Open(t, db))
		for field, spell := range map[string]func(*exchange.Settings){
			"region":   func(s *exchange.Settings) { s.Region = "XX" },
			"language": func(s *exchange.Settings) { s.Language = "de" },
		} {
			i := upload(t, m, crmtest.Owner, "c.csv", []byte("Name;Phone\nAnna;+79165550101\n"), nil)
			s := i.Settings
			spell(&s)
			_, err := m.Adjust(t.Context(), crmtest.As(crmtest.Owner), i.ID, s)
			if f, ok := fault.As(err); !ok || f.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}
