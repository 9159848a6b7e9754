package mailbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"castellan/internal/reach"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/value"
)

const (
	mostMail   = 36 << 20 // bytes of one mail; more is not fetched
	mostHeader = 128 << 10
	batch      = 50  // headers at a time
	perLook    = 500 // mails at most in one look, so that others have their turn
)

// problem is why the mailbox cannot be read: a word of ours. What the server says
// is never kept.
type problem string

// Error gives the word.
func (p problem) Error() string { return "mailbox: " + string(p) }

var errMoved = errors.New("another process reads the mailbox, or its settings were changed")

// Look reads what has come since the last look. What hinders it is written down
// with the mailbox and tried again; an error is one of our own.
func (b *Box) Look(ctx context.Context) error {
	if !b.one.TryLock() {
		return nil
	}
	defer b.one.Unlock()
	held, err := load(ctx, b.DB)
	if held == nil || err != nil || !held.Active {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, b.Patience)
	defer stop()
	l := &look{Box: b, box: held}
	whole, err := l.read(ctx)
	var why problem
	if err != nil && !errors.As(err, &why) && !errors.Is(err, errMoved) {
		if ctx.Err() == nil {
			return err
		}
		why = "silent"
	}
	if errors.Is(err, errMoved) {
		return nil
	}
	return b.DB.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		_, err := tx.Exec(context.WithoutCancel(ctx), store.Text(`UPDATE mailbox SET problem = NULLIF(?, ''), tried_at = ?, read_at = CASE WHEN ? = 1 THEN ? ELSE read_at END WHERE id = 1 AND version = ?`),
			string(why), tx.Now(), number(whole && why == ""), tx.Now(), held.Version)
		if err != nil {
			return fmt.Errorf("say how the mailbox stands: %w", err)
		}
		return nil
	})
}

// look is one visit to the server.
type look struct {
	*Box
	box *box

	client *imapclient.Client
	passed int64 // strangers since uid was last written down
	excess int64 // and mails beyond what one sender may bring
	done   int64 // the last mail that was dealt with
}

// read deals with what is new, and tells whether that was all.
func (l *look) read(ctx context.Context) (whole bool, err error) {
	leave, err := l.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	selected, err := l.client.Select(l.box.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return false, l.refusal(ctx, err, "folder")
	}
	if validity := int64(selected.UIDValidity); validity != l.box.validity {
		if err := l.restart(ctx, validity); err != nil {
			return false, err
		}
	}
	var after imap.UIDSet
	after.AddRange(imap.UID(l.box.uid+1), 0)
	found, err := l.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{after}, Since: l.box.Since}, nil).Wait()
	if err != nil {
		return false, l.refusal(ctx, err, "broken")
	}
	// "n:*" names the last mail even if it is before n.
	var uids []imap.UID
	for _, uid := range found.AllUIDs() {
		if int64(uid) > l.box.uid {
			uids = append(uids, uid)
		}
	}
	whole = len(uids) <= perLook
	uids = uids[:min(len(uids), perLook)]
	for len(uids) > 0 {
		some := uids[:min(len(uids), batch)]
		uids = uids[len(some):]
		all, err := l.headers(ctx, some)
		if err != nil {
			return false, err
		}
		for _, h := range all {
			if err := l.deal(ctx, h); err != nil {
				return false, err
			}
		}
		l.done = int64(some[len(some)-1])
		if err := l.mark(ctx); err != nil {
			return false, err
		}
	}
	return whole, nil
}

// enter opens the way, makes it secret and says who we are; leave closes it, and
// so does the end of the context.
func (l *look) enter(ctx context.Context) (leave func(), err error) {
	password, err := l.Vault.Open(place(&l.box.Settings), l.box.sealed)
	if err != nil {
		return nil, problem("password")
	}
	conn, err := reach.Within(l.Patience, l.Internal).DialContext(ctx, "tcp", net.JoinHostPort(l.box.Host, strconv.Itoa(l.box.Port)))
	if err != nil {
		return nil, l.refusal(ctx, err, "unreachable")
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	leave = func() {
		stop()
		_ = conn.Close() // nothing of ours is lost by that
	}
	settings := &tls.Config{ServerName: l.box.Host, RootCAs: l.Roots, MinVersion: tls.VersionTLS12}
	options := &imapclient.Options{TLSConfig: settings}
	if l.box.Security == StartTLS {
		l.client, err = imapclient.NewStartTLS(conn, options)
		if err != nil {
			leave()
			return nil, l.refusal(ctx, err, "starttls")
		}
	} else {
		secure := tls.Client(conn, settings)
		if err := secure.HandshakeContext(ctx); err != nil {
			leave()
			return nil, l.refusal(ctx, err, "broken")
		}
		l.client = imapclient.New(secure, options)
	}
	if err := l.client.WaitGreeting(); err != nil {
		leave()
		return nil, l.refusal(ctx, err, "broken")
	}
	if l.client.Caps().Has(imap.AuthCap(sasl.Plain)) {
		err = l.client.Authenticate(sasl.NewPlainClient("", l.box.User, string(password)))
	} else {
		err = l.client.Login(l.box.User, string(password)).Wait()
	}
	if err != nil {
		leave()
		return nil, l.refusal(ctx, err, "password")
	}
	return leave, nil
}

// refusal names what went wrong, in a word of ours.
func (l *look) refusal(ctx context.Context, err error, said string) error {
	var slow net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unverified *tls.CertificateVerificationError
	var no *imap.Error
	switch {
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &unverified):
		return problem("certificate")
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return problem("silent")
	case said == "password" || said == "folder":
		if !errors.As(err, &no) { // it hung up
			return problem("broken")
		}
	}
	return problem(said)
}

