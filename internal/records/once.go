package records

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// Once is what a request says of itself, so that it makes one record however
// often it is sent.
type Once struct {
	Key   string // of the asker's choosing; empty: nothing is remembered
	Asked []byte // the request: under a key that was used for another one nothing is made
}

// onceLasts is how long a key is remembered.
const onceLasts = 24 * time.Hour

// CreateOnce is Create, unless the same actor has asked for the same under the
// same key within a day: then it gives the record that was made. What is
// remembered commits with the record, so that neither a crash nor another
// process makes a second one. It keeps which record was made and never the
// answer: whoever asks again sees the record as it is now and as far as they may.
func (b *Book) CreateOnce(ctx context.Context, who actor.Actor, kindName string, v Values, once Once) (schema.RecordID, error) {
	if once.Key == "" {
		return b.Create(ctx, who, kindName, v)
	}
	var id schema.RecordID
	err := b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		mark, made, err := p.once(once)
		if err != nil || made != 0 {
			id = made
			return err
		}
		if id, err = p.create(kind, v); err != nil {
			return err
		}
		return p.madeUnder(mark, id)
	})
	return id, err
}

// once takes the mark of a request, or gives the record that was made under it.
// A request without a key has no mark.
func (p *pen) once(once Once) (mark []byte, made schema.RecordID, err error) {
	if once.Key == "" {
		return nil, 0, nil
	}
	if len(once.Key) > 255 {
		return nil, 0, fault.New(fault.Invalid, "idempotency.long", "An Idempotency-Key has at most 255 characters.")
	}
	who := p.who
	key := p.b.vault.Fingerprint("once", fmt.Appendf(nil, "%d %d %d %s", who.Kind, who.Person, who.Key, once.Key))
	asked := p.b.vault.Fingerprint("once asked", once.Asked)
	made, err = p.madeBefore(key[:], asked[:])
	return key[:], made, err
}

// madeUnder remembers what was made under a mark.
func (p *pen) madeUnder(mark []byte, id schema.RecordID) error {
	if mark == nil {
		return nil
	}
	if _, err := p.tx.Exec(p.ctx, store.Text("UPDATE once SET record = ? WHERE mark = ?"), int64(id), mark); err != nil {
		return fmt.Errorf("remember what was made once: %w", err)
	}
	return nil
}

// madeBefore takes the mark, or gives the record that was made under it. Of two
// that come together one waits here for the other.
func (p *pen) madeBefore(mark, asked []byte) (schema.RecordID, error) {
	now := p.tx.Now()
	if _, err := p.tx.Exec(p.ctx, store.Text("DELETE FROM once WHERE made_at <= ?"), now.Add(-onceLasts).UnixMicro()); err != nil {
		return 0, fmt.Errorf("forget what was made once: %w", err)
	}
	n, err := p.tx.Exec(p.ctx, store.Text("INSERT INTO once (mark, asked, record, made_at) VALUES (?, ?, 0, ?) ON CONFLICT (mark) DO NOTHING"), mark, asked, now.UnixMicro())
	if err != nil {
		return 0, fmt.Errorf("take the mark of what is made once: %w", err)
	}
	if n == 1 {
		return 0, nil
	}
	var before []byte
	var id int64
	if err := p.tx.QueryRow(p.ctx, store.Text("SELECT asked, record FROM once WHERE mark = ?"), mark).Scan(&before, &id); err != nil {
		return 0, fmt.Errorf("look for what was made once: %w", err)
	}
	if !bytes.Equal(before, asked) {
		return 0, fault.New(fault.Invalid, "idempotency.other", "This Idempotency-Key was used for another request. Take a new one for a new record.")
	}
	return schema.RecordID(id), nil
}
