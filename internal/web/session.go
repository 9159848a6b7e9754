package web

import (
	"net"
	"net/http"
	"strings"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/identity"
)

// The cookie of a session. Over https it has the prefix __Host-, with which
// browsers see to it that it was set by this host, for this host, securely.
//
// On the machine itself (http://localhost) there is no https, and not every
// browser takes a secure cookie there. There, and nowhere else, the cookie goes
// by another name and without Secure.
const (
	cookieSecure = "__Host-castellan"
	cookieLocal  = "castellan"
)

// cookieOf is the token that the request brings, or empty. The local cookie
// counts only on the machine itself: elsewhere a neighbouring site could have
// planted it.
func cookieOf(r *http.Request) string {
	if c, err := r.Cookie(cookieSecure); err == nil {
		return c.Value
	}
	if !local(r) {
		return ""
	}
	if c, err := r.Cookie(cookieLocal); err == nil {
		return c.Value
	}
	return ""
}

// local tells whether the caller's browser believes to be on this machine.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// carry sets the cookie, or takes it away if the token is empty.
func (c *call) carry(token string) {
	secure, name := c.secure(c.r), cookieSecure
	if !secure {
		name = cookieLocal
	}
	k := &http.Cookie{Name: name, Value: token, Path: "/", Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // not over https only on the machine itself: protected has seen to it
	if token == "" {
		k.MaxAge = -1
	}
	http.SetCookie(c.w, k)
}

// protected refuses to take a password that crossed a network in the clear.
func (c *call) protected() error {
	if c.secure(c.r) || local(c.r) {
		return nil
	}
	return fault.New(fault.Denied, "session.insecure", "Castellan is reached without https here, so a password could be read on its way. Use https, or open Castellan on its own machine as http://localhost.")
}

func (s *Server) sessionRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/setup", name: "getSetup", tag: "Session", summary: "Tell whether the workspace waits for its first owner", door: anybody, shape: answers((*call).setupNeeded)},
		{method: "POST", path: "/api/v1/setup", name: "setUp", tag: "Session", summary: "Set the workspace up and sign its first owner in", door: anybody, body: smallBody, shape: created(takes((*call).setUp))},
		{method: "POST", path: "/api/v1/session", name: "signIn", tag: "Session", summary: "Sign in", door: anybody, body: smallBody, shape: takes((*call).signIn)},
		{method: "GET", path: "/api/v1/session", name: "getSession", tag: "Session", summary: "Tell who is signed in and what they may do", door: anyone, shape: answers((*call).session)},
		{method: "DELETE", path: "/api/v1/session", name: "signOut", tag: "Session", summary: "Sign out", door: anyHalf, shape: does((*call).signOut)},
		{method: "POST", path: "/api/v1/session/link", name: "redeemLink", tag: "Session", summary: "Set a password by a one-time link and sign in", door: anybody, body: smallBody, shape: takes((*call).redeem)},
		{method: "POST", path: "/api/v1/session/link/look", name: "lookAtLink", tag: "Session", summary: "Tell whom a one-time link is for; nothing is used up", door: anybody, body: smallBody, shape: takes((*call).lookAtLink)},
		{method: "POST", path: "/api/v1/session/forgotten", name: "forgotten", tag: "Session", summary: "Have a link mailed for a forgotten password; the answer is the same for every address", door: anybody, body: smallBody, shape: takesOnly((*call).forgottenPassword)},
		{method: "POST", path: "/api/v1/session/password/weigh", name: "weighPassword", tag: "Session", summary: "Tell whether a password would be taken; it is neither kept nor logged", door: anybody, body: smallBody, shape: takes((*call).weigh)},
		{method: "POST", path: "/api/v1/session/email", name: "changeEmail", tag: "Session", summary: "Change one's own mail address: a link goes to the new one and word of it to the old one", door: anyone, body: smallBody, shape: takesOnly((*call).changeEmail)},
		{method: "POST", path: "/api/v1/session/email/confirm", name: "confirmEmail", tag: "Session", summary: "Confirm a new mail address by the link that went there", door: anybody, body: smallBody, shape: takesOnly((*call).confirmEmail)},
		{method: "POST", path: "/api/v1/session/password", name: "changePassword", tag: "Session", summary: "Change one's own password; all other sessions end", door: anyone, body: smallBody, shape: takesOnly((*call).changePassword)},
	}
}

type setupAnswer struct {
	Needed   bool `json:"needed"`
	Mail     bool `json:"mail" doc:"Whether mail can be sent: otherwise whoever has forgotten a password asks an administrator."`
	Password int  `json:"password_characters" doc:"How many characters a password has at least."`
}

