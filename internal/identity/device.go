package identity

import (
	"context"
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/mail"
	"castellan/internal/store"
	"castellan/internal/throttle"
)

// told is what the ledger keeps of a device: what it calls itself, in a few words.
type told struct {
	Browser string      `json:"browser,omitempty"`
	Version string      `json:"version,omitempty"`
	System  string      `json:"system,omitempty"`
	Form    device.Form `json:"form,omitempty"`
}

// tellDevice is what a browser says that it is, as the ledger tells it; nil if
// nothing is known.
func tellDevice(said string) *told {
	d := device.Of(said)
	if d == (device.Device{}) {
		return nil
	}
	return &told{d.Browser, d.Version, d.System, d.Form}
}

// meet writes down by which device a session has begun, and tells, the person
// as well, whether it is unfamiliar: in the last 90 days the person had no session from this network by
// a device that looks like this one. The very first session of a person is what
// the others are compared with, and not itself unfamiliar; one that waited for a
// second factor in vain makes nothing familiar.
func (a *Accounts) meet(ctx context.Context, tx *store.Tx, who actor.Actor) (unfamiliar bool, err error) {
	d := device.Of(who.Device)
	var others, alike int64
	err = tx.QueryRow(ctx, store.Text(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN half = 0 AND network = ? AND used_at > ? AND (device = ? OR browser = ? AND system = ? AND form = ?) THEN 1 ELSE 0 END), 0)
		FROM session WHERE person = ? AND id <> ?`),
		throttle.Network(who.Address).String(), tx.Now().Add(-familiar), who.Device, d.Browser, d.System, string(d.Form), who.Person, who.Session).Scan(&others, &alike)
	if err != nil {
		return false, fmt.Errorf("look for sessions by the same device: %w", err)
	}
	unfamiliar = others > 0 && alike == 0
	mark := 0
	if unfamiliar {
		mark = 1
	}
	_, err = tx.Exec(ctx, store.Text(`UPDATE session SET browser = ?, browser_version = ?, system = ?, form = ?, unfamiliar = ? WHERE id = ?`),
		d.Browser, d.Version, d.System, string(d.Form), mark, who.Session)
	if err != nil {
		return false, fmt.Errorf("write down the device of a session: %w", err)
	}
	if !unfamiliar {
		return false, nil
	}
	where := ""
	if a.Where != nil {
		where = a.Where(who.Address, who.Language)
	}
	return true, a.announce(ctx, tx, who.Person, Notice{Kind: mail.DeviceNew, Words: map[string]string{"address": who.Address.String(), "device": d.String(), "place": where}})
}
