package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/atlas"
	"castellan/internal/blob"
	"castellan/internal/crm"
	"castellan/internal/directory"
	"castellan/internal/exchange"
	"castellan/internal/identity"
	"castellan/internal/inspect"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/mailbox"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// rooms are all rooms of one workspace, joined.
type rooms struct {
	db        *store.DB
	vault     *vault.Vault
	workspace *crm.Workspace
	rights    *rights.Book
	scribe    *scribe.Scribe
	accounts  *identity.Accounts
	book      *records.Book
	imports   *exchange.Imports
	exports   *exchange.Exports
	log       *inspect.Log
	runner    *jobs.Runner
	atlas     *atlas.Atlas
	mail      *mail.Outbox
	mailbox   *mailbox.Box
}

// carrier is what mails are sent by and begin their links with.
type carrier struct {
	server mail.Server
	url    string
	inside []netip.Prefix // networks in which a mailbox may be that no stranger reaches
}

// heartbeat is how often the ledger says that the house is awake.
const heartbeat = 10 * time.Minute

func (p place) scribe(log *slog.Logger) scribe.Options {
	return scribe.Options{HeadFile: p.head(), Heartbeat: heartbeat, Log: log}
}

// foundation is what the ledger's own commands need, too: they must work when
// the scribe refuses to open.
func (p place) foundation(ctx context.Context, log *slog.Logger) (*store.DB, *vault.Vault, error) {
	address, err := p.address()
	if err != nil {
		return nil, nil, err
	}
	o := store.Options{Dir: p.Data, URL: address, Schema: p.Schema, NoMMap: p.NoMMap}
	if log != nil {
		o.Stale = func(kind string, _ schema.RecordID) {
			log.Warn("a derived row offered a record that its reader may not see; it was not shown", "kind", kind)
		}
	}
	db, err := store.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(p.Data, nil)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, v, nil
}

// open joins the rooms. Nothing is served if the ledger is not whole.
func (p place) open(ctx context.Context, log *slog.Logger, by carrier) (*rooms, error) {
	db, v, err := p.foundation(ctx, log)
	if err != nil {
		return nil, err
	}
	r := &rooms{db: db, vault: v}
	if err := r.join(ctx, p, log, by); err != nil {
		return nil, errors.Join(err, r.close(ctx))
	}
	return r, nil
}

