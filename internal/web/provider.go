package web

import (
	"net/http"
	"net/url"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/federation"
	"castellan/internal/identity"
	"castellan/internal/records"
)

// ProviderCallback is the path to which providers send browsers back.
const ProviderCallback = "/api/v1/session/provider/callback"

func (s *Server) providerRoutes() []route {
	all, one := "/api/v1/providers", "/api/v1/providers/{id}"
	manage := need(records.ManageSecurity)
	ties := "/api/v1/people/{id}/providers"
	return []route{
		{method: "GET", path: "/api/v1/session/provider", name: "listSignInProviders", tag: "Session", summary: "List the providers by which one can sign in", door: anybody, shape: answers((*call).doors)},
		{method: "POST", path: "/api/v1/session/provider", name: "beginProviderSignIn", tag: "Session", summary: "Begin to sign in by a provider: the browser goes to the address in the answer", door: anybody, body: smallBody, shape: takes((*call).beginSignIn)},
		{method: "GET", path: ProviderCallback, name: "finishProviderSignIn", tag: "Session", summary: "Where a provider sends the browser back to (OpenID Connect); answers with a way into the page", door: anybody, query: []parameter{
			{name: "code", doc: "What the provider gave, for one use."}, {name: "state", doc: "The word that the browser was sent with."}, {name: "iss", doc: "Who gave it."}, {name: "error", doc: "Why it gave none."},
		}, foreign: true, shape: leads((*call).finishSignIn)},
		{method: "POST", path: "/api/v1/session/provider/link", name: "linkProvider", tag: "Session", summary: "Begin to link one's own account to a provider: the browser goes to the address in the answer", door: anyone, body: smallBody, fresh: true, shape: takes((*call).beginLink)},

		{method: "GET", path: ties, name: "listTies", tag: "People", summary: "List the providers that a person is linked to: one's own, or anybody's for those who manage people", door: anyone, shape: answers((*call).ties)},
		{method: "PUT", path: ties + "/{provider}", name: "expectPerson", tag: "People", summary: "Let a person in through a provider, the first time that it vouches for their verified mail address", door: need(records.ManagePeople), fresh: true, shape: does((*call).expect)},
		{method: "DELETE", path: ties + "/{provider}", name: "unlinkProvider", tag: "People", summary: "Unlink a person from a provider: oneself, or somebody whose account one may change", door: anyone, fresh: true, shape: does((*call).untie)},

		{method: "GET", path: all, name: "listProviders", tag: "Providers", summary: "List sign-in providers with their settings", door: manage, shape: answers((*call).providers)},
		{method: "POST", path: all, name: "createProvider", tag: "Providers", summary: "Add a sign-in provider (OpenID Connect)", door: manage, body: smallBody, fresh: true, shape: created(takes((*call).createProvider))},
		{method: "PUT", path: one, name: "updateProvider", tag: "Providers", summary: "Change a sign-in provider; without a secret the one that is kept stays", door: manage, body: smallBody, fresh: true, shape: takes((*call).updateProvider)},
		{method: "DELETE", path: one, name: "deleteProvider", tag: "Providers", summary: "Remove a sign-in provider: links to it and sessions that it began end", door: manage, query: []parameter{{name: "version", doc: "The one that was read; absent: whatever it is now.", number: true}}, fresh: true, shape: does((*call).deleteProvider)},
		{method: "POST", path: one + "/check", name: "checkProvider", tag: "Providers", summary: "Ask a provider to describe itself, and tell what is wrong with it", door: manage, shape: does((*call).checkProvider)},
	}
}

// leads is a route that sends the browser on, and gives nothing else.
func leads(do func(*call) (string, error)) shape {
	return shape{status: http.StatusSeeOther, handle: func(c *call) error {
		to, err := do(c)
		if err != nil {
			return err
		}
		c.w.Header().Set("Location", to)
		c.status = http.StatusSeeOther
		c.w.WriteHeader(c.status)
		return nil
	}}
}

type signInProviderAnswer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (c *call) doors() (listOf[signInProviderAnswer], error) {
	names, err := c.Accounts.ProviderNames(c.ctx)
	var all []signInProviderAnswer
	for _, n := range names {
		all = append(all, signInProviderAnswer{c.Vault.Public("provider", int64(n.ID)), n.Name})
	}
	return list(all), err
}

