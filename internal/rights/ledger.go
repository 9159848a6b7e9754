package rights

import (
	"context"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// What an entry holds besides who, when and about whom.
type (
	change struct {
		Before any `json:"before"`
		After  any `json:"after"`
	}
	after struct {
		After any `json:"after"`
	}
	before struct {
		Before any `json:"before"`
	}
)

// tell writes an entry about a change in its transaction.
func (b *Book) tell(ctx context.Context, tx *store.Tx, who actor.Actor, event scribe.Event, kind string, id int64, details any) error {
	return b.Scribe.Write(ctx, tx, scribe.Entry{Event: event, Who: who, Kind: kind, Records: []schema.RecordID{schema.RecordID(id)}, Details: details})
}
