package identity

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/rights"
	"castellan/internal/store"
)

// The vectors of RFC 6238 for SHA-1, and those of RFC 4226 by their counters.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130"} {
		if got := hotp(secret, at/30, 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := hotp(secret, int64(i), 6); got != want {
			t.Errorf("counter %d: %s, want %s", i, got, want)
		}
	}
}

func TestCodeFitsItsStepAndTheNextAndNoLonger(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1_700_000_000, 0)
	for off := int64(-3); off <= 3; off++ {
		step, right := totpMatch(secret, hotp(secret, stepAt(now)+off, 6), now, 0)
		if near := off >= -1 && off <= 0; right != near || right && step != stepAt(now)+off {
			t.Errorf("a code %d steps away: %v, step %d", off, right, step)
		}
	}
	if _, right := totpMatch(secret, hotp(secret, stepAt(now), 6), now, stepAt(now)); right {
		t.Error("a code that was used fits again")
	}
	for _, wrong := range []string{"", "1", "12345678", "ABCDEF", "\x00\x00\x00\x00\x00\x00"} {
		if _, right := totpMatch(secret, wrong, now, 0); right {
			t.Errorf("%q fits", wrong)
		}
	}
}

// phone is an authenticator app: oathtool, which is nobody of ours.
type phone struct {
	h      *house
	secret string
}

func (p phone) at(when time.Time) string {
	p.h.Helper()
	out, err := exec.Command("oathtool", "--totp", "--base32", "--now", when.UTC().Format("2006-01-02 15:04:05 UTC"), p.secret).Output()
	p.h.fine(err)
	return strings.TrimSpace(string(out))
}

// code is a new one each time: the clock goes on by a step first.
func (p phone) code() string {
	p.h.clock.pass(totpStep)
	return p.at(p.h.clock.now())
}

var here = Site{URL: "https://crm.example.com", Name: "Studio: Aurora"}

// app adds an authenticator app to the account of a session.
func (h *house) app(s Started) (phone, Enrolled) {
	h.Helper()
	who := h.visits(s).Actor
	d, err := h.DraftApp(h.ctx, who, here)
	h.fine(err)
	p := phone{h, d.Secret}
	e, err := h.EnrolApp(h.ctx, who, d.State, p.code(), "Phone")
	h.fine(err)
	return p, e
}

func (h *house) visits(s Started) Visitor {
	h.Helper()
	v, err := h.Recognise(h.ctx, s.Token, home, "test")
	h.fine(err)
	return v
}

func (h *house) waits(s Started, code string) {
	h.Helper()
	if s.Waits == nil || s.Waits.Code != code {
		h.Errorf("the sign-in is answered %v, want %s", s.Waits, code)
	}
	_, err := h.Resolve(h.ctx, s.Token, home, "test")
	h.refused(fault.Unknown, code, err)
}

func TestPasswordAloneIsHalfwayOnceThereIsAFactor(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, e := h.app(p)
		if len(e.Recovery) != 10 || e.Token != "" {
			h.Errorf("the first factor brings %d codes and the token %q", len(e.Recovery), e.Token)
		}
		if !h.lets(p) {
			h.Error("the session in which the factor was added does not hold")
		}
		half := h.signIn("ana@example.com", better)
		h.waits(half, "session.factor")
		if got := fmt.Sprint(half.Waits.Ways); got != "[totp recovery]" {
			h.Errorf("the ways are %s", got)
		}
		v := h.visits(half)
		if !v.Actor.Half || self(v.Actor, p.Person.ID) {
			h.Error("a session that waits passes for its person")
		}
		st, err := h.Rights.Standing(h.ctx, v.Actor)
		h.fine(err)
		if st.Person() != 0 {
			h.Error("a session that waits has a standing")
		}
		s, err := h.ProveFactor(h.ctx, v, Proof{Code: phone.code()})
		h.fine(err)
		if s.Token == half.Token || s.Token == "" {
			h.Error("the token stays the same (attack 48)")
		}
		if !h.lets(s) || h.lets(half) {
			h.Error("the new token does not hold, or the old one does")
		}
		if s.Actor.Session != half.Actor.Session {
			h.Error("one sign-in makes two sessions")
		}
		h.tells("factor.enrolled", "session.halfway", "factor.proved", "session.started")
	})
}

