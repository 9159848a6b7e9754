package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"castellan/ledger"
)

// answer is all that is said at the end.
type answer struct {
	Proof  *proofAnswer   `json:"proof,omitempty"`
	Report *ledger.Report `json:"report,omitempty"`
}

// proofAnswer is about a single entry.
type proofAnswer struct {
	Proved     bool
	Problem    string
	Index      int64
	Checkpoint ledger.Checkpoint
	Entry      ledger.Entry
}

// MarshalJSON spells the entry in words that programs know.
func (a *proofAnswer) MarshalJSON() ([]byte, error) {
	if !a.Proved {
		return json.Marshal(map[string]any{"proved": false, "problem": a.Problem})
	}
	e := &a.Entry
	fields := map[string]any{
		"time": e.Time, "event": e.Event, "incarnation": e.Incarnation,
		"actor": map[string]any{"kind": e.Actor.Kind.String(), "id": number(e.Actor.ID), "session": number(e.Actor.Session),
			"key": number(e.Actor.Key), "on_behalf": number(e.Actor.OnBehalf)},
		"kind": e.Kind, "surface": e.Surface, "shown": e.Shown,
	}
	if e.Address.IsValid() {
		fields["address"] = e.Address.String()
	}
	records := []string{}
	for _, id := range e.Records {
		records = append(records, number(id))
	}
	fields["records"] = records
	if e.Commitment != [32]byte{} {
		fields["commitment"] = hex.EncodeToString(e.Commitment[:])
	}
	return json.Marshal(map[string]any{
		"proved": true, "index": a.Index, "origin": a.Checkpoint.Origin, "size": a.Checkpoint.Size, "signed": a.Checkpoint.Time, "entry": fields,
	})
}

// number spells an id; programs in other languages lose digits of large ones.
func number(id int64) string { return strconv.FormatInt(id, 10) }

func (a *answer) writeJSON(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(a)
}

