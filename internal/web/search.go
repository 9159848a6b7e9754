package web

import (
	"castellan/internal/records"
)

func (s *Server) searchRoutes() []route {
	return []route{{
		method: "GET", path: "/api/v1/search", name: "search", tag: "Records", summary: "Look for records of every kind by what is typed", door: asRights, surface: records.OnDropDown,
		query: []parameter{{name: "q", doc: "Beginnings of words, in either script and with one slip in each, three or more digits of a phone in a row, or the beginning of a mail address."}}, shape: answers((*call).search),
	}}
}

type hitAnswer struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Title string `json:"title"`
	About string `json:"about,omitempty" doc:"The client or company that it is about, or else its town, as far as the asker sees that."`
	At    string `json:"at,omitempty" doc:"When it is, of what has a time."`
}

// hits are at most so many of each kind.
const hits = 8

// search asks each kind as its own list would be asked: what the asker may not
// look into is not looked into.
func (c *call) search() (listOf[hitAnswer], error) {
	found, err := c.Records.Search(c.ctx, c.who, c.surface(), c.query.Get("q"), hits)
	if err != nil {
		return list[hitAnswer](nil), err
	}
	var all []hitAnswer
	for _, h := range found {
		a := hitAnswer{Kind: h.Kind.Name, ID: c.Records.RecordWord(h.Kind.Name, h.ID), Title: h.Title, About: h.About}
		if !h.At.IsZero() {
			a.At = instant(h.At)
		}
		all = append(all, a)
	}
	return list(all), nil
}