// Attack 42: no code twice, by whatever way.
func TestAttack42_CodeIsGoodOnce(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, e := h.app(p)
		code := phone.code()
		v := h.visits(h.signIn("ana@example.com", better))
		var right, wrong atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := h.ProveFactor(h.ctx, v, Proof{Code: code}); err == nil {
					right.Add(1)
				} else {
					wrong.Add(1)
				}
			})
		}
		wg.Wait()
		if right.Load() != 1 {
			h.Errorf("a code let in %d times", right.Load())
		}
		h.clock.pass(firstWait)
		again := h.signIn("ana@example.com", better)
		_, err := h.ProveFactor(h.ctx, h.visits(again), Proof{Code: code})
		h.refused(fault.Invalid, "factor.wrong", err)
		h.refused(fault.Invalid, "factor.wrong", h.StepUp(h.ctx, p.Actor, Proof{Code: code}))
		h.clock.pass(firstWait)
		_, err = h.ProveFactor(h.ctx, h.visits(again), Proof{Recovery: strings.ToUpper(strings.ReplaceAll(e.Recovery[3], "-", " "))})
		h.fine(err)
		once := h.signIn("ana@example.com", better)
		_, err = h.ProveFactor(h.ctx, h.visits(once), Proof{Recovery: e.Recovery[3]})
		h.refused(fault.Invalid, "factor.wrong", err)
		own, err := h.Own(h.ctx, p.Actor)
		h.fine(err)
		if own.Recovery != 9 {
			h.Errorf("%d recovery codes are left", own.Recovery)
		}
		h.tells("recovery.used", "factor.refused", "stepup.refused")
	})
}

// Attack 42: the count of wrong tries is the person's. Signing in anew, another
// address, another way and stepping up all find it, and waiting is bounded below.
func TestAttack42_StartingAgainDoesNotBringMoreTries(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, _ := h.app(p)
		tried := 0
		refused := func(err error) bool {
			f, ok := fault.As(err)
			if !ok {
				h.Fatalf("got %v", err)
			}
			return f.Kind == fault.Often
		}
		begun := h.clock.now()
		for range 40 {
			s := h.signIn("ana@example.com", better)
			v := h.visits(s)
			if _, err := h.ProveFactor(h.ctx, v, Proof{Code: "000000"}); !refused(err) {
				tried++
			}
			if _, err := h.ProveFactor(h.ctx, v, Proof{Recovery: "0000-0000-0000-0000"}); !refused(err) {
				tried++
			}
			if err := h.StepUp(h.ctx, p.Actor, Proof{Code: "000000"}); !refused(err) {
				tried++
			}
			h.clock.pass(4 * time.Second)
		}
		if most := 5 + 4; tried > most {
			h.Errorf("%d tries in %s", tried, h.clock.now().Sub(begun))
		}
		// The right one must wait as well, and is good afterwards.
		s := h.signIn("ana@example.com", better)
		_, err := h.ProveFactor(h.ctx, h.visits(s), Proof{Code: phone.code()})
		if !refused(err) {
			h.Errorf("a right code in the middle of a storm: %v", err)
		}
		h.clock.pass(longestWait)
		s = h.signIn("ana@example.com", better)
		_, err = h.ProveFactor(h.ctx, h.visits(s), Proof{Code: phone.code()})
		h.fine(err)
		// Afterwards the count begins anew.
		s = h.signIn("ana@example.com", better)
		_, err = h.ProveFactor(h.ctx, h.visits(s), Proof{Code: "000000"})
		h.refused(fault.Invalid, "factor.wrong", err)
	})
}