func (r *rooms) join(ctx context.Context, p place, log *slog.Logger, by carrier) (err error) {
	if r.atlas, err = atlas.Open(p.GeoIPFile); err != nil {
		return err
	}
	if r.scribe, err = scribe.Open(ctx, r.db, r.vault, p.scribe(log)); err != nil {
		var loss *scribe.LossError
		if errors.As(err, &loss) {
			return lost(loss)
		}
		return err
	}
	if r.workspace, err = crm.OpenWorkspace(ctx, r.db); err != nil {
		return err
	}
	r.rights = rights.Open(rights.Options{DB: r.db, Scribe: r.scribe, Catalog: r.workspace.Catalog, GroupGone: groupGone,
		Zone: func() string { return r.workspace.Settings().TimeZone }})
	r.workspace.Join(r.scribe, r.rights)
	r.runner = jobs.New(jobs.Options{DB: r.db, Scribe: r.scribe, Vault: r.vault, Log: log})
	r.mail = mail.Open(mail.Options{DB: r.db, Vault: r.vault, Scribe: r.scribe, Runner: r.runner, Server: by.server, URL: by.url,
		Workspace: func() string { return r.workspace.Settings().Name }, Log: log,
		Told: func(ctx context.Context, tx *store.Tx, number int64, reason string) error {
			return r.book.Settled(ctx, tx, number, reason)
		},
		Files: func(ctx context.Context, number int64) ([]mail.File, error) {
			files, err := r.book.LetterFiles(ctx, number)
			all := make([]mail.File, len(files))
			for i, f := range files {
				all[i] = mail.File(f)
			}
			return all, err
		},
	})
	r.accounts = identity.Open(identity.Options{DB: r.db, Vault: r.vault, Rights: r.rights, Scribe: r.scribe, Mail: r.mail, Runner: r.runner,
		Founding: func(ctx context.Context, tx *store.Tx, _ actor.Actor, f identity.Founding) error {
			return r.workspace.Found(ctx, tx, crm.Settings{Name: f.Workspace, Region: f.Region, Language: f.Language, TimeZone: f.TimeZone, Currency: currencyOf(f.Region)})
		},
		Where: func(address netip.Addr, language string) string {
			at := r.atlas.Find(address, language)
			return strings.TrimPrefix(strings.Trim(at.City+", "+at.Country, ", "), ", ")
		},
		FreshFor: func() time.Duration { return r.workspace.Settings().FreshFor() },
		Place:    func(context.Context) ([]string, error) { return []string{r.workspace.Settings().Name}, nil },
	})
	var post records.Post
	if r.mail.Configured() {
		post = func(ctx context.Context, tx *store.Tx, p records.Posted) (int64, error) {
			return r.mail.Post(ctx, tx, mail.Message{Template: mail.Letter, To: p.To, Name: p.Name, Subject: p.Subject, Text: p.Body})
		}
	}
	r.book = records.Open(records.Options{Post: post, Runner: r.runner, DB: r.db, Scribe: r.scribe, Rights: r.rights, Vault: r.vault, Catalog: r.workspace.Catalog, Region: r.workspace.Region, Prepare: r.workspace.Prepare(), Settle: r.workspace.Settle(),
		Guard: r.workspace.Guard(), Follow: r.workspace.Follow(), Shelf: blob.Open(r.db, r.vault)})
	r.workspace.Automate(r.runner, r.book)
	r.mailbox = mailbox.Open(mailbox.Options{DB: r.db, Vault: r.vault, Scribe: r.scribe, Runner: r.runner, Book: r.book, Log: log, Roots: by.server.Roots,
		Letter: r.mail.Number, Own: func() string { return by.server.From.Address }, Language: func() string { return r.workspace.Settings().Language }, Internal: by.inside})
	r.imports = exchange.Open(exchange.Options{DB: r.db, Scribe: r.scribe, Vault: r.vault, Rights: r.rights, Book: r.book, Region: r.workspace.Region,
		Language: func() string { return r.workspace.Settings().Language }, Person: r.person, Log: log})
	r.exports = exchange.OpenExports(exchange.ExportOptions{DB: r.db, Scribe: r.scribe, Vault: r.vault, Rights: r.rights, Book: r.book, Runner: r.runner, Stands: r.accounts.GoesOn,
		People: r.accounts.Called, Steps: r.workspace.StepNames, Zone: r.workspace.Zone})
	r.log = inspect.Open(inspect.Options{Scribe: r.scribe, Rights: r.rights, Accounts: r.accounts, Vault: r.vault, Catalog: r.workspace.Catalog})
	r.runner.Regular("shares.end", 5*time.Minute, func(ctx context.Context, _ jobs.Job) error {
		_, err := r.book.EndShares(ctx)
		return err
	})
	// Of several processes on one database another may have died over an import.
	r.runner.Regular("imports.resume", time.Minute, func(ctx context.Context, _ jobs.Job) error { return r.imports.Resume(ctx) })
	r.runner.Regular("imports.tidy", 24*time.Hour, func(ctx context.Context, _ jobs.Job) error { return r.imports.Tidy(ctx) })
	r.runner.Regular("viewings.end", time.Minute, func(ctx context.Context, _ jobs.Job) error { return r.accounts.EndViewings(ctx) })
	r.runner.Regular("identity.tidy", 24*time.Hour, func(ctx context.Context, _ jobs.Job) error { return r.accounts.Tidy(ctx) })
	return nil
}

// groupGone lets go of a group everywhere, in the transaction that deletes it.
func groupGone(ctx context.Context, tx *store.Tx, group actor.GroupID) error {
	if err := records.GroupGone(ctx, tx, group); err != nil {
		return err
	}
	return directory.GroupGone(ctx, tx, group)
}

// currencyOf is the money of a region where it is not the euro and the page
// speaks the language; a firm elsewhere chooses its own in the settings.
func currencyOf(region string) string {
	switch region {
	case "RU":
		return "RUB"
	case "PL":
		return "PLN"
	case "US":
		return "USD"
	case "GB":
		return "GBP"
	}
	return "EUR"
}

// person finds whom a file means by a name or mail address.
func (r *rooms) person(ctx context.Context, nameOrMail string) (actor.PersonID, bool) {
	people, err := r.accounts.People(ctx, actor.House())
	if err != nil {
		return 0, false
	}
	for _, p := range people {
		if p.State == identity.Active && (strings.EqualFold(p.Name, nameOrMail) || strings.EqualFold(p.Email, nameOrMail)) {
			return p.ID, true
		}
	}
	return 0, false
}

// close shuts the rooms in the order in which they lean on each other.
func (r *rooms) close(ctx context.Context) error {
	var all []error
	if r.imports != nil {
		r.imports.Close()
	}
	if r.scribe != nil {
		all = append(all, r.scribe.Close(ctx))
	}
	return errors.Join(append(all, r.db.Close(), r.atlas.Close())...)
}

// lost says in plain words what is missing and what can be done.
func lost(loss *scribe.LossError) error {
	text := "The ledger is not whole, so nothing is served.\n\n" + loss.Error() + "\n"
	if !loss.At.IsZero() {
		text += fmt.Sprintf("The head kept outside the database was signed at %s.\n", loss.At.UTC().Format(time.DateTime+" MST"))
	}
	return errors.New(text + "\nIf an old copy was put back by mistake, put the right one in its place and start again." +
		"\nIf the loss is to be accepted, the log will say so for good. With the same settings:\n\n    castellan ledger accept")
}
