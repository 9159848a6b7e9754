package ledger

import (
	"context"
	"iter"
)

// Stored is an entry as some store holds it, not yet believed.
type Stored struct {
	Seq     int64    // its place, from 0 on, as the store numbers it
	Entry   []byte   // canonical bytes
	Salt    [32]byte // of its details
	Details []byte   // nil when there are none, or none any more
}

// Source is a log to be verified, wherever it lies: a database, a bundle, a
// test. Nothing that it yields is trusted. An error ends an iteration and
// verification with it; it is for a source that cannot be read, not for one
// whose content is wrong. What is yielded is valid until the next step.
//
// While a source is being verified it must stand still: all iterators see one
// snapshot, or a checkpoint may seem to speak of entries that are not there.
type Source interface {
	// Checkpoints yields the signed checkpoints over at least from entries,
	// ordered by size. All that were kept are yielded, those of earlier
	// incarnations too.
	Checkpoints(ctx context.Context, from int64) iter.Seq2[[]byte, error]

	// Entries yields the entries numbered from and above in stored order. A
	// missing entry is simply not yielded.
	Entries(ctx context.Context, from int64) iter.Seq2[Stored, error]

	// Leaves yields the leaf hashes kept apart from the entries, as in hash
	// tiles of level 0, beginning with that of entry from. They prove nothing
	// that the entries do not; when entries were tampered with and the leaves
	// were not, they tell which. One that is not there is zero; a source
	// without any yields none.
	Leaves(ctx context.Context, from int64) iter.Seq2[Hash, error]
}

// BlockSource is a Source that also keeps the roots of blocks, runs of TileWidth
// entries, as hash tiles of level 1 do. Where entry and leaf were both tampered
// with or are both gone, the root of their block lets all other blocks be
// proved nevertheless.
type BlockSource interface {
	Source

	// Blocks yields the roots of full blocks, beginning with block number
	// from. One that is not there is zero.
	Blocks(ctx context.Context, from int64) iter.Seq2[Hash, error]
}
