package web

import (
	"crypto/subtle"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// meter counts what was asked and how long it took, for Prometheus. Labels are
// the patterns of the table of routes: no id, no name, no address.
type meter struct {
	routes []*route
	counts []routeCount
}

type routeCount struct {
	status [6]atomic.Int64 // by hundreds; 0: whoever asked has left
	bucket [len(bounds) + 1]atomic.Int64
	total  atomic.Int64 // microseconds
}

// bounds of the buckets of duration.
var bounds = [...]time.Duration{time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second}

func newMeter(routes []*route) *meter {
	return &meter{routes: routes, counts: make([]routeCount, len(routes))}
}

func (m *meter) count(route, status int, took time.Duration) {
	c := &m.counts[route]
	class := status / 100
	if status == statusGone || class > 5 {
		class = 0
	}
	c.status[class].Add(1)
	c.total.Add(took.Microseconds())
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	c.bucket[i].Add(1)
}

// metrics is open to this machine alone, and to whoever shows the token from
// the settings: how busy a firm is concerns nobody else.
func (c *call) metrics() ([]byte, error) {
	if !c.mayMeasure() {
		return nil, errNowhere()
	}
	var b strings.Builder
	m := c.meter
	b.WriteString("# HELP castellan_requests_total Requests by route and hundred of the status; gone is who left before the answer.\n# TYPE castellan_requests_total counter\n")
	for i, rt := range m.routes {
		for class := range m.counts[i].status {
			if n := m.counts[i].status[class].Load(); n > 0 {
				word := fmt.Sprintf("%dxx", class)
				if class == 0 {
					word = "gone"
				}
				fmt.Fprintf(&b, "castellan_requests_total{method=%q,route=%q,status=%q} %d\n", rt.method, rt.path, word, n)
			}
		}
	}
	b.WriteString("# HELP castellan_request_seconds How long requests took.\n# TYPE castellan_request_seconds histogram\n")
	for i, rt := range m.routes {
		sum := int64(0)
		for j := range m.counts[i].bucket {
			sum += m.counts[i].bucket[j].Load()
		}
		if sum == 0 {
			continue
		}
		total := int64(0)
		for j, bound := range bounds {
			total += m.counts[i].bucket[j].Load()
			fmt.Fprintf(&b, "castellan_request_seconds_bucket{method=%q,route=%q,le=\"%g\"} %d\n", rt.method, rt.path, bound.Seconds(), total)
		}
		fmt.Fprintf(&b, "castellan_request_seconds_bucket{method=%q,route=%q,le=\"+Inf\"} %d\n", rt.method, rt.path, sum)
		fmt.Fprintf(&b, "castellan_request_seconds_sum{method=%q,route=%q} %g\n", rt.method, rt.path, float64(m.counts[i].total.Load())/1e6)
		fmt.Fprintf(&b, "castellan_request_seconds_count{method=%q,route=%q} %d\n", rt.method, rt.path, sum)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Fprintf(&b, "# TYPE castellan_up_seconds gauge\ncastellan_up_seconds %g\n", c.Now().Sub(c.start).Seconds())
	fmt.Fprintf(&b, "# TYPE castellan_info gauge\ncastellan_info{version=%q} 1\n", c.Version)
	fmt.Fprintf(&b, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(&b, "# TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes %d\n", mem.HeapAlloc)
	fmt.Fprintf(&b, "# TYPE go_memstats_sys_bytes gauge\ngo_memstats_sys_bytes %d\n", mem.Sys)
	fmt.Fprintf(&b, "# TYPE go_gc_cycles_total counter\ngo_gc_cycles_total %d\n", mem.NumGC)
	return []byte(b.String()), nil
}

// mayMeasure tells whether the caller is on this machine, not behind a proxy on
// it, or shows the token.
func (c *call) mayMeasure() bool {
	if token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok && c.MetricsToken != "" {
		return subtle.ConstantTimeCompare([]byte(token), []byte(c.MetricsToken)) == 1
	}
	for _, h := range [...]string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"} {
		if c.r.Header.Get(h) != "" {
			return false
		}
	}
	at, err := netip.ParseAddrPort(c.r.RemoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback() && local(c.r)
}
