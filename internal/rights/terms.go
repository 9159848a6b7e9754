package rights

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// Scope is for whom terms are set.
type Scope string

const (
	ForWorkspace Scope = "workspace" // everybody, owners included
	ForRole      Scope = "role"      // whoever has it as their workspace role, and programs with it
	ForPerson    Scope = "person"    // one person, not their programs
)

// Terms are policy.Terms in words. Limits are whole minutes; 0 says nothing.
type Terms struct {
	Factor   bool     `json:"factor,omitempty"`
	Idle     int      `json:"idle_minutes,omitempty"`
	Absolute int      `json:"absolute_minutes,omitempty"`
	Networks []string `json:"networks,omitempty"` // addresses and prefixes; none: from anywhere
	Hours    []Hours  `json:"hours,omitempty"`    // none: at any hour
	Zone     string   `json:"time_zone,omitempty"`
}

// Hours are a policy.DayPart in words. An end that is not after the beginning is
// on the day after.
type Hours struct {
	Days []string `json:"days"` // monday … sunday
	From string   `json:"from"` // 09:00
	To   string   `json:"to"`   // 18:00, at most 24:00
}

// Termed are terms with those for whom they are set.
type Termed struct {
	Scope   Scope
	Subject int64 // the role or the person; 0 for the workspace
	Version int64 // 0: nothing was ever set
	Terms   Terms
}

// bounds of what may be set.
const (
	mostNetworks = 100
	mostHours    = 50
	leastIdle    = 5
	mostIdle     = 30 * 24 * 60
	leastAge     = 15
	mostAge      = 365 * 24 * 60
)

// subject is one row of the table terms.
type subject struct {
	scope Scope
	id    int64
}

// Terms are those on which the actor is let in, joined of all that concern them:
// for a person the workspace's, their role's and their own, for a program the
// workspace's and its role's. Whoever looks through another's eyes stays bound by
// what binds themselves. The answer comes from memory.
func (b *Book) Terms(ctx context.Context, who actor.Actor) (policy.Terms, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return policy.Terms{}, err
	}
	return p.Terms(who), nil
}

// Terms is Book.Terms at the moment of the picture.
func (p *Picture) Terms(who actor.Actor) policy.Terms {
	key := bearer{person: who.Person}
	switch who.Kind {
	case actor.System:
		return policy.Terms{}
	case actor.Program:
		key = bearer{role: who.Role}
	case actor.Person:
	default:
		key = bearer{}
	}
	if t, ok := p.joined.Load(key); ok {
		return t.(policy.Terms)
	}
	all := []policy.Terms{p.terms[subject{ForWorkspace, 0}].it}
	switch {
	case key.role != 0:
		all = append(all, p.terms[subject{ForRole, int64(key.role)}].it)
	case key.person != 0:
		all = append(all, p.terms[subject{ForRole, int64(p.people[key.person].role)}].it, p.terms[subject{ForPerson, int64(key.person)}].it)
	}
	t := policy.Join(all...)
	p.joined.Store(key, t)
	return t
}

// Admit tells whether the actor is let in from their address, now. It is asked
// with every request and answered from memory; an answer for one address is
// never kept for another (attack 50).
func (b *Book) Admit(ctx context.Context, who actor.Actor) (policy.Refusal, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return "", err
	}
	return p.Terms(who).Admit(who.Address, b.DB.Now(), b.zone()), nil
}

// zone is the time zone of the workspace.
func (b *Book) zone() *time.Location {
	if b.Zone == nil {
		return time.UTC
	}
	name := b.Zone()
	if z, ok := b.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC
	}
	b.zones.Store(name, z)
	return z
}

// TermsOf are the terms set for one scope, for those who hold ManageSecurity.
func (b *Book) TermsOf(ctx context.Context, who actor.Actor, scope Scope, id int64) (Termed, error) {
	p, err := b.askAny(ctx, who, policy.ManageSecurity)
	if err != nil {
		return Termed{}, err
	}
	at := subject{scope, id}
	if err := p.knows(at); err != nil {
		return Termed{}, err
	}
	return p.termed(at), nil
}

// AllTerms are all terms that say anything, that of the workspace first, for
// those who hold ManageSecurity.
func (b *Book) AllTerms(ctx context.Context, who actor.Actor) ([]Termed, error) {
	p, err := b.askAny(ctx, who, policy.ManageSecurity)
	if err != nil {
		return nil, err
	}
	all := []Termed{p.termed(subject{ForWorkspace, 0})}
	for at, t := range p.terms {
		if at.scope != ForWorkspace && !t.it.Empty() {
			all = append(all, p.termed(at))
		}
	}
	slices.SortFunc(all, func(a, b Termed) int {
		return cmp.Or(-strings.Compare(string(a.Scope), string(b.Scope)), cmp.Compare(a.Subject, b.Subject))
	})
	return all, nil
}

