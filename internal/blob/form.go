package blob

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"castellan/internal/fault"
)

// headLength is as much of a file as says what it is.
const headLength = 8 << 10

// Form is what a file is, by what it holds and never by its name.
type Form struct {
	Name    string   // as records keep it: "pdf", "image", …
	Endings []string // how the name of such a file may end; the first is put behind a name that does not
	Shown   bool     // a small picture can be made of it
}

// forms are the files that are taken, by media type. What a browser would run
// (HTML, SVG, scripts) and what a computer would (programs, installers) is not
// among them: it has no business on a client's card.
var forms = map[string]Form{
	"application/pdf": {"pdf", []string{".pdf"}, false},

	"image/png":  {"image", []string{".png"}, true},
	"image/jpeg": {"image", []string{".jpg", ".jpeg", ".jfif"}, true},
	"image/gif":  {"image", []string{".gif"}, true},
	"image/webp": {"image", []string{".webp"}, true},
	"image/heic": {"image", []string{".heic"}, false},
	"image/heif": {"image", []string{".heif"}, false},
	"image/tiff": {"image", []string{".tiff", ".tif"}, false},
	"image/bmp":  {"image", []string{".bmp"}, false},

	"application/msword": {"document", []string{".doc"}, false},
	"text/rtf":           {"document", []string{".rtf"}, false},
	"application/vnd.oasis.opendocument.text":                                 {"document", []string{".odt"}, false},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": {"document", []string{".docx"}, false},

	"application/vnd.ms-excel":                                          {"sheet", []string{".xls"}, false},
	"application/vnd.oasis.opendocument.spreadsheet":                    {"sheet", []string{".ods"}, false},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"sheet", []string{".xlsx"}, false},
	"text/csv":                  {"sheet", []string{".csv", ".txt"}, false},
	"text/tab-separated-values": {"sheet", []string{".tsv", ".txt", ".csv"}, false},

	"application/vnd.ms-powerpoint":                                             {"slides", []string{".ppt"}, false},
	"application/vnd.oasis.opendocument.presentation":                           {"slides", []string{".odp"}, false},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {"slides", []string{".pptx"}, false},

	"text/plain":                  {"text", []string{".txt", ".csv", ".md", ".log"}, false},
	"application/json":            {"text", []string{".json", ".txt"}, false},
	"text/vcard":                  {"text", []string{".vcf"}, false},
	"text/calendar":               {"text", []string{".ics"}, false},
	"application/zip":             {"archive", []string{".zip"}, false},
	"application/x-7z-compressed": {"archive", []string{".7z"}, false},

	"audio/mpeg":      {"audio", []string{".mp3"}, false},
	"audio/wav":       {"audio", []string{".wav"}, false},
	"audio/ogg":       {"audio", []string{".ogg", ".oga", ".opus"}, false},
	"audio/mp4":       {"audio", []string{".m4a", ".mp4"}, false},
	"audio/x-m4a":     {"audio", []string{".m4a"}, false},
	"audio/amr":       {"audio", []string{".amr"}, false},
	"video/mp4":       {"video", []string{".mp4", ".m4v"}, false},
	"video/quicktime": {"video", []string{".mov"}, false},
	"video/webm":      {"video", []string{".webm"}, false},
}

// Forms are the names of all forms there are.
func Forms() []string {
	var all []string
	for _, f := range forms {
		if !slices.Contains(all, f.Name) {
			all = append(all, f.Name)
		}
	}
	slices.Sort(all)
	return all
}

// Recognise says what a file is by its first bytes, or refuses it.
func Recognise(head []byte) (Form, error) {
	media, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	f, known := forms[media]
	if !known {
		return Form{}, fault.New(fault.Invalid, "file.form", "Files of this kind are not taken. Pictures, PDF, office documents, text, sound, video and ZIP are.")
	}
	return f, nil
}

// longestName is in characters; other systems take 255 bytes.
const longestName = 120

// NameOf makes a name of what somebody's computer calls a file: its last part,
// without what cannot be seen or turns the reading direction round, so that
// "gpj.exe" is not read backwards, and ending as such a file does.
func (f Form) NameOf(word string) string {
	word = strings.ToValidUTF8(strings.ReplaceAll(word, `\`, "/"), "")
	word = path.Base("/" + word)
	word = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), unicode.Is(unicode.Co, r):
			return -1
		case strings.ContainsRune(`<>:"/\|?*`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, word)
	word = strings.Trim(strings.Join(strings.Fields(word), " "), ". ")
	ending := strings.ToLower(path.Ext(word))
	if !slices.Contains(f.Endings, ending) {
		ending = f.Endings[0]
	} else {
		word = word[:len(word)-len(ending)]
	}
	word = strings.TrimRight(word, ". ")
	if word == "" || word == "_" {
		word = "file"
	}
	if utf8.RuneCountInString(word) > longestName {
		word = strings.TrimSpace(string([]rune(word)[:longestName]))
	}
	return word + ending
}
