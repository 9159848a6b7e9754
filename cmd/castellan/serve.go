package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"castellan/internal/actor"
	"castellan/internal/demo"
	"castellan/internal/directory"
	"castellan/internal/federation"
	"castellan/internal/scribe"
	"castellan/internal/web"
	"castellan/ui"
)

type serveCommand struct {
	place
	facing
	posting
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, out output) error {
	return serve(ctx, out, c.place, c.facing, c.posting, nil)
}

type demoCommand struct {
	Data   string `help:"Directory of the demo's data." default:"./demo-data" env:"CASTELLAN_DEMO_DATA" type:"path"`
	Listen string `help:"Address to listen on." default:"localhost:8080" env:"CASTELLAN_LISTEN"`
}

// Run fills a workspace the first time and serves it.
func (c *demoCommand) Run(ctx context.Context, out output) error {
	return serve(ctx, out, place{Data: c.Data, Schema: "castellan"}, facing{Listen: c.Listen}, posting{}, func(ctx context.Context, r *rooms) error {
		people, err := demo.Fill(ctx, demo.Rooms{Accounts: r.accounts, Rights: r.rights, Book: r.book, Workspace: r.workspace, Vault: r.vault, Now: r.db.Now})
		if errors.Is(err, demo.ErrNotEmpty) {
			fmt.Fprintf(out.out, "This demo was made before; the passwords were shown then. For a new one, remove %s.\n\n", c.Data)
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out.out, "A workspace of made-up people. Everybody's password is %s\n\n", people[0].Password)
		for _, p := range people {
			fmt.Fprintf(out.out, "  %-20s %s, %s\n", p.Email, p.Name, p.About)
		}
		fmt.Fprintln(out.out)
		return nil
	})
}

// Times that a slow or hostile client gets.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	drainTime  = 20 * time.Second
	maxHeader  = 64 << 10
)

// serve opens the workspace, lets prepare look at it, and answers requests.
func serve(ctx context.Context, out output, p place, f facing, post posting, prepare func(context.Context, *rooms) error) (err error) {
	log := slog.New(slog.NewJSONHandler(out.err, nil))
	proxies, metricsToken, err := f.check()
	if err != nil {
		return err
	}
	sender, err := post.server(f.doorway)
	if err != nil {
		return err
	}
	began := time.Now()
	internal, err := f.internal()
	if err != nil {
		return err
	}
	r, err := p.open(ctx, log, carrier{sender, f.base(""), internal})
	if err != nil {
		return err
	}
	defer func() {
		// What has begun is finished even though the signal to stop has come.
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		err = errors.Join(err, r.close(closing))
	}()
	if err := r.tell(ctx, "house.started"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.tell(context.WithoutCancel(ctx), "house.stopped")) }()
	if prepare != nil {
		if err := prepare(ctx, r); err != nil {
			return err
		}
	}
	if err := r.imports.Resume(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w. Choose another address with --listen", f.Listen, err)
	}
	base := f.base(f.local(listener.Addr()))
	providers := federation.Open(federation.Options{Accounts: r.accounts, Rights: r.rights, Vault: r.vault, Now: r.db.Now, Callback: base + web.ProviderCallback, Internal: internal})
	face, err := web.New(web.Options{Federation: providers,
		Directory: directory.Open(directory.Options{DB: r.db, Accounts: r.accounts, Rights: r.rights, Scribe: r.scribe, Vault: r.vault, URL: base + web.DirectoryPath}),
		Accounts:  r.accounts, Rights: r.rights, Records: r.book, Workspace: r.workspace, Log: r.log, Imports: r.imports, Exports: r.exports, Vault: r.vault, Mail: r.mail, Atlas: r.atlas,
		Mailbox: r.mailbox,
		Page:    ui.Files(), Placeholder: ui.Placeholder, Version: version, Logger: log, Now: time.Now, Ready: r.db.Room, URL: base, Proxies: proxies, MetricsToken: metricsToken})
	if err == nil {
		err = greet(ctx, out, r, p, base, time.Since(began))
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: face, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error {
		var err error
		if f.TLSCert != "" {
			err = server.ServeTLS(listener, f.TLSCert, f.TLSKey)
		} else {
			err = server.Serve(listener)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	group.Go(func() error { return r.runner.Run(working) })
	group.Go(func() error {
		<-working.Done()
		face.Drain()
		draining, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		return server.Shutdown(draining)
	})
	return group.Wait()
}

// local is the address by which a browser on this machine reaches what listens
// at another; from elsewhere it is reached by its number.
func (f facing) local(address net.Addr) string {
	scheme := "http"
	if f.TLSCert != "" {
		scheme = "https"
	}
	host, port := "localhost", ""
	if a, err := netip.ParseAddrPort(address.String()); err == nil {
		port = strconv.Itoa(int(a.Port()))
		if !a.Addr().IsLoopback() && !a.Addr().IsUnspecified() {
			host = a.Addr().String()
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// greet says where the page is, and gives the link that makes the owner.
func greet(ctx context.Context, out output, r *rooms, p place, base string, took time.Duration) error {
	token, err := r.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.out, "Castellan %s serves %s (%s, open in %d ms)\n", version, base, r.db.Engine(), took.Milliseconds())
	if token != "" {
		fmt.Fprintf(out.out, "\nNobody is here yet. Open this link, once, to become the owner:\n\n    %s/setup#%s\n\n", base, token)
	}
	fmt.Fprintf(out.out, "The ledger is checked with the public key %s\n", filepath.Join(p.Data, "keys", "ledger.pub"))
	return nil
}

// tell notes that the house starts or stops, so that a silence of the ledger in
// between can be told from one outside.
func (r *rooms) tell(ctx context.Context, event scribe.Event) error {
	return r.scribe.Note(ctx, scribe.Entry{Event: event, Who: actor.House(), Details: map[string]any{"version": version, "engine": r.db.Engine().String()}})
}
