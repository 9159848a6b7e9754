package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
)

// The harm: a server that is too busy to write ends a request in which somebody
// uses a one-time link, and the link is gone. The answer says to come again and
// when, and the link is as good as before.
func TestLinkOutlivesAServerThatIsTooBusy(t *testing.T) {
	t.Parallel()
	town := founded(t, store.SQLite) // the one writer of SQLite is what is waited for
	made := town.olga.post("/api/v1/people", object{"email": "nina@example.com", "name": "Nina", "role": town.ready("specialist"), "invite": "link"}).is(201)
	_, token, _ := strings.Cut(made.at("link", "url"), "#")
	body := `{"token":"` + token + `","password":"` + goodPassword + `"}`
	holds, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if err := town.db.Write(context.Background(), func(*store.Tx) error {
			close(holds)
			time.Sleep(1500 * time.Millisecond)
			return nil
		}); err != nil {
			t.Error(err)
		}
	}()
	<-holds
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost:8080/api/v1/session/link", strings.NewReader(body))
	request.RemoteAddr = "127.0.0.1:40000"
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	town.server.ServeHTTP(answer, request)
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" || !strings.Contains(answer.Body.String(), "Try again") || answer.Header().Get("Set-Cookie") != "" {
		t.Errorf("a server that is too busy answers %d, Retry-After %q: %s", answer.Code, answer.Header().Get("Retry-After"), answer.Body.String())
	}
	<-done
	(&person{town: town}).post("/api/v1/session/link", object{"token": token, "password": goodPassword}).is(200)
}
