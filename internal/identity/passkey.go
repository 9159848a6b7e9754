package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// Site is the place that a passkey is made for: the address by which people
// reach Castellan as it was configured, never as a request says it, and what the
// workspace is called.
type Site struct {
	URL  string
	Name string
}

// Passkeys tells whether browsers make passkeys for the site: they do for names
// over https, and for localhost.
func (s Site) Passkeys() bool {
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return false
	}
	local := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost")
	return u.Scheme == "https" || local && u.Scheme == "http"
}

// party is the side of a passkey that checks. Discoverable keys only: otherwise
// none could be the only step.
func (s Site) party() (*webauthn.WebAuthn, error) {
	if !s.Passkeys() {
		return nil, fault.New(fault.Conflict, "passkey.site", "Browsers make passkeys only for a site with a name and https. Reach Castellan by such an address first.")
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of the site: %w", err)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: s.Name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("describe the site to passkeys: %w", err)
	}
	return w, nil
}

// holder is a person as passkeys know them: by a handle that says nothing to
// anybody else.
type holder struct {
	handle      []byte
	mail, name  string
	credentials []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return h.handle }
func (h *holder) WebAuthnName() string                       { return h.mail }
func (h *holder) WebAuthnDisplayName() string                { return h.name }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

const handlePrefix = "passkey"

func (a *Accounts) holder(ctx context.Context, from asker, person actor.PersonID, keys []factor) (*holder, error) {
	h := &holder{handle: []byte(a.Vault.Public(handlePrefix, int64(person)))}
	if err := from.QueryRow(ctx, store.Text(`SELECT email, name FROM person WHERE id = ?`), person).Scan(&h.mail, &h.name); err != nil {
		return nil, fmt.Errorf("read the holder of a passkey: %w", err)
	}
	for i := range keys {
		if keys[i].Kind != Passkey {
			continue
		}
		c, err := a.credential(&keys[i])
		if err != nil {
			return nil, err
		}
		h.credentials = append(h.credentials, c)
	}
	return h, nil
}

func (a *Accounts) credential(f *factor) (c webauthn.Credential, err error) {
	plain, err := a.Vault.Open(f.place(), f.secret)
	if err != nil {
		return c, fmt.Errorf("open passkey: %w", err)
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("read passkey: %w", err)
	}
	return c, nil
}

// For how long a challenge, or the secret of an app that is being set up, is good.
const ceremonyLasts = 10 * time.Minute

// ceremony is what the house must know again when the browser comes back. It
// goes out sealed, for one use and one session, so that strangers who begin and
// never come back leave nothing behind.
type ceremony struct {
	Person  actor.PersonID       `json:"person,omitempty"`
	Session actor.SessionID      `json:"session,omitempty"`
	Ends    time.Time            `json:"ends"`
	Keys    webauthn.SessionData `json:"keys,omitzero"`
	Secret  []byte               `json:"secret,omitempty"`
}

type use string

const (
	toEnrolApp     use = "ceremony/app"
	toEnrolPasskey use = "ceremony/passkey"
	toProve        use = "ceremony/prove"
	toSignIn       use = "ceremony/signin"
)

func (a *Accounts) sealCeremony(u use, c ceremony) (string, error) {
	c.Ends = a.DB.Now().Add(ceremonyLasts)
	text, err := json.Marshal(c) //nolint:gosec // it is sealed before it is kept
	if err != nil {
		return "", fmt.Errorf("write down a ceremony: %w", err)
	}
	return a.Vault.SealCursor(string(u), text), nil
}

// openCeremony opens what sealCeremony has sealed, for the same use and session.
func (a *Accounts) openCeremony(u use, who actor.Actor, state string) (c ceremony, ok bool) {
	text, err := a.Vault.OpenCursor(string(u), state)
	if err != nil || json.Unmarshal(text, &c) != nil {
		return ceremony{}, false
	}
	return c, c.Person == who.Person && c.Session == who.Session && a.DB.Now().Before(c.Ends)
}

// spend lets a ceremony end well once.
func (a *Accounts) spend(ctx context.Context, tx *store.Tx, state string, c ceremony) (bool, error) {
	n, err := tx.Exec(ctx, store.Text(`INSERT INTO spent_challenge (hash, ends_at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING`), vault.Hash(state), c.Ends)
	if err != nil {
		return false, fmt.Errorf("spend a challenge: %w", err)
	}
	return n == 1, nil
}

// chance makes the challenge come from the house's own source.
func (a *Accounts) chance(o *protocol.PublicKeyCredentialRequestOptions) error {
	o.Challenge = a.Vault.Bytes(32)
	return nil
}

// Asked is what the browser needs to use or make a passkey, and what it must
// bring back with the answer.
type Asked struct {
	Options json.RawMessage
	State   string
}

