package federation

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"castellan/internal/reach"
)

const (
	// mostAnswered bounds what is read of a provider's answer.
	mostAnswered = 1 << 20
	patience     = 10 * time.Second
)

// client makes requests for one provider. It goes to public addresses at the
// port of https, and for the provider's own host also to the networks that the
// operator has named, at the port that the issuer names. The address is judged
// when it is dialled: a name that leads elsewhere the second time helps nobody.
func (p *Providers) client(issuer *url.URL) *http.Client {
	own := net.JoinHostPort(issuer.Hostname(), port(issuer))
	elsewhere, home := reach.Public(patience, 443), reach.Within(patience, p.Internal)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == own {
			return home.DialContext(ctx, network, address)
		}
		return elsewhere.DialContext(ctx, network, address)
	}
	return &http.Client{
		Timeout: patience,
		Transport: bounded{&http.Transport{
			DialContext: dial, TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// bounded lets nobody answer without end.
type bounded struct{ to http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := b.to.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	a.Body = &bounds{a.Body, mostAnswered}
	return a, nil
}

type bounds struct {
	io.ReadCloser
	left int64
}

var errEndless = errors.New("the answer is too long")

func (b *bounds) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errEndless
	}
	if int64(len(into)) > b.left {
		into = into[:b.left]
	}
	n, err := b.ReadCloser.Read(into)
	b.left -= int64(n)
	return n, err
}
