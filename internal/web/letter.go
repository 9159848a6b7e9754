package web

import (
	"encoding/json"

	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) letterRoutes() []route {
	clients := kindNamed("contact")
	at := "/api/v1/contacts/{id}/letter"
	all := []route{
		{method: "POST", path: at, name: "sendLetter", body: largeBody, headers: []parameter{onceOnly}, summary: "Send a mail to a client, whose address the sender need not see, and keep it as a message", shape: created(takes((*call).sendLetter))},
		{method: "POST", path: at + "/preview", name: "previewLetter", body: largeBody, summary: "Fill in the fields that stand between braces, as far as the sender sees them, and send nothing", shape: takes((*call).previewLetter)},
	}
	for i := range all {
		all[i].kind, all[i].tag, all[i].door, all[i].surface = clients, "Contacts", asRights, records.OnCard
	}
	return append(all, route{method: "POST", path: "/api/v1/messages/{id}/again", name: "sendLetterAgain", kind: kindNamed("message"), tag: "Messages", door: asRights, surface: records.OnMessages,
		summary: "Send a mail again that could not be delivered, to what is now the first address of the client", shape: does((*call).sendAgain)})
}

type letterBody struct {
	Subject string `json:"subject"`
	Body    string `json:"body" doc:"Plain text. Names of fields of the client between braces, such as {name}, are filled in."`
	Deal    string `json:"deal,omitempty" required:"false" doc:"The deal that it is about."`

	Files []string `json:"files,omitempty" required:"false" nullable:"false" doc:"Files of the client, or of that deal, that go with it; at most 10, and 15 MB together. The message keeps what was sent."`
}

type letterAnswer struct {
	Message string `json:"message" doc:"The message that was kept."`
}

type filledAnswer struct {
	Subject string `json:"subject"`
	Body    string `json:"body"`
}

func (c *call) letter(b letterBody) (records.Letter, error) {
	l := records.Letter{Subject: b.Subject, Body: b.Body}
	if b.Deal != "" {
		deal, ok := c.Records.Record("deal", b.Deal)
		if !ok {
			return l, fault.New(fault.Invalid, "relation.missing", "There is no such record.").At("deal")
		}
		l.About = deal
	}
	for _, word := range b.Files {
		file, ok := c.Records.Record("file", word)
		if !ok {
			return l, fault.New(fault.Invalid, "letter.file", "Only files of this client, or of the deal that the letter is about, can go with it.").At("files")
		}
		l.Files = append(l.Files, file)
	}
	return l, nil
}

func (c *call) sendLetter(b letterBody) (letterAnswer, error) {
	id, err := c.id()
	if err != nil {
		return letterAnswer{}, err
	}
	l, err := c.letter(b)
	if err != nil {
		return letterAnswer{}, err
	}
	asked, err := json.Marshal(b)
	if err != nil {
		return letterAnswer{}, err
	}
	once := records.Once{Key: c.header(onceOnly), Asked: append([]byte(c.r.URL.Path+"\n"), asked...)}
	made, err := c.Records.Write(c.ctx, c.who, c.route.kind.Name, id, l, once)
	if err != nil {
		return letterAnswer{}, err
	}
	return letterAnswer{c.Records.RecordWord("message", made)}, nil
}

func (c *call) sendAgain() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return c.Records.WriteAgain(c.ctx, c.who, id)
}

func (c *call) previewLetter(b letterBody) (filledAnswer, error) {
	id, err := c.id()
	if err != nil {
		return filledAnswer{}, err
	}
	l, err := c.Records.FillIn(c.ctx, c.who, c.route.kind.Name, id, records.Letter{Subject: b.Subject, Body: b.Body})
	return filledAnswer{l.Subject, l.Body}, err
}