// Nobody outside closes anybody's door: whoever tries must know the password.
func TestAlarmIsRaisedWhenSomebodyGuessesCodes(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		h.app(p)
		for range alarming {
			s := h.signIn("ana@example.com", better)
			_, err := h.ProveFactor(h.ctx, h.visits(s), Proof{Code: "000000"})
			h.refused(fault.Invalid, "factor.wrong", err)
			h.clock.pass(longestWait)
		}
		h.tells("factor.locked")
		told, err := h.Notices(h.ctx, p.Actor)
		h.fine(err)
		if len(told) == 0 || told[0].Kind != mail.FactorGuessed {
			h.Errorf("the person was told %v", told)
		}
	})
}

// A password alone must not add a factor where there is one, nor anything else.
func TestSessionThatWaitsForAProofAddsNothing(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, _ := h.app(p)
		half := h.signIn("ana@example.com", better)
		thief := h.visits(half).Actor
		d, err := h.DraftApp(h.ctx, thief, here)
		h.fine(err)
		theirs := phone
		theirs.secret = d.Secret
		_, err = h.EnrolApp(h.ctx, thief, d.State, theirs.code(), "")
		h.refused(fault.Unknown, "session.factor", err)
		own, err := h.Own(h.ctx, p.Actor)
		h.fine(err)
		if len(own.Factors) != 1 {
			h.Fatal("there are two factors")
		}
		if _, err := h.RenewRecovery(h.ctx, thief); err == nil {
			h.Error("a session that waits renewed the recovery codes")
		}
		if err := h.RemoveFactor(h.ctx, thief, own.Factors[0].ID, better); err == nil {
			h.Error("a session that waits took the factor away")
		}
		if err := h.ChangePassword(h.ctx, thief, better, good); err == nil {
			h.Error("a session that waits changed the password")
		}
		if err := h.RenameFactor(h.ctx, thief, own.Factors[0].ID, "x"); err == nil {
			h.Error("a session that waits renamed the factor")
		}
		h.clock.pass(halfLasts)
		if _, err := h.Recognise(h.ctx, half.Token, home, "test"); err == nil {
			h.Error("a session waits for ever")
		}
	})
}

// A new password by a link does not go round the factor.
func TestResetLinkDoesNotGoRoundTheFactor(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		h.app(p)
		token, _, err := h.Link(h.ctx, h.owner.Actor, p.Person.ID, Reset)
		h.fine(err)
		s, err := h.Redeem(h.ctx, Redeeming{Token: token, Password: "another quiet garden gate", Address: home})
		h.fine(err)
		h.waits(s, "session.factor")
	})
}

// Taking a factor away takes the password, and ends every other session.
func TestFactorIsTakenAwayWithThePasswordOnly(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, _ := h.app(p)
		half := h.signIn("ana@example.com", better)
		other, err := h.ProveFactor(h.ctx, h.visits(half), Proof{Code: phone.code()})
		h.fine(err)
		own, err := h.Own(h.ctx, p.Actor)
		h.fine(err)
		id := own.Factors[0].ID
		h.refused(fault.Invalid, "password.wrong", h.RemoveFactor(h.ctx, p.Actor, id, good))
		h.refused(fault.Missing, "factor.missing", h.RemoveFactor(h.ctx, h.owner.Actor, id, good))
		h.fine(h.RenameFactor(h.ctx, p.Actor, id, "Old phone"))
		h.refused(fault.Missing, "factor.missing", h.RenameFactor(h.ctx, h.owner.Actor, id, "Mine"))
		h.fine(h.RemoveFactor(h.ctx, p.Actor, id, better))
		if h.lets(other) || !h.lets(p) {
			h.Error("another session lives, or one's own does not")
		}
		if s := h.signIn("ana@example.com", better); s.Waits != nil {
			h.Errorf("after the last factor is gone the sign-in waits: %v", s.Waits)
		}
		if left, err := recoveryLeft(h.ctx, h.DB, p.Person.ID); err != nil || left != 0 {
			h.Errorf("%d recovery codes stand for nothing: %v", left, err)
		}
		h.tells("factor.removed", "factor.renamed")
	})
}

