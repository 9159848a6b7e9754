// Package device says in words what browser, system and kind of device a request comes from.
//
// It reads what browsers say of themselves (the User-Agent). That is a claim
// and no proof: it helps a person to know their own phone again, and nothing
// may be allowed because of it.
//
// A newcomer would get wrong that nearly every browser claims to be nearly every
// other one. Edge says Chrome and Safari besides, so the order of the table is
// its meaning: whoever is more particular stands first. Versions of systems are
// left out on purpose: browsers have frozen theirs (Windows 11 says 10, every
// Mac says 10.15), so that they would mislead.
package device

import "strings"

// Form is the kind of a device. The zero Form is not known.
type Form string

const (
	Desktop Form = "desktop"
	Phone   Form = "phone"
	Tablet  Form = "tablet"
	Program Form = "program" // not a browser at all
)

// Device is what is known of one. Its zero value is a device of which nothing is.
type Device struct {
	Browser string // such as Chrome; empty: not known
	Version string // the first number of its version
	System  string // such as Windows, without version; empty: not known
	Form    Form
}

// String names a device in words of any language: "Chrome, Windows"; empty if
// nothing is known.
func (d Device) String() string {
	if d.Browser == "" || d.System == "" {
		return d.Browser + d.System
	}
	return d.Browser + ", " + d.System
}

// Longest is how many bytes of what a browser says are looked at.
const Longest = 512

// browsers by the word before their version, the more particular first.
var browsers = [...]struct{ mark, name string }{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"},
	{"YaBrowser/", "Yandex Browser"}, {"YaApp_Android/", "Yandex"},
	{"OPR/", "Opera"}, {"OPX/", "Opera GX"}, {"OPT/", "Opera"}, {"OPiOS/", "Opera"}, {"Opera/", "Opera"},
	{"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"}, {"MiuiBrowser/", "Mi Browser"}, {"HuaweiBrowser/", "Huawei Browser"},
	{"UCBrowser/", "UC Browser"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"}, {"Atom/", "Atom"}, {"Whale/", "Whale"},
	{"FxiOS/", "Firefox"}, {"Focus/", "Firefox Focus"}, {"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Trident/", "Internet Explorer"}, {"MSIE ", "Internet Explorer"},
}

// systems by a word that only they say. Android stands before Linux, which it
// says, too, and the small Apple devices before the Mac, like which they say to be.
var systems = [...]struct{ mark, name string }{
	{"Windows Phone", "Windows Phone"}, {"Windows", "Windows"}, {"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"iPod", "iOS"},
	{"Android", "Android"}, {"HarmonyOS", "HarmonyOS"}, {"CrOS", "ChromeOS"}, {"Macintosh", "macOS"}, {"Mac OS X", "macOS"},
	{"Linux", "Linux"}, {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"X11", "Unix"},
}

// Of tells what a browser or program says that it is.
func Of(said string) Device {
	if len(said) > Longest {
		said = said[:Longest]
	}
	if said = strings.TrimSpace(said); said == "" {
		return Device{}
	}
	if !strings.HasPrefix(said, "Mozilla/") && !strings.HasPrefix(said, "Opera/") {
		return program(said)
	}
	var d Device
	for _, s := range systems {
		if strings.Contains(said, s.mark) {
			d.System = s.name
			break
		}
	}
	for _, b := range browsers {
		if _, after, ok := strings.Cut(said, b.mark); ok {
			d.Browser, d.Version = b.name, number(after)
			break
		}
	}
	// Safari gives its version under another word than its name.
	if d.Browser == "" && strings.Contains(said, "Safari/") {
		if _, after, ok := strings.Cut(said, "Version/"); ok {
			d.Browser, d.Version = "Safari", number(after)
		}
	}
	if d.Browser == "Internet Explorer" {
		d.Version = "" // each word of it has a count of its own
	}
	d.Form = formOf(said, d.System)
	return d
}

func formOf(said, system string) Form {
	switch system {
	case "iPadOS":
		return Tablet
	case "iOS", "Windows Phone":
		return Phone
	case "Android", "HarmonyOS":
		if strings.Contains(said, "Mobile") {
			return Phone
		}
		return Tablet
	case "":
		return ""
	}
	return Desktop
}

// program reads what is no browser: the first word is its name.
func program(said string) Device {
	d := Device{Form: Program}
	word, _, _ := strings.Cut(said, " ")
	name, version, _ := strings.Cut(word, "/")
	// It is put before people, and may be anything: only what looks like a name.
	if len(name) > 40 {
		return d
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r) {
			return d
		}
	}
	d.Browser, d.Version = name, number(version)
	return d
}

// number is the first number of a version.
func number(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(s)
	}
	if end > 6 {
		return ""
	}
	return s[:end]
}
