package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/value"
)

// forgottenKind is the job that mails a link to whoever has forgotten a password.
const forgottenKind = "identity.forgotten"

type forgottenArgs struct {
	Person actor.PersonID `json:"person"` // zero: nobody has the address
}

// Forgotten is for somebody who is not signed in and has forgotten a password:
// if an active account has exactly this address, a link goes there. The answer
// and the work are the same whether or not there is one. The link goes to the
// address of the account, never to what was typed.
func (a *Accounts) Forgotten(ctx context.Context, email string, address netip.Addr, device string) error {
	if !a.Mail.Configured() || a.Runner == nil {
		return fault.New(fault.Conflict, "mail.none", "No mail can be sent here. Ask your administrator for a new password.")
	}
	who, network := stranger(address, device), throttle.Network(address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return a.slowed(ctx, who, network, wait)
	}
	typed := strings.TrimSpace(email)
	key := value.EmailKey(cut(typed))
	at, err := a.account(ctx, key)
	if err != nil {
		return err
	}
	// Letters that only look or fold like those of the account's address, and
	// bytes that no address has, make another address (attack 44).
	if typed != cut(typed) || plainASCII(at.Email) && !plainASCII(typed) {
		at = candidate{}
	}
	why := refusal{Person: at.ID}
	switch _, seldom := a.forgotten.Take(fmt.Sprint(at.ID)); {
	case at.ID == 0:
		why.Reason = "unknown"
	case at.State != Active:
		why.Reason = "deactivated"
	case !seldom:
		why.Reason = "slowed"
	}
	args := forgottenArgs{at.ID}
	if why.Reason != "" {
		args.Person = 0
	}
	// Who is meant is looked at by the job, after the answer has gone out: for an
	// address that nobody has, the same is written as for any other.
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		if err := a.Runner.Enqueue(ctx, tx, jobs.Order{Kind: forgottenKind, Args: args, Attempts: 5}); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "reset.requested", "person", int64(at.ID), why)
	})
}

func plainASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// mailForgotten makes the link and mails it.
func (a *Accounts) mailForgotten(ctx context.Context, j jobs.Job) error {
	var args forgottenArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of a job: %w", err)
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		p, err := personAt(ctx, tx, args.Person)
		if fault.Is(err, fault.Missing) || err == nil && p.State != Active {
			return j.Finish(ctx, tx)
		}
		if err != nil {
			return err
		}
		// An invitation that waits stays: a stranger must not be able to end it.
		_, err = tx.Exec(ctx, store.Text(`DELETE FROM one_time_link WHERE person = ? AND purpose = 'reset'`), p.ID)
		if err != nil {
			return fmt.Errorf("end links: %w", err)
		}
		token, ends, err := a.makeLink(ctx, tx, p.ID, Reset)
		if err != nil {
			return err
		}
		if err := a.mailLink(ctx, tx, p, mail.Reset, "", token, ends); err != nil {
			return err
		}
		err = a.tell(ctx, tx, actor.House(), "link.created", "person", int64(p.ID), linkMade{Reset, ends, true})
		if err != nil {
			return err
		}
		return j.Finish(ctx, tx)
	})
}

// linkMade is what the ledger keeps of a one-time link.
type linkMade struct {
	Purpose Purpose   `json:"purpose"`
	Ends    time.Time `json:"ends"`
	Mailed  bool      `json:"mailed"` // false: it was shown to whoever made it
}

// makeLink keeps a new link and gives its secret.
func (a *Accounts) makeLink(ctx context.Context, tx *store.Tx, person actor.PersonID, purpose Purpose) (token string, ends time.Time, err error) {
	token, hash := a.Vault.Token()
	ends = tx.Now().Add(purpose.lasts())
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO one_time_link (hash, purpose, person, created_at, ends_at) VALUES (?, ?, ?, ?, ?)`),
		hash, purpose, person, tx.Now(), ends)
	if err != nil {
		return "", ends, fmt.Errorf("make link: %w", err)
	}
	return token, ends, nil
}

// linkPath is the page that one-time links lead to.
const linkPath = "/link"

func (a *Accounts) mailLink(ctx context.Context, tx *store.Tx, p Person, as mail.Template, by, token string, ends time.Time) error {
	return a.Mail.Put(ctx, tx, mail.Message{Template: as, Language: p.Language, Zone: p.TimeZone, To: p.Email, Name: p.Name,
		Values: map[string]string{"by": by}, Path: linkPath, Token: token, Ends: ends})
}