func TestNewRecoveryCodesTakeThePlaceOfTheOld(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		_, err := h.RenewRecovery(h.ctx, p.Actor)
		h.refused(fault.Conflict, "recovery.alone", err)
		_, e := h.app(p)
		codes, err := h.RenewRecovery(h.ctx, p.Actor)
		h.fine(err)
		seen := map[string]bool{}
		for _, c := range append(codes, e.Recovery...) {
			if seen[c] || len(c) != 19 {
				h.Errorf("the code %q", c)
			}
			seen[c] = true
		}
		s := h.signIn("ana@example.com", better)
		_, err = h.ProveFactor(h.ctx, h.visits(s), Proof{Recovery: e.Recovery[0]})
		h.refused(fault.Invalid, "factor.wrong", err)
		_, err = h.ProveFactor(h.ctx, h.visits(s), Proof{Recovery: codes[0]})
		h.fine(err)
		// They are the person's own: nobody else gets in by them.
		other := h.person("ben@example.com", h.role("specialist"))
		h.app(other)
		s = h.signIn("ben@example.com", better)
		_, err = h.ProveFactor(h.ctx, h.visits(s), Proof{Recovery: codes[1]})
		h.refused(fault.Invalid, "factor.wrong", err)
		var stored []byte
		h.fine(h.DB.QueryRow(h.ctx, store.Text(`SELECT secret FROM factor WHERE person = ?`), p.Person.ID).Scan(&stored))
		if len(stored) < 20+41 {
			h.Error("the secret is not sealed")
		}
		h.tells("recovery.issued")
	})
}

// Whoever lost everything is let in again by somebody who holds as much as they.
func TestFactorsAreResetByWhoeverIsOverThePerson(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		admin := h.person("admin@example.com", h.role("administrator"))
		h.app(p)
		h.app(h.owner)
		if err := h.ResetFactors(h.ctx, p.Actor, admin.Person.ID); err == nil {
			h.Error("a specialist reset an administrator")
		}
		if err := h.ResetFactors(h.ctx, admin.Actor, h.owner.Person.ID); err == nil {
			h.Error("an administrator reset the owner")
		}
		h.refused(fault.Denied, "factor.own", h.ResetFactors(h.ctx, h.owner.Actor, h.owner.Person.ID))
		h.fine(h.ResetFactors(h.ctx, admin.Actor, p.Person.ID))
		if h.lets(p) {
			h.Error("a session outlives the reset")
		}
		if s := h.signIn("ana@example.com", better); s.Waits != nil {
			h.Errorf("after the reset: %v", s.Waits)
		}
		all, err := h.Guards(h.ctx, admin.Actor)
		h.fine(err)
		guarded := 0
		for _, g := range all {
			if len(g.Kinds) > 0 {
				guarded++
			}
		}
		if len(all) != 3 || guarded != 1 {
			h.Errorf("%d of %d are guarded", guarded, len(all))
		}
		if _, err := h.Guards(h.ctx, h.signIn("ana@example.com", better).Actor); err == nil {
			h.Error("a specialist was told who is guarded")
		}
		h.tells("factor.reset")
		for who, want := range map[actor.PersonID]mail.Template{p.Person.ID: mail.FactorReset, h.owner.Person.ID: mail.FactorResetOf} {
			told, err := h.Notices(h.ctx, actor.Actor{Kind: actor.Person, Person: who})
			h.fine(err)
			if len(told) == 0 || told[0].Kind != want {
				h.Errorf("person %d was told %v", who, told)
			}
		}
	})
}

