package sheet

import (
	"slices"
	"strings"
	"testing"

	"castellan/internal/value"
)

// draftOf makes a draft of one row under headings.
func draftOf(t testing.TB, headings, row, region, language string) (Draft, []Problem) {
	t.Helper()
	_, drafts, problems := readAll(t, "a.csv", []byte(headings+"\n"+row+"\n"), &Guess{Delimiter: ";", HeaderLine: 1}, region, language)
	if len(drafts) != 1 {
		t.Fatalf("%d drafts, %+v", len(drafts), problems)
	}
	return drafts[0], problems
}

func codesOf(problems []Problem) []Code {
	var codes []Code
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	return codes
}

func TestProblemsNameTheirPlaceAndNeverTheValue(t *testing.T) {
	for _, c := range []struct {
		headings, row string
		want          []Code
		refused       bool
	}{
		{"Name;Phone", "Anna;7.9E+10", []Code{PhoneScientific, NoPhone}, false},
		{"Name;Phone", "Anna;+7 916 XXX-XX-10", []Code{Masked, NoPhone}, false},
		{"Name;Phone", "Anna;12345678901234567", []Code{PhoneFormat, NoPhone}, false},
		{"Name;Email", "Anna;not-an-address-7", []Code{EmailFormat, NoPhone}, false},
		{"Name;Phone;Birthday", "Anna;89165550010;31.02.1980", []Code{DateFormat}, false},
		{"Name;Phone;Birthday", "Anna;89165550010;1980", []Code{DateFormat}, false},
		{"Name;Phone;Birthday", "Anna;89165550010;3/4/1980", []Code{DateAmbiguous}, false},
		{"Name;Phone;Website", "Anna;89165550010;javascript:alert(1)", []Code{LinkRefused}, false},
		{"Name;Phone;Website", "Anna;89165550010;javascript://example.com/%0aalert(1)", []Code{LinkRefused}, false},
		{"Name;Phone;Website", "Anna;89165550010;https://user:pw@example.com/", []Code{LinkRefused}, false},
		{"Name;Phone;Gender", "Anna;89165550010;dragon", []Code{GenderUnknown}, false},
		{"Name;Phone;Discount", "Anna;89165550010;lots", []Code{NumberFormat}, false},
		{"Name;Phone;Note", "Anna;89165550010;call XXXX", []Code{Masked}, false},
		{"Name;Phone", strings.Repeat("n", 300) + ";89165550010", []Code{TooLong, NoName}, false},
		{"Name;Phone", ";89165550010", []Code{NoName}, false},
		{"Name;Phone;City", ";;Rome", []Code{Nothing}, true},
		{"Name;Phone;City", ";1;Rome", []Code{PhoneFormat, Nothing}, true},
	} {
		d, problems := draftOf(t, c.headings, c.row, "RU", "en")
		if !slices.Equal(codesOf(problems), c.want) {
			t.Errorf("%s: %v, want %v (%+v)", c.row, codesOf(problems), c.want, d)
		}
		for _, p := range problems {
			if p.Line != 2 || !strings.HasPrefix(p.Public, "Line 2") || p.Column >= 0 && !strings.Contains(p.Public, p.Heading) {
				t.Errorf("%+v does not say where", p)
			}
			if len(p.Value) > 3 && strings.Contains(p.Public, p.Value) {
				t.Errorf("the sentence shows the value: %s", p.Public)
			}
			if p.Refuses != (c.refused && p.Code == Nothing) {
				t.Errorf("%+v", p)
			}
		}
	}
}

func TestUnreadableContactDataGoesIntoNoOtherField(t *testing.T) {
	d, _ := draftOf(t, "Name;Phone;Email;Note", "Anna;8 916 555 0;anna(at)example.com;likes tea", "RU", "en")
	if d.Note != "likes tea" || len(d.Extra) != 0 || d.Name != "Anna" {
		t.Errorf("%+v", d)
	}
}

func TestNumberOrAddressNeverBecomesAName(t *testing.T) {
	d, _ := draftOf(t, "Name;Phone;Email", ";89165550010;anna@example.com", "RU", "en")
	if d.Name != "" || d.Given != "" {
		t.Errorf("%+v", d)
	}
	if d, _ := draftOf(t, "Name;Phone;Company", ";89165550010;Acme", "RU", "en"); d.Name != "Acme" {
		t.Errorf("the company does not stand in for the name: %+v", d)
	}
}