func asked(options any, state string) (Asked, error) {
	text, err := json.Marshal(options)
	return Asked{text, state}, err
}

// AskPasskey begins to prove a passkey of the person: as the second step, or to
// step up.
func (a *Accounts) AskPasskey(ctx context.Context, who actor.Actor, site Site) (Asked, error) {
	w, err := site.party()
	if err != nil {
		return Asked{}, err
	}
	var h *holder
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		keys, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		h, err = a.holder(ctx, tx, who.Person, keys)
		return err
	})
	if err != nil {
		return Asked{}, err
	}
	if len(h.credentials) == 0 {
		return Asked{}, fault.New(fault.Conflict, "passkey.none", "There is no passkey on this account.")
	}
	options, data, err := w.BeginLogin(h, a.chance)
	if err != nil {
		return Asked{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	state, err := a.sealCeremony(toProve, ceremony{Person: who.Person, Session: who.Session, Keys: *data})
	if err != nil {
		return Asked{}, err
	}
	return asked(options.Response, state)
}

// AskStranger begins to sign in by a passkey alone. The device must know its
// owner by a finger, a face or a number: possession alone would be one step.
func (a *Accounts) AskStranger(who actor.Actor, site Site) (Asked, error) {
	if wait, ok := a.byNetwork.Take(throttle.Network(who.Address).String()); !ok {
		return Asked{}, often(wait)
	}
	w, err := site.party()
	if err != nil {
		return Asked{}, err
	}
	options, data, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired), a.chance)
	if err != nil {
		return Asked{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	state, err := a.sealCeremony(toSignIn, ceremony{Keys: *data})
	if err != nil {
		return Asked{}, err
	}
	return asked(options.Response, state)
}

// checkPasskey tells whether the answer is that of a passkey of the person, for
// this challenge, which it uses up. What the key says of itself is kept.
func (a *Accounts) checkPasskey(ctx context.Context, tx *store.Tx, who actor.Actor, p Proof) (why string, err error) {
	c, ok := a.openCeremony(toProve, who, p.State)
	if !ok {
		return "challenge", nil
	}
	keys, err := factorsOf(ctx, tx, who.Person)
	if err != nil {
		return "", err
	}
	h, err := a.holder(ctx, tx, who.Person, keys)
	if err != nil {
		return "", err
	}
	w, err := p.Site.party()
	if err != nil {
		return "", err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(p.Passkey)
	if err != nil {
		return "passkey", nil //nolint:nilerr // what the browser sent is not an answer of a passkey: that is the refusal
	}
	used, err := w.ValidateLogin(h, c.Keys, answer)
	if err != nil {
		return "passkey", nil //nolint:nilerr // why exactly it does not hold is nobody's business outside
	}
	return a.keepPasskey(ctx, tx, p.State, c, keys, used)
}

func (a *Accounts) keepPasskey(ctx context.Context, tx *store.Tx, state string, c ceremony, keys []factor, used *webauthn.Credential) (why string, err error) {
	if used.Authenticator.CloneWarning {
		return "cloned", nil
	}
	if once, err := a.spend(ctx, tx, state, c); err != nil || !once {
		return "challenge", err
	}
	text, err := json.Marshal(used)
	if err != nil {
		return "", fmt.Errorf("write passkey: %w", err)
	}
	name := vault.Hash(string(used.ID))
	for i := range keys {
		if !bytes.Equal(keys[i].credential, name[:]) {
			continue
		}
		_, err := tx.Exec(ctx, store.Text(`UPDATE factor SET secret = ?, used_at = ? WHERE id = ?`), a.Vault.Seal(keys[i].place(), text), tx.Now(), keys[i].ID)
		if err != nil {
			return "", fmt.Errorf("keep passkey: %w", err)
		}
		return "", nil
	}
	return "passkey", nil
}

// SignInByPasskey begins a session by a passkey alone. Whoever is refused learns
// nothing but that.
func (a *Accounts) SignInByPasskey(ctx context.Context, who actor.Actor, p Proof) (Started, error) {
	network := throttle.Network(who.Address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return Started{}, a.slowed(ctx, who, network, wait)
	}
	who = stranger(who.Address, who.Device)
	var s Started
	var why refusal
	err := a.DB.Write(ctx, func(tx *store.Tx) (err error) {
		s, why, err = a.admitPasskey(ctx, tx, who, p)
		if err == nil && why.Reason != "" {
			return a.tell(ctx, tx, who, "session.refused", "person", int64(why.Person), why)
		}
		return err
	})
	if err == nil && why.Reason != "" {
		err = fault.New(fault.Unknown, "passkey.refused", "This passkey does not open anything here.")
	}
	if err != nil {
		return Started{}, err
	}
	return s, nil
}

func (a *Accounts) admitPasskey(ctx context.Context, tx *store.Tx, who actor.Actor, p Proof) (s Started, why refusal, err error) {
	c, ok := a.openCeremony(toSignIn, actor.Actor{}, p.State)
	if !ok {
		return s, refusal{Reason: "challenge"}, nil
	}
	w, err := p.Site.party()
	if err != nil {
		return s, why, err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(p.Passkey)
	if err != nil {
		return s, refusal{Reason: "passkey"}, nil //nolint:nilerr // as above
	}
	id, ok := a.Vault.ID(handlePrefix, string(answer.Response.UserHandle))
	if !ok {
		return s, refusal{Reason: "passkey"}, nil
	}
	person, err := personAt(ctx, tx, actor.PersonID(id))
	if fault.Is(err, fault.Missing) {
		return s, refusal{Reason: "unknown"}, nil
	}
	if err != nil {
		return s, why, err
	}
	why.Person = person.ID
	keys, err := factorsOf(ctx, tx, person.ID)
	if err != nil {
		return s, why, err
	}
	h, err := a.holder(ctx, tx, person.ID, keys)
	if err != nil {
		return s, why, err
	}
	used, err := w.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return h, nil }, c.Keys, answer)
	if err != nil {
		why.Reason = "passkey"
		return s, why, nil //nolint:nilerr // as above
	}
	if person.State != Active {
		why.Reason = "deactivated"
		return s, why, nil
	}
	if why.Reason, err = a.unwelcome(ctx, person.ID, who); err != nil || why.Reason != "" {
		return s, why, err
	}
	if why.Reason, err = a.keepPasskey(ctx, tx, p.State, c, keys, used); err != nil || why.Reason != "" {
		return s, why, err
	}
	s, err = a.enter(ctx, tx, person, entrance{how: "passkey", factor: Passkey, address: who.Address, device: who.Device})
	return s, refusal{}, err
}

// DraftPasskey begins to make a passkey for the person.
func (a *Accounts) DraftPasskey(ctx context.Context, who actor.Actor, site Site) (Asked, error) {
	w, err := site.party()
	if err != nil {
		return Asked{}, err
	}
	var h *holder
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		keys, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		h, err = a.holder(ctx, tx, who.Person, keys)
		return err
	})
	if err != nil {
		return Asked{}, err
	}
	var held []protocol.CredentialDescriptor
	for i := range h.credentials {
		held = append(held, h.credentials[i].Descriptor())
	}
	options, data, err := w.BeginRegistration(h, webauthn.WithExclusions(held), webauthn.WithExtensions(webauthn.WithExtensionCredProps()),
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = a.Vault.Bytes(32)
			return nil
		})
	if err != nil {
		return Asked{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	state, err := a.sealCeremony(toEnrolPasskey, ceremony{Person: who.Person, Session: who.Session, Keys: *data})
	if err != nil {
		return Asked{}, err
	}
	return asked(options.Response, state)
}

// EnrolPasskey keeps a passkey that the browser has made.
func (a *Accounts) EnrolPasskey(ctx context.Context, who actor.Actor, p Proof, name string) (Enrolled, error) {
	c, ok := a.openCeremony(toEnrolPasskey, who, p.State)
	if !ok {
		return Enrolled{}, outOfDate()
	}
	w, err := p.Site.party()
	if err != nil {
		return Enrolled{}, err
	}
	made, err := protocol.ParseCredentialCreationResponseBytes(p.Passkey)
	if err != nil {
		return Enrolled{}, badPasskey(err)
	}
	return a.enrol(ctx, who, p.State, c, name, func(tx *store.Tx, f *factor) error {
		h, err := a.holder(ctx, tx, who.Person, nil)
		if err != nil {
			return err
		}
		key, err := w.CreateCredential(h, c.Keys, made)
		if err != nil {
			return badPasskey(err)
		}
		text, err := json.Marshal(key)
		if err != nil {
			return fmt.Errorf("write passkey: %w", err)
		}
		id := vault.Hash(string(key.ID))
		f.Kind, f.credential, f.secret = Passkey, id[:], text
		var taken int
		if err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM factor WHERE credential = ?`), f.credential).Scan(&taken); err != nil {
			return fmt.Errorf("look for a passkey: %w", err)
		}
		if taken > 0 {
			return badPasskey(errors.New("the credential is known already"))
		}
		return nil
	})
}

func outOfDate() *fault.Fault {
	return fault.New(fault.Invalid, "factor.late", "This took too long, or was begun elsewhere. Begin again.")
}

func badPasskey(cause error) *fault.Fault {
	return fault.New(fault.Invalid, "passkey.bad", "The passkey could not be taken. Try again, or with another device.").Because(cause)
}