func (p *Picture) termed(at subject) Termed {
	t := p.terms[at]
	return Termed{at.scope, at.id, t.version, termsOf(t.it)}
}

// knows tells whether there is such a scope, role or person.
func (p *Picture) knows(at subject) error {
	switch at.scope {
	case ForWorkspace:
		if at.id == 0 {
			return nil
		}
	case ForRole:
		if p.role(actor.RoleID(at.id)) != nil {
			return nil
		}
		return missing("role")
	case ForPerson:
		if _, known := p.people[actor.PersonID(at.id)]; known {
			return nil
		}
		return missing("person")
	}
	return missing("scope")
}

// SetTerms replaces the terms of a scope. It takes ManageSecurity and the
// version that was read. The laws of rights hold for terms, too:
//
//   - Nobody narrows for those who hold more: whoever sets the terms of a role or
//     a person must cover what its holders hold. Places and hours of the workspace
//     bind its owners, so only an owner sets them.
//   - Nobody but an owner widens what binds themselves.
//   - Nobody locks themselves out: whoever sets terms must satisfy them, from
//     where they are and at this hour.
//   - Programs set no terms: a leaked key must not open the door.
func (b *Book) SetTerms(ctx context.Context, who actor.Actor, scope Scope, id, version int64, terms Terms) (Termed, error) {
	var r reader
	next := r.terms(terms)
	at := subject{scope, id}
	var set Termed
	err := b.change(ctx, who, policy.ManageSecurity, func(tx *store.Tx, p *Picture, j judge) error {
		if who.Kind == actor.Program {
			return fault.New(fault.Denied, "terms.program", "Programs do not say on what terms people are let in.")
		}
		if err := p.knows(at); err != nil {
			return err
		}
		if err := p.mayBind(j, at, next); err != nil {
			return err
		}
		if err := r.err(); err != nil {
			return err
		}
		was := p.terms[at]
		if was.version != version {
			return outdated("terms")
		}
		if err := p.keepsIn(who, at, next, tx.Now(), b.zone()); err != nil {
			return err
		}
		if err := b.putTerms(ctx, tx, at, termsOf(next)); err != nil {
			return err
		}
		set = Termed{scope, id, version + 1, termsOf(next)}
		return b.tell(ctx, tx, who, "terms.changed", string(scope), max(id, 1), struct {
			Scope Scope `json:"scope"`
			change
		}{scope, change{termsOf(was.it), termsOf(next)}})
	})
	return set, err
}

