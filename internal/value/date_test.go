package value

import (
	"errors"
	"testing"
)

func TestDatesReadAsTheirColumnsMeanThem(t *testing.T) {
	today := Date{2026, 11, 22}
	for _, c := range []struct {
		in   string
		hint DateHint
		want string
	}{
		{"17.04.1952", DateHint{}, "1952-04-17"},
		{"1961-11-18", DateHint{}, "1961-11-18"},
		{"16-11", DateHint{}, "--11-16"},
		{"05-04", DateHint{}, "--04-05"},
		{"05-04", DateHint{Order: MonthDay}, "--05-04"},
		{"--04-23", DateHint{}, "--04-23"},
		{"--0203", DateHint{Order: DayMonth}, "--02-03"},
		{"7/16/1986", DateHint{}, "1986-07-16"},
		{"2/7/1984", DateHint{Order: MonthDay}, "1984-02-07"},
		{"2/7/1984", DateHint{Order: DayMonth}, "1984-07-02"},
		{"20120801T184631Z", DateHint{}, ""},
		{"19220310", DateHint{}, "1922-03-10"},
		{"28.09.2024 10:15:00", DateHint{}, "2024-09-28"},
		{"2025-11-01T10:00:00+03:00", DateHint{}, "2025-11-01"},
		{"45000", DateHint{Serial: true}, "2023-03-15"},
		{"31688.5", DateHint{Serial: true}, "1986-10-03"},
		{"0/0/00", DateHint{}, ""},
		{"0000-00-00", DateHint{}, ""},
		{"", DateHint{}, ""},
		{"'17.04.1952", DateHint{}, "1952-04-17"},
		{"29.02", DateHint{}, "--02-29"},
		{"17 апреля 1952 г.", DateHint{}, "1952-04-17"},
		{"Apr 17, 1952", DateHint{}, "1952-04-17"},
		{"3 października 1986", DateHint{}, "1986-10-03"},
		{"8 marzo", DateHint{}, "--03-08"},
		{"17.04.52", DateHint{Latest: today}, "1952-04-17"},
		{"22.11.26", DateHint{Latest: today}, "2026-11-22"},
		{"23.11.26", DateHint{Latest: today}, "1926-11-23"},
	} {
		d, err := ParseDate(c.in, c.hint)
		if c.in == "20120801T184631Z" {
			if !errors.Is(err, ErrDateInvalid) {
				t.Errorf("ParseDate(%q) = %v, %v", c.in, d, err)
			}
			continue
		}
		if err != nil || d.String() != c.want {
			t.Errorf("ParseDate(%q, %+v) = %v, %v; want %s", c.in, c.hint, d, err, c.want)
		}
	}
}

func TestDatesAreNeverInvented(t *testing.T) {
	for in, want := range map[string]error{
		"3/4/2020":   ErrDateAmbiguous,
		"17.04.52":   ErrDateCentury,
		"31.02.2020": ErrDateInvalid,
		"29.02.2023": ErrDateInvalid,
		"32.01.2020": ErrDateInvalid,
		"45000":      ErrDateInvalid,
		"soon":       ErrDateInvalid,
		"1.1.0000":   ErrDateInvalid,
		"--13-01":    ErrDateInvalid,
		"12:30":      ErrDateInvalid,
		"1952":       ErrDateInvalid,
		"XXXX":       ErrDateInvalid,
		"25/25/2020": ErrDateInvalid,
	} {
		if d, err := ParseDate(in, DateHint{}); !errors.Is(err, want) || !d.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v; want %v", in, d, err, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"17.04.1952", "--04-23", "0/0/00", "45000.25", "Apr 17, 1952", "31-12", "12/31/99", "1-2-3-4-5", "9999-12-31", ":", "1Т2"} {
		f.Add(s, uint8(0), false)
		f.Add(s, uint8(2), true)
	}
	f.Fuzz(func(t *testing.T, s string, order uint8, serial bool) {
		if len(s) > 200 {
			return
		}
		d, err := ParseDate(s, DateHint{Order: DateOrder(order % 3), Serial: serial, Latest: Date{2026, 11, 22}})
		if err != nil {
			return
		}
		for o := range MonthDay + 1 {
			if again, err := ParseDate(d.String(), DateHint{Order: o}); err != nil || again != d {
				t.Errorf("%q gives %v, which reads as %v, %v", s, d, again, err)
			}
		}
	})
}
