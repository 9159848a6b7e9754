package bench

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

var (
	clients = flag.Int("clients", 1_000_000, "how many clients the town has")
	cache   = flag.String("dir", "", "where towns are kept; empty: the user's directory for caches")
	only    = flag.String("engines", "sqlite,postgresql", "on which databases to measure")
	samples = flag.Int("samples", 200, "how many times each question is asked")
)

// A figure is what was measured against what was promised, on each engine.
type figure struct {
	area, what string
	unit       string // "×" of a floor, "ms", "s", "MiB"
	least      bool   // the bound is a lower one
	bound      map[store.Engine]float64
	value      map[store.Engine]float64
}

// report collects the figures of one run in the order in which they come.
type report struct{ figures []*figure }

var measured report

// ratio notes a figure that must not be above its bound.
func (r *report) atMost(e store.Engine, area, what, unit string, value, bound float64) {
	r.add(e, area, what, unit, value, bound, false)
}

// atLeast notes a figure that must not be below its bound.
func (r *report) atLeast(e store.Engine, area, what, unit string, value, bound float64) {
	r.add(e, area, what, unit, value, bound, true)
}

func (r *report) add(e store.Engine, area, what, unit string, value, bound float64, least bool) {
	i := slices.IndexFunc(r.figures, func(f *figure) bool { return f.area == area && f.what == what })
	if i < 0 {
		i = len(r.figures)
		r.figures = append(r.figures, &figure{area: area, what: what, unit: unit, least: least, bound: map[store.Engine]float64{}, value: map[store.Engine]float64{}})
	}
	r.figures[i].bound[e], r.figures[i].value[e] = bound, value
	fmt.Fprintf(os.Stderr, "%-10s %-8s %-52s %8s %s\n", e, area, what, number(value, unit), verdict(value, bound, least, unit))
}

func number(v float64, unit string) string {
	switch {
	case unit == "×":
		return fmt.Sprintf("%.2f", v)
	case v >= 100:
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.2g %s", v, unit)
}

func verdict(value, bound float64, least bool, unit string) string {
	sign, ok := "≤", value <= bound
	if least {
		sign, ok = "≥", value >= bound
	}
	word := "PASS"
	if !ok {
		word = "over"
		if least {
			word = "under"
		}
	}
	return fmt.Sprintf("%s %s %s", sign, strings.TrimSuffix(fmt.Sprintf("%.2f", bound), ".00"), word)
}

// print writes the table of the run, ready for a page of Markdown.
func (r *report) print() (missed int) {
	if len(r.figures) == 0 {
		return 0
	}
	fmt.Printf("\n| | what | unit | SQLite | PostgreSQL |\n|---|---|---|---|---|\n")
	for _, f := range r.figures {
		fmt.Printf("| %s | %s | %s |", f.area, f.what, f.unit)
		for _, e := range []store.Engine{store.SQLite, store.Postgres} {
			v, ok := f.value[e]
			if !ok {
				fmt.Print(" – |")
				continue
			}
			word := verdict(v, f.bound[e], f.least, f.unit)
			if !strings.HasSuffix(word, "PASS") {
				missed++
			}
			fmt.Printf(" %s (%s) |", strings.TrimSuffix(number(v, f.unit), " "+f.unit), word)
		}
		fmt.Println()
	}
	return missed
}

func TestMain(m *testing.M) {
	flag.Parse()
	if *serveDir != "" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if missed := measured.print(); missed > 0 && code == 0 {
		fmt.Printf("\n%d figures miss their bound\n", missed)
		code = 1
	}
	os.Exit(code)
}

// each runs a benchmark in the town on every engine.
func each(b *testing.B, run func(b *testing.B, ctx context.Context, h *house)) {
	for _, e := range engines() {
		b.Run(strings.ToLower(e.String()), func(b *testing.B) {
			ctx := context.Background()
			h, err := open(ctx, place(b, e))
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := h.close(); err != nil {
					b.Error(err)
				}
			}()
			run(b, ctx, h)
		})
	}
}

func engines() (all []store.Engine) {
	for _, e := range []store.Engine{store.SQLite, store.Postgres} {
		if slices.Contains(strings.Split(*only, ","), strings.ToLower(e.String())) {
			all = append(all, e)
		}
	}
	return all
}

// place is where the town lies, which is built if it is not there.
func place(b *testing.B, e store.Engine) store.Options {
	b.Helper()
	dir := *cache
	if dir == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			b.Fatal(err)
		}
		dir = filepath.Join(home, "castellan-bench")
	}
	url := ""
	if e == store.Postgres {
		url = storetest.Server(b)
	}
	o, err := town(context.Background(), e, *clients, dir, url)
	if err != nil {
		b.Fatal(err)
	}
	return o
}

// spans are how long one question took, shortest first.
type spans []time.Duration

func (s spans) at(quantile float64) time.Duration {
	return s[min(len(s)-1, int(quantile*float64(len(s))))]
}

func (s spans) median() time.Duration { return s.at(0.5) }

// over is the ratio of the medians.
func (s spans) over(floor spans) float64 { return float64(s.median()) / float64(floor.median()) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// turns asks each question in its turn, many times, and tells how long each took.
func turns(b *testing.B, n int, questions ...func() error) []spans {
	b.Helper()
	all := make([]spans, len(questions))
	for round := -max(5, n/10); round < n; round++ { // the first are for warming up
		for i, ask := range questions {
			began := time.Now()
			if err := ask(); err != nil {
				b.Fatal(err)
			}
			if round >= 0 {
				all[i] = append(all[i], time.Since(began))
			}
		}
	}
	for _, s := range all {
		slices.SortFunc(s, cmp.Compare[time.Duration])
	}
	return all
}