func (b *Book) putTerms(ctx context.Context, tx *store.Tx, at subject, t Terms) error {
	words, err := text(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO terms (scope, subject, version, terms) VALUES (?, ?, 1, ?)
		ON CONFLICT (scope, subject) DO UPDATE SET version = terms.version + 1, terms = excluded.terms`), string(at.scope), at.id, words)
	if err != nil {
		return fmt.Errorf("set terms: %w", err)
	}
	return nil
}

// mayBind holds whom the terms bind against the standing of whoever sets them.
func (p *Picture) mayBind(j judge, at subject, next policy.Terms) error {
	if j.house || j.s.Owner() {
		return nil
	}
	was, own := p.terms[at].it, true
	switch at.scope {
	case ForRole:
		id := actor.RoleID(at.id)
		if err := j.covers(p.role(id)); err != nil {
			return err
		}
		for person, is := range p.people {
			if is.role == id {
				if err := p.covers(j.s, person); err != nil {
					return err
				}
			}
		}
		own = p.people[j.s.Person()].role == id
	case ForPerson:
		if err := p.covers(j.s, actor.PersonID(at.id)); err != nil {
			return err
		}
		own = j.s.Person() == actor.PersonID(at.id)
	default:
		if !next.SameEntry(was) {
			return fault.New(fault.Denied, "terms.owner", "Networks and hours of the workspace bind its owners, too, so only an owner sets them. Set them for roles instead.")
		}
	}
	if own && !next.AsStrict(was) {
		return fault.New(fault.Denied, "terms.loosen", "These terms bind you. Only an owner makes them less strict.")
	}
	return nil
}

// keepsIn refuses terms on which whoever sets them would not be let in.
func (p *Picture) keepsIn(who actor.Actor, at subject, next policy.Terms, now time.Time, zone *time.Location) error {
	then := &Picture{people: p.people, terms: map[subject]kept[policy.Terms]{at: {it: next}}}
	for other, t := range p.terms {
		if other != at {
			then.terms[other] = t
		}
	}
	switch then.admits(who, now, zone) {
	case policy.WrongNetwork:
		return fault.New(fault.Invalid, "terms.lockout_network", "This would lock you out: the address from which you work now is in none of these networks. Add it first.").At("networks")
	case policy.WrongHour:
		return fault.New(fault.Invalid, "terms.lockout_hour", "This would lock you out: it is now none of these hours. Add this hour first.").At("hours")
	}
	return nil
}

func (p *Picture) admits(who actor.Actor, now time.Time, zone *time.Location) policy.Refusal {
	if who.Kind != actor.Person {
		return ""
	}
	return p.Terms(who).Admit(who.Address, now, zone)
}

// KeepsIn refuses a time zone of the workspace in which whoever sets it would be
// outside the hours that bind them: a zone moves every hour that names none.
func (b *Book) KeepsIn(ctx context.Context, tx *store.Tx, who actor.Actor, zone string) error {
	z, err := time.LoadLocation(zone)
	if err != nil {
		return fmt.Errorf("read time zone: %w", err)
	}
	p, err := b.Look(ctx, tx)
	if err != nil {
		return err
	}
	if p.admits(who, tx.Now(), z) == policy.WrongHour {
		return fault.New(fault.Invalid, "settings.lockout_hour", "This would lock you out: by the clock of that zone it is now none of the hours at which you may work. Change those first.").At("time_zone")
	}
	return nil
}

// LiftTerms takes all places and hours away, in the name of the house, and says
// what they were: the way back in for whoever holds the server. What else the
// terms demand stays.
func (b *Book) LiftTerms(ctx context.Context, who actor.Actor) (lifted []Termed, err error) {
	err = b.DB.Write(ctx, func(tx *store.Tx) error {
		lifted = nil
		if who.Kind != actor.System {
			return fault.New(fault.Denied, "terms.server", "This is done at the server.")
		}
		p, err := b.Look(ctx, tx)
		if err != nil {
			return err
		}
		type gone struct {
			Scope    Scope    `json:"scope"`
			Subject  int64    `json:"subject,omitempty"`
			Networks []string `json:"networks,omitempty"`
			Hours    []Hours  `json:"hours,omitempty"`
			Zone     string   `json:"time_zone,omitempty"`
		}
		var told []gone
		for at := range p.terms {
			t := p.termed(at)
			if len(t.Terms.Networks)+len(t.Terms.Hours) == 0 {
				continue
			}
			lifted = append(lifted, t)
		}
		slices.SortFunc(lifted, func(a, b Termed) int {
			return cmp.Or(-strings.Compare(string(a.Scope), string(b.Scope)), cmp.Compare(a.Subject, b.Subject))
		})
		for _, t := range lifted {
			told = append(told, gone{t.Scope, t.Subject, t.Terms.Networks, t.Terms.Hours, t.Terms.Zone})
			left := t.Terms
			left.Networks, left.Hours, left.Zone = nil, nil, ""
			if err := b.putTerms(ctx, tx, subject{t.Scope, t.Subject}, left); err != nil {
				return err
			}
		}
		if len(lifted) == 0 {
			return nil
		}
		if err := b.tell(ctx, tx, who, "terms.lifted", "workspace", 1, struct {
			Lifted []gone `json:"lifted"`
		}{told}); err != nil {
			return err
		}
		return b.Changed(ctx, tx)
	})
	return lifted, err
}

func (p *Picture) readTerms(rows *store.Rows) error {
	var at subject
	var t kept[policy.Terms]
	var scope, words string
	if err := rows.Scan(&scope, &at.id, &t.version, &words); err != nil {
		return err
	}
	at.scope = Scope(scope)
	var w Terms
	if err := json.Unmarshal([]byte(words), &w); err != nil {
		return err
	}
	// What was once accepted and is not understood any more must not let
	// anybody in: for a condition nothing is the widest there is.
	var r reader
	t.it = r.terms(w)
	if slices.ContainsFunc(r.wrong, func(f fault.Fault) bool { return !strings.HasSuffix(f.Field, "_minutes") }) {
		t.it.Hours.Parts = append(t.it.Hours.Parts, policy.DayPart{})
	}
	p.terms[at] = t
	return nil
}

// termsOf puts terms into words.
func termsOf(t policy.Terms) Terms {
	w := Terms{Factor: t.Factor, Idle: int(t.Idle / time.Minute), Absolute: int(t.Absolute / time.Minute)}
	for _, n := range t.Networks {
		if n.IsSingleIP() {
			w.Networks = append(w.Networks, n.Addr().String())
		} else {
			w.Networks = append(w.Networks, n.String())
		}
	}
	for _, s := range t.Hours.Parts {
		h := Hours{Days: []string{}, From: clock(s.From), To: clock(s.To)}
		for i := range 7 {
			if day := time.Weekday((i + 1) % 7); s.Days.Has(day) { // the week begins on Monday
				h.Days = append(h.Days, strings.ToLower(day.String()))
			}
		}
		w.Hours = append(w.Hours, h)
	}
	if t.Hours.Zone != nil && len(w.Hours) > 0 {
		w.Zone = t.Hours.Zone.String()
	}
	return w
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func (r *reader) terms(w Terms) policy.Terms {
	t := policy.Terms{Factor: w.Factor, Idle: r.minutes("idle_minutes", w.Idle, leastIdle, mostIdle), Absolute: r.minutes("absolute_minutes", w.Absolute, leastAge, mostAge)}
	if len(w.Networks) > mostNetworks {
		r.complain("networks", "terms.networks", "There are at most %d networks.", mostNetworks)
		w.Networks = nil
	}
	for _, word := range w.Networks {
		n, ok := Network(word)
		if !ok {
			r.complain("networks", "terms.network", "A network is written as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48.")
			continue
		}
		if !slices.Contains(t.Networks, n) {
			t.Networks = append(t.Networks, n)
		}
	}
	if len(w.Hours) > mostHours {
		r.complain("hours", "terms.many_hours", "There are at most %d lines of hours.", mostHours)
		w.Hours = nil
	}
	for _, h := range w.Hours {
		if s, ok := r.span(h); ok {
			t.Hours.Parts = append(t.Hours.Parts, s)
		}
	}
	if w.Zone != "" && len(w.Hours) > 0 {
		zone, err := time.LoadLocation(w.Zone)
		if err != nil || w.Zone == "Local" {
			r.complain("time_zone", "timezone.unknown", "There is no such time zone. They are written as Europe/Warsaw.")
		} else {
			t.Hours.Zone = zone
		}
	}
	return t
}

func (r *reader) minutes(field string, n, least, most int) time.Duration {
	if n != 0 && (n < least || n > most) {
		r.complain(field, "terms.minutes", "This is counted in minutes, from %d to %d; 0 says nothing.", least, most)
		return 0
	}
	return time.Duration(n) * time.Minute
}

func (r *reader) span(w Hours) (policy.DayPart, bool) {
	var s policy.DayPart
	for _, word := range w.Days {
		i := slices.IndexFunc(weekdays[:], func(d time.Weekday) bool { return strings.ToLower(d.String()) == word })
		if i < 0 {
			r.complain("hours", "terms.day", "Days are written as monday, tuesday and so on.")
			return s, false
		}
		s.Days |= policy.DaysOf(weekdays[i])
	}
	from, ok := minuteOf(w.From)
	to, ok2 := minuteOf(w.To)
	if !ok || !ok2 || from == 24*60 {
		r.complain("hours", "terms.hour", "Hours are written as 09:00, up to 24:00.")
		return s, false
	}
	if s.Days == 0 {
		r.complain("hours", "terms.days", "Choose at least one day.")
		return s, false
	}
	s.From, s.To = from, to
	return s, true
}

var weekdays = [...]time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// minuteOf reads 00:00 to 24:00.
func minuteOf(word string) (int, bool) {
	if word == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", word)
	return 60*t.Hour() + t.Minute(), err == nil && len(word) == 5
}

// Network reads an address or a prefix as people write them. IPv4 that is
// written as IPv6 is IPv4, as addresses are when they are held against it.
func Network(word string) (netip.Prefix, bool) {
	word = strings.TrimSpace(word)
	n, err := netip.ParsePrefix(word)
	if err != nil {
		one, err := netip.ParseAddr(word)
		if err != nil || one.Zone() != "" {
			return netip.Prefix{}, false
		}
		one = one.Unmap()
		return netip.PrefixFrom(one, one.BitLen()), true
	}
	if n.Addr().Is4In6() {
		if n.Bits() < 96 {
			return netip.Prefix{}, false
		}
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	return n.Masked(), true
}
