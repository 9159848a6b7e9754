package sheet

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	utf "golang.org/x/text/encoding/unicode"
)

// codePage is an encoding that files of our four languages come in.
type codePage struct {
	name string
	enc  encoding.Encoding // nil: UTF-8, read as it is
}

// codePages in the order in which a tie is decided: the more usual first.
// ISO-8859-1 is read as windows-1252, which holds it.
func codePages() []codePage {
	return []codePage{
		{"utf-8", nil},
		{"utf-16le", utf.UTF16(utf.LittleEndian, utf.UseBOM)},
		{"utf-16be", utf.UTF16(utf.BigEndian, utf.UseBOM)},
		{"windows-1252", charmap.Windows1252},
		{"windows-1251", charmap.Windows1251},
		{"windows-1250", charmap.Windows1250},
		{"koi8-r", charmap.KOI8R},
		{"cp866", charmap.CodePage866},
		{"iso-8859-2", charmap.ISO8859_2},
		{"iso-8859-1", charmap.Windows1252},
		{"us-ascii", nil},
	}
}

// encodingNamed finds a code page by the names that people and vCards use.
func encodingNamed(name string) (codePage, bool) {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	switch name {
	case "cp1251", "win-1251", "1251", "windows1251":
		name = "windows-1251"
	case "cp1250", "1250", "windows1250":
		name = "windows-1250"
	case "cp1252", "1252", "latin1", "iso8859-1", "windows1252", "iso-8859-15":
		name = "windows-1252"
	case "latin2", "iso8859-2":
		name = "iso-8859-2"
	case "ibm866", "dos", "866":
		name = "cp866"
	case "utf8":
		name = "utf-8"
	case "utf-16", "utf16":
		name = "utf-16le"
	}
	for _, p := range codePages() {
		if p.name == name {
			return p, true
		}
	}
	return codePage{}, false
}

// decoded gives the text of r in UTF-8, without a byte order mark.
func (p codePage) decoded(r io.Reader) io.Reader {
	if p.enc != nil {
		r = p.enc.NewDecoder().Reader(r)
	}
	return &unmarked{r: r}
}

// unmarked drops a UTF-8 byte order mark at the beginning.
type unmarked struct {
	r       io.Reader
	started bool
}

func (u *unmarked) Read(b []byte) (int, error) {
	if u.started || len(b) < 3 {
		return u.r.Read(b)
	}
	u.started = true
	n, err := io.ReadAtLeast(u.r, b, 3)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if n >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf {
		n = copy(b, b[3:n])
	}
	return n, err
}

// detectEncoding names the encoding of a piece of a file: its byte order mark,
// else zero bytes (UTF-16), else valid UTF-8, else the code page in which the
// letters above ASCII look most like Russian, Polish, Italian or another tongue
// of Western Europe.
func detectEncoding(sample []byte) string {
	switch {
	case bytes.HasPrefix(sample, []byte{0xef, 0xbb, 0xbf}):
		return "utf-8"
	case bytes.HasPrefix(sample, []byte{0xff, 0xfe}):
		return "utf-16le"
	case bytes.HasPrefix(sample, []byte{0xfe, 0xff}):
		return "utf-16be"
	}
	if name, ok := zeroBytes(sample); ok {
		return name
	}
	if mostlyUTF8(sample) {
		return "utf-8"
	}
	best, name := -1e9, "windows-1252"
	for _, p := range codePages() {
		cm, ok := p.enc.(*charmap.Charmap)
		if !ok || p.name == "iso-8859-1" {
			continue
		}
		if score := likeness(sample, cm); score > best {
			best, name = score, p.name
		}
	}
	return name
}

// zeroBytes knows UTF-16 without a mark: separators, digits and line ends have a
// zero half, always on the same side.
func zeroBytes(sample []byte) (string, bool) {
	even, odd := 0, 0
	for i, c := range sample {
		if c == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	switch tenth := len(sample) / 20; {
	case odd > tenth && odd > 8*even:
		return "utf-16le", true
	case even > tenth && even > 8*odd:
		return "utf-16be", true
	}
	return "", false
}

// mostlyUTF8 forgives a cut at the end and one broken letter in fifty: such
// files exist, and no code page would read them better.
func mostlyUTF8(sample []byte) bool {
	good, bad := 0, 0
	for len(sample) > 0 {
		if sample[0] < utf8.RuneSelf {
			sample = sample[1:]
			continue
		}
		r, size := utf8.DecodeRune(sample)
		switch {
		case r != utf8.RuneError || size > 1:
			good++
		case len(sample) < utf8.UTFMax && !utf8.FullRune(sample):
		default:
			bad++
		}
		sample = sample[size:]
	}
	return bad*50 <= good
}

// likeness scores a code page by the letters that it makes of the sample, each
// seen between its neighbours.
func likeness(sample []byte, page *charmap.Charmap) float64 {
	score := 0.0
	for i, c := range sample {
		if c < utf8.RuneSelf {
			continue
		}
		var before, after rune
		if i > 0 {
			before = page.DecodeByte(sample[i-1])
		}
		if i+1 < len(sample) {
			after = page.DecodeByte(sample[i+1])
		}
		score += letterScore(page.DecodeByte(c), before, after)
	}
	return score
}

func letterScore(r, before, after rune) float64 {
	switch {
	case r == utf8.RuneError, unicode.IsControl(r):
		return -10
	case unicode.Is(unicode.Cyrillic, r):
		return cyrillicScore(r, before, after)
	case unicode.IsLetter(r):
		return latinScore(r, before, after)
	case strings.ContainsRune("«»„“”‘’–—№…€ \u00a0°", r):
		return 0.3
	case r >= 0x2500 && r < 0x2600: // the boxes of cp866
		return -4
	case asciiLetter(before) && asciiLetter(after): // a sign inside a word
		return -3
	}
	return -1
}

func cyrillicScore(r, before, after rune) float64 {
	score := 1.0
	if strings.ContainsRune("оеаинтсрвлкмдпуя", unicode.ToLower(r)) {
		score = 2
	}
	switch {
	case !strings.ContainsRune("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", unicode.ToLower(r)):
		score = -1.5 // Serbian, Macedonian: the marks of a wrong page
	case asciiLetter(before) || asciiLetter(after):
		score = -2 // two scripts in one word
	case unicode.IsUpper(r) && unicode.IsLower(before):
		score = -2 // КОИ8 read as windows-1251 turns cases around
	case unicode.IsUpper(r) && unicode.IsLetter(before):
		score = 0.5 // an abbreviation
	}
	return score
}

func latinScore(r, before, after rune) float64 {
	score := 0.2
	switch low := unicode.ToLower(r); {
	case strings.ContainsRune("ąćęłńóśźż", low):
		score = 2
	case strings.ContainsRune("àèéìòùäöüßçíáúñ", low):
		score = 2.1
	case strings.ContainsRune("âêîôûëïøåæãõ", low):
		score = 1.2
	}
	switch {
	case unicode.IsUpper(r) && unicode.IsLower(before):
		return -2
	case asciiLetter(before) || asciiLetter(after):
		return score
	case unicode.IsLetter(before) && unicode.IsLetter(after):
		return -1.5 // whole words above ASCII are no Latin ones
	}
	return score / 2
}

func asciiLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
