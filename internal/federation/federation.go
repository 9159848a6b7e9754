// Package federation lets people in through the firm's identity provider.
//
// It speaks OpenID Connect: it sends a browser to the provider and checks what
// the browser brings back (authorization code, PKCE, state, nonce). Who may come
// in by what a provider says, and into which account, is for identity.
//
// What belongs to one sign-in lies sealed in a cookie of the browser that began
// it, and nowhere here: an answer that another browser brings opens nothing, and
// any process may receive it.
//
// A newcomer would get wrong what a provider may make this house connect to.
// Whoever sets a provider names an address, and the provider's own document names
// more of them. Every connection is judged when the name has become an address:
// to public addresses over https, or, for the provider's own host alone, to the
// networks that the operator has named. Redirects are not followed.
package federation

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/vault"
)

// Options are what Providers need. All but Internal must be given.
type Options struct {
	Accounts *identity.Accounts
	Rights   *rights.Book
	Vault    *vault.Vault
	Now      func() time.Time
	Callback string         // where providers send browsers back to: of the settings, never of a request
	Internal []netip.Prefix // networks of the operator's own in which providers may be
}

// Providers speaks with the providers that are set. It is safe for concurrent use.
type Providers struct {
	Options

	mu    sync.Mutex
	known map[identity.ProviderID]*counterpart
}

// Open makes the speaker. It asks nobody yet.
func Open(o Options) *Providers {
	return &Providers{Options: o, known: map[identity.ProviderID]*counterpart{}}
}

const (
	// Lasts is how long somebody may take at the provider.
	Lasts = 10 * time.Minute
	// remembered is how long a provider's description of itself is kept.
	remembered = time.Hour
)

// statePlace is where the state of a sign-in opens, and nowhere else.
const statePlace = "federation.state"

// state is what the browser carries from the beginning of a sign-in to its end.
type state struct {
	Provider identity.ProviderID `json:"p"`
	Version  int64               `json:"v"` // of the provider's settings
	Word     string              `json:"s"`
	Nonce    string              `json:"n"`
	Verifier string              `json:"c"`
	Ends     int64               `json:"e"`
	To       string              `json:"t,omitempty"`
	Session  actor.SessionID     `json:"w,omitempty"` // in which a link is being made; zero: a sign-in
}

// Begun is a sign-in that goes on at the provider.
type Begun struct {
	URL    string // where the browser goes
	Cookie string // what it keeps until it comes back
}

