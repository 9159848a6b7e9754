package records

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
)

// RowsMost bounds how many rows CreateRows takes.
const RowsMost = 1000

// CreateRows makes a record of every row, as if each were created alone, and as
// one step that Undo takes back. A row that is refused is named by its place, and
// the others are made. Asked again under the same key within a day, it makes what
// is still missing and gives the same operation, so that a request that broke off
// can be sent again.
func (b *Book) CreateRows(ctx context.Context, who actor.Actor, kindName string, rows []Values, once Once) (*Operation, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(rows) > RowsMost {
		return nil, fault.Newf(fault.Invalid, "rows.many", "There are from 1 to %d rows at a time.", RowsMost).At("rows")
	}
	st, err := b.writer(ctx, who)
	if err != nil {
		return nil, err
	}
	if g := st.Decide(kind, policy.Create, CardOf(kind), b.instant()); g.Empty() {
		return nil, refused(g.Reasons()) // no row would be made: said once
	}
	var operation int64
	if once.Key != "" {
		err = b.write(ctx, who, func(p *pen) error {
			mark, made, err := p.once(once)
			if err != nil || made != 0 {
				operation = int64(made)
				return err
			}
			if operation, err = p.operation(0, kind, BulkCreate); err != nil {
				return err
			}
			return p.madeUnder(mark, schema.RecordID(operation))
		})
		if err != nil {
			return nil, err
		}
	}
	return b.operate(ctx, who, kind, operation, BulkCreate, len(rows), func(p *pen, i int) (schema.RecordID, error) {
		mark, made, err := p.once(once.row(b, i))
		if err != nil || made != 0 {
			return made, err // it was made before, and is part of the work already
		}
		id, err := p.create(kind, rows[i])
		if err != nil {
			return 0, err
		}
		return id, p.madeUnder(mark, id)
	}, nil)
}

// row is what a request of many rows says of one of them.
func (o Once) row(b *Book, i int) Once {
	if o.Key == "" {
		return o
	}
	mark := b.vault.Fingerprint("once row", fmt.Appendf(nil, "%d %s", i, o.Key))
	return Once{Key: hex.EncodeToString(mark[:]), Asked: []byte(strconv.Itoa(i))}
}