// restart begins the folder anew: the server has numbered its mails afresh. What
// was taken is known by what it is.
func (l *look) restart(ctx context.Context, validity int64) error {
	err := l.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE mailbox SET validity = ?, uid = 0, strangers = 0, excess = 0 WHERE id = 1 AND version = ? AND validity = ?"), validity, l.box.Version, l.box.validity)
		if err != nil {
			return fmt.Errorf("begin the mailbox anew: %w", err)
		}
		if n != 1 {
			return errMoved
		}
		return nil
	})
	l.box.validity, l.box.uid = validity, 0
	return err
}

// head is what is known of a mail before it is fetched.
type head struct {
	uid  imap.UID
	size int64
	came time.Time
	raw  []byte
}

var wholeHeader = imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: mostHeader}}

// headers fetches the headers of some mails, in the order of their numbers.
func (l *look) headers(ctx context.Context, uids []imap.UID) ([]head, error) {
	cmd := l.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{&wholeHeader}})
	byUID := map[imap.UID]head{}
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		h, err := gather(m, mostHeader)
		if err != nil {
			_ = cmd.Close() // the way is broken already
			return nil, l.refusal(ctx, err, "broken")
		}
		byUID[h.uid] = h
	}
	if err := cmd.Close(); err != nil {
		return nil, l.refusal(ctx, err, "broken")
	}
	var all []head
	for _, uid := range uids {
		if h, there := byUID[uid]; there { // one that was deleted meanwhile is not
			all = append(all, h)
		}
	}
	return all, nil
}

// fetch fetches one whole mail. One that is not there any more gives nil.
func (l *look) fetch(ctx context.Context, h head) ([]byte, error) {
	section := imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: mostMail}}
	cmd := l.client.Fetch(imap.UIDSetNum(h.uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{&section}})
	var raw []byte
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		got, err := gather(m, mostMail)
		if err != nil {
			_ = cmd.Close() // the way is broken already
			return nil, l.refusal(ctx, err, "broken")
		}
		if got.uid == h.uid {
			raw = got.raw
		}
	}
	if err := cmd.Close(); err != nil {
		return nil, l.refusal(ctx, err, "broken")
	}
	return raw, nil
}

// gather reads what the server says of one mail, and no more than was asked for,
// whatever the server says it sends.
func gather(m *imapclient.FetchMessageData, most int64) (h head, err error) {
	for item := m.Next(); item != nil; item = m.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			h.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			h.came = item.Time
		case imapclient.FetchItemDataRFC822Size:
			h.size = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			if item.Literal.Size() > most {
				return h, problem("broken")
			}
			if h.raw, err = io.ReadAll(item.Literal); err != nil {
				return h, fmt.Errorf("fetch a mail: %w", err)
			}
		}
	}
	return h, nil
}

// deal decides about one mail.
func (l *look) deal(ctx context.Context, h head) error {
	l.done = int64(h.uid)
	m := parseHeader(h.raw, l.box.AuthServ)
	if l.ours(m) {
		return nil
	}
	if m.report {
		return l.returned(ctx, h)
	}
	about := records.Received{From: m.from, Answers: l.letters(m.answers), Subject: m.subject, At: l.received(h), Written: m.written}
	to, known, err := l.Book.Correspondents(ctx, about)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		l.passed++
		return nil
	}
	mark := l.Vault.Fingerprint("mailbox mail", m.identity(h.raw))
	if here, err := l.here(ctx, mark); here || err != nil {
		return err
	}
	bound := l.boundOf(&about, m, to, known)
	if over, err := l.over(ctx, bound, about.At); over || err != nil {
		if over {
			l.excess++
		}
		return err
	}
	about.Note = l.noteOfLeft
	if h.size > mostMail {
		about.Body = l.words("large")
	} else {
		raw, err := l.fetch(ctx, h)
		if err != nil {
			return err
		}
		whole := parse(raw)
		about.Body, about.Files, about.Left = whole.text, whole.files, whole.left
		if whole.unread {
			about.Body = l.words("unread")
		}
	}
	_, err = l.Book.Receive(ctx, about, to, func(ctx context.Context, tx *store.Tx) (bool, error) {
		n, err := tx.Exec(ctx, store.Text("INSERT INTO mailbox_taken (mark, taken_at, came_at, sender) VALUES (?, ?, ?, ?) ON CONFLICT (mark) DO NOTHING"), mark[:], tx.Now(), about.At.UnixMicro(), bound.sender)
		if err != nil {
			return false, fmt.Errorf("remember a mail: %w", err)
		}
		return n == 1, l.advance(ctx, tx, n)
	})
	return err
}