// Begin sends somebody to a provider: to sign in, or, if who is a person, to be
// linked to that account. to is where they want to be afterwards.
func (p *Providers) Begin(ctx context.Context, who actor.Actor, id identity.ProviderID, to string) (Begun, error) {
	c, err := p.meet(ctx, id)
	if err != nil {
		return Begun{}, err
	}
	word, _ := p.Vault.Token()
	nonce, _ := p.Vault.Token()
	verifier, _ := p.Vault.Token() // 43 characters of those that RFC 7636 allows
	s := state{Provider: id, Version: c.contract.Version, Word: word, Nonce: nonce, Verifier: verifier, Ends: p.Now().Add(Lasts).Unix(), To: to, Session: who.Session}
	sealed, err := json.Marshal(s)
	if err != nil {
		return Begun{}, fmt.Errorf("write state of sign-in: %w", err)
	}
	ask := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)}
	if who.Session != 0 {
		// Whose session at the provider is open is not proof enough for a link.
		ask = append(ask, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return Begun{c.oauth.AuthCodeURL(word, ask...), p.Vault.SealCursor(statePlace, sealed)}, nil
}

// Return is what a browser brings back from a provider.
type Return struct {
	Cookie string
	State  string
	Code   string
	Error  string
	Issuer string // RFC 9207
	Who    actor.Actor
}

// Outcome is how a sign-in or a link ended.
type Outcome struct {
	Started identity.Started // of a sign-in
	Linked  bool             // of a link
	To      string
}

// Linking tells whether a cookie belongs to a link rather than a sign-in, so that
// its end is told in the right place. It decides nothing.
func (p *Providers) Linking(cookie string) bool {
	s, err := p.open(cookie)
	return err == nil && s.Session != 0
}

func (p *Providers) open(cookie string) (state, error) {
	var s state
	plain, err := p.Vault.OpenCursor(statePlace, cookie)
	if err != nil || json.Unmarshal(plain, &s) != nil {
		return state{}, lost()
	}
	return s, nil
}

// lost is the answer to whoever comes back without having been sent, or too late.
func lost() *fault.Fault {
	return fault.New(fault.Invalid, "provider.lost", "This sign-in was begun in another browser, or too long ago. Begin again.")
}

func refused() *fault.Fault {
	return fault.New(fault.Denied, "provider.refused", "The provider did not let you sign in.")
}

// unproven is the answer to what a provider says and does not prove.
func unproven(why string) *fault.Fault {
	return fault.New(fault.Denied, "provider.unproven", "What the provider said could not be checked, so nobody was signed in. Whoever manages security should look at the settings of the provider.").Because(errors.New(why))
}

// Finish checks what a browser has brought back, and signs in or links.
func (p *Providers) Finish(ctx context.Context, r Return) (Outcome, error) {
	s, err := p.open(r.Cookie)
	if err != nil {
		return Outcome{}, err
	}
	if subtle.ConstantTimeCompare([]byte(s.Word), []byte(r.State)) != 1 || p.Now().Unix() >= s.Ends {
		return Outcome{}, lost()
	}
	if s.Session != 0 && s.Session != r.Who.Session {
		return Outcome{}, lost() // somebody else is signed in, or nobody
	}
	c, err := p.meet(ctx, s.Provider)
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case c.contract.Version != s.Version:
		return Outcome{}, lost()
	case r.Issuer != "" && r.Issuer != c.contract.Issuer, r.Issuer == "" && c.saysIssuer:
		return Outcome{}, unproven("the answer names another issuer, or none")
	case r.Error == "access_denied":
		return Outcome{}, fault.New(fault.Denied, "provider.cancelled", "The sign-in was cancelled at the provider.")
	case r.Error != "" || r.Code == "":
		return Outcome{}, refused()
	}
	v, err := c.exchange(ctx, p.Now, r.Code, &s)
	if err != nil {
		return Outcome{}, err
	}
	v.Provider, v.Address, v.Device = s.Provider, r.Who.Address, r.Who.Device
	if s.Session != 0 {
		return Outcome{Linked: true}, p.Accounts.TieSelf(ctx, r.Who, *v)
	}
	started, err := p.Accounts.SignInBy(ctx, *v)
	return Outcome{Started: started, To: s.To}, err
}

// Check asks a provider to describe itself, and says what is wrong with it. It
// takes the ability to manage security.
func (p *Providers) Check(ctx context.Context, who actor.Actor, id identity.ProviderID) error {
	if err := p.Rights.May(ctx, who, policy.ManageSecurity); err != nil {
		return err
	}
	p.mu.Lock()
	delete(p.known, id)
	p.mu.Unlock()
	contract, err := p.Accounts.Contract(ctx, id)
	if err != nil {
		return err
	}
	_, err = p.discover(ctx, contract)
	return err
}

// counterpart is a provider as it describes itself.
type counterpart struct {
	contract   identity.Contract
	oauth      oauth2.Config
	provider   *oidc.Provider
	verifier   *oidc.IDTokenVerifier
	saysIssuer bool // its answers name it (RFC 9207)
	at         time.Time
	within     func(context.Context) context.Context // lets requests go only where they may
}