func (c *call) setupNeeded() (setupAnswer, error) {
	needed, err := c.Accounts.SetupNeeded(c.ctx)
	return setupAnswer{needed, c.Mail.Configured(), identity.MinPassword}, err
}

type setupBody struct {
	Token     string `json:"token" doc:"What follows the # in the link that the console shows."`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Password  string `json:"password" doc:"At least 15 characters; four words are easily typed."`
	Language  string `json:"language" enum:"en,ru,it,pl"`
	Workspace string `json:"workspace" doc:"What the firm is called."`
	Region    string `json:"region" doc:"Country code of two letters: phone numbers without a country belong there."`
	TimeZone  string `json:"time_zone" doc:"Such as Europe/Warsaw."`
}

func (c *call) setUp(b setupBody) (sessionAnswer, error) {
	if err := c.protected(); err != nil {
		return sessionAnswer{}, err
	}
	// What a neighbouring room would refuse inside the transaction is refused
	// here, where all of it can be named at once.
	settings := crm.Settings{Name: b.Workspace, Region: b.Region, Language: b.Language, TimeZone: b.TimeZone, Currency: "EUR"}
	if err := settings.Check(); err != nil {
		return sessionAnswer{}, ofSettings(err)
	}
	started, err := c.Accounts.Setup(c.ctx, identity.Founding{
		Token: b.Token, Email: b.Email, Name: b.Name, Password: b.Password, Language: b.Language,
		Workspace: b.Workspace, Region: b.Region, TimeZone: b.TimeZone, Address: c.who.Address, Device: c.who.Device,
	})
	if err != nil {
		return sessionAnswer{}, err
	}
	return c.begin(started)
}

type signInBody struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func (c *call) signIn(b signInBody) (sessionAnswer, error) {
	if err := c.protected(); err != nil {
		return sessionAnswer{}, err
	}
	started, err := c.Accounts.SignIn(c.ctx, identity.Attempt{Email: b.Email, Password: b.Password, Address: c.who.Address, Device: c.who.Device})
	if err != nil {
		return sessionAnswer{}, err
	}
	return c.begin(started)
}

type redeemBody struct {
	Token    string `json:"token"`
	Password string `json:"password"`
	Name     string `json:"name,omitempty" required:"false" doc:"Of an invitation: how one wants to be called."`
	Language string `json:"language,omitempty" required:"false" enum:"en,ru,it,pl" doc:"Of an invitation."`
	TimeZone string `json:"time_zone,omitempty" required:"false" doc:"Of an invitation."`
}

func (c *call) redeem(b redeemBody) (sessionAnswer, error) {
	if err := c.protected(); err != nil {
		return sessionAnswer{}, err
	}
	started, err := c.Accounts.Redeem(c.ctx, identity.Redeeming{Token: b.Token, Password: b.Password, Name: b.Name, Language: b.Language, TimeZone: b.TimeZone, Address: c.who.Address, Device: c.who.Device})
	if err != nil {
		return sessionAnswer{}, err
	}
	return c.begin(started)
}

type tokenBody struct {
	Token string `json:"token"`
}

type lookAnswer struct {
	Purpose  string `json:"purpose" enum:"invite,reset"`
	Email    string `json:"email"`
	Name     string `json:"name"`
	Language string `json:"language"`
	TimeZone string `json:"time_zone"`
}

func (c *call) lookAtLink(b tokenBody) (lookAnswer, error) {
	w, err := c.Accounts.Look(c.ctx, b.Token, c.who.Address, c.who.Device)
	return lookAnswer{string(w.Purpose), w.Email, w.Name, w.Lang, w.Zone}, err
}

type forgottenBody struct {
	Email string `json:"email"`
}

func (c *call) forgottenPassword(b forgottenBody) error {
	return c.Accounts.Forgotten(c.ctx, b.Email, c.who.Address, c.who.Device)
}

type weighBody struct {
	Password string `json:"password"`
	Token    string `json:"token,omitempty" required:"false" doc:"Of the one-time link that was followed: words of its person count for little."`
}

type weighAnswer struct {
	Score int    `json:"score" doc:"0 to 4; from 2 on the password is taken."`
	Why   string `json:"why,omitempty" enum:"password.short,password.long,password.guessable,password.text" doc:"Why it would not be taken."`
}

