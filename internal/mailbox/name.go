package mailbox

import (
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"

	"github.com/emersion/go-message"
)

// fileName gives how a part wants to be shown, and what its file is called. Names
// come in the words of RFC 2231 (in any alphabet, also in pieces), of RFC 2047,
// which many programs put where it does not belong, or as they are; a header that
// is not quite sound still names its file.
func fileName(of message.Header) (disposition, name string) {
	disposition, more := parameters(of.Get("Content-Disposition"))
	if name = named2231(more, "filename"); name == "" {
		_, more = parameters(of.Get("Content-Type"))
		name = named2231(more, "name")
	}
	return disposition, name
}

// mostPieces bounds of how many pieces a name is put together.
const mostPieces = 50

// parameters reads a header such as attachment; filename="a.txt" as far as it can
// be read.
func parameters(text string) (first string, all map[string]string) {
	first, text, _ = strings.Cut(text, ";")
	all = map[string]string{}
	for text != "" && len(all) < 2*mostPieces {
		var key, held string
		if at := strings.IndexAny(text, "=;"); at < 0 || text[at] == ';' {
			_, text, _ = strings.Cut(text, ";")
			continue
		}
		key, text, _ = strings.Cut(text, "=")
		text = strings.TrimLeft(text, " \t\r\n")
		if strings.HasPrefix(text, `"`) {
			var b strings.Builder
			s := scanner{text}
			rest, ended := s.quoted(&b)
			held, text = b.String(), ""
			if ended {
				_, text, _ = strings.Cut(rest, ";")
			}
		} else {
			held, text, _ = strings.Cut(text, ";")
			held = strings.TrimSpace(held)
		}
		if key = strings.ToLower(strings.TrimSpace(key)); all[key] == "" {
			all[key] = held
		}
	}
	return strings.ToLower(strings.TrimSpace(first)), all
}

// named2231 is the value of a parameter, whichever way it is written.
func named2231(all map[string]string, key string) string {
	alphabet, held := "", ""
	if whole := all[key+"*"]; whole != "" {
		alphabet, held = extended(whole)
		return inAlphabet(alphabet, held)
	}
	for n := range mostPieces {
		piece, coded := all[fmt.Sprintf("%s*%d*", key, n)]
		switch plain, there := all[fmt.Sprintf("%s*%d", key, n)]; {
		case coded && n == 0:
			alphabet, piece = extended(piece)
		case coded:
			piece = unescaped(piece)
		case there:
			piece = plain
		default:
			if held != "" {
				return inAlphabet(alphabet, held)
			}
			d := mime.WordDecoder{CharsetReader: message.CharsetReader}
			if decoded, err := d.DecodeHeader(all[key]); err == nil {
				return decoded
			}
			return all[key]
		}
		held += piece
	}
	return inAlphabet(alphabet, held)
}

// extended parts koi8-r'ru'%C6%C1 into the alphabet and the bytes.
func extended(text string) (alphabet, held string) {
	alphabet, rest, parted := strings.Cut(text, "'")
	_, held, whole := strings.Cut(rest, "'")
	if !parted || !whole {
		return "", unescaped(text)
	}
	return alphabet, unescaped(held)
}

func unescaped(text string) string {
	if held, err := url.PathUnescape(text); err == nil {
		return held
	}
	return text
}

func inAlphabet(alphabet, held string) string {
	if alphabet == "" || strings.EqualFold(alphabet, "utf-8") || message.CharsetReader == nil {
		return held
	}
	r, err := message.CharsetReader(strings.ToLower(alphabet), strings.NewReader(held))
	if err != nil {
		return held
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return held
	}
	return string(text)
}
