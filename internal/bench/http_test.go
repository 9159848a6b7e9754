package bench

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/store"
)

const connections = 16

var (
	rounds = flag.Int("rounds", 7, "how many turns bare handler and product take")
	phase  = flag.Duration("phase", 1500*time.Millisecond, "how long each turn is")
)

// load sends requests over kept connections for a while, as fast as answers
// come, and gives the answers a second and how long each took.
func load(b *testing.B, address string, length time.Duration, requests []string) (rate float64, took spans) {
	b.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed atomic.Pointer[error]
	began := time.Now()
	for n := range connections {
		group.Go(func() {
			mine, err := converse(address, requests, n, began.Add(length))
			if err != nil {
				failed.Store(&err)
				return
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	rate = float64(len(took)) / time.Since(began).Seconds()
	slices.SortFunc(took, cmp.Compare[time.Duration])
	return rate, took
}

// converse asks over one connection until the time has come.
func converse(address string, requests []string, n int, until time.Time) (took spans, err error) {
	l, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	for i := n * 7919; time.Now().Before(until); i++ {
		one, err := l.ask(requests[i%len(requests)])
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}

// line is a kept connection. It reads no more of HTTP than it must, so that the
// load takes little of the machine from the server.
type line struct {
	net.Conn
	in *bufio.Reader
}

func dial(address string) (*line, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// ask sends a request and says how long its answer took to the last byte.
func (l *line) ask(request string) (time.Duration, error) {
	began := time.Now()
	if _, err := io.WriteString(l, request); err != nil {
		return 0, err
	}
	length := -1
	for first := true; ; first = false {
		head, err := l.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text := strings.TrimSpace(string(head))
		if first && !strings.HasPrefix(text, "HTTP/1.1 200 ") {
			return 0, fmt.Errorf("the server answered %s", text)
		}
		if text == "" {
			break
		}
		if v, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			if length, err = strconv.Atoi(v); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("an answer of unknown length")
	}
	_, err := l.in.Discard(length)
	return time.Since(began), err
}

func request(path, cookie string) string {
	text := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"
	if cookie != "" {
		text += "Cookie: " + cookie + "\r\n"
	}
	return text + "\r\n"
}

// median of rates.
func middle(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkHTTP measures requests per second with session, rights, masks and
// the durable log of readings, against a bare handler in the same process that
// writes the same JSON.
func BenchmarkHTTP(b *testing.B) {
	for _, e := range engines() {
		b.Run(strings.ToLower(e.String()), func(b *testing.B) {
			o := place(b, e)
			s := start(b, o)
			s.measure(b, e)
			b.Logf("%s: with the bare handler's readers VmHWM %.0f MiB, anonymous %.0f MiB, of files %.0f MiB", e, s.memory(b, "VmHWM"), s.memory(b, "RssAnon"), s.memory(b, "RssFile"))
			s.stop(b)
			s = start(b, o)
			defer s.stop(b)
			measured.atMost(e, "memory", "server process under load, the most of its Pss", "MiB", s.most(b, func() { s.serve(b) }), 300)
			b.Logf("%s: VmHWM %.0f MiB; at the end anonymous %.0f MiB, of files %.0f MiB", e, s.memory(b, "VmHWM"), s.memory(b, "RssAnon"), s.memory(b, "RssFile"))
		})
	}
}

// questions are lists and cards as three people ask for them.
type questions struct{ lists, cards map[onlooker][]string }

func (s *server) questions(b *testing.B, cookies map[onlooker]string) questions {
	q := questions{map[onlooker][]string{}, map[onlooker][]string{}}
	for o, cookie := range cookies {
		path := "/api/v1/contacts"
		for range 20 {
			q.lists[o] = append(q.lists[o], request(path, cookie))
			page := s.get(b, cookie, path)
			for _, item := range page["items"].([]any) {
				q.cards[o] = append(q.cards[o], request("/api/v1/contacts/"+item.(map[string]any)["id"].(string), cookie))
			}
			next, _ := page["next"].(string)
			if next == "" {
				break
			}
			path = "/api/v1/contacts?cursor=" + next
		}
	}
	return q
}

// serve lets a server that nobody has asked anything yet answer for as long as
// one that is measured does, but nothing bare: the floor's readers map the
// file, too, and are no part of the product.
func (s *server) serve(b *testing.B) {
	cookies := map[onlooker]string{}
	for _, o := range []onlooker{boss, some, most} {
		cookies[o] = s.signIn(b, o)
	}
	q := s.questions(b, cookies)
	for range *rounds + 1 {
		for o := range cookies {
			load(b, s.address, *phase, q.lists[o])
			load(b, s.address, *phase, q.cards[o])
		}
	}
}

func (s *server) measure(b *testing.B, e store.Engine) {
	cookies := map[onlooker]string{}
	for _, o := range []onlooker{boss, some, most} {
		cookies[o] = s.signIn(b, o)
	}
	// The floor is one only if it writes what the product writes.
	ours, floor := s.get(b, cookies[boss], "/api/v1/contacts"), s.get(b, "", "/bare/contacts")
	if !reflect.DeepEqual(ours["items"], floor["items"]) {
		b.Fatalf("the bare handler writes something else than the product:\n%v\n%v", floor["items"].([]any)[0], ours["items"].([]any)[0])
	}
	s.get(b, cookies[some], "/api/v1/contacts?filter="+`city%20%3D%20%22roma%22`) // the store begins to count
	time.Sleep(3 * time.Second)

	q := s.questions(b, cookies)
	lists, cards := q.lists, q.cards
	var bareCards []string
	for _, r := range cards[boss] {
		id, _, _ := strings.Cut(strings.TrimPrefix(r, "GET /api/v1/contacts/"), " ")
		bareCards = append(bareCards, request("/bare/contacts/"+id, ""))
	}
	var bareLists []string
	path := "/bare/contacts"
	for range 20 {
		bareLists = append(bareLists, request(path, ""))
		items := s.get(b, "", path)["items"].([]any)
		last := items[len(items)-1].(map[string]any)
		at, err := time.Parse(time.RFC3339Nano, last["updated_at"].(string))
		if err != nil {
			b.Fatal(err)
		}
		path = fmt.Sprintf("/bare/contacts?%d,%d", at.UnixMicro(), int64(1)<<62)
	}
	for _, part := range []struct {
		name  string
		bare  []string
		ours  map[onlooker][]string
		bound float64
	}{{"a list", bareLists, lists, 0.5}, {"a card", bareCards, cards, 0.5}} {
		people := []onlooker{boss, some, most}
		rates := map[onlooker][]float64{}
		var floorWork float64
		work := map[onlooker]float64{}
		for round := -1; round < *rounds; round++ {
			before := s.worked(b)
			rate, all := load(b, s.address, *phase, part.bare)
			floorWork += (s.worked(b) - before) / float64(len(all))
			for _, o := range people {
				before := s.worked(b)
				ours, took := load(b, s.address, *phase, part.ours[o])
				work[o] += (s.worked(b) - before) / float64(len(took))
				if round >= 0 {
					rates[o] = append(rates[o], ours/rate)
				}
				if round == *rounds-1 {
					b.Logf("%s, %s, sees %s: %.0f of %.0f a second, p50 %s, p99 %s", e, part.name, o, ours, rate, took.median(), took.at(0.99))
				}
			}
		}
		for _, o := range people {
			b.Logf("%s, %s, sees %s: the processors work %.2f ms, %.2f times as long as for the bare answer", e, part.name, o, 10*work[o]/float64(*rounds+1), work[o]/floorWork)
			measured.atLeast(e, "http", fmt.Sprintf("%s, %d connections, sees %s, of the bare rate", part.name, connections, o), "×", middle(rates[o]), part.bound)
		}
	}
}