// Where much harm can be done a proof must be fresh.
func TestProofGrowsOld(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		who := func() actor.Actor {
			a, err := h.Resolve(h.ctx, p.Token, home, "test")
			h.fine(err)
			return a
		}
		h.fine(h.Fresh(h.ctx, who()))
		h.clock.pass(freshFor)
		err := h.Fresh(h.ctx, who())
		h.refused(fault.Denied, "stepup.needed", err)
		if f, _ := fault.As(err); fmt.Sprint(f.Ways) != "[password]" {
			h.Errorf("the ways are %v", f.Ways)
		}
		h.refused(fault.Invalid, "password.wrong", h.StepUp(h.ctx, who(), Proof{Password: good}))
		h.refused(fault.Denied, "stepup.needed", h.Fresh(h.ctx, who()))
		h.fine(h.StepUp(h.ctx, who(), Proof{Password: better}))
		h.fine(h.Fresh(h.ctx, who()))

		phone, _ := h.app(p)
		h.clock.pass(freshFor)
		err = h.Fresh(h.ctx, who())
		if f, _ := fault.As(err); f == nil || fmt.Sprint(f.Ways) != "[totp recovery]" {
			h.Errorf("with an app: %v", err)
		}
		// Whoever has a factor proves it; the password is what was stolen.
		h.refused(fault.Denied, "stepup.factor", h.StepUp(h.ctx, who(), Proof{Password: better}))
		h.fine(h.StepUp(h.ctx, who(), Proof{Code: phone.code()}))
		h.fine(h.Fresh(h.ctx, who()))
		h.FreshFor = func() time.Duration { return time.Minute }
		h.clock.pass(2 * time.Minute)
		h.refused(fault.Denied, "stepup.needed", h.Fresh(h.ctx, who()))

		h.refused(fault.Denied, "stepup.person", h.Fresh(h.ctx, actor.Actor{Kind: actor.Program, Person: p.Person.ID}))
		h.refused(fault.Denied, "stepup.person", h.Fresh(h.ctx, actor.Actor{}))
		h.fine(h.Fresh(h.ctx, actor.House()))
		h.refused(fault.Invalid, "proof.one", h.StepUp(h.ctx, who(), Proof{}))
		h.refused(fault.Invalid, "proof.one", h.StepUp(h.ctx, who(), Proof{Code: "1", Password: "2"}))
		h.tells("stepup.passed", "stepup.refused")
	})
}

// token is an authenticator of software, with the keys that it holds.
type token struct {
	h     *house
	site  virtualwebauthn.RelyingParty
	it    virtualwebauthn.Authenticator
	holds []virtualwebauthn.Credential
}

func (h *house) token(verifies bool) *token {
	k := &token{h: h, site: virtualwebauthn.RelyingParty{Name: here.Name, ID: "crm.example.com", Origin: here.URL}}
	k.it = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserNotVerified: !verifies, BackupEligible: true, BackupState: true})
	return k
}

// made is the answer to a question that asks for a new key.
func (k *token) made(a Asked) Proof {
	k.h.Helper()
	var user struct{ User struct{ ID string } }
	k.h.fine(json.Unmarshal(a.Options, &user))
	options, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(a.Options) + `}`)
	k.h.fine(err)
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	k.it.Options.UserHandle = []byte(options.UserID)
	k.it.AddCredential(key)
	k.holds = append(k.holds, key)
	return Proof{Passkey: []byte(virtualwebauthn.CreateAttestationResponse(k.site, k.it, key, *options)), State: a.State, Site: here}
}

// shown is the answer to a question that asks for a key.
func (k *token) shown(a Asked) Proof {
	k.h.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(a.Options) + `}`)
	k.h.fine(err)
	key := k.holds[len(k.holds)-1]
	return Proof{Passkey: []byte(virtualwebauthn.CreateAssertionResponse(k.site, k.it, key, *options)), State: a.State, Site: here}
}

func (h *house) passkey(s Started, k *token) Enrolled {
	h.Helper()
	who := h.visits(s).Actor
	a, err := h.DraftPasskey(h.ctx, who, here)
	h.fine(err)
	e, err := h.EnrolPasskey(h.ctx, who, k.made(a), "Laptop")
	h.fine(err)
	return e
}

