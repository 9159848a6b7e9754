package web

import (
	"encoding/json"

	"castellan/internal/identity"
	"castellan/internal/records"
)

func (s *Server) factorRoutes() []route {
	own := "/api/v1/session/factors"
	return []route{
		{method: "POST", path: "/api/v1/session/factor", name: "proveFactor", tag: "Session", summary: "Prove the second factor that a sign-in waits for; the session gets a new token", door: proving, body: smallBody, shape: takes((*call).proveFactor)},
		{method: "POST", path: "/api/v1/session/stepup", name: "stepUp", tag: "Session", summary: "Prove once more who one is, for what takes a fresh proof: by a factor, or by the password where there is none", door: enrolling, body: smallBody, shape: takesOnly((*call).stepUp)},
		{method: "POST", path: "/api/v1/session/passkey/ask", name: "askPasskey", tag: "Session", summary: "Begin to prove a passkey of one's own: the question for the browser", door: proving, shape: answers((*call).askPasskey)},
		{method: "POST", path: "/api/v1/session/passkey", name: "signInByPasskey", tag: "Session", summary: "Sign in by a passkey alone", door: anybody, body: smallBody, shape: takes((*call).signInByPasskey)},
		{method: "POST", path: "/api/v1/session/passkey/begin", name: "beginPasskey", tag: "Session", summary: "Begin to sign in by a passkey alone: the question for the browser", door: anybody, shape: answers((*call).beginPasskey)},
		{method: "GET", path: own, name: "listOwnFactors", tag: "Session", summary: "List one's own second factors", door: enrolling, shape: answers((*call).ownFactors)},
		{method: "POST", path: own + "/app/begin", name: "draftApp", tag: "Session", summary: "Begin to add an authenticator app: its seed, shown this once", door: enrolling, fresh: true, shape: answers((*call).draftApp)},
		{method: "POST", path: own + "/app", name: "enrolApp", tag: "Session", summary: "Add an authenticator app by its first code; it takes the place of the one before", door: enrolling, fresh: true, body: smallBody, shape: created(takes((*call).enrolApp))},
		{method: "POST", path: own + "/passkey/begin", name: "draftPasskey", tag: "Session", summary: "Begin to add a passkey or security key: the question for the browser", door: enrolling, fresh: true, shape: answers((*call).draftPasskey)},
		{method: "POST", path: own + "/passkey", name: "enrolPasskey", tag: "Session", summary: "Add the passkey that the browser has made", door: enrolling, fresh: true, body: smallBody, shape: created(takes((*call).enrolPasskey))},
		{method: "POST", path: own + "/later", name: "postponeFactor", tag: "Session", summary: "Say that one leaves it for later to add a second factor; the ledger says so, and the next sign-in asks again", door: anyone, shape: does((*call).postponeFactor)},
		{method: "PATCH", path: own + "/{id}", name: "renameFactor", tag: "Session", summary: "Give a factor of one's own another name", door: anyone, body: smallBody, shape: takesOnly((*call).renameFactor)},
		{method: "POST", path: own + "/{id}/remove", name: "removeFactor", tag: "Session", summary: "Take a factor of one's own away; takes the password, and all other sessions end", door: anyone, fresh: true, body: smallBody, shape: takesOnly((*call).removeFactor)},
		{method: "POST", path: "/api/v1/session/recovery", name: "renewRecovery", tag: "Session", summary: "Make ten new recovery codes, shown this once; those from before hold no more", door: anyone, fresh: true, shape: answers((*call).renewRecovery)},
		{method: "POST", path: "/api/v1/people/{id}/factors/reset", name: "resetFactors", tag: "People", summary: "Take every second factor of a person away who has lost them; their sessions end, and they and the owners are told", door: need(records.ManagePeople), fresh: true, shape: does((*call).resetFactors)},
		{method: "GET", path: "/api/v1/security/factors", name: "listGuarded", tag: "People", summary: "List who has which second factor, and of how many one is demanded", door: anyone, shape: answers((*call).guarded)},
	}
}

func (c *call) postponeFactor() error { return c.Accounts.Postpone(c.ctx, c.who) }

