package ledger

import (
	"fmt"
	"slices"
	"time"
)

// Problem is what is wrong with a log.
type Problem string

// The problems that verification tells apart.
const (
	Changed      Problem = "changed"          // an entry is not the one that was signed
	Deleted      Problem = "deleted"          // a signed entry is missing between others
	Inserted     Problem = "inserted"         // an entry was never signed
	Reordered    Problem = "reordered"        // signed entries stand in another order
	Altered      Problem = "altered"          // one of the four above, in this range; which, cannot be told
	CutTail      Problem = "cut tail"         // signed entries at the end are missing
	Swapped      Problem = "swapped log"      // this is another log, or another history of it
	ClockBack    Problem = "clock set back"   // a time lies before one that was written earlier
	Future       Problem = "time in future"   // a time lies after the present
	BadDetails   Problem = "changed details"  // details do not open their entry's commitment
	Unreadable   Problem = "unreadable entry" // not the canonical bytes of an entry
	Forged       Problem = "forged checkpoint"
	Incarnation  Problem = "wrong incarnation" // an incarnation begins without saying so, or wrongly
	Unsealed     Problem = "unsealed"          // entries that no checkpoint covers in time
	HiddenLoss   Problem = "undeclared loss"   // more was lost in a restore than the log admits
	HeartbeatGap Problem = "heartbeat gap"     // things happened while the heartbeat stood still
)

// harms says which of the two promises a problem breaks.
func (p Problem) harms() (integrity, completeness bool) {
	switch p {
	case Changed, Inserted, Reordered, ClockBack, Future, BadDetails, Unreadable, Forged, Incarnation:
		return true, false
	case CutTail, Unsealed, HiddenLoss, HeartbeatGap:
		return false, true
	}
	return true, true // Deleted, Altered, Swapped
}

// Finding is one thing that is wrong.
type Finding struct {
	Problem Problem `json:"problem"`
	First   int64   `json:"first"` // entries concerned, first and last; -1 when it is none in particular
	Last    int64   `json:"last"`
	Text    string  `json:"text"` // one sentence in plain words
}

// Loss is what the log itself says was lost when it went on from an older
// state; see EventIncarnated.
type Loss struct {
	Incarnation uint32    `json:"incarnation"` // that began here
	Time        time.Time `json:"time"`
	First       int64     `json:"first"` // index of the first lost entry, and of the entry that says so
	Next        int64     `json:"next"`  // size the log had before; equal to First when nothing is known to be lost
}

// Verdict is the answer to one question about a log.
type Verdict string

// The verdicts.
const (
	Proved Verdict = "proved"
	// UpToHead is the verdict on completeness when no head from outside vouches
	// for the newest checkpoint: nothing is missing up to it, but whoever keeps
	// the files could have cut off entries and checkpoints together, down to
	// the newest head from outside.
	UpToHead Verdict = "proved up to the newest checkpoint"
	Broken   Verdict = "not proved"
)

// Report is the result of verifying a log.
type Report struct {
	Origin string `json:"origin"`

	// Integrity: every entry here is as it was when it was signed, in its
	// place. Completeness: nothing that was signed is missing, and nothing
	// suggests that something was never written.
	Integrity    Verdict `json:"integrity"`
	Completeness Verdict `json:"completeness"`

	Findings []Finding `json:"findings"`
	More     int64     `json:"more"`   // findings beyond those listed
	Losses   []Loss    `json:"losses"` // declared by the log; legal, but the reader should know of each

	Start       int64     `json:"start"`       // first entry read; above 0 when verification went on from a State
	Entries     int64     `json:"entries"`     // entries read
	Proven      int64     `json:"proven"`      // size of the tree that is proved, from entry 0 on
	Sound       int64     `json:"sound"`       // at least Proven: of the entries below it, all that no finding names are proved
	Unsealed    int64     `json:"unsealed"`    // entries after the newest checkpoint
	Checkpoints int64     `json:"checkpoints"` // checkpoints compared
	HeadSigned  time.Time `json:"head_signed"` // time of the newest matching checkpoint
	First       time.Time `json:"first"`       // times of the first and newest entry read
	Newest      time.Time `json:"newest"`

	WithDetails int64 `json:"with_details"` // entries whose details are here and open their commitment
	Erased      int64 `json:"erased"`       // entries whose details are gone: legal, and invisible otherwise

	// Anchored is the size of the largest tree that something outside the log
	// vouches for: a head given by the verifier, or the State it came from.
	Anchored int64 `json:"anchored"`

	Silences       int64         `json:"silences"` // stretches longer than the heartbeat in which nothing at all was written
	LongestSilence time.Duration `json:"longest_silence"`

	// State lets the next verification start here; nil unless everything up to
	// Proven is well.
	State *State `json:"-"`
}

// OK says whether nothing at all was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// maxFindings bounds the report on a log that is wrong everywhere.
const maxFindings = 1000

func (r *Report) add(p Problem, first, last int64, format string, args ...any) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{p, first, last, fmt.Sprintf(format, args...)})
}

// conclude sorts the findings by place and draws the two verdicts.
func (r *Report) conclude() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return int(max(-1, min(1, a.First-b.First)))
	})
	r.Integrity, r.Completeness = Proved, Proved
	if r.Anchored < r.Proven {
		r.Completeness = UpToHead
	}
	if r.Entries > 0 && r.Proven == 0 {
		r.Integrity = Broken // nothing is signed, so nothing can be as it was signed
	}
	for _, f := range r.Findings {
		integrity, completeness := f.Problem.harms()
		if integrity {
			r.Integrity = Broken
		}
		if completeness {
			r.Completeness = Broken
		}
	}
}