func (a *answer) write(out io.Writer, f *flags) error {
	var b strings.Builder
	if a.Proof != nil {
		a.Proof.write(&b)
	}
	if a.Report != nil {
		if a.Proof != nil {
			b.WriteString("\n")
		}
		writeReport(&b, a.Report, f)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (a *proofAnswer) write(b *strings.Builder) {
	if !a.Proved {
		fmt.Fprintf(b, "NOT PROVED. The proof does not hold: %s.\n", a.Problem)
		return
	}
	e := &a.Entry
	fmt.Fprintf(b, "PROVED. Entry %s of %s is this:\n", thousands(a.Index), a.Checkpoint.Origin)
	line(b, "time", at(e.Time))
	line(b, "event", e.Event)
	who := e.Actor.Kind.String()
	for _, id := range []struct {
		word  string
		value int64
	}{{"", e.Actor.ID}, {"session ", e.Actor.Session}, {"key ", e.Actor.Key}, {"on behalf of ", e.Actor.OnBehalf}} {
		if id.value != 0 {
			who += ", " + id.word + number(id.value)
		}
	}
	line(b, "actor", who)
	if e.Address.IsValid() {
		line(b, "address", e.Address.String())
	}
	if e.Kind != "" {
		line(b, "kind", e.Kind)
	}
	if len(e.Records) > 0 {
		ids := make([]string, len(e.Records))
		for i, id := range e.Records {
			ids[i] = number(id)
		}
		line(b, "records", strings.Join(ids, " "))
	}
	if e.Surface != "" {
		line(b, "surface", e.Surface)
	}
	if len(e.Shown) > 0 {
		line(b, "shown", strings.Join(e.Shown, ", "))
	}
	fmt.Fprintf(b, "It was among %s entries when the ledger was signed at %s.\n", thousands(a.Checkpoint.Size), at(a.Checkpoint.Time))
}

func line(b *strings.Builder, name, value string) { fmt.Fprintf(b, "  %-10s%s\n", name, value) }

func writeReport(b *strings.Builder, r *ledger.Report, f *flags) {
	fmt.Fprintf(b, "Ledger %s\n\n", r.Origin)
	switch {
	case r.Entries == 0 && r.Start > 0:
		fmt.Fprintf(b, "Nothing was added to the %s entries that were checked before.\n", thousands(r.Start))
	case r.Entries == 0:
		b.WriteString("There are no entries.\n")
	default:
		fmt.Fprintf(b, "Checked %s, from %s to %s", count(r.Entries, "entry", "entries"), at(r.First), at(r.Newest))
		if r.Start > 0 {
			fmt.Fprintf(b, ", after the %s that were checked before", thousands(r.Start))
		}
		b.WriteString(".\n")
	}
	if !r.HeadSigned.IsZero() {
		fmt.Fprintf(b, "Compared %s; the newest that fits was signed at %s over %s.\n",
			count(r.Checkpoints, "signed checkpoint", "signed checkpoints"), at(r.HeadSigned), count(r.Proven, "entry", "entries"))
	}
	if r.WithDetails+r.Erased > 0 {
		fmt.Fprintf(b, "Details: %s with the genuine ones, %s whose details were erased, as the law may demand.\n",
			count(r.WithDetails, "entry", "entries"), thousands(r.Erased))
	}
	if r.Silences > 0 {
		fmt.Fprintf(b, "The server stood still %s, the longest for %s.\n", count(r.Silences, "time", "times"), r.LongestSilence.Round(time.Second))
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(b, "Not signed yet, and so not proved: %s at the end.\n", count(r.Unsealed, "entry", "entries"))
	}
	for _, l := range r.Losses {
		switch lost := l.Next - l.First; {
		case lost == 0:
			fmt.Fprintf(b, "Note: at %s the ledger went on from a backup (incarnation %d). It knows of no lost entries.\n", at(l.Time), l.Incarnation)
		default:
			fmt.Fprintf(b, "Note: at %s the ledger went on from a backup (incarnation %d) and says that %s then lost, from number %s on. Ask who restored it, and why.\n",
				at(l.Time), l.Incarnation, count(lost, "entry was", "entries were"), thousands(l.First))
		}
	}

	if len(r.Findings) > 0 {
		fmt.Fprintf(b, "\n%s:\n", strings.ToUpper(count(int64(len(r.Findings))+r.More, "finding", "findings")))
		for _, f := range r.Findings {
			fmt.Fprintf(b, "  - %s\n", f.Text)
		}
		if r.More > 0 {
			fmt.Fprintf(b, "  - And %s more.\n", thousands(r.More))
		}
	}

	b.WriteString("\n")
	switch r.Integrity {
	case ledger.Proved:
		b.WriteString("Integrity:    PROVED. Every entry is the one that was signed, in its place.\n")
	default:
		fmt.Fprintf(b, "Integrity:    NOT PROVED%s.\n", proven(r))
	}
	switch r.Completeness {
	case ledger.Proved:
		b.WriteString("Completeness: PROVED. Nothing that was signed is missing.\n")
	case ledger.UpToHead:
		b.WriteString("Completeness: PROVED up to the newest checkpoint in these files.\n")
		if r.Anchored == 0 {
			b.WriteString("              Whether entries and checkpoints after it were cut off together, only a signed head from\n" +
				"              another place can tell: give the one that was mailed to you with --head.\n")
		} else {
			fmt.Fprintf(b, "              What you brought from outside vouches for the first %s; whether anything after the newest\n"+
				"              checkpoint was cut off, only a newer head from outside can tell.\n", count(r.Anchored, "entry", "entries"))
		}
	default:
		fmt.Fprintf(b, "Completeness: NOT PROVED%s.\n", proven(r))
	}
	if r.State != nil && f.State != "" {
		fmt.Fprintf(b, "\nThe next check with --state %s goes on after entry %s.\n", f.State, thousands(r.Proven-1))
	}
}

// proven says how far a broken log can still be trusted.
func proven(r *ledger.Report) string {
	switch {
	case r.Sound == 0:
		return ""
	case r.Sound > r.Proven:
		return fmt.Sprintf("; up to entry %s, all that no finding names is as it was signed", thousands(r.Sound-1))
	}
	return fmt.Sprintf("; what is signed and fits ends with entry %s", thousands(r.Sound-1))
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