func TestPasskeyIsTheSecondStep(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		k := h.token(false)
		h.passkey(p, k)
		half := h.signIn("ana@example.com", better)
		h.waits(half, "session.factor")
		v := h.visits(half)
		a, err := h.AskPasskey(h.ctx, v.Actor, here)
		h.fine(err)
		proof := k.shown(a)

		// Another session's question, another site, a stranger's key.
		other := h.visits(h.signIn("ana@example.com", better))
		_, err = h.ProveFactor(h.ctx, other, proof)
		h.refused(fault.Invalid, "factor.wrong", err)
		elsewhere := *k
		elsewhere.site.Origin = "https://crm.example.com.evil.example"
		_, err = h.ProveFactor(h.ctx, v, elsewhere.shown(a))
		h.refused(fault.Invalid, "factor.wrong", err)
		strange := h.token(true)
		strange.holds = []virtualwebauthn.Credential{virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
		_, err = h.ProveFactor(h.ctx, v, strange.shown(a))
		h.refused(fault.Invalid, "factor.wrong", err)

		s, err := h.ProveFactor(h.ctx, v, proof)
		h.fine(err)
		if !h.lets(s) {
			h.Error("the session does not hold")
		}
		// The answer is good once.
		again := v
		again.Actor.Half = true
		_, err = h.ProveFactor(h.ctx, again, proof)
		h.refused(fault.Invalid, "factor.wrong", err)
	})
}

func TestPasskeyIsTheOnlyStepIfItKnowsItsOwner(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		k := h.token(true)
		h.passkey(p, k)
		stranger := actor.Actor{Address: abroad, Device: "laptop"}
		a, err := h.AskStranger(stranger, here)
		h.fine(err)
		proof := k.shown(a)
		s, err := h.SignInByPasskey(h.ctx, stranger, proof)
		h.fine(err)
		if s.Waits != nil || s.Person.ID != p.Person.ID || !h.lets(s) {
			h.Errorf("signed in as %d: %v", s.Person.ID, s.Waits)
		}
		_, err = h.SignInByPasskey(h.ctx, stranger, proof)
		h.refused(fault.Unknown, "passkey.refused", err)

		// A key that only knows that somebody touched it is one step, not two.
		lax := *k
		lax.it.Options.UserNotVerified = true
		a, err = h.AskStranger(stranger, here)
		h.fine(err)
		_, err = h.SignInByPasskey(h.ctx, stranger, lax.shown(a))
		h.refused(fault.Unknown, "passkey.refused", err)

		h.fine(h.Deactivate(h.ctx, h.owner.Actor, p.Person.ID))
		a, err = h.AskStranger(stranger, here)
		h.fine(err)
		_, err = h.SignInByPasskey(h.ctx, stranger, k.shown(a))
		h.refused(fault.Unknown, "passkey.refused", err)
		h.clock.pass(ceremonyLasts)
		h.tells("session.refused")
	})
}

func TestPasskeysAreMadeForTheConfiguredSiteOnly(t *testing.T) {
	for url, want := range map[string]bool{
		"https://crm.example.com": true, "http://localhost:8080": true, "https://crm.example.com:8443": true,
		"http://crm.example.com": false, "http://192.0.2.7:8080": false, "https://192.0.2.7": false, "": false, "http://127.0.0.1:8080": false,
	} {
		if got := (Site{URL: url}).Passkeys(); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}

// What was stored of a key in the database opens only in its own row.
func TestKeyOfAnotherRowDoesNotOpen(t *testing.T) {
	each(t, func(h *house) {
		p := h.person("ana@example.com", h.role("specialist"))
		phone, _ := h.app(p)
		other := h.person("ben@example.com", h.role("specialist"))
		h.app(other)
		h.fine(h.DB.Write(h.ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(h.ctx, store.Text(`UPDATE factor SET secret = (SELECT f.secret FROM factor f WHERE f.person = ?) WHERE person = ?`), p.Person.ID, other.Person.ID)
			return err
		}))
		s := h.signIn("ben@example.com", better)
		if _, err := h.ProveFactor(h.ctx, h.visits(s), Proof{Code: phone.code()}); err == nil || fault.Is(err, fault.Invalid) {
			h.Errorf("a secret that was copied to another person: %v", err)
		}
	})
}

