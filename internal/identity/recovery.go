package identity

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/store"
)

// Recovery codes are for the day on which the phone is gone. Eighty bits of
// chance each: nobody guesses one, however often they may try.
const (
	recoveryCodes = 10
	recoveryBytes = 10
)

// recoveryText leaves out letters that people misread, as ids do.
var recoveryText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// issue makes new recovery codes, in place of all that there were. They are
// shown this once.
func (a *Accounts) issue(ctx context.Context, tx *store.Tx, person actor.PersonID) ([]string, error) {
	if err := dropRecovery(ctx, tx, person); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		text := recoveryText.EncodeToString(a.Vault.Bytes(recoveryBytes))
		codes[i] = strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO recovery_code (hash, person, created_at) VALUES (?, ?, ?)`), a.recoveryHash(person, codes[i]), person, tx.Now())
		if err != nil {
			return nil, fmt.Errorf("issue recovery codes: %w", err)
		}
	}
	return codes, nil
}

// recoveryHash is what is stored of a code: however it is typed, with or
// without its dashes, and with letters that look like others.
func (a *Accounts) recoveryHash(person actor.PersonID, typed string) [32]byte {
	code := strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(cut(typed)))
	return a.Vault.Fingerprint(fmt.Sprintf("recovery/%d", person), []byte(code))
}

// useRecovery takes a code, once, and says how many are left.
func (a *Accounts) useRecovery(ctx context.Context, tx *store.Tx, person actor.PersonID, typed string) (right bool, left int, err error) {
	n, err := tx.Exec(ctx, store.Text(`UPDATE recovery_code SET used_at = ? WHERE hash = ? AND person = ? AND used_at IS NULL`), tx.Now(), a.recoveryHash(person, typed), person)
	if err != nil {
		return false, 0, fmt.Errorf("use recovery code: %w", err)
	}
	if n == 0 {
		return false, 0, nil
	}
	left, err = recoveryLeft(ctx, tx, person)
	return true, left, err
}

func recoveryLeft(ctx context.Context, from asker, person actor.PersonID) (n int, err error) {
	if err := from.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM recovery_code WHERE person = ? AND used_at IS NULL`), person).Scan(&n); err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}

func dropRecovery(ctx context.Context, tx *store.Tx, person actor.PersonID) error {
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM recovery_code WHERE person = ?`), person); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	return nil
}
