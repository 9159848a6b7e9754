package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
)

// Left is a file with a record in it that somebody has.
type Left struct {
	Kind    actor.Kind
	ID      int64 // the person or program that took it
	At      time.Time
	Archive bool // fetched from the archive, and not taken when it was made

	// Of the file itself, for whoever may know of it; else zero.
	Export int64
	Name   string
}

// leftMost bounds how many files one look tells of.
const leftMost = 100

// Holding tells in which files a record has left, and who has them, the latest
// first: as the ledger proves it. A file that was made and never taken is not told
// of. It needs SeeSightings; that the asker may see the record is for
// records.Book.Seen to say. Which file it was is told to those who may know of the
// file: whoever may read the archive, and whoever asked for it.
func (m *Exports) Holding(ctx context.Context, who actor.Actor, kind string, id schema.RecordID) ([]Left, error) {
	if err := m.Rights.May(ctx, who, policy.SeeSightings); err != nil {
		return nil, err
	}
	archive := m.Rights.May(ctx, who, policy.ReadExports) == nil
	told, _, err := m.Scribe.Read(ctx, scribe.Question{Kind: kind, Record: id, Events: []scribe.Event{"record.exported", "export.seen"}, Rare: true, Limit: leftMost})
	if err != nil {
		return nil, fmt.Errorf("find where a record has left: %w", err)
	}
	var all []Left
	met := map[int64]*Export{}
	taken := map[int64]bool{}
	for _, t := range told {
		l := Left{Kind: actor.Kind(t.Entry.Actor.Kind), ID: t.Entry.Actor.ID, At: t.Entry.Time, Archive: t.Entry.Event == "export.seen"}
		var details struct {
			Export int64 `json:"export"`
		}
		if t.Details != nil {
			if err := json.Unmarshal(t.Details, &details); err != nil {
				return nil, fmt.Errorf("read in which file a record has left: %w", err)
			}
		}
		e, known := met[details.Export]
		if !known && details.Export != 0 {
			if e, err = m.find(ctx, details.Export); err != nil && !fault.Is(err, fault.Missing) {
				return nil, err
			}
			met[details.Export] = e
		}
		if e != nil {
			if !l.Archive {
				// A house that was killed began the file anew: the record is in it once.
				if e.State != Taken || taken[e.ID] {
					continue
				}
				taken[e.ID], l.At = true, e.Taken
			}
			if archive || e.By.Person == looks(who) {
				l.Export, l.Name = e.ID, m.fileName(e)
			}
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b Left) int { return b.At.Compare(a.At) })
	return all, nil
}
