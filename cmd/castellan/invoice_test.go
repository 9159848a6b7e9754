package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Sixty-four writers issue invoices at once, and the server is killed in the
// middle, again and again. In the end the numbers are 1 to N, each once, and
// whatever number anybody was told is still the number of that invoice.
func TestNumbersOfInvoicesHaveNoGapsAndNoDoublesWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const writers, apiece, kills = 64, 6, 4
		h.owner("olga@example.com")
		s := h.serve()
		owner := s.signIn("olga@example.com", password)
		var seller, client struct{ ID string }
		owner.must("POST", "/api/v1/legal_entities", object{"name": "Lumen Ltd", "ours": true}, http.StatusCreated, &seller)
		owner.must("POST", "/api/v1/contacts", object{"name": "Anna"}, http.StatusCreated, &client)
		drafts := make([][]string, writers)
		for w := range drafts {
			for n := range apiece {
				body := object{"seller": seller.ID, "contact": client.ID, "title": "Advice", "lines": []object{{"title": "Advice", "quantity": "1", "price": "10"}}}
				if n == 1 {
					delete(body, "lines") // cannot be issued, and must take no number
				}
				var made struct{ ID string }
				owner.must("POST", "/api/v1/invoices", body, http.StatusCreated, &made)
				drafts[w] = append(drafts[w], made.ID)
			}
		}
		total := writers * (apiece - 1)

		var mu sync.Mutex
		told := map[string]string{} // number by invoice
		var unheard atomic.Int64    // asked, and the server died before it answered
		rest := func(id string) bool {
			mu.Lock()
			defer mu.Unlock()
			return told[id] == ""
		}
		// round lets everybody issue what they were not told of. Once so many were, the server is killed.
		round := func(kill int) {
			var heard atomic.Int64
			var once sync.Once
			var wg sync.WaitGroup
			for _, mine := range drafts {
				wg.Go(func() {
					for n, id := range mine {
						if !rest(id) {
							continue
						}
						request, err := http.NewRequestWithContext(t.Context(), "POST", owner.base+"/api/v1/invoices/"+id+"/issue", nil)
						if err != nil {
							t.Error(err)
							return
						}
						response, err := owner.client.Do(request)
						if err != nil {
							unheard.Add(1)
							return // the server is gone
						}
						var now struct{ Number, Code string }
						err = json.NewDecoder(response.Body).Decode(&now)
						response.Body.Close()
						switch {
						case err != nil:
							unheard.Add(1)
							return
						case n == 1 && response.StatusCode == http.StatusUnprocessableEntity:
						case n != 1 && response.StatusCode == http.StatusOK && now.Number != "":
							mu.Lock()
							told[id] = now.Number
							mu.Unlock()
							if int(heard.Add(1)) == kill {
								once.Do(func() { s.end(syscall.SIGKILL) })
							}
						case n != 1 && response.StatusCode == http.StatusConflict && now.Code == "invoice.state_issued":
							// Issued, and the answer was not heard. Its number is looked at in the end.
						case response.StatusCode == http.StatusServiceUnavailable:
						default:
							t.Errorf("issuing gives %d %s", response.StatusCode, now.Code)
						}
					}
				})
			}
			wg.Wait()
		}
		for k := range kills {
			round(15 + 10*k)
			s = h.serve()
			owner = s.signIn("olga@example.com", password)
		}
		if unheard.Load() == 0 {
			t.Error("the server was never killed while somebody waited for an answer")
		}
		for range 3 {
			round(0)
		}

		seen := map[string]int{}
		for w := range drafts {
			for n, id := range drafts[w] {
				var i struct{ Number, Status string }
				owner.must("GET", "/api/v1/invoices/"+id, nil, http.StatusOK, &i)
				if n == 1 {
					if i.Number != "" || i.Status != "draft" {
						t.Errorf("what cannot be issued is %+v", i)
					}
					continue
				}
				if i.Status != "issued" {
					t.Errorf("an invoice is still %+v", i)
				}
				if said := told[id]; said != "" && said != i.Number {
					t.Errorf("number %s was told, and the invoice has %s", said, i.Number)
				}
				number, year, _ := strings.Cut(i.Number, "/")
				if len(year) != 4 {
					t.Errorf("a number is %q", i.Number)
				}
				seen[number]++
			}
		}
		for n := 1; n <= total; n++ {
			if c := seen[fmt.Sprint(n)]; c != 1 {
				t.Errorf("number %d was given %d times", n, c)
			}
		}
		if len(seen) != total {
			t.Errorf("%d numbers were given to %d invoices", len(seen), total)
		}
		if status := s.end(syscall.SIGTERM); status != 0 {
			t.Errorf("the process ends with %d", status)
		}
		if said := h.must("verify"); !strings.Contains(said, "Integrity: proved. Completeness: proved.") {
			t.Errorf("after the kills castellan verify says %s", said)
		}
	})
}