// site is where passkeys belong: what was configured, never what a request says.
func (c *call) site() identity.Site {
	return identity.Site{URL: c.URL, Name: c.Workspace.Settings().Name}
}

type proofBody struct {
	Code     string `json:"code,omitempty" required:"false" doc:"Of the authenticator app."`
	Recovery string `json:"recovery,omitempty" required:"false" doc:"A recovery code."`
	Password string `json:"password,omitempty" required:"false" doc:"Only to step up, and only for whoever has no factor."`
	Passkey  string `json:"passkey,omitempty" required:"false" doc:"The browser's answer to the question, as JSON in text."`
	State    string `json:"state,omitempty" required:"false" doc:"What came with the question."`
}

func (c *call) proofOf(b proofBody) identity.Proof {
	return identity.Proof{Code: b.Code, Recovery: b.Recovery, Password: b.Password, Passkey: []byte(b.Passkey), State: b.State, Site: c.site()}
}

func (c *call) proveFactor(b proofBody) (sessionAnswer, error) {
	if err := c.protected(); err != nil {
		return sessionAnswer{}, err
	}
	started, err := c.Accounts.ProveFactor(c.ctx, c.visit, c.proofOf(b))
	if err != nil {
		return sessionAnswer{}, err
	}
	return c.begin(started)
}

func (c *call) stepUp(b proofBody) error {
	if err := c.protected(); err != nil {
		return err
	}
	return c.Accounts.StepUp(c.ctx, c.who, c.proofOf(b))
}

type askedAnswer struct {
	Options json.RawMessage `json:"options" doc:"For navigator.credentials, as JSON."`
	State   string          `json:"state" doc:"To be sent with the browser's answer; good for ten minutes, once."`
}

func askedOf(a identity.Asked, err error) (askedAnswer, error) {
	return askedAnswer{a.Options, a.State}, err
}

func (c *call) askPasskey() (askedAnswer, error) {
	return askedOf(c.Accounts.AskPasskey(c.ctx, c.who, c.site()))
}

func (c *call) beginPasskey() (askedAnswer, error) {
	return askedOf(c.Accounts.AskStranger(c.who, c.site()))
}

func (c *call) draftPasskey() (askedAnswer, error) {
	return askedOf(c.Accounts.DraftPasskey(c.ctx, c.who, c.site()))
}

type passkeyBody struct {
	Passkey string `json:"passkey" doc:"The browser's answer to the question, as JSON in text."`
	State   string `json:"state" doc:"What came with the question."`
}

func (c *call) signInByPasskey(b passkeyBody) (sessionAnswer, error) {
	if err := c.protected(); err != nil {
		return sessionAnswer{}, err
	}
	started, err := c.Accounts.SignInByPasskey(c.ctx, c.who, identity.Proof{Passkey: []byte(b.Passkey), State: b.State, Site: c.site()})
	if err != nil {
		return sessionAnswer{}, err
	}
	return c.begin(started)
}

type factorItem struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind" enum:"totp,passkey"`
	Name    string  `json:"name"`
	Created string  `json:"created_at"`
	Used    *string `json:"last_used_at"`
}

type ownFactorsAnswer struct {
	Items    []factorItem `json:"items" nullable:"false"`
	Recovery int          `json:"recovery_left" doc:"Recovery codes that have not been used."`
	Password bool         `json:"password" doc:"Whether the account has one."`
	Demanded bool         `json:"demanded" doc:"A second factor is demanded of this person."`
	Passkeys bool         `json:"passkeys" doc:"Whether browsers make passkeys for this address."`
}

func (c *call) ownFactors() (ownFactorsAnswer, error) {
	own, err := c.Accounts.Own(c.ctx, c.who)
	a := ownFactorsAnswer{[]factorItem{}, own.Recovery, own.Password, own.Demanded, c.site().Passkeys()}
	for _, f := range own.Factors {
		a.Items = append(a.Items, factorItem{c.Vault.Public("factor", f.ID), string(f.Kind), f.Name, instant(f.Created), instantOr(f.Used)})
	}
	return a, err
}

type draftAnswer struct {
	Secret string `json:"seed" doc:"To be typed into the app."`
	URI    string `json:"uri" doc:"The same, to be drawn for the camera of the app."`
	State  string `json:"state" doc:"To be sent with the first code; good for ten minutes."`
}