// The cookie of a sign-in under way, named as that of the session is. It goes
// along when a provider sends the browser back, which is why it is not strict.
const (
	waySecure = "__Host-castellan-way"
	wayLocal  = "castellan-way"
)

// keep sets the cookie of a sign-in under way, or takes it away.
func (c *call) keep(word string) {
	secure, name := c.secure(c.r), waySecure
	if !secure {
		name = wayLocal
	}
	k := &http.Cookie{Name: name, Value: word, Path: "/", MaxAge: int(federation.Lasts.Seconds()), Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // not over https only on the machine itself: protected has seen to it
	if word == "" {
		k.MaxAge = -1
	}
	http.SetCookie(c.w, k)
}

func (c *call) kept() string {
	name := waySecure
	if !c.secure(c.r) {
		if !local(c.r) {
			return ""
		}
		name = wayLocal
	}
	k, err := c.r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

type signInByBody struct {
	Provider string `json:"provider"`
	To       string `json:"to,omitempty" required:"false" doc:"The path of the page at which to arrive."`
}

type wayAnswer struct {
	URL string `json:"url"`
}

func (c *call) beginSignIn(b signInByBody) (wayAnswer, error) {
	return c.sendTo(actor.Actor{}, b.Provider, inside(b.To))
}

type linkProviderBody struct {
	Provider string `json:"provider"`
}

func (c *call) beginLink(b linkProviderBody) (wayAnswer, error) {
	if c.who.Kind != actor.Person {
		return wayAnswer{}, fault.New(fault.Denied, "provider.program", "Only people are linked to a provider.")
	}
	return c.sendTo(c.who, b.Provider, "")
}

func (c *call) sendTo(who actor.Actor, provider, to string) (wayAnswer, error) {
	if err := c.protected(); err != nil {
		return wayAnswer{}, err
	}
	id, ok := c.Vault.ID("provider", provider)
	if !ok {
		return wayAnswer{}, missing("provider")
	}
	begun, err := c.Federation.Begin(c.ctx, who, identity.ProviderID(id), to)
	if err != nil {
		return wayAnswer{}, err
	}
	c.keep(begun.Cookie)
	return wayAnswer{begun.URL}, nil
}

// inside is a path of the page, or empty: nobody is led elsewhere by what an
// address said.
func inside(to string) string {
	if len(to) > 1024 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/api/") {
		return ""
	}
	return to
}

// finishSignIn is where a browser arrives that a provider has sent back. Whatever
// becomes of it, the browser is sent on at once, so that the code stands in no
// address that is shown, kept or passed on.
func (c *call) finishSignIn() (string, error) {
	word := c.kept()
	if word != "" {
		c.keep("") // it counts once
	}
	back, linking := "/sign-in?refused=", c.Federation.Linking(word)
	who := c.who
	if linking {
		back = "/settings/you?refused="
		if known, err := c.actor(c.r); err == nil && known.Kind == actor.Person {
			who = known
		}
	}
	out, err := c.Federation.Finish(c.ctx, federation.Return{
		Cookie: word, State: c.query.Get("state"), Code: c.query.Get("code"), Error: c.query.Get("error"), Issuer: c.query.Get("iss"), Who: who,
	})
	if err == nil && !linking {
		err = c.protected()
	}
	if f, told := fault.As(err); told {
		if f.Cause != nil {
			c.log.Warn("a sign-in by a provider failed", "code", f.Code, "error", f.Cause)
		}
		return back + url.QueryEscape(f.Code), nil
	}
	if err != nil {
		return "", err
	}
	if out.Linked {
		return "/settings/you?linked=yes", nil
	}
	c.forgetNames()
	c.carry(out.Started.Token)
	if out.To != "" {
		return out.To, nil
	}
	return "/", nil
}

type tieAnswer struct {
	Provider signInProviderAnswer `json:"provider"`
	Shown    string               `json:"shown,omitempty" doc:"What the provider calls the person; only to themselves."`
	How      string               `json:"how" enum:"self,expected,domain,newcomer,awaited" doc:"How it came about; awaited: the person has not come by it yet."`
	Made     string               `json:"made_at"`
	Used     *string              `json:"last_used_at"`
}

func (c *call) ties() (listOf[tieAnswer], error) {
	id, err := c.personInPath()
	if err != nil {
		return listOf[tieAnswer]{}, err
	}
	ties, err := c.Accounts.Ties(c.ctx, c.who, id)
	var all []tieAnswer
	for i := range ties {
		t := &ties[i]
		all = append(all, tieAnswer{signInProviderAnswer{c.Vault.Public("provider", int64(t.Provider)), t.ProviderName}, t.Shown, t.How, instant(t.Made), instantOr(t.Used)})
	}
	return list(all), err
}

// tieInPath is the person and the provider that the path names.
func (c *call) tieInPath() (actor.PersonID, identity.ProviderID, error) {
	person, err := c.personInPath()
	if err != nil {
		return 0, 0, err
	}
	id, ok := c.Vault.ID("provider", c.r.PathValue("provider"))
	if !ok {
		return 0, 0, missing("provider")
	}
	return person, identity.ProviderID(id), nil
}

func (c *call) expect() error {
	person, provider, err := c.tieInPath()
	if err != nil {
		return err
	}
	return c.Accounts.Expect(c.ctx, c.who, person, provider)
}

func (c *call) untie() error {
	person, provider, err := c.tieInPath()
	if err != nil {
		return err
	}
	return c.Accounts.Untie(c.ctx, c.who, person, provider)
}

type groupRoleShape struct {
	Group string `json:"group" doc:"As the provider writes it."`
	Role  string `json:"role"`
}

type providerBody struct {
	Version   int64            `json:"version,omitempty" required:"false" doc:"Of a change: the one that was read; absent: whatever it is now."`
	Name      string           `json:"name" doc:"On the button of the sign-in page."`
	Issuer    string           `json:"issuer,omitempty" required:"false" doc:"The address of the provider as it writes it itself. It cannot be changed later."`
	Client    string           `json:"client_id"`
	Secret    *string          `json:"client_secret,omitempty" required:"false" doc:"Kept sealed and never shown again. Of a change, absent: the one that is kept stays; empty: none."`
	Domains   []string         `json:"domains,omitempty" required:"false" nullable:"false" doc:"Mail domains that are the firm's own."`
	Attaches  bool             `json:"attaches,omitempty" required:"false" doc:"Who comes with a verified mail address of these domains gets into the account with that address, without having linked it."`
	Newcomers string           `json:"newcomers,omitempty" required:"false" doc:"The role of people of these domains who have no account yet; absent: they stay out."`
	Claim     string           `json:"groups_claim,omitempty" required:"false" doc:"The claim in which the provider names groups, such as groups."`
	Roles     []groupRoleShape `json:"roles,omitempty" required:"false" nullable:"false" doc:"Roles of newcomers by group. The first that fits counts."`
	Factor    bool             `json:"trusts_factor,omitempty" required:"false" doc:"A second factor that the provider has asked for (amr mfa) need not be proved here again."`
	Active    bool             `json:"active"`
}

type providerAnswer struct {
	ID        string           `json:"id"`
	Version   int64            `json:"version"`
	Name      string           `json:"name"`
	Issuer    string           `json:"issuer"`
	Client    string           `json:"client_id"`
	Secret    bool             `json:"has_secret"`
	Domains   []string         `json:"domains" nullable:"false"`
	Attaches  bool             `json:"attaches"`
	Newcomers string           `json:"newcomers,omitempty"`
	Claim     string           `json:"groups_claim"`
	Roles     []groupRoleShape `json:"roles" nullable:"false"`
	Factor    bool             `json:"trusts_factor"`
	Active    bool             `json:"active"`
	SetBy     named            `json:"set_by" doc:"By whose rights people are let in who have not been linked."`
	Stands    bool             `json:"stands" doc:"False: whoever set it may no longer let these people in, so nobody new comes in by it. Whoever may saves it again."`
	People    int              `json:"people" doc:"How many are linked."`
	Changed   string           `json:"updated_at"`
	Callback  string           `json:"redirect_uri" doc:"What the provider must be told to send browsers back to."`
}

func (c *call) providerOf(p *identity.Provider) (providerAnswer, error) {
	by, err := c.person(p.SetBy)
	if err != nil {
		return providerAnswer{}, err
	}
	stands, err := c.Accounts.Stands(c.ctx, p)
	a := providerAnswer{
		ID: c.Vault.Public("provider", int64(p.ID)), Version: p.Version, Name: p.Name, Issuer: p.Issuer, Client: p.Client, Secret: p.Secret, Domains: p.Domains,
		Attaches: p.Attaches, Claim: p.Claim, Roles: []groupRoleShape{}, Factor: p.Factor, Active: p.Active, SetBy: by, Stands: stands, People: p.Ties,
		Changed: instant(p.Updated), Callback: c.URL + ProviderCallback,
	}
	if a.Domains == nil {
		a.Domains = []string{}
	}
	if p.Newcomers != 0 {
		a.Newcomers = c.Vault.Public("role", int64(p.Newcomers))
	}
	for _, r := range p.Roles {
		a.Roles = append(a.Roles, groupRoleShape{r.Group, c.Vault.Public("role", int64(r.Role))})
	}
	return a, err
}

func (c *call) providers() (listOf[providerAnswer], error) {
	providers, err := c.Accounts.Providers(c.ctx, c.who)
	if err != nil {
		return listOf[providerAnswer]{}, err
	}
	var all []providerAnswer
	for i := range providers {
		a, err := c.providerOf(&providers[i])
		if err != nil {
			return listOf[providerAnswer]{}, err
		}
		all = append(all, a)
	}
	return list(all), nil
}

func (c *call) providerDraft(b providerBody) (identity.ProviderDraft, error) {
	d := identity.ProviderDraft{Name: b.Name, Issuer: b.Issuer, Client: b.Client, Secret: b.Secret, Domains: b.Domains, Attaches: b.Attaches, Claim: b.Claim, Factor: b.Factor, Active: b.Active}
	var err error
	if b.Newcomers != "" {
		if d.Newcomers, err = c.role(b.Newcomers, "newcomers"); err != nil {
			return d, err
		}
	}
	for _, r := range b.Roles {
		role, err := c.role(r.Role, "roles")
		if err != nil {
			return d, err
		}
		d.Roles = append(d.Roles, identity.GroupRole{Group: r.Group, Role: role})
	}
	return d, nil
}

func (c *call) createProvider(b providerBody) (providerAnswer, error) {
	if err := c.protected(); err != nil {
		return providerAnswer{}, err
	}
	d, err := c.providerDraft(b)
	if err != nil {
		return providerAnswer{}, err
	}
	p, err := c.Accounts.CreateProvider(c.ctx, c.who, d)
	if err != nil {
		return providerAnswer{}, err
	}
	return c.providerOf(&p)
}

func (c *call) providerInPath() (identity.ProviderID, error) {
	id, err := c.numbered("provider", "id")
	return identity.ProviderID(id), err
}

func (c *call) updateProvider(b providerBody) (providerAnswer, error) {
	if err := c.protected(); err != nil {
		return providerAnswer{}, err
	}
	id, err := c.providerInPath()
	if err != nil {
		return providerAnswer{}, err
	}
	d, err := c.providerDraft(b)
	if err != nil {
		return providerAnswer{}, err
	}
	if b.Version == 0 {
		was, err := c.Accounts.Provider(c.ctx, c.who, id)
		if err != nil {
			return providerAnswer{}, err
		}
		b.Version = was.Version
	}
	p, err := c.Accounts.UpdateProvider(c.ctx, c.who, id, b.Version, d)
	if err != nil {
		return providerAnswer{}, err
	}
	return c.providerOf(&p)
}

func (c *call) deleteProvider() error {
	id, err := c.providerInPath()
	if err != nil {
		return err
	}
	version, err := c.number("version")
	if err != nil {
		return err
	}
	if version == 0 {
		was, err := c.Accounts.Provider(c.ctx, c.who, id)
		if err != nil {
			return err
		}
		version = int(was.Version)
	}
	return c.Accounts.DeleteProvider(c.ctx, c.who, id, int64(version))
}

func (c *call) checkProvider() error {
	id, err := c.providerInPath()
	if err != nil {
		return err
	}
	return c.Federation.Check(c.ctx, c.who, id)
}
