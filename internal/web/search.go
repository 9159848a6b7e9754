package web

import (
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) searchRoutes() []route {
	return []route{{
		method: "GET", path: "/api/v1/search", name: "search", tag: "Records", summary: "Look for records of every kind by what is typed", door: asRights, surface: records.OnDropDown,
		query: []parameter{{name: "q", doc: "Beginnings of words, three or more digits of a phone in a row, or the beginning of a mail address."}}, shape: answers((*call).search),
	}}
}

type hitAnswer struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Title string `json:"title"`
}

// hits are at most so many of each kind.
const hits = 8

// search asks each kind in turn, as its own list would be asked: what the asker
// may not look into is not looked into.
func (c *call) search() (listOf[hitAnswer], error) {
	var all []hitAnswer
	q := c.query.Get("q")
	if q == "" {
		return list(all), nil
	}
	for _, k := range c.Records.Kinds() {
		if k.Within {
			continue
		}
		p, err := c.Records.List(c.ctx, c.who, k.Name, c.surface(), records.Query{Search: q, Limit: hits, Fields: []string{k.Title}})
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) {
			continue // a kind whose titles the asker may not know of
		}
		if err != nil {
			return list(all), err
		}
		for i := range p.Rows {
			if title, ok := p.Rows[i].Values[0].(string); ok {
				all = append(all, hitAnswer{k.Name, c.Records.RecordWord(k.Name, p.Rows[i].ID), title})
			}
		}
	}
	return list(all), nil
}
