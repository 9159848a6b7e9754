package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a log's signed word: at this time I had this many entries, and
// this is their root. It is the body of a C2SP tlog-checkpoint. Time and
// incarnation are two extension lines, so that witnesses and tools which know
// only the standard still read the first three.
//
// Origin is the name of the log and, by law of this package, the name of the
// key that signs it. Two logs that share a key name could be exchanged for each
// other unnoticed; two logs never share one.
type Checkpoint struct {
	Origin      string
	Size        int64
	Root        Hash
	Time        time.Time // UTC, whole microseconds
	Incarnation uint32    // of the newest entry; see EventIncarnated
}

// checkpointTime has exactly six decimals, so that a time has one spelling.
const checkpointTime = "2006-01-02T15:04:05.000000Z"

// Text is the checkpoint as it is signed: five lines.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\nincarnation %d\n",
		c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]), c.Time.Format(checkpointTime), c.Incarnation)
}

// ParseCheckpoint reads the text of a checkpoint. It knows nothing of
// signatures; OpenCheckpoint does. What it accepts, Text writes back byte for
// byte; unknown extension lines are refused, since a verifier must not vouch
// for what it does not understand.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[5] != "" {
		return Checkpoint{}, errors.New("parse checkpoint: not five lines")
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return Checkpoint{}, errors.New("parse checkpoint: size is not a number")
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return Checkpoint{}, errors.New("parse checkpoint: root is not a hash")
	}
	stamp, _ := strings.CutPrefix(lines[3], "time ")
	if c.Time, err = time.Parse(checkpointTime, stamp); err != nil {
		return Checkpoint{}, errors.New("parse checkpoint: fourth line is not a time")
	}
	number, _ := strings.CutPrefix(lines[4], "incarnation ")
	incarnation, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return Checkpoint{}, errors.New("parse checkpoint: fifth line is not an incarnation")
	}
	c.Incarnation = uint32(incarnation)
	if !validName(c.Origin) || !inMicroseconds(c.Time) || c.Text() != text {
		return Checkpoint{}, errors.New("parse checkpoint: not in canonical form")
	}
	return c, nil
}

// Sign returns the checkpoint as a signed note. The signer's name must be the
// origin.
func (c Checkpoint) Sign(signer note.Signer) ([]byte, error) {
	if signer.Name() != c.Origin {
		return nil, fmt.Errorf("sign checkpoint: the key is named %q, the log %q", signer.Name(), c.Origin)
	}
	if _, err := ParseCheckpoint(c.Text()); err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	msg, err := note.Sign(&note.Note{Text: c.Text()}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return msg, nil
}

// OpenCheckpoint checks that msg is a checkpoint of the log that v names,
// signed with v's key, and returns it. Further signatures, as witnesses add
// them, are neither needed nor in the way. The error of a foreign signature is
// a *note.UnverifiedNoteError, that of a forged one a *note.InvalidSignatureError.
func OpenCheckpoint(msg []byte, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("open checkpoint: the key is named %q, the log %q", v.Name(), c.Origin)
	}
	return c, nil
}

// NewKey makes an Ed25519 key pair for the log called name, in the text form
// of signed notes: note.NewSigner reads the private half, note.NewVerifier the
// public one. The name becomes the origin of the log's checkpoints.
func NewKey(name string, rand io.Reader) (private, public string, err error) {
	if !validName(name) {
		return "", "", fmt.Errorf("make ledger key: %q cannot be a name: it must be non-empty text without spaces or plus signs", name)
	}
	private, public, err = note.GenerateKey(rand, name)
	if err != nil {
		return "", "", fmt.Errorf("make ledger key: %w", err)
	}
	return private, public, nil
}

// validName is what signed notes demand of a key's name.
func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '+' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}
