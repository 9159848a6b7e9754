package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/exchange"
	"castellan/internal/identity"
	"castellan/internal/inspect"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// rooms is the house, wired.
type rooms struct {
	db        *store.DB
	vault     *vault.Vault
	scribe    *scribe.Scribe
	workspace *crm.Workspace
	rights    *rights.Book
	records   *records.Book
	accounts  *identity.Accounts
	imports   *exchange.Imports
	inspect   *inspect.Log
}

// sessions bound how long people stay signed in.
type sessions struct{ idle, absolute time.Duration }

// database opens what the data lies in.
func (p *place) database(ctx context.Context, w *world, log *slog.Logger) (*store.DB, *vault.Vault, error) {
	address, err := p.address()
	if err != nil {
		return nil, nil, err
	}
	// The vault first: keys that are missing beside data that is there must stop
	// everything before anything is written.
	db, err := store.Open(ctx, store.Options{Dir: p.Data, URL: address, Schema: p.Schema, Now: w.now, Stale: func(kind string, _ schema.RecordID) {
		log.Warn("a derived row offered a record that its reader may not see; it was not shown", "kind", kind)
	}})
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(p.Data, nil)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, v, nil
}

// open wires the house. What it has opened is closed again if it fails.
func (p *place) open(ctx context.Context, w *world, log *slog.Logger, s sessions) (_ *rooms, err error) {
	r := &rooms{}
	if r.db, r.vault, err = p.database(ctx, w, log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close(context.WithoutCancel(ctx)))
		}
	}()
	if r.workspace, err = crm.OpenWorkspace(ctx, r.db); err != nil {
		return nil, err
	}
	if r.scribe, err = scribe.Open(ctx, r.db, r.vault, scribe.Options{HeadFile: p.head(), Log: log}); err != nil {
		return nil, err
	}
	r.rights = rights.Open(rights.Options{DB: r.db, Scribe: r.scribe, Catalog: r.workspace.Catalog, GroupGone: records.GroupGone})
	r.workspace.Join(r.scribe, r.rights)
	r.records = records.Open(records.Options{
		DB: r.db, Scribe: r.scribe, Rights: r.rights, Vault: r.vault, Catalog: r.workspace.Catalog, Region: r.workspace.Region, Prepare: r.workspace.Prepare(),
	})
	r.accounts = identity.Open(identity.Options{
		DB: r.db, Vault: r.vault, Rights: r.rights, Scribe: r.scribe, Idle: s.idle, Absolute: s.absolute,
		Founding: func(ctx context.Context, tx *store.Tx, _ actor.Actor, f identity.Founding) error {
			return r.workspace.Found(ctx, tx, crm.Settings{Name: f.Workspace, Region: f.Region, Language: f.Language, TimeZone: f.TimeZone, Currency: "EUR"})
		},
		Place: func(context.Context) ([]string, error) { return []string{r.workspace.Settings().Name}, nil },
	})
	r.imports = exchange.Open(exchange.Options{
		DB: r.db, Scribe: r.scribe, Vault: r.vault, Rights: r.rights, Book: r.records, Region: r.workspace.Region,
		Language: func() string { return r.workspace.Settings().Language }, Person: r.personNamed, Log: log,
	})
	r.inspect = inspect.Open(inspect.Options{Scribe: r.scribe, Rights: r.rights, Accounts: r.accounts, Vault: r.vault, Catalog: r.workspace.Catalog})
	return r, nil
}

// close lets go of everything, in the order in which it depends on each other.
func (r *rooms) close(ctx context.Context) error {
	var all []error
	if r.imports != nil {
		r.imports.Close()
	}
	if r.scribe != nil {
		all = append(all, r.scribe.Close(ctx))
	}
	return errors.Join(append(all, r.db.Close())...)
}

// personNamed finds the person whom a file names by mail address or full name.
// A name that two people have means neither.
func (r *rooms) personNamed(ctx context.Context, word string) (actor.PersonID, bool) {
	word = strings.TrimSpace(word)
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil || word == "" {
		return 0, false
	}
	var found actor.PersonID
	for i := range people {
		if p := &people[i]; strings.EqualFold(p.Email, word) || strings.EqualFold(p.Name, word) {
			if found != 0 {
				return 0, false
			}
			found = p.ID
		}
	}
	return found, found != 0
}

// withRooms runs one command of the command line on the data.
func (p *place) withRooms(w *world, do func(context.Context, *rooms) error) (err error) {
	log := slog.New(slog.NewTextHandler(w.complaints, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := p.open(w.ctx, w, log, sessions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(w.ctx))) }()
	return do(w.ctx, r)
}

// person finds an account by mail address.
func (r *rooms) person(ctx context.Context, email string) (identity.Person, error) {
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil {
		return identity.Person{}, err
	}
	for i := range people {
		if strings.EqualFold(people[i].Email, email) {
			return people[i], nil
		}
	}
	return identity.Person{}, errors.New("there is no account with that mail address; castellan user list shows those that there are")
}

// role finds a role by name or by the key of a ready role.
func (r *rooms) role(ctx context.Context, word string) (rights.Role, error) {
	roles, err := r.rights.Roles(ctx, actor.House())
	if err != nil {
		return rights.Role{}, err
	}
	var names []string
	for i := range roles {
		if strings.EqualFold(roles[i].Name, word) || roles[i].Built != "" && strings.EqualFold(roles[i].Built, word) {
			return roles[i], nil
		}
		names = append(names, roles[i].Name)
	}
	return rights.Role{}, fmt.Errorf("there is no role %q; there are: %s", word, strings.Join(names, ", "))
}

// owner is somebody who holds everything, in whose name the command line asks
// about clients: whoever has this machine has the owner's powers anyway, and
// the ledger is to say so.
func (r *rooms) owner(ctx context.Context) (actor.Actor, error) {
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil {
		return actor.Actor{}, err
	}
	owner, err := r.role(ctx, "owner")
	if err != nil {
		return actor.Actor{}, errors.New("the workspace has no owner yet: start castellan serve and follow the link that it shows")
	}
	for i := range people {
		if people[i].Role == owner.ID && people[i].State == identity.Active {
			return actor.Actor{Kind: actor.Person, Person: people[i].ID, Device: "castellan on the command line"}, nil
		}
	}
	return actor.Actor{}, errors.New("the workspace has no active owner")
}
