package bench

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// results are what the benchmarks of a room said: by name, and by unit.
type results map[string]map[string]float64

// room runs benchmarks that stand beside what they measure.
func room(b *testing.B, name, pattern string, args ...string) results {
	b.Helper()
	all := append([]string{"test", "castellan/internal/" + name, "-run", "^$", "-bench", pattern, "-timeout", "60m"}, args...)
	cmd := exec.Command("go", all...)
	cmd.Env = append(cmd.Environ(), "CASTELLAN_TEST_POSTGRES="+storetest.Server(b))
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("benchmarks of %s: %v\n%s", name, err, out)
	}
	r := results{}
	for l := range strings.Lines(string(out)) {
		fields := strings.Fields(l)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		key := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(key, '-'); i > 0 {
			key = key[:i]
		}
		r[key] = map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				r[key][fields[i+1]] = v
			}
		}
	}
	return r
}

// is gives a result, which must be there.
func (r results) is(b *testing.B, key, unit string) float64 {
	b.Helper()
	v, ok := r[key][unit]
	if !ok {
		b.Fatalf("nobody said how many %s %s has, among %v", unit, key, r)
	}
	return v
}

// BenchmarkRooms asks the ledger's writer and imports what they say of themselves.
func BenchmarkRooms(b *testing.B) {
	words := map[store.Engine][2]string{store.SQLite: {"sqlite", "SQLite"}, store.Postgres: {"postgresql", "PostgreSQL"}}
	notes := room(b, "scribe", "^BenchmarkNote$", "-benchtime", "2s")
	for _, e := range engines() {
		measured.atLeast(e, "ledger", "durable appends by 16 clients, of a transaction for each", "×", notes.is(b, "Note/"+words[e][0]+"/together", "times"), 5)
	}
	large := room(b, "scribe", "^BenchmarkLedger$", "-benchtime", "1x", "-entries", strconv.Itoa(*clients))
	for _, e := range engines() {
		seconds := func(name string) float64 { return large.is(b, "Ledger/"+words[e][0]+"/"+name, "ns/op") / 1e9 }
		n := fmt.Sprintf("%d entries", *clients)
		measured.atMost(e, "ledger", "who has ever seen a client, "+n, "s", max(seconds("seen_by_some"), seconds("seen_by_nobody"), seconds("seen_a_hundred_thousand_times")), 1)
		measured.atMost(e, "ledger", "verification of "+n, "s", seconds("verify_all"), 30)
		measured.atMost(e, "ledger", "verification of what came since", "s", seconds("verify_what_was_added"), 1)
	}
	imports := room(b, "exchange", "^BenchmarkImport$", "-benchtime", "1x")
	for _, e := range engines() {
		measured.atLeast(e, "import", "rows a second, of bare inserts into the same tables", "×", imports.is(b, "Import/"+words[e][1], "of-bare"), 0.5)
	}
}