// Attack 43: what is demanded of a role holds for the sessions of this morning,
// and whoever lacks a factor does nothing but add one.
func TestAttack43_DemandHoldsForSessionsThatLive(t *testing.T) {
	each(t, func(h *house) {
		role := h.role("specialist")
		p := h.person("ana@example.com", role)
		armed := h.person("ben@example.com", role)
		h.app(armed)
		if !h.lets(p) {
			h.Fatal("the session does not hold")
		}
		demand := func(factor bool) {
			h.Helper()
			now, err := h.Rights.TermsOf(h.ctx, h.owner.Actor, rights.ForRole, int64(role))
			h.fine(err)
			_, err = h.Rights.SetTerms(h.ctx, h.owner.Actor, rights.ForRole, int64(role), now.Version, rights.Terms{Factor: factor})
			h.fine(err)
		}
		demand(true)
		_, err := h.Resolve(h.ctx, p.Token, home, "test")
		h.refused(fault.Unknown, "session.enrol", err)
		if !h.lets(armed) {
			h.Error("whoever has proved a factor is thrown out")
		}
		v := h.visits(p)
		if v.Needs != NeedsEnrolment || !v.Actor.Half {
			h.Errorf("the session needs %q", v.Needs)
		}
		_, err = h.ProveFactor(h.ctx, v, Proof{Code: "000000"})
		h.refused(fault.Conflict, "factor.idle", err)
		fresh := h.signIn("ana@example.com", better)
		h.waits(fresh, "session.enrol")

		demand(false)
		if !h.lets(p) || !h.lets(fresh) {
			h.Error("the demand outlives itself")
		}
		demand(true)
		_, e := h.app(p)
		if e.Token == "" || e.Token == p.Token || len(e.Recovery) != 10 {
			h.Errorf("the factor brings the token %q and %d codes", e.Token, len(e.Recovery))
		}
		if _, err := h.Recognise(h.ctx, p.Token, home, "test"); err == nil {
			h.Error("the old token holds")
		}
		p.Token = e.Token
		if !h.lets(p) {
			h.Error("the new token does not hold")
		}
		// The other session of the same person has the factor to prove now.
		_, err = h.Resolve(h.ctx, fresh.Token, home, "test")
		h.refused(fault.Unknown, "session.factor", err)

		own, err := h.Own(h.ctx, h.visits(p).Actor)
		h.fine(err)
		if !own.Demanded {
			h.Error("nobody says that it is demanded")
		}
		h.refused(fault.Conflict, "factor.demanded", h.RemoveFactor(h.ctx, h.visits(p).Actor, own.Factors[0].ID, better))
	})
}

// A demand made by another process holds within a second.
func TestDemandOfAnotherProcessHoldsWithinASecond(t *testing.T) {
	each(t, func(h *house) {
		role := h.role("specialist")
		p := h.person("ana@example.com", role)
		other := h.beside()
		if _, err := other.Resolve(h.ctx, p.Token, home, "test"); err != nil {
			h.Fatal(err)
		}
		_, err := h.Rights.SetTerms(h.ctx, h.owner.Actor, rights.ForWorkspace, 0, 0, rights.Terms{Factor: true})
		h.fine(err)
		h.clock.pass(time.Second)
		_, err = other.Resolve(h.ctx, p.Token, home, "test")
		h.refused(fault.Unknown, "session.enrol", err)
		_, err = other.Resolve(h.ctx, h.owner.Token, home, "test")
		h.refused(fault.Unknown, "session.enrol", err)
	})
}
