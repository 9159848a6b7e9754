package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/value"
)

// ProviderID is the number of a sign-in provider.
type ProviderID int64

// Provider is an identity provider of the firm, by which people sign in. What it
// is asked and how is for federation; here is whom it lets into which account.
type Provider struct {
	ID      ProviderID
	Version int64
	Name    string // on the button
	Issuer  string // never changes: who is linked is linked to what this issuer says
	Client  string
	Secret  bool // whether one is kept; it is never shown

	Domains   []string // mail domains that are the firm's own
	Attaches  bool     // a verified address of these domains opens the account with that address
	Newcomers actor.RoleID
	Claim     string      // the claim that names groups; empty: none is read
	Roles     []GroupRole // for newcomers, by group; the first that fits counts, then Newcomers
	Factor    bool        // what it says of second factors is believed
	Active    bool

	SetBy   actor.PersonID // by whose rights it lets people in
	Ties    int            // how many people are linked
	Created time.Time
	Updated time.Time
}

// GroupRole gives newcomers of a group a role.
type GroupRole struct {
	Group string       `json:"group"`
	Role  actor.RoleID `json:"role"`
}

// ProviderDraft is what a provider is made of or changed to. Secret is the only
// part that may be left out: nil keeps the one that is there.
type ProviderDraft struct {
	Name      string
	Issuer    string // of a change: left out, or the same
	Client    string
	Secret    *string
	Domains   []string
	Attaches  bool
	Newcomers actor.RoleID
	Claim     string
	Roles     []GroupRole
	Factor    bool
	Active    bool
}

const (
	mostDomains    = 50
	mostGroupRoles = 50
	longestSecret  = 4096
	longestWord    = 512
)

// LoopbackHost tells whether a host is this machine by its name alone.
func LoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// issuer is the address by which a provider calls itself. Over plain http only
// on this machine, where nobody is between.
func (f *form) issuer(typed string) string {
	typed = strings.TrimSpace(typed)
	u, err := url.Parse(typed)
	switch {
	case err != nil || len(typed) > longestWord || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.ContainsRune(typed, '#'):
	case u.Scheme == "https", u.Scheme == "http" && LoopbackHost(u.Hostname()):
		return typed
	}
	f.complain("issuer", "provider.issuer", "The address of the provider (issuer) is written as https://login.example.com, as the provider itself writes it.")
	return ""
}

