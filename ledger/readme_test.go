package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"castellan/ledger"
)

// TestReadmeIsEnoughToVerifyByHand does what the README.txt of a bundle says,
// with nothing but what it says: no function of this package is used.
func TestReadmeIsEnoughToVerifyByHand(t *testing.T) {
	files, key := ledger.PublishedLog(t, 600)

	// 1. The signature of the checkpoint.
	note := string(files["checkpoint"].Data)
	text, signatures, _ := strings.Cut(note, "\n\n")
	text += "\n"
	signature := decode(t, strings.Fields(signatures)[2])
	public := decode(t, key[strings.LastIndex(key, "+")+1:])[1:] // the first byte says Ed25519
	if !ed25519.Verify(public, []byte(text), signature[4:]) {
		t.Fatal("the signature does not fit")
	}
	lines := strings.Split(text, "\n")
	var size int
	if _, err := fmt.Sscan(lines[1], &size); err != nil || size != 600 {
		t.Fatalf("size %q", lines[1])
	}

	// 2. The entries and their root.
	var entries [][]byte
	for _, name := range []string{"000", "001", "002.p/88"} {
		b := files["tile/entries/"+name].Data
		for len(b) > 0 {
			n := 2 + int(binary.BigEndian.Uint16(b))
			entries = append(entries, b[2:n])
			b = b[n:]
		}
	}
	var level [][]byte
	for _, e := range entries {
		level = append(level, hash([]byte{0}, e))
	}
	for len(level) > 1 {
		var above [][]byte
		for ; len(level) > 1; level = level[2:] {
			above = append(above, hash([]byte{1}, level[0], level[1]))
		}
		level = append(above, level...)
	}
	if !bytes.Equal(level[0], decode(t, lines[2])) {
		t.Error("the entries do not lead to the root")
	}

	// 4. The details.
	opened := 0
	for _, name := range []string{"000", "001", "002"} {
		details := json.NewDecoder(bytes.NewReader(files["details/"+name].Data))
		for {
			var d struct {
				Seq           int
				Salt, Details []byte
			}
			if err := details.Decode(&d); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			commitment := hash([]byte("castellan.details.v1"), []byte{0}, d.Salt, d.Details)
			if !bytes.HasSuffix(entries[d.Seq], commitment) {
				t.Errorf("the details of entry %d do not fit", d.Seq)
			}
			opened++
		}
	}
	if opened < 200 {
		t.Errorf("only %d details", opened)
	}
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hash(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}
