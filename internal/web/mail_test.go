package web_test

import "testing"

func TestStateOfMailIsForWhoeverManagesSettings(t *testing.T) {
	everywhere(t, func(t *town) {
		t.olga.get("/api/v1/settings/mail").is(200).has(`"configured":false`)
		t.olga.post("/api/v1/settings/mail/test", nil).is(409).has("mail.none")
		a := t.hire("Anton", sales())
		a.get("/api/v1/settings/mail").is(403)
		a.post("/api/v1/settings/mail/test", nil).is(403)
		a.get("/api/v1/session/notices").is(200).has(`"items":[]`)
		a.post("/api/v1/session/notices/seen", object{"up_to": "nonsense"}).is(404)
	})
}
