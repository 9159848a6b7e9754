package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// State is where a verification came to: everything before it was well. The
// verifier keeps it, out of reach of whoever keeps the log, and verifies only
// what came after. A change to an entry before it is then not looked for; it
// is found by verifying from the beginning, which is worth doing at times.
type State struct {
	Head     []byte // signed checkpoint
	Frontier Frontier
	leaf     Hash // of the last entry
	course   course
}

// course is what verification carries from entry to entry besides the tree.
type course struct {
	incarnation uint32
	newest      time.Time // the latest time seen
	last        time.Time // the time of the last entry
	beat        time.Time // the last heartbeat, or the first entry
	// stray is the first entry too late for the last heartbeat. It is
	// excused when the next heartbeat comes soon enough after it.
	stray    time.Time
	straySeq int64
}

const stateHeader = "castellan.ledger.state.v1"

// Marshal is the state as text: what is carried, an empty line, the signed
// checkpoint.
func (s *State) Marshal() []byte {
	var b bytes.Buffer
	c := &s.course
	fmt.Fprintf(&b, "%s\nfrontier %s\nleaf %s\n", stateHeader, base64.StdEncoding.EncodeToString(s.Frontier.Marshal()), s.leaf)
	fmt.Fprintf(&b, "newest %s\nlast %s\nbeat %s\nstray %s %d\n\n", c.newest.Format(checkpointTime), c.last.Format(checkpointTime),
		c.beat.Format(checkpointTime), c.stray.Format(checkpointTime), c.straySeq)
	b.Write(s.Head)
	return b.Bytes()
}

// ParseState reads what Marshal wrote, and checks that it is a state of the
// log that v names and that frontier and signed root agree.
func ParseState(text []byte, v note.Verifier) (*State, error) {
	head, msg, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return nil, errors.New("parse state: no empty line before the checkpoint")
	}
	var packed, leaf, newest, last, beat, stray string
	s := &State{Head: bytes.Clone(msg)}
	if _, err := fmt.Sscanf(string(head), stateHeader+"\nfrontier %s\nleaf %s\nnewest %s\nlast %s\nbeat %s\nstray %s %d",
		&packed, &leaf, &newest, &last, &beat, &stray, &s.course.straySeq); err != nil {
		return nil, fmt.Errorf("parse state: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, fmt.Errorf("parse state: frontier: %w", err)
	}
	if s.Frontier, err = ParseFrontier(raw); err != nil {
		return nil, fmt.Errorf("parse state: %w", err)
	}
	if s.leaf, err = tlog.ParseHash(leaf); err != nil {
		return nil, fmt.Errorf("parse state: leaf: %w", err)
	}
	for _, t := range []struct {
		at   *time.Time
		text string
	}{{&s.course.newest, newest}, {&s.course.last, last}, {&s.course.beat, beat}, {&s.course.stray, stray}} {
		if *t.at, err = time.Parse(checkpointTime, t.text); err != nil {
			return nil, fmt.Errorf("parse state: %w", err)
		}
	}
	c, err := OpenCheckpoint(s.Head, v)
	if err != nil {
		return nil, fmt.Errorf("parse state: %w", err)
	}
	if c.Size != s.Frontier.Size() || c.Root != s.Frontier.Root() {
		return nil, errors.New("parse state: its tree is not that of its checkpoint")
	}
	s.course.incarnation = c.Incarnation
	if !bytes.Equal(s.Marshal(), text) {
		return nil, errors.New("parse state: not in canonical form")
	}
	return s, nil
}
