package web

import "castellan/internal/records"

func (s *Server) mailRoutes() []route {
	at, manage := "/api/v1/settings/mail", need(records.ManageSettings)
	return []route{
		{method: "GET", path: at, name: "getMail", tag: "Settings", summary: "Tell which mail server sends, and what waits or could not be delivered", door: manage, shape: answers((*call).mailState)},
		{method: "POST", path: at + "/test", name: "testMail", tag: "Settings", summary: "Send a test mail to one's own address now, and tell what came of it", door: manage, timeout: longWork, shape: does((*call).testMail)},
	}
}

type mailAnswer struct {
	Configured bool          `json:"configured" doc:"false: there is no mail server, and links are shown to whoever makes them."`
	Server     string        `json:"server,omitempty"`
	Security   string        `json:"security,omitempty" enum:"starttls,tls,plain"`
	From       string        `json:"from,omitempty"`
	Waiting    int64         `json:"waiting"`
	Sent       int64         `json:"sent" doc:"In the last thirty days."`
	GivenUp    int64         `json:"given_up" doc:"In the last thirty days."`
	Trouble    []mailTrouble `json:"trouble" nullable:"false" doc:"Mails that wait after a failed try or were given up, newest first. Neither address nor words of a mail are told."`
}

type mailTrouble struct {
	Template string `json:"template"`
	State    string `json:"state" enum:"waiting,given_up"`
	Attempts int64  `json:"attempts"`
	Problem  string `json:"problem" enum:"unreachable,silent,certificate,starttls,password,sender,recipient,refused,broken,late,unsealed"`
	Reply    string `json:"reply,omitempty" doc:"Code of the mail server's answer, such as 550 5.1.1."`
	Created  string `json:"created_at"`
	Tried    string `json:"tried_at"`
}

func (c *call) mailState() (mailAnswer, error) {
	a := mailAnswer{Configured: c.Mail.Configured(), Trouble: []mailTrouble{}}
	if c.Mail == nil {
		return a, nil
	}
	if a.Configured {
		s := c.Mail.Server
		a.Server, a.Security, a.From = s.Host, string(s.Security), s.From.String()
	}
	st, err := c.Mail.State(c.ctx)
	if err != nil {
		return a, err
	}
	a.Waiting, a.Sent, a.GivenUp = st.Waiting, st.Sent, st.GivenUp
	for i := range st.Trouble {
		t := &st.Trouble[i]
		state := "waiting"
		if t.GivenUp {
			state = "given_up"
		}
		a.Trouble = append(a.Trouble, mailTrouble{string(t.Template), state, t.Attempts, t.Problem.Code, t.Problem.Reply, instant(t.Put), instant(t.Tried)})
	}
	return a, nil
}

// testMail writes to whoever asks, and to nobody else.
func (c *call) testMail() error {
	p, err := c.Accounts.Person(c.ctx, c.who, c.who.Person)
	if err != nil {
		return err
	}
	return c.Mail.Try(c.ctx, c.who, p.Email, p.Name, p.Language)
}
