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
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"castellan/internal/demo"
	"castellan/internal/web"
	"castellan/ui"
)

// facing is how the workspace is reached.
type facing struct {
	Listen  string   `help:"Address to listen on." default:"localhost:8080" env:"CASTELLAN_LISTEN"`
	URL     string   `help:"How people reach Castellan, such as https://crm.example.com. Links are made of it." env:"CASTELLAN_URL"`
	Proxies []string `help:"Networks of proxies whose X-Forwarded headers are believed, such as 10.0.0.0/8." env:"CASTELLAN_PROXIES"`
	TLSCert string   `name:"tls-cert" help:"Certificate, to serve https without a proxy." env:"CASTELLAN_TLS_CERT" type:"path"`
	TLSKey  string   `name:"tls-key" help:"Key of the certificate." env:"CASTELLAN_TLS_KEY" type:"path"`
	Metrics string   `help:"Token that opens /metrics from other machines; without one only this machine may read them." env:"CASTELLAN_METRICS_TOKEN"`
}

type serveCommand struct {
	place
	facing
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, out output) error {
	return serve(ctx, out, c.place, c.facing, nil)
}

type demoCommand struct {
	Data   string `help:"Directory of the demo's data." default:"./demo-data" env:"CASTELLAN_DEMO_DATA" type:"path"`
	Listen string `help:"Address to listen on." default:"localhost:8080" env:"CASTELLAN_LISTEN"`
}

// Run fills a workspace the first time and serves it.
func (c *demoCommand) Run(ctx context.Context, out output) error {
	return serve(ctx, out, place{Data: c.Data, Schema: "castellan"}, facing{Listen: c.Listen}, func(ctx context.Context, r *rooms) error {
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
func serve(ctx context.Context, out output, p place, f facing, prepare func(context.Context, *rooms) error) (err error) {
	log := slog.New(slog.NewJSONHandler(out.err, nil))
	proxies, err := networks(f.Proxies)
	if err != nil {
		return err
	}
	if (f.TLSCert == "") != (f.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key belong together")
	}
	began := time.Now()
	r, err := p.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() {
		// What has begun is finished even though the signal to stop has come.
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		err = errors.Join(err, r.close(closing))
	}()
	if prepare != nil {
		if err := prepare(ctx, r); err != nil {
			return err
		}
	}
	if err := r.imports.Resume(ctx); err != nil {
		return err
	}
	face, err := web.New(web.Options{Accounts: r.accounts, Rights: r.rights, Records: r.book, Workspace: r.workspace, Log: r.log, Imports: r.imports, Vault: r.vault,
		Page: ui.Files(), Placeholder: ui.Placeholder, Version: version, Logger: log, Now: time.Now, URL: strings.TrimSuffix(f.URL, "/"), Proxies: proxies, MetricsToken: f.Metrics})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w. Choose another address with --listen", f.Listen, err)
	}
	if err := greet(ctx, out, r, p, f, listener.Addr(), time.Since(began)); err != nil {
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

// networks reads prefixes and single addresses.
func networks(all []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, one := range all {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			a, aerr := netip.ParseAddr(one)
			if aerr != nil {
				return nil, fmt.Errorf("--proxies: %q is not a network such as 10.0.0.0/8", one)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}

// greet says where the page is, and gives the link that makes the owner.
func greet(ctx context.Context, out output, r *rooms, p place, f facing, address net.Addr, took time.Duration) error {
	url := strings.TrimSuffix(f.URL, "/")
	if url == "" {
		host, port, err := net.SplitHostPort(address.String())
		if err != nil {
			return fmt.Errorf("read the address: %w", err)
		}
		if ip, err := netip.ParseAddr(host); err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
			host = "localhost"
		}
		scheme := "http"
		if f.TLSCert != "" {
			scheme = "https"
		}
		url = scheme + "://" + net.JoinHostPort(host, port)
	}
	token, err := r.accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.out, "Castellan %s serves %s (%s, open in %d ms)\n", version, url, r.db.Engine(), took.Milliseconds())
	if token != "" {
		fmt.Fprintf(out.out, "\nNobody is here yet. Open this link, once, to become the owner:\n\n    %s/setup#%s\n\n", url, token)
	}
	fmt.Fprintf(out.out, "The ledger is checked with the public key %s\n", filepath.Join(p.Data, "keys", "ledger.pub"))
	return nil
}
