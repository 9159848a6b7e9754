// Package vault holds the keys; it seals a value so that it opens only in its own place.
//
// Keys lie in the directory keys of the workspace, outside the database, so
// that a stolen copy of the database alone opens nothing, and whoever can write
// to the database cannot sign the ledger. They are made once; a directory that
// holds some of them but not all is refused, for new keys beside old data would
// make everything sealed with the old ones unreadable without a word.
//
// Every use has a key of its own, derived from the master key, and every sealed
// value is bound to the place it was sealed for: a value that is copied to
// another row, column or session does not open there.
//
// The vault is also the house's only source of chance.
package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/mod/sumdb/note"
)

// Vault is safe for concurrent use.
type Vault struct {
	chance   io.Reader
	values   cipher.AEAD // seals values that are stored
	cursors  cipher.AEAD // seals cursors, which go out and come back
	prints   []byte      // the key of fingerprints
	ids      cipher.Block
	tweaks   atomic.Pointer[map[string]uint64] // of public ids, by prefix; a map that is stored is never changed
	signer   note.Signer
	verifier note.Verifier
	public   string
}

// Open reads the keys of the workspace in a directory, and makes them the first
// time. A nil source of chance is the system's.
func Open(dir string, chance io.Reader) (*Vault, error) {
	if chance == nil {
		chance = rand.Reader
	}
	keys, err := openKeys(dir, chance)
	if err != nil {
		return nil, err
	}
	v := &Vault{chance: chance, public: keys.public}
	v.tweaks.Store(&map[string]uint64{})
	if v.values, err = aead(keys.master, "castellan values 1"); err != nil {
		return nil, err
	}
	if v.cursors, err = aead(keys.master, "castellan cursors 1"); err != nil {
		return nil, err
	}
	if v.prints, err = subkey(keys.master, "castellan fingerprints 1"); err != nil {
		return nil, err
	}
	if v.ids, err = idCipher(keys.master); err != nil {
		return nil, err
	}
	if v.signer, err = note.NewSigner(keys.private); err != nil {
		return nil, errors.New("the private key of the ledger cannot be read")
	}
	if v.verifier, err = note.NewVerifier(keys.public); err != nil {
		return nil, fmt.Errorf("read the public key of the ledger: %w", err)
	}
	if v.signer.Name() != v.verifier.Name() || v.signer.KeyHash() != v.verifier.KeyHash() {
		return nil, errors.New("the two halves of the ledger's key do not belong together")
	}
	return v, nil
}

// subkey derives the key of one use from the master key.
func subkey(master []byte, use string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, master, nil, use, 32)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return key, nil
}

func aead(master []byte, use string) (cipher.AEAD, error) {
	key, err := subkey(master, use)
	if err != nil {
		return nil, err
	}
	a, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return a, nil
}

// Bytes gives n bytes of chance.
func (v *Vault) Bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(v.chance, b); err != nil {
		// The system's source never fails, and without it nothing here is safe.
		panic("vault: no chance to be had: " + err.Error())
	}
	return b
}

// Salt gives 32 bytes of chance.
func (v *Vault) Salt() (salt [32]byte) {
	copy(salt[:], v.Bytes(len(salt)))
	return salt
}

// Token makes a secret that is handed out once: 32 bytes of chance as text that
// fits into a URL. Only its hash is to be stored.
func (v *Vault) Token() (plain string, hash [32]byte) {
	plain = base64.RawURLEncoding.EncodeToString(v.Bytes(32))
	return plain, Hash(plain)
}

// Hash is what is stored of a token, and by which it is found. A token has
// enough chance in it that a plain hash gives nothing away.
func Hash(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// LedgerSigner signs checkpoints of the ledger.
func (v *Vault) LedgerSigner() note.Signer { return v.signer }

// LedgerVerifier checks checkpoints of the ledger. Its text form is LedgerKey.
func (v *Vault) LedgerVerifier() note.Verifier { return v.verifier }

// LedgerKey is the public key of the ledger in the text form of signed notes,
// for whoever checks the ledger elsewhere.
func (v *Vault) LedgerKey() string { return v.public }