func (f *form) domains(typed []string) []string {
	all := []string{}
	for _, word := range typed {
		e, err := value.ParseEmail("x@" + strings.TrimPrefix(strings.TrimSpace(word), "@"))
		if err != nil || len(all) >= mostDomains {
			f.complain("domains", "provider.domains", "Mail domains are at most 50 words such as example.com.")
			return all
		}
		if d := domainOf(e.Address); !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	return all
}

// domainOf is what follows the last @, folded.
func domainOf(email string) string {
	key := value.EmailKey(email)
	return key[strings.LastIndexByte(key, '@')+1:]
}

// line is a short word that must be there, or may be empty.
func (f *form) line(field, typed string, must bool) string {
	typed = strings.TrimSpace(typed)
	if len(typed) > longestWord || must && typed == "" || value.Line(typed) != typed {
		f.complain(field, "provider.word", "This must be one line of at most 512 characters.")
	}
	return typed
}

// readProvider checks what was typed. Whether the roles may be given is asked in
// the transaction.
func readProvider(d ProviderDraft) (Provider, error) {
	var f form
	p := Provider{
		Name: f.name(d.Name), Client: f.line("client", d.Client, true), Domains: f.domains(d.Domains), Attaches: d.Attaches,
		Newcomers: d.Newcomers, Claim: f.line("claim", d.Claim, false), Roles: []GroupRole{}, Factor: d.Factor, Active: d.Active,
	}
	if d.Issuer != "" {
		p.Issuer = f.issuer(d.Issuer)
	}
	if d.Secret != nil && len(*d.Secret) > longestSecret {
		f.complain("secret", "provider.secret", "The secret is too long.")
	}
	if len(p.Domains) == 0 && (p.Attaches || p.Newcomers != 0 || len(d.Roles) > 0) {
		// Whoever has an account at a public provider would come in.
		f.complain("domains", "provider.needs_domains", "Say which mail domains are the firm's own: only their people can be let in without being asked for one by one.")
	}
	if len(d.Roles) > mostGroupRoles || len(d.Roles) > 0 && p.Claim == "" {
		f.complain("roles", "provider.roles", "Roles by group are at most 50, and need the name of the claim in which the provider names groups.")
	}
	for _, r := range d.Roles {
		p.Roles = append(p.Roles, GroupRole{f.line("roles", r.Group, true), r.Role})
	}
	return p, f.err()
}

// mayLetIn tells whether the actor may give newcomers the roles. The owner's is
// given by people alone.
func (a *Accounts) mayLetIn(look *rights.Picture, who actor.Actor, p *Provider) error {
	if !self(who, who.Person) {
		return fault.New(fault.Denied, "provider.program", "Only people set sign-in providers.")
	}
	roles := []actor.RoleID{}
	if p.Newcomers != 0 {
		roles = append(roles, p.Newcomers)
	}
	for _, r := range p.Roles {
		roles = append(roles, r.Role)
	}
	for _, r := range roles {
		if err := mayBring(look, who, r); err != nil {
			return err
		}
	}
	return nil
}

// mayBring tells whether newcomers may be given a role by the rights of a person.
func mayBring(look *rights.Picture, by actor.Actor, role actor.RoleID) error {
	if err := look.Need(by, policy.ManagePeople); err != nil {
		return err
	}
	if err := look.MayGive(by, 0, role); err != nil {
		return err
	}
	if owner, ok := look.Built(policy.Owner); ok && owner == role {
		return fault.New(fault.Invalid, "provider.owner", "Nobody becomes an owner by signing in.").At("newcomers")
	}
	return nil
}

// secretPlace is where the secret of a provider opens, and nowhere else.
func secretPlace(id ProviderID) string { return fmt.Sprintf("provider.secret/%d", id) }

// seal gives what is stored of a secret: nil for none.
func (a *Accounts) seal(id ProviderID, secret string) any {
	if secret == "" {
		return nil
	}
	return a.Vault.Seal(secretPlace(id), []byte(secret))
}

// providerDetails are what the ledger keeps of a provider: never the secret.
type providerDetails struct {
	Name      string       `json:"name"`
	Issuer    string       `json:"issuer"`
	Client    string       `json:"client"`
	Domains   []string     `json:"domains"`
	Attaches  bool         `json:"attaches"`
	Newcomers actor.RoleID `json:"newcomers,omitempty"`
	Claim     string       `json:"claim,omitempty"`
	Roles     []GroupRole  `json:"roles,omitempty"`
	Factor    bool         `json:"factor"`
	Active    bool         `json:"active"`
}

func providerDetailsOf(p *Provider) providerDetails {
	return providerDetails{p.Name, p.Issuer, p.Client, p.Domains, p.Attaches, p.Newcomers, p.Claim, p.Roles, p.Factor, p.Active}
}

// CreateProvider adds a provider. It takes ManageSecurity, and for roles of
// newcomers ManagePeople and a standing that covers them: whom the provider lets
// in is let in by the rights of whoever set it last.
func (a *Accounts) CreateProvider(ctx context.Context, who actor.Actor, d ProviderDraft) (Provider, error) {
	p, wrong := readProvider(d)
	if d.Issuer == "" && wrong == nil {
		var f form
		f.issuer("")
		wrong = f.err()
	}
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		if err := a.maySetProvider(ctx, tx, who, &p, wrong); err != nil {
			return err
		}
		id, err := tx.NextSmall(ctx, "provider")
		if err != nil {
			return err
		}
		p.ID, p.Version, p.SetBy, p.Created, p.Updated = ProviderID(id), 1, who.Person, tx.Now(), tx.Now()
		secret := ""
		if d.Secret != nil {
			secret = *d.Secret
		}
		p.Secret = secret != ""
		domains, roles, err := listsOf(&p)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO provider
			(id, version, name, name_key, issuer, client, secret, domains, attaches, newcomers, claim, roles, factor, active, set_by, created_at, updated_at)
			VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
			p.ID, p.Name, value.TextKey(p.Name), p.Issuer, p.Client, a.seal(p.ID, secret), domains, p.Attaches, roleOrNone(p.Newcomers), p.Claim, roles,
			p.Factor, p.Active, p.SetBy, tx.Now(), tx.Now())
		if err != nil {
			return fmt.Errorf("create provider: %w", err)
		}
		return a.tell(ctx, tx, who, "provider.created", "provider", id, struct {
			After providerDetails `json:"after"`
		}{providerDetailsOf(&p)})
	})
	return p, err
}

