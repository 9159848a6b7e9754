package identity

import (
	"fmt"
	"testing"

	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// narrowed sets terms of every scope, each with a hundred networks and hours,
// of which the last ones hold.
func narrowed(b *testing.B, a *Accounts, owner Started) {
	terms := rights.Terms{Idle: 600, Absolute: 6000, Zone: "Europe/Warsaw"}
	for i := range 99 {
		terms.Networks = append(terms.Networks, fmt.Sprintf("198.51.%d.0/24", i))
	}
	terms.Networks = append(terms.Networks, "192.0.2.0/24")
	every := []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	for _, day := range every {
		terms.Hours = append(terms.Hours, rights.Hours{Days: []string{day}, From: "00:00", To: "00:01"})
	}
	terms.Hours = append(terms.Hours, rights.Hours{Days: every, From: "00:00", To: "24:00"})
	for scope, subject := range map[rights.Scope]int64{rights.ForWorkspace: 0, rights.ForRole: int64(owner.Person.Role), rights.ForPerson: int64(owner.Person.ID)} {
		if _, err := a.Rights.SetTerms(b.Context(), owner.Actor, scope, subject, 0, terms); err != nil {
			b.Fatal(err)
		}
	}
}

// A request of somebody who is signed in, among ten thousand who are, on terms
// of every scope. Less than a tenth of a millisecond is promised.
func BenchmarkResolveAmongTenThousand(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(engine.String(), func(b *testing.B) {
			a := open(b, storetest.Open(b, engine, nil))
			token, err := a.SetupLink(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			owner, err := a.Setup(b.Context(), founding(token))
			if err != nil {
				b.Fatal(err)
			}
			narrowed(b, a, owner)
			const sessions = 10_000
			err = a.DB.Write(b.Context(), func(tx *store.Tx) error {
				for i := range sessions {
					_, err := tx.Exec(b.Context(), store.Text(`INSERT INTO session (id, hash, person, how, address, network, device, created_at, used_at, used_from, proved_at, browser, system, form)
						VALUES (?, ?, 1, 'password', '', '', '', ?, ?, '', ?, 'Chrome', 'Windows', 'desktop')`), tx.NewID(), vault.Hash(fmt.Sprint(i)), tx.Now(), tx.Now(), tx.Now())
					if err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			resolve := func(i int) {
				who, err := a.Resolve(b.Context(), fmt.Sprint(i%sessions), home, "bench")
				if err != nil || who.Person != 1 {
					b.Fatal(err)
				}
			}
			for i := range sessions {
				resolve(i)
			}
			i := 0
			for b.Loop() {
				resolve(i)
				i++
			}
		})
	}
}

// The standing of whoever asks, from memory.
func BenchmarkStanding(b *testing.B) {
	a := open(b, storetest.Open(b, store.SQLite, nil))
	token, err := a.SetupLink(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s, err := a.Setup(b.Context(), founding(token))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.Rights.Standing(b.Context(), s.Actor); err != nil {
			b.Fatal(err)
		}
	}
}
