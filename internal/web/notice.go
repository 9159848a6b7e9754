package web

import (
	"castellan/internal/schema"
)

func (s *Server) noticeRoutes() []route {
	at := "/api/v1/session/notices"
	return []route{
		{method: "GET", path: at, name: "listNotices", tag: "Session", summary: "List what one was told about one's own account, newest first", door: anyone, shape: answers((*call).notices)},
		{method: "POST", path: at + "/seen", name: "seeNotices", tag: "Session", summary: "Say that one has seen one's notices, up to one of them", door: anyone, body: smallBody, shape: takesOnly((*call).seeNotices)},
	}
}

type noticeAnswer struct {
	ID    string            `json:"id"`
	Kind  string            `json:"kind" doc:"What happened, such as password_changed or device_new."`
	Words map[string]string `json:"words" doc:"Of the sentence: a device, an address on the net, who did it."`
	At    string            `json:"at"`
	Seen  bool              `json:"seen"`
}

func (c *call) notices() (listOf[noticeAnswer], error) {
	notices, err := c.Accounts.Notices(c.ctx, c.who)
	var all []noticeAnswer
	for _, n := range notices {
		all = append(all, noticeAnswer{c.Vault.Public("notice", int64(n.ID)), string(n.Kind), n.Words, instant(n.At), !n.Seen.IsZero()})
	}
	return list(all), err
}

type seenBody struct {
	UpTo string `json:"up_to" doc:"The newest notice that was seen."`
}

func (c *call) seeNotices(b seenBody) error {
	id, ok := c.Vault.ID("notice", b.UpTo)
	if !ok {
		return missing("notice")
	}
	return c.Accounts.SeeNotices(c.ctx, c.who, schema.RecordID(id))
}