// maySetProvider asks everything that a new or changed provider takes.
func (a *Accounts) maySetProvider(ctx context.Context, tx *store.Tx, who actor.Actor, p *Provider, wrong error) error {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return err
	}
	if err := look.Need(who, policy.ManageSecurity); err != nil {
		return err
	}
	if wrong != nil {
		return wrong
	}
	if err := a.mayLetIn(look, who, p); err != nil {
		return err
	}
	var n int
	err = tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM provider WHERE name_key = ? AND id <> ?`), value.TextKey(p.Name), p.ID).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for a provider: %w", err)
	}
	if n > 0 {
		return fault.New(fault.Invalid, "name.taken", "This name is taken.").At("name")
	}
	return nil
}

func listsOf(p *Provider) (domains, roles string, err error) {
	d, err := json.Marshal(p.Domains)
	if err != nil {
		return "", "", fmt.Errorf("write domains: %w", err)
	}
	r, err := json.Marshal(p.Roles)
	if err != nil {
		return "", "", fmt.Errorf("write roles: %w", err)
	}
	return string(d), string(r), nil
}

func roleOrNone(r actor.RoleID) *int64 {
	if r == 0 {
		return nil
	}
	n := int64(r)
	return &n
}

// UpdateProvider changes everything of a provider but its issuer. It takes what
// CreateProvider takes, and the version that was read. Switched off, the provider
// lets nobody in, and the sessions that it began end.
func (a *Accounts) UpdateProvider(ctx context.Context, who actor.Actor, id ProviderID, version int64, d ProviderDraft) (Provider, error) {
	p, wrong := readProvider(d)
	p.ID = id
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		if err := a.maySetProvider(ctx, tx, who, &p, wrong); err != nil {
			return err
		}
		was, err := providerAt(ctx, tx, id)
		if err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "provider.version", "Somebody else has changed this. Read it again.")
		}
		if p.Issuer != "" && p.Issuer != was.Issuer {
			return fault.New(fault.Invalid, "provider.issuer_fixed", "The issuer cannot change: people are linked to what this issuer says. Add another provider.").At("issuer")
		}
		p.Issuer, p.Version, p.SetBy, p.Created, p.Updated, p.Ties, p.Secret = was.Issuer, version+1, who.Person, was.Created, tx.Now(), was.Ties, was.Secret
		domains, roles, err := listsOf(&p)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, store.Text(`UPDATE provider SET version = version + 1, name = ?, name_key = ?, client = ?, domains = ?, attaches = ?, newcomers = ?,
			claim = ?, roles = ?, factor = ?, active = ?, set_by = ?, updated_at = ? WHERE id = ?`),
			p.Name, value.TextKey(p.Name), p.Client, domains, p.Attaches, roleOrNone(p.Newcomers), p.Claim, roles, p.Factor, p.Active, p.SetBy, tx.Now(), id)
		if err != nil {
			return fmt.Errorf("change provider: %w", err)
		}
		if d.Secret != nil {
			p.Secret = *d.Secret != ""
			if _, err := tx.Exec(ctx, store.Text(`UPDATE provider SET secret = ? WHERE id = ?`), a.seal(id, *d.Secret), id); err != nil {
				return fmt.Errorf("change secret of provider: %w", err)
			}
		}
		var ended int64
		if !p.Active {
			if ended, err = a.endBegunBy(ctx, tx, id, "provider"); err != nil {
				return err
			}
		}
		return a.tell(ctx, tx, who, "provider.changed", "provider", int64(id), struct {
			Before   providerDetails `json:"before"`
			After    providerDetails `json:"after"`
			Secret   bool            `json:"secret_changed"`
			Sessions int64           `json:"sessions"`
		}{providerDetailsOf(&was), providerDetailsOf(&p), d.Secret != nil, ended})
	})
	return p, err
}

// DeleteProvider removes a provider with its links. The sessions that it began
// end; whoever came only by it needs a link from whoever manages people. It takes
// ManageSecurity and the version that was read.
func (a *Accounts) DeleteProvider(ctx context.Context, who actor.Actor, id ProviderID, version int64) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Need(who, policy.ManageSecurity); err != nil {
			return err
		}
		was, err := providerAt(ctx, tx, id)
		if err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "provider.version", "Somebody else has changed this. Read it again.")
		}
		ended, err := a.endBegunBy(ctx, tx, id, "provider")
		if err != nil {
			return err
		}
		for _, sql := range []store.Text{`DELETE FROM expected WHERE provider = ?`, `DELETE FROM tie WHERE provider = ?`, `DELETE FROM provider WHERE id = ?`} {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return fmt.Errorf("remove provider: %w", err)
			}
		}
		return a.tell(ctx, tx, who, "provider.deleted", "provider", int64(id), struct {
			Before   providerDetails `json:"before"`
			Ties     int             `json:"ties"`
			Sessions int64           `json:"sessions"`
		}{providerDetailsOf(&was), was.Ties, ended})
	})
}

// endBegunBy ends the sessions that a provider began, and says how many.
func (a *Accounts) endBegunBy(ctx context.Context, tx *store.Tx, id ProviderID, why string) (int64, error) {
	n, err := tx.Exec(ctx, store.Text(`UPDATE session SET ended_at = ?, ended_why = ? WHERE provider = ? AND ended_at IS NULL`), tx.Now(), why, id)
	if err != nil {
		return 0, fmt.Errorf("end sessions of provider: %w", err)
	}
	return n, a.forget(ctx, tx)
}

const providerColumns = `SELECT p.id, p.version, p.name, p.issuer, p.client, CASE WHEN p.secret IS NULL THEN 0 ELSE 1 END, p.domains, p.attaches, COALESCE(p.newcomers, 0),
	p.claim, p.roles, p.factor, p.active, p.set_by, p.created_at, p.updated_at, (SELECT COUNT(*) FROM tie t WHERE t.provider = p.id) FROM provider p`

func scanProvider(row interface{ Scan(...any) error }) (Provider, error) {
	var p Provider
	var domains, roles string
	err := row.Scan(&p.ID, &p.Version, &p.Name, &p.Issuer, &p.Client, &p.Secret, &domains, &p.Attaches, &p.Newcomers,
		&p.Claim, &roles, &p.Factor, &p.Active, &p.SetBy, &p.Created, &p.Updated, &p.Ties)
	if err != nil {
		return p, err
	}
	return p, errors.Join(json.Unmarshal([]byte(domains), &p.Domains), json.Unmarshal([]byte(roles), &p.Roles))
}

func providerAt(ctx context.Context, from asker, id ProviderID) (Provider, error) {
	p, err := scanProvider(from.QueryRow(ctx, providerByID, id))
	if errors.Is(err, store.ErrNoRows) {
		return p, noProvider()
	}
	if err != nil {
		return p, fmt.Errorf("read provider: %w", err)
	}
	return p, nil
}

const providerByID = store.Text(providerColumns + ` WHERE p.id = ?`)

func noProvider() *fault.Fault {
	return fault.New(fault.Missing, "provider.missing", "There is no such sign-in provider.")
}

// Providers lists all providers, by name. It takes ManageSecurity.
func (a *Accounts) Providers(ctx context.Context, who actor.Actor) ([]Provider, error) {
	if err := a.Rights.May(ctx, who, policy.ManageSecurity); err != nil {
		return nil, err
	}
	return a.providers(ctx, store.Text(providerColumns+` ORDER BY p.name_key, p.id`))
}

func (a *Accounts) providers(ctx context.Context, sql store.Text) ([]Provider, error) {
	rows, err := a.DB.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	defer rows.Close()
	var all []Provider
	for rows.Next() {
		p, err := scanProvider(rows)
		if err != nil {
			return nil, fmt.Errorf("list providers: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Provider reads one. It takes ManageSecurity.
func (a *Accounts) Provider(ctx context.Context, who actor.Actor, id ProviderID) (Provider, error) {
	if err := a.Rights.May(ctx, who, policy.ManageSecurity); err != nil {
		return Provider{}, err
	}
	return providerAt(ctx, a.DB, id)
}

// Stands tells whether a provider can still let in whom its settings name:
// whoever set it last must be able to.
func (a *Accounts) Stands(ctx context.Context, p *Provider) (stands bool, err error) {
	if !p.Attaches && p.Newcomers == 0 && len(p.Roles) == 0 {
		return true, nil
	}
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err == nil {
			by := actor.Actor{Kind: actor.Person, Person: p.SetBy}
			stands = look.Need(by, policy.ManageSecurity) == nil && a.mayLetIn(look, by, p) == nil && look.Need(by, policy.ManagePeople) == nil
		}
		return err
	})
	return stands, err
}

// ProviderName is a provider as everybody may know it who stands at the door.
type ProviderName struct {
	ID   ProviderID
	Name string
}

// ProviderNames lists the active providers, by name, for the buttons of the
// sign-in page. Strangers may ask.
func (a *Accounts) ProviderNames(ctx context.Context) ([]ProviderName, error) {
	all, err := a.providers(ctx, store.Text(providerColumns+` WHERE p.active = 1 ORDER BY p.name_key, p.id`))
	var names []ProviderName
	for i := range all {
		names = append(names, ProviderName{all[i].ID, all[i].Name})
	}
	return names, err
}

// Contract is what federation needs to speak with a provider.
type Contract struct {
	Provider
	Secret string
}

// Contract opens the secret of an active provider. It is for federation alone,
// which shows it to nobody but the provider.
func (a *Accounts) Contract(ctx context.Context, id ProviderID) (Contract, error) {
	p, err := providerAt(ctx, a.DB, id)
	if err != nil {
		return Contract{}, err
	}
	c := Contract{Provider: p}
	var sealed []byte
	if err := a.DB.QueryRow(ctx, store.Text(`SELECT secret FROM provider WHERE id = ?`), id).Scan(&sealed); err != nil {
		return Contract{}, fmt.Errorf("read secret of provider: %w", err)
	}
	if sealed != nil {
		plain, err := a.Vault.Open(secretPlace(id), sealed)
		if err != nil {
			return Contract{}, fmt.Errorf("open secret of provider: %w", err)
		}
		c.Secret = string(plain)
	}
	return c, nil
}
