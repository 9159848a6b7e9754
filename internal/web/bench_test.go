package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// blackHole takes an answer and forgets it.
type blackHole struct {
	header http.Header
	status int
	bytes  int
}

func (b *blackHole) Header() http.Header         { return b.header }
func (b *blackHole) WriteHeader(status int)      { b.status = status }
func (b *blackHole) Write(p []byte) (int, error) { b.bytes += len(p); return len(p), nil }
func (b *blackHole) request(p *person, path string) *http.Request {
	req := httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil)
	req.RemoteAddr = "127.0.0.1:40000"
	for name, value := range p.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return req
}

// A list of fifty clients: the whole way from the request to the last byte, with
// its session, its rights, its masks and its ledger entry on disk.
func BenchmarkListOfFiftyClients(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(engine.String(), func(b *testing.B) {
			w := build(b, storetest.Open(b, engine, nil))
			t := &testing.T{}
			w.T = t
			w.olga = &person{town: w}
			w.olga.post("/api/v1/setup", object{"token": w.setup, "email": "olga@example.com", "name": "Olga", "password": goodPassword, "language": "en",
				"workspace": "Salon", "region": "US", "time_zone": "Europe/Warsaw"})
			for i := range 300 {
				w.olga.post("/api/v1/contacts", object{"name": fmt.Sprintf("Client %d", i), "phones": []string{fmt.Sprintf("(212) 555-%04d", 100+i%100)}, "emails": []string{fmt.Sprintf("c%d@example.com", i)}, "city": "Rome", "tags": []string{"vip"}})
			}
			for name, path := range map[string]string{"list": "/api/v1/contacts", "nothing": "/healthz"} {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							hole := &blackHole{header: http.Header{}}
							w.server.ServeHTTP(hole, hole.request(w.olga, path))
							if hole.status != http.StatusOK {
								b.Errorf("status %d", hole.status)
							}
						}
					})
				})
			}
		})
	}
}