func (c *call) draftApp() (draftAnswer, error) {
	d, err := c.Accounts.DraftApp(c.ctx, c.who, c.site())
	return draftAnswer{d.Secret, d.URI, d.State}, err
}

type enrolledAnswer struct {
	ID       string   `json:"id"`
	Recovery []string `json:"recovery,omitempty" required:"false" nullable:"false" doc:"With the first factor: ten recovery codes, shown this once."`
}

// enrolled answers with what was added, and hands a new token to a session that
// waited for it.
func (c *call) enrolled(e identity.Enrolled, err error) (enrolledAnswer, error) {
	if err != nil {
		return enrolledAnswer{}, err
	}
	if e.Token != "" {
		c.carry(e.Token)
	}
	return enrolledAnswer{c.Vault.Public("factor", e.ID), e.Recovery}, nil
}

type appBody struct {
	State string `json:"state"`
	Code  string `json:"code" doc:"What the app shows."`
	Name  string `json:"name,omitempty" required:"false"`
}

func (c *call) enrolApp(b appBody) (enrolledAnswer, error) {
	return c.enrolled(c.Accounts.EnrolApp(c.ctx, c.who, b.State, b.Code, b.Name))
}

type newPasskeyBody struct {
	Passkey string `json:"passkey" doc:"The browser's answer to the question, as JSON in text."`
	State   string `json:"state" doc:"What came with the question."`
	Name    string `json:"name,omitempty" required:"false" doc:"Such as the device that keeps it."`
}

func (c *call) enrolPasskey(b newPasskeyBody) (enrolledAnswer, error) {
	return c.enrolled(c.Accounts.EnrolPasskey(c.ctx, c.who, identity.Proof{Passkey: []byte(b.Passkey), State: b.State, Site: c.site()}, b.Name))
}

type factorName struct {
	Name string `json:"name"`
}

func (c *call) renameFactor(b factorName) error {
	id, err := c.numbered("factor", "id")
	if err != nil {
		return err
	}
	return c.Accounts.RenameFactor(c.ctx, c.who, id, b.Name)
}

type removeBody struct {
	Password string `json:"password"`
}

func (c *call) removeFactor(b removeBody) error {
	id, err := c.numbered("factor", "id")
	if err != nil {
		return err
	}
	if err := c.protected(); err != nil {
		return err
	}
	return c.Accounts.RemoveFactor(c.ctx, c.who, id, b.Password)
}

type recoveryAnswer struct {
	Recovery []string `json:"recovery" nullable:"false"`
}

func (c *call) renewRecovery() (recoveryAnswer, error) {
	codes, err := c.Accounts.RenewRecovery(c.ctx, c.who)
	return recoveryAnswer{codes}, err
}

func (c *call) resetFactors() error { return c.toPerson(c.Accounts.ResetFactors) }

type guardedItem struct {
	Person   named    `json:"person"`
	Kinds    []string `json:"kinds" nullable:"false" doc:"totp (an authenticator app), passkey."`
	Since    *string  `json:"since"`
	Demanded bool     `json:"demanded"`
}

type guardedAnswer struct {
	Items   []guardedItem `json:"items" nullable:"false"`
	People  int           `json:"people" doc:"Active accounts."`
	Guarded int           `json:"guarded" doc:"Of them, those with a second factor."`
}

func (c *call) guarded() (guardedAnswer, error) {
	all, err := c.Accounts.Guards(c.ctx, c.who)
	if err != nil {
		return guardedAnswer{}, err
	}
	a := guardedAnswer{Items: []guardedItem{}, People: len(all)}
	for _, g := range all {
		p, err := c.person(g.Person)
		if err != nil {
			return a, err
		}
		one := guardedItem{Person: p, Kinds: kindsOf(g), Since: instantOr(g.Since), Demanded: g.Demanded}
		if len(g.Kinds) > 0 {
			a.Guarded++
		}
		a.Items = append(a.Items, one)
	}
	return a, nil
}

func kindsOf(g identity.Guarded) []string {
	kinds := []string{}
	for _, k := range g.Kinds {
		kinds = append(kinds, string(k))
	}
	return kinds
}
