package value

import (
	"slices"
	"strings"
	"unicode"
)

// DisplayName joins the parts of a name in the order of the language: "ru", "uk",
// "be", "kk" family, given, middle; "hu", "vi" family first; "ja", "zh", "ko"
// family first, without a space in their own scripts; all others given, middle,
// family. Empty parts leave no gap.
func DisplayName(given, middle, family, language string) string {
	given, middle, family = Line(given), Line(middle), Line(family)
	parts := []string{given, middle, family}
	space := " "
	switch base(language) {
	case "ru", "uk", "be", "kk":
		parts = []string{family, given, middle}
	case "hu", "vi":
		parts = []string{family, middle, given}
	case "ja", "zh", "ko":
		parts = []string{family, given, middle}
		if eastAsian(given) && eastAsian(family) {
			space = ""
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), space)
}

func base(language string) string {
	language = strings.ToLower(language)
	if i := strings.IndexAny(language, "-_"); i > 0 {
		language = language[:i]
	}
	return language
}

func eastAsian(s string) bool {
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			return true
		}
	}
	return false
}

// SplitName takes a whole name apart. No word is lost or changed: the three
// parts hold exactly the words of the name. A single word is a given name.
//
// "Rossi, Anna" is family first in every language. Otherwise the language's
// order holds, corrected where the words themselves tell: a patronymic, a common
// given name, the ending of a Slavic surname, a particle such as "van der". It is
// a guess; whoever imports by it shows it first.
func SplitName(full, language string) (given, middle, family string) {
	full = Line(full)
	if head, tail, ok := strings.Cut(full, ","); ok && strings.TrimSpace(head) != "" && strings.TrimSpace(tail) != "" && !strings.Contains(tail, ",") {
		words := strings.Fields(tail)
		return words[0], strings.Join(words[1:], " "), strings.TrimSpace(head)
	}
	words := strings.Fields(full)
	switch len(words) {
	case 0:
		return "", "", ""
	case 1:
		if language := base(language); (language == "ja" || language == "zh" || language == "ko") && eastAsian(full) {
			return splitEastAsian(full)
		}
		return words[0], "", ""
	}
	if slices.ContainsFunc(words, cyrillic) {
		return splitSlavic(words)
	}
	switch base(language) {
	case "hu", "vi", "ja", "zh", "ko":
		return words[len(words)-1], strings.Join(words[1:len(words)-1], " "), words[0]
	}
	first := len(words) - 1
	for first > 1 && particle(words[first-1]) {
		first--
	}
	return words[0], strings.Join(words[1:first], " "), strings.Join(words[first:], " ")
}

// splitEastAsian: one character of family name, as most are; nothing to part
// where there is only one.
func splitEastAsian(full string) (given, middle, family string) {
	runes := []rune(full)
	if len(runes) < 2 || len(runes) > 4 {
		return full, "", ""
	}
	n := 1
	if len(runes) == 4 {
		n = 2
	}
	return string(runes[n:]), "", string(runes[:n])
}

func cyrillic(word string) bool {
	for _, r := range word {
		if unicode.Is(unicode.Cyrillic, r) {
			return true
		}
	}
	return false
}

func splitSlavic(words []string) (given, middle, family string) {
	switch {
	case len(words) >= 3 && patronymic(words[len(words)-1]): // Иванов Иван Иванович
		n := len(words)
		return words[n-2], words[n-1], strings.Join(words[:n-2], " ")
	case len(words) >= 3 && patronymic(words[1]): // Иван Иванович Иванов
		return words[0], words[1], strings.Join(words[2:], " ")
	case len(words) == 2 && patronymic(words[1]) && !slavicSurname(words[1]): // Анна Петровна
		return words[0], words[1], ""
	}
	last := len(words) - 1
	firstGiven, lastGiven := commonGiven(words[0]), commonGiven(words[last])
	familyFirst := lastGiven && !firstGiven
	if firstGiven == lastGiven {
		familyFirst = slavicSurname(words[0]) && !slavicSurname(words[last])
	}
	if familyFirst {
		return words[1], strings.Join(words[2:], " "), words[0]
	}
	first := last
	for first > 1 && particle(words[first-1]) {
		first--
	}
	return words[0], strings.Join(words[1:first], " "), strings.Join(words[first:], " ")
}

func patronymic(word string) bool {
	key := TextKey(word)
	for _, end := range []string{"ович", "евич", "ильич", "кузьмич", "фомич", "лукич", "овна", "евна", "ична", "інична", "івна", "ївна", "оглы", "кызы"} {
		if strings.HasSuffix(key, end) && len(key) > len(end)+2 || key == end {
			return true
		}
	}
	return false
}

func slavicSurname(word string) bool {
	key := TextKey(word)
	for _, end := range []string{
		"ов", "ев", "ин", "ын", "ова", "ева", "ина", "ына", "ский", "ская", "цкий", "цкая", "ской", "ский", "енко", "ко", "ук", "юк", "чук",
		"ян", "дзе", "швили", "ых", "их", "ович", "евич", "ський", "ська", "цький", "цька", "ишин", "ман", "берг",
	} {
		if strings.HasSuffix(key, end) && len(key) >= len(end)+4 {
			return true
		}
	}
	return false
}

// commonGiven knows the given names that most people of a Russian client base
// bear: many end like surnames (Марина, Константин), and this parts them.
func commonGiven(word string) bool {
	const names = " александр александра алексей алена алина алиса алла альберт анастасия анатолий ангелина андрей анна антон антонина арина аркадий арсений артем артур " +
		"белла богдан борис вадим валентин валентина валерий валерия варвара василий василиса вера вероника виктор виктория виталий влад владимир владислав владислава всеволод вячеслав " +
		"галина геннадий георгий герман глеб григорий давид дамир дарья даниил данил данила денис диана дина динара дмитрий ева евгений евгения егор екатерина елена елизавета ефим " +
		"жанна захар зинаида злата зоя иван игорь илья инга инна иннокентий иосиф ирина карина кирилл кира клавдия константин кристина ксения лариса лев леонид лидия лилия любовь людмила " +
		"майя макар максим марат маргарита марина мария марк мария марта матвей милана милена мирон мирослава михаил надежда наталия наталья никита николай нина оксана олег олеся ольга " +
		"павел петр полина прохор раиса рамиль регина ренат римма ринат родион роза роман руслан рустам савелий светлана святослав семен сергей снежана софия софья станислав степан " +
		"таисия тамара тарас татьяна тимофей тимур ульяна федор филипп фаина эдуард элина элла эльвира эльдар эльмира эмма юлиана юлия юрий яков ян яна ярослав ярослава олександр олексій дмитро сергій ірина олена наталя микола "
	return strings.Contains(names, " "+TextKey(word)+" ")
}

// particle begins a family name of several words. Only in lower case, or in the
// Italian and Dutch forms that are written with a capital.
func particle(word string) bool {
	switch word {
	case "van", "von", "der", "den", "de", "di", "da", "del", "della", "dello", "degli", "dei", "du", "des", "la", "le", "lo", "af", "av", "zu", "zur", "ten", "ter", "bin", "ibn", "al", "el", "dos", "das", "do", "y", "e",
		"De", "Di", "Da", "Del", "Della", "Dello", "Degli", "Dei", "La", "Le", "Lo", "Van", "Von", "Der", "Den", "фон", "де", "ван", "дер":
		return true
	}
	return false
}