// received is when the server took a mail, by its own clock.
func (l *look) received(h head) time.Time {
	now := l.DB.Now()
	if h.came.IsZero() || h.came.After(now.Add(time.Hour)) {
		return now
	}
	return h.came
}

// here tells whether a mail was taken before.
func (l *look) here(ctx context.Context, mark [32]byte) (bool, error) {
	var n int64
	if err := l.DB.QueryRow(ctx, store.Text("SELECT COUNT(*) FROM mailbox_taken WHERE mark = ?"), mark[:]).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a mail: %w", err)
	}
	return n > 0, nil
}

// How many mails of unproven senders come in of those that the server received
// within one hour: as one client, in answers from addresses that no client has (for
// each client), and in all. What is more stays in the mailbox and is counted.
const (
	mostUnproven = 60
	mostAnswered = 20
	mostOfAll    = 600
)

// bound says by what a mail is counted. The zero one is not counted.
type bound struct {
	sender []byte
	most   int64
}

// boundOf says what is known of whom a mail is from, and how many of its like come in.
func (l *look) boundOf(about *records.Received, m header, to []records.Correspondent, known bool) bound {
	var of string
	most := int64(mostUnproven)
	switch {
	case known && m.proven:
		about.Sender = records.SenderProven
		return bound{}
	case known:
		about.Sender, of = records.SenderUnproven, "as "+value.EmailKey(m.from[0])
	default:
		about.Sender, of, most = records.SenderOther, fmt.Sprintf("to %s %d", to[0].Kind, to[0].ID), mostAnswered
	}
	sum := l.Vault.Fingerprint("mailbox sender", []byte(of))
	return bound{sum[:], most}
}

// over tells whether there are so many of its like already.
func (l *look) over(ctx context.Context, b bound, at time.Time) (bool, error) {
	if b.sender == nil {
		return false, nil
	}
	var alike, all int64
	from, to := at.Add(-time.Hour).UnixMicro(), at.UnixMicro()
	err := l.DB.QueryRow(ctx, store.Text("SELECT COUNT(CASE WHEN sender = ? THEN 1 END), COUNT(*) FROM mailbox_taken WHERE sender IS NOT NULL AND came_at > ? AND came_at <= ?"), b.sender, from, to).Scan(&alike, &all)
	if err != nil {
		return false, fmt.Errorf("count mails of unproven senders: %w", err)
	}
	return alike >= b.most || all >= mostOfAll, nil
}

// ours tells whether the house wrote a mail: a copy of a letter, or one that goes
// round in circles.
func (l *look) ours(m header) bool {
	if len(l.letters([]string{m.id})) > 0 {
		return true
	}
	if l.Own == nil {
		return false
	}
	own := l.Own()
	for _, from := range m.from {
		if own != "" && sameAddress(from, own) {
			return true
		}
	}
	return false
}

// letters are the letters of ours that some Message-IDs name.
func (l *look) letters(ids []string) []int64 {
	var all []int64
	if l.Letter == nil {
		return nil
	}
	for _, id := range ids {
		if n, ours := l.Letter(id); ours {
			all = append(all, n)
		}
	}
	return all
}

// returned deals with a report that a mail could not be delivered. It is believed
// if it names a letter of ours, whose number nobody guesses.
func (l *look) returned(ctx context.Context, h head) error {
	if h.size > mostMail {
		return nil
	}
	raw, err := l.fetch(ctx, h)
	if err != nil {
		return err
	}
	back := l.letters(parse(raw).returned)
	if len(back) == 0 {
		l.passed++
		return nil
	}
	return l.DB.Write(ctx, func(tx *store.Tx) error {
		for _, number := range back {
			if err := l.Book.Settled(ctx, tx, number, "returned"); err != nil {
				return err
			}
		}
		return l.advance(ctx, tx, 0)
	})
}

// mark writes down how far the mailbox was read.
func (l *look) mark(ctx context.Context) error {
	if l.done <= l.box.uid {
		return nil
	}
	return l.DB.Write(ctx, func(tx *store.Tx) error { return l.advance(ctx, tx, 0) })
}

// advance does the same in the transaction that keeps a mail. Of two processes
// that read at once one gives way.
func (l *look) advance(ctx context.Context, tx *store.Tx, taken int64) error {
	n, err := tx.Exec(ctx, store.Text("UPDATE mailbox SET uid = ?, taken = taken + ?, strangers = strangers + ?, excess = excess + ? WHERE id = 1 AND version = ? AND validity = ? AND uid = ?"),
		l.done, taken, l.passed, l.excess, l.box.Version, l.box.validity, l.box.uid)
	if err != nil {
		return fmt.Errorf("say how far the mailbox was read: %w", err)
	}
	if n != 1 {
		return errMoved
	}
	done := l.done
	tx.AfterCommit(func() { l.box.uid, l.passed, l.excess = done, 0, 0 })
	return nil
}
