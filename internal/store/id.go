package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"castellan/internal/schema"
)

// Ids are milliseconds, then a node, then a counter:
//
//	| 43 bits milliseconds since 1970 | 6 bits node | 14 bits counter |
//
// The node tells apart the processes that serve one PostgreSQL database.
const (
	counterBits = 14
	nodeBits    = 6
	maxNode     = 1<<nodeBits - 1
)

// ids hands out record ids. Each is larger than every one before it, also when
// the clock is set back, and, by a mark kept in the database, after a restart.
type ids struct {
	now  func() time.Time
	node int64

	mu   sync.Mutex
	last int64 // milliseconds and counter, without the node
	mark int64 // what the database knows: no id above it was handed out before
}

// reserve is how far ahead of the last id the mark is set, so that it is
// written about once a minute and not with every record.
const reserve = int64(time.Minute/time.Millisecond) << counterBits

func (g *ids) next() schema.RecordID {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = max(g.last+1, g.now().UnixMilli()<<counterBits)
	return g.id(g.last)
}

func (g *ids) id(n int64) schema.RecordID {
	ms, count := n>>counterBits, n&(1<<counterBits-1)
	return schema.RecordID(ms<<(nodeBits+counterBits) | g.node<<counterBits | count)
}

func (g *ids) counter() string { return fmt.Sprintf("id of node %d", g.node) }

// load reads the mark of former runs, those of other nodes too: the node that
// this process gets may not be the one that it had before.
func (g *ids) load(ctx context.Context, db *DB) error {
	return db.Read(ctx, func(tx *Tx) error {
		var mark int64
		err := tx.QueryRow(ctx, Text(`SELECT coalesce(max(n), 0) FROM counter WHERE name LIKE 'id of node %'`)).Scan(&mark)
		if err != nil {
			return fmt.Errorf("read the mark of ids: %w", err)
		}
		g.last, g.mark = mark, mark
		return nil
	})
}

// keep sets the mark ahead, in the transaction that hands out an id above it.
func (g *ids) keep(ctx context.Context, tx *Tx) error {
	g.mu.Lock()
	last, mark := g.last, g.mark
	g.mu.Unlock()
	if last <= mark || tx.db.ledger == nil { // the ledger's own file has no counters
		return nil
	}
	return g.save(ctx, tx, last+reserve)
}

func (g *ids) save(ctx context.Context, tx *Tx, mark int64) error {
	if _, err := tx.Exec(ctx, Text(`INSERT INTO counter(name, n) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET n = excluded.n`), g.counter(), mark); err != nil {
		return fmt.Errorf("keep the mark of ids: %w", err)
	}
	tx.AfterCommit(func() {
		g.mu.Lock()
		g.mark = mark
		g.mu.Unlock()
	})
	return nil
}

// settle leaves the exact mark at an orderly end.
func (g *ids) settle(ctx context.Context, db *DB) error {
	g.mu.Lock()
	last, mark := g.last, g.mark
	g.mu.Unlock()
	if last == mark {
		return nil
	}
	return db.Write(ctx, func(tx *Tx) error { return g.save(ctx, tx, last) })
}