func TestGoogleLabelsGoWithTheirValues(t *testing.T) {
	d, problems := draftOf(t, "First Name;Labels;E-mail 1 - Label;E-mail 1 - Value;Phone 1 - Label;Phone 1 - Value;Phone 2 - Label;Phone 2 - Value;Event 1 - Label;Event 1 - Value",
		"Anna;* myContacts ::: VIP;* Work;a@example.com ::: b@example.com;Mobile;+1 212-555-0134 ::: 212-555-0141 x12;Dacha;212-555-0166;Anniversary;2001-02-03", "US", "en")
	var phones []string
	for _, p := range d.Phones {
		phones = append(phones, p.Label+p.Number+p.Ext)
	}
	if want := []string{"mobile+12125550134", "mobile+1212555014112", "Dacha+12125550166"}; !slices.Equal(phones, want) || len(problems) != 0 {
		t.Errorf("%v %v", phones, problems)
	}
	if len(d.Emails) != 2 || d.Emails[1] != (value.Email{Address: "b@example.com", Label: "work"}) || !slices.Equal(d.Tags, []string{"VIP"}) || d.Extra["Anniversary"] != "2001-02-03" {
		t.Errorf("%+v", d)
	}
}

func TestLabelOfOnePhoneIsNotTheNextOnes(t *testing.T) {
	d, _ := draftOf(t, "Name;Phone 1 - Label;Phone 1 - Value;Phone", "Anna;Mobile;212-555-0134;212-555-0166", "US", "en")
	if len(d.Phones) != 2 || d.Phones[0].Label != "mobile" || d.Phones[1].Label != "" {
		t.Errorf("%+v", d.Phones)
	}
}

func TestOneOfSeveralAddressesIsTakenWhole(t *testing.T) {
	d, _ := draftOf(t, "First Name;E-mail Address;Business Phone;Business Street;Business City;Home Street;Home City;Home Country/Region", "Anna;a@example.com;;;;1 Main St;Oslo;Norway", "US", "en")
	if d.Address != "1 Main St" || d.City != "Oslo" || d.Country != "Norway" || len(d.Extra) != 0 {
		t.Errorf("%+v", d)
	}
	d, _ = draftOf(t, "First Name;E-mail Address;Business Phone;Business Street;Business City;Home Street;Home City", "Anna;a@example.com;;2 Work Rd;Rome;1 Main St;Oslo", "US", "en")
	if d.Address != "2 Work Rd" || d.City != "Rome" || d.Extra["Home City"] != "Oslo" {
		t.Errorf("%+v", d)
	}
}

func TestNamesComeInTheOrderOfTheLanguage(t *testing.T) {
	d, _ := draftOf(t, "Имя;Фамилия;Отчество;Телефон", "Анна;Ёлкина;Петровна;89165550010", "RU", "ru")
	if d.Name != "Ёлкина Анна Петровна" {
		t.Errorf("%+v", d)
	}
	d, _ = draftOf(t, "ФИО;Телефон", "Ёлкина Анна Петровна;89165550010", "RU", "ru")
	if d.Name != "Ёлкина Анна Петровна" || d.Given != "Анна" || d.Family != "Ёлкина" || d.Middle != "Петровна" {
		t.Errorf("%+v", d)
	}
}

func TestSerialDatesAreReadOnlyWhereDatesStand(t *testing.T) {
	d, problems := draftOf(t, "Name;Phone;Birthday;Shoe size", "Anna;89165550010;31609;31609", "RU", "en")
	if d.Birthday.String() != "1986-07-16" || d.Extra["Shoe size"] != "31609" || len(problems) != 0 {
		t.Errorf("%+v %+v", d, problems)
	}
}

func TestFormulaStaysText(t *testing.T) {
	d, problems := draftOf(t, "Name;Phone;Note", `Anna;89165550010;"=HYPERLINK(""http://example.com"")"`, "RU", "en")
	if d.Note != `=HYPERLINK("http://example.com")` || len(problems) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestApostropheAgainstFormulasIsTakenOffAndNoOther(t *testing.T) {
	d, _ := draftOf(t, "Name;Phone;Note;Company", `'t Hooft;'+79165550010;'=1+1;'@home`, "RU", "en")
	if d.Name != "'t Hooft" || d.Phones[0].Number != "+79165550010" || d.Note != "=1+1" || d.Company != "@home" {
		t.Errorf("%+v", d)
	}
}
