package web

import (
	"time"

	"castellan/internal/fault"
	"castellan/internal/mailbox"
	"castellan/internal/records"
)

func (s *Server) mailboxRoutes() []route {
	at, manage := "/api/v1/settings/mailbox", need(records.ManageSettings)
	return []route{
		{method: "GET", path: at, name: "getMailbox", tag: "Settings", summary: "Tell which mailbox is read, and how that goes; never its password nor a word of a mail", door: manage, shape: answers((*call).mailbox)},
		{method: "PUT", path: at, name: "setMailbox", tag: "Settings", summary: "Set the mailbox whose mails are put on the cards of clients", door: manage, body: smallBody, fresh: true, shape: takes((*call).setMailbox)},
		{method: "DELETE", path: at, name: "removeMailbox", tag: "Settings", summary: "Stop reading the mailbox and forget its password; what was taken stays", door: manage, fresh: true, shape: does((*call).removeMailbox)},
		{method: "POST", path: at + "/look", name: "readMailbox", tag: "Settings", summary: "Read the mailbox now, and tell what came of it", door: manage, timeout: longWork, shape: answers((*call).readMailbox)},
	}
}

type mailboxBody struct {
	Host     string  `json:"host"`
	Port     int     `json:"port"`
	Security string  `json:"security" enum:"tls,starttls"`
	User     string  `json:"user"`
	Password *string `json:"password,omitempty" required:"false" doc:"Absent: the one that is kept, which is given to no other server and for no other user."`
	Folder   string  `json:"folder,omitempty" required:"false" doc:"INBOX, if it is absent."`
	Since    string  `json:"since,omitempty" required:"false" doc:"The day from which mails are taken, such as 2026-03-02. Today, if it is absent."`
	Active   bool    `json:"active"`
	AuthServ string  `json:"authserv,omitempty" required:"false" doc:"The name with which the receiving server signs what it found of a sender (RFC 8601), such as mx.example.com; *.example.com for all servers of that domain. Absent: no sender counts as proven."`
	Version  int64   `json:"version,omitempty" required:"false" doc:"The one that was read."`
}

type mailboxAnswer struct {
	Set       bool   `json:"set" doc:"false: no mailbox is read, and nothing else is told."`
	Version   int64  `json:"version,omitempty" required:"false"`
	Host      string `json:"host,omitempty" required:"false"`
	Port      int    `json:"port,omitempty" required:"false"`
	Security  string `json:"security,omitempty" required:"false" enum:"tls,starttls"`
	User      string `json:"user,omitempty" required:"false"`
	Folder    string `json:"folder,omitempty" required:"false"`
	Since     string `json:"since,omitempty" required:"false"`
	Active    bool   `json:"active"`
	AuthServ  string `json:"authserv,omitempty" required:"false"`
	Taken     int64  `json:"taken" doc:"Mails that were put on cards."`
	Strangers int64  `json:"strangers" doc:"Mails that matched no client and were left in the mailbox."`
	Excess    int64  `json:"excess" doc:"Mails of unproven senders that were more than come in within an hour, and were left in the mailbox."`
	Problem   string `json:"problem,omitempty" required:"false" enum:"unreachable,silent,certificate,starttls,password,folder,broken" doc:"Why it could not be read the last time."`
	Tried     string `json:"tried_at,omitempty" required:"false"`
	Read      string `json:"read_at,omitempty" required:"false" doc:"When all that was there had been read."`
}

func mailboxOf(st *mailbox.State) mailboxAnswer {
	if st == nil {
		return mailboxAnswer{}
	}
	a := mailboxAnswer{Set: true, Version: st.Version, Host: st.Host, Port: st.Port, Security: st.Security, User: st.User, Folder: st.Folder, Since: st.Since.Format(time.DateOnly),
		Active: st.Active, Taken: st.Taken, Strangers: st.Strangers, AuthServ: st.AuthServ, Excess: st.Excess, Problem: st.Problem}
	if !st.Tried.IsZero() {
		a.Tried = instant(st.Tried)
	}
	if !st.Read.IsZero() {
		a.Read = instant(st.Read)
	}
	return a
}

func (c *call) mailbox() (mailboxAnswer, error) {
	st, err := c.Mailbox.State(c.ctx)
	return mailboxOf(st), err
}

// box is the mailbox, where the program was started with one.
func (c *call) box() (*mailbox.Box, error) {
	if c.Mailbox == nil {
		return nil, fault.NotFound()
	}
	return c.Mailbox, nil
}

func (c *call) setMailbox(b mailboxBody) (mailboxAnswer, error) {
	box, err := c.box()
	if err != nil {
		return mailboxAnswer{}, err
	}
	s := mailbox.Settings{Version: b.Version, Host: b.Host, Port: b.Port, Security: b.Security, User: b.User, Password: b.Password, Folder: b.Folder, Active: b.Active, AuthServ: b.AuthServ}
	if b.Since != "" {
		if s.Since, err = time.Parse(time.DateOnly, b.Since); err != nil {
			return mailboxAnswer{}, fault.New(fault.Invalid, "mailbox.since", "The day from which mails are taken is written as 2026-03-02.").At("since")
		}
	}
	st, err := box.Set(c.ctx, c.who, s)
	return mailboxOf(st), err
}

func (c *call) removeMailbox() error {
	box, err := c.box()
	if err != nil {
		return err
	}
	return box.Remove(c.ctx, c.who)
}

func (c *call) readMailbox() (mailboxAnswer, error) {
	box, err := c.box()
	if err != nil {
		return mailboxAnswer{}, err
	}
	if err := box.Look(c.ctx); err != nil {
		return mailboxAnswer{}, err
	}
	return c.mailbox()
}
