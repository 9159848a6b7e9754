package scribe

import (
	"context"
	"fmt"
	"strings"

	"castellan/internal/store"
)

// Size is how many entries the ledger has: the number of the one that comes
// next.
func (s *Scribe) Size(ctx context.Context) (int64, error) {
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return 0, fmt.Errorf("read the head of the ledger: %w", err)
	}
	return h.size, nil
}

// Since gives the entries from a number up to another, in their order, that
// tell of something other than a reading; at most so many. It is for following
// the log as it grows: an entry that is there stays where it is, whichever
// process wrote it, and none comes in before it.
func (s *Scribe) Since(ctx context.Context, from, to int64, most int) (all []Told, err error) {
	args := []any{from, to}
	for _, d := range catalogue {
		if d.Read {
			args = append(args, string(d.Event))
		}
	}
	text := "SELECT seq, entry FROM ledger WHERE seq >= ? AND seq < ? AND event NOT IN (?" + strings.Repeat(", ?", len(args)-3) + ") ORDER BY seq LIMIT ?"
	_, _, _, err = s.scan(ctx, store.Text(text), append(args, int64(most)), nil, func(t Told) bool {
		all = append(all, t)
		return true
	})
	return all, err
}

// Recall adds to entries what is kept of their details.
func (s *Scribe) Recall(ctx context.Context, all []Told) error { return s.tell(ctx, all) }
