package value

import (
	"slices"
	"testing"
)

func TestNamesAreFoundInTheOtherScript(t *testing.T) {
	for _, c := range []struct{ typed, meant string }{
		{"ivanov", "иванов"}, {"иванов", "ivanov"}, {"dmitry", "дмитрий"}, {"sergey", "сергей"}, {"olga", "ольга"}, {"ilya", "илья"},
		{"tatyana", "татьяна"}, {"alexey", "алексей"}, {"евгений", "evgeny"}, {"юлия", "yuliya"}, {"ковальски", "kowalski"}, {"щукин", "shchukin"},
		{"zhukov", "жуков"}, {"ксения", "xeniya"}, {"mikhail", "михаил"}, {"khabarova", "хабарова"}, {"сергей", "sergey"}, {"елена", "elena"},
	} {
		if got := Transliterated(c.typed); !slices.Contains(got, c.meant) {
			t.Errorf("%s may be %q, not %s", c.typed, got, c.meant)
		}
	}
	for _, typed := range []string{"", "иvan", "123", "γεωργ"} {
		if got := Transliterated(typed); got != nil {
			t.Errorf("%q may be %q", typed, got)
		}
	}
	if got := Transliterated("xeyxeylnylniayaiacccc"); len(got) > mostSpellings {
		t.Errorf("a long word has %d spellings", len(got))
	}
}

func TestTheOtherKeyboardIsUnderstood(t *testing.T) {
	for typed, meant := range map[string]string{"bdfyjd": "иванов", ",j,hjd": "бобров", "шмфтщм": "ivanov", "Bdfyjd Gtnh": "иванов петр", `;erjd`: "жуков"} {
		if got, ok := OtherKeyboard(typed); !ok || got != meant {
			t.Errorf("%s is %q, %v, not %s", typed, got, ok, meant)
		}
	}
	for _, typed := range []string{"żuraw", "500 500", ""} {
		if got, ok := OtherKeyboard(typed); ok {
			t.Errorf("%s is %s", typed, got)
		}
	}
}

func TestEverySingleSlipIsThoughtOf(t *testing.T) {
	for typed, meant := range map[string]string{"ivnaov": "ivanov", "ivanv": "ivanov", "ivannov": "ivanov", "iwanov": "ivanov", "вианов": "иванов", "ивонов": "иванов", "pter": "petr"} {
		if !slices.Contains(Slips(typed), meant) {
			t.Errorf("%s is not thought to be %s", typed, meant)
		}
	}
	if Slips("iva") != nil || Slips("5555") != nil {
		t.Error("a short word or a number is corrected")
	}
	if slices.Contains(Slips("ivanov"), "ivanov") {
		t.Error("a word is its own slip")
	}
}