// weigh judges for whoever asks; somebody who is signed in is known by the
// cookie, so that words of their own count for little.
func (c *call) weigh(b weighBody) (weighAnswer, error) {
	if err := c.protected(); err != nil {
		return weighAnswer{}, err
	}
	who := c.who
	if b.Token == "" {
		if known, err := c.actor(c.r); err == nil {
			who = known
		}
	}
	w, err := c.Accounts.Weigh(c.ctx, who, b.Password, b.Token)
	return weighAnswer{w.Score, w.Why}, err
}

type emailBody struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func (c *call) changeEmail(b emailBody) error {
	if err := c.protected(); err != nil {
		return err
	}
	return c.Accounts.ChangeEmail(c.ctx, c.who, b.Email, b.Password)
}

func (c *call) confirmEmail(b tokenBody) error {
	return c.Accounts.ConfirmEmail(c.ctx, b.Token, c.who.Address, c.who.Device)
}

// begin hands the new session to the browser. One that waits for a second factor
// is answered what it will be answered everywhere until then.
func (c *call) begin(started identity.Started) (sessionAnswer, error) {
	c.forgetNames()
	if was := cookieOf(c.r); was != "" {
		if err := c.Accounts.Leave(c.ctx, was, started.Actor); err != nil {
			return sessionAnswer{}, err
		}
	}
	c.who = started.Actor
	c.carry(started.Token)
	if started.Waits != nil {
		return sessionAnswer{}, started.Waits
	}
	return c.session()
}

type passwordBody struct {
	Old string `json:"old"`
	New string `json:"new"`
}

func (c *call) changePassword(b passwordBody) error {
	if err := c.protected(); err != nil {
		return err
	}
	return c.Accounts.ChangePassword(c.ctx, c.who, b.Old, b.New)
}

func (c *call) signOut() error {
	if err := c.Accounts.SignOut(c.ctx, c.who); err != nil {
		return err
	}
	c.carry("")
	// The browser forgets what it kept of this site, so that the next person
	// at a shared machine finds nothing by going back.
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return nil
}

type sessionPerson struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Language string     `json:"language"`
	TimeZone string     `json:"time_zone"`
	Role     calledRole `json:"role"`
}

type sessionWorkspace struct {
	Name      string   `json:"name"`
	Region    string   `json:"region"`
	Language  string   `json:"language"`
	Languages []string `json:"languages" nullable:"false"`
	TimeZone  string   `json:"time_zone"`
	Currency  string   `json:"currency"`
}

type sessionAnswer struct {
	Person    sessionPerson                `json:"person"`
	Abilities []string                     `json:"abilities" nullable:"false"`
	Kinds     map[string]map[string]string `json:"kinds" doc:"By kind and action: denied, own, group or all."`
	Workspace sessionWorkspace             `json:"workspace"`
	ViewAs    *viewingAnswer               `json:"view_as,omitempty" doc:"Through whose eyes the person looks; abilities and kinds are theirs."`
	Version   string                       `json:"version"`

	Unprotected bool `json:"unprotected,omitempty" required:"false" doc:"The person may do much harm, and only a password protects the account: the page leads them to a second factor."`
}

// session tells who is signed in. It only helps the page to hide what would be
// refused; nothing is decided by it.
func (c *call) session() (sessionAnswer, error) {
	self := c.who
	self.ViewAs = 0
	p, err := c.Accounts.Person(c.ctx, self, self.Person)
	if err != nil {
		return sessionAnswer{}, err
	}
	st, err := c.Rights.Standing(c.ctx, c.who)
	if err != nil {
		return sessionAnswer{}, err
	}
	outline, err := c.Records.Outline(c.ctx, c.who)
	if err != nil {
		return sessionAnswer{}, err
	}
	role, err := c.roleCalled(p.Role, p.RoleName)
	if err != nil {
		return sessionAnswer{}, err
	}
	w := c.Workspace.Settings()
	a := sessionAnswer{
		Person:    sessionPerson{c.Vault.Public("person", int64(p.ID)), p.Name, p.Email, p.Language, p.TimeZone, role},
		Abilities: []string{},
		Kinds:     map[string]map[string]string{},
		Workspace: sessionWorkspace{w.Name, w.Region, w.Language, identity.Languages(), w.TimeZone, w.Currency},
		Version:   c.Version,
	}
	if a.Unprotected, err = c.Accounts.Unprotected(c.ctx, c.who); err != nil {
		return a, err
	}
	for _, ability := range st.Abilities() {
		a.Abilities = append(a.Abilities, string(ability))
	}
	for _, o := range outline {
		a.Kinds[o.Kind.Name] = gradesOf(o)
	}
	if c.who.ViewAs != 0 {
		v, err := c.viewingOf(c.viewing)
		if err != nil {
			return a, err
		}
		a.ViewAs = &v
	}
	return a, nil
}