// meet gives an active provider, which is asked to describe itself at most once
// an hour.
func (p *Providers) meet(ctx context.Context, id identity.ProviderID) (*counterpart, error) {
	contract, err := p.Accounts.Contract(ctx, id)
	if err == nil && !contract.Active {
		err = fault.New(fault.Missing, "provider.missing", "There is no such sign-in provider.")
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	c := p.known[id]
	p.mu.Unlock()
	if c != nil && c.contract.Version == contract.Version && p.Now().Sub(c.at) < remembered {
		return c, nil
	}
	if c, err = p.discover(ctx, contract); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = c
	return c, nil
}

// algorithms that an ID token may be signed with: none that a client's secret
// could forge.
var algorithms = [...]string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

func (p *Providers) discover(ctx context.Context, contract identity.Contract) (*counterpart, error) {
	issuer, err := url.Parse(contract.Issuer)
	if err != nil {
		return nil, fmt.Errorf("read issuer: %w", err)
	}
	client := p.client(issuer)
	within := func(ctx context.Context) context.Context { return oidc.ClientContext(ctx, client) }
	met, err := oidc.NewProvider(within(ctx), contract.Issuer)
	if err != nil {
		return nil, unreachable(err)
	}
	var more struct {
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
		Methods    []string `json:"token_endpoint_auth_methods_supported"`
		Scopes     []string `json:"scopes_supported"`
		SaysIssuer bool     `json:"authorization_response_iss_parameter_supported"`
		Keys       string   `json:"jwks_uri"`
	}
	if err := met.Claims(&more); err != nil {
		return nil, unreachable(errors.New("its description cannot be read"))
	}
	end := met.Endpoint()
	for _, address := range []string{end.AuthURL, end.TokenURL, more.Keys} {
		if !safe(issuer, address) {
			return nil, unreachable(errors.New("its description names an address without https, or none"))
		}
	}
	if met.UserInfoEndpoint() != "" && !safe(issuer, met.UserInfoEndpoint()) {
		return nil, unreachable(errors.New("its description names an address without https"))
	}
	signed := []string{}
	for _, a := range algorithms {
		if len(more.Algorithms) == 0 && a == oidc.RS256 || slices.Contains(more.Algorithms, a) {
			signed = append(signed, a)
		}
	}
	if len(signed) == 0 {
		return nil, unreachable(errors.New("it signs in no way that is trusted here"))
	}
	end.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") || contract.Secret == "" {
		end.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := []string{oidc.ScopeOpenID}
	for _, s := range []string{"email", "profile"} {
		if len(more.Scopes) == 0 || slices.Contains(more.Scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if contract.Claim != "" && slices.Contains(more.Scopes, contract.Claim) {
		scopes = append(scopes, contract.Claim)
	}
	return &counterpart{
		contract: contract, provider: met, saysIssuer: more.SaysIssuer, at: p.Now(), within: within,
		oauth:    oauth2.Config{ClientID: contract.Client, ClientSecret: contract.Secret, Endpoint: end, RedirectURL: p.Callback, Scopes: scopes},
		verifier: met.Verifier(&oidc.Config{ClientID: contract.Client, SupportedSigningAlgs: signed, Now: p.Now}),
	}, nil
}

// safe tells whether an address that a provider names may be asked: over https,
// or on the machine on which the provider itself is.
func safe(issuer *url.URL, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && issuer.Scheme == "http" && u.Host == issuer.Host && identity.LoopbackHost(u.Hostname())
}

// unreachable says that a provider does not answer as one. What it answered stays
// in the log, cut: it is the text of a stranger.
func unreachable(err error) *fault.Fault {
	var mismatch *oidc.IssuerMismatchError
	if errors.As(err, &mismatch) {
		return fault.New(fault.Busy, "provider.other_issuer", "The provider calls itself otherwise than the settings do. The address (issuer) must be written exactly as the provider writes it.").Because(errors.New("another issuer"))
	}
	return fault.New(fault.Busy, "provider.unreachable", "The provider cannot be reached, or does not answer as one.").Because(cut(err))
}

// cut is an error without what it may carry along.
func cut(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		return fmt.Errorf("the provider answered %d", answer.Response.StatusCode)
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err
	}
	said := err.Error()
	if i := strings.IndexByte(said, '{'); i >= 0 {
		said = said[:i]
	}
	if len(said) > 200 {
		said = strings.ToValidUTF8(said[:200], "")
	}
	return errors.New(said)
}

// claims are what is read of an ID token, or of the provider's own page about the
// person.
type claims struct {
	Email    string   `json:"email"`
	Verified any      `json:"email_verified"`
	Owned    any      `json:"xms_edov"` // Entra: the domain of the address is the firm's
	Name     string   `json:"name"`
	Login    string   `json:"preferred_username"`
	Locale   string   `json:"locale"`
	Party    string   `json:"azp"`
	Class    string   `json:"acr"`
	Methods  []string `json:"amr"`
}

// yes reads what some providers write as a word or a number.
func yes(v any) bool {
	switch x := v.(type) {
	case bool:
		return x
	case string:
		return x == "true" || x == "1"
	case float64:
		return x == 1
	}
	return false
}

// strong tells whether the provider says that more than a password was proved.
func (c *claims) strong() bool {
	classes := []string{"phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor", "https://refeds.org/profile/mfa"}
	return slices.Contains(c.Methods, "mfa") || slices.Contains(classes, c.Class)
}

const longestClaim = 255

// exchange turns a code into what the provider vouches for.
func (c *counterpart) exchange(ctx context.Context, now func() time.Time, code string, s *state) (*identity.Vouched, error) {
	ctx = c.within(ctx)
	token, err := c.oauth.Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) && answer.Response.StatusCode < 500 {
			return nil, unproven("the provider did not take the code, or not the secret").Because(cut(err))
		}
		return nil, unreachable(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, unproven("there is no ID token")
	}
	id, err := c.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, unproven(cut(err).Error())
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return nil, unproven("the claims cannot be read")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(s.Nonce)) != 1:
		return nil, unproven("the nonce is another one")
	case len(id.Audience) > 1 && said.Party != c.contract.Client, said.Party != "" && said.Party != c.contract.Client:
		return nil, unproven("the ID token was made for another party")
	case id.IssuedAt.After(now().Add(5 * time.Minute)):
		return nil, unproven("the ID token is of the future")
	case id.Subject == "" || len(id.Subject) > longestClaim:
		return nil, unproven("there is no subject")
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil {
		return nil, unproven("the access token is not the one of the ID token")
	}
	groups := groupsOf(id.Claims, c.contract.Claim)
	if said.Email == "" && c.provider.UserInfoEndpoint() != "" {
		// Not all of them put who somebody is into the token.
		more, err := c.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, unreachable(err)
		}
		if more.Subject != id.Subject {
			return nil, unproven("the person is another one")
		}
		var told claims
		if err := more.Claims(&told); err != nil {
			return nil, unproven("the claims cannot be read")
		}
		said.Email, said.Verified, said.Name, said.Login, said.Locale = told.Email, told.Verified, told.Name, told.Login, told.Locale
		groups = append(groups, groupsOf(more.Claims, c.contract.Claim)...)
	}
	v := &identity.Vouched{
		Subject: id.Subject, Shown: shown(said.Email, said.Login, said.Name), Email: said.Email, Verified: said.Email != "" && (yes(said.Verified) || yes(said.Owned)),
		Name: said.Name, Language: said.Locale, Groups: groups, Factor: said.strong(),
	}
	return v, nil
}

// shown is the first word that there is, in bounds.
func shown(words ...string) string {
	for _, w := range words {
		if w = strings.TrimSpace(strings.ToValidUTF8(w, "")); w != "" && len(w) <= longestClaim && !strings.ContainsFunc(w, func(r rune) bool { return r < ' ' }) {
			return w
		}
	}
	return ""
}

// groupsOf reads the claim that names groups: a list, or one word.
func groupsOf(read func(any) error, name string) []string {
	var all map[string]json.RawMessage
	if name == "" || read(&all) != nil {
		return nil
	}
	var many []string
	if json.Unmarshal(all[name], &many) == nil {
		return many
	}
	var one string
	if json.Unmarshal(all[name], &one) == nil && one != "" {
		return []string{one}
	}
	return nil
}
