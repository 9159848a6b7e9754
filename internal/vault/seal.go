package vault

import (
	"crypto/cipher"
	"encoding/base64"
	"errors"
)

// ErrSealed says that a value does not open: it was changed, or it belongs to
// another place or another workspace. It tells nothing more on purpose.
var ErrSealed = errors.New("the sealed value does not open here")

// sealVersion is the first byte of every sealed value, so that a later cipher
// can be told from this one.
const sealVersion = 1

// Seal encrypts a value for one place, such as "person.totp/17". The same place
// must be named to open it. A sealed value is 41 bytes longer than the plain one.
func (v *Vault) Seal(place string, plain []byte) []byte { return v.seal(v.values, place, plain) }

// Open decrypts a value that was sealed for the place, or gives ErrSealed.
func (v *Vault) Open(place string, sealed []byte) ([]byte, error) {
	return open(v.values, place, sealed)
}

// SealCursor is Seal for what goes out in a URL and comes back: the position
// in a list, the state of a sign-in.
func (v *Vault) SealCursor(place string, plain []byte) string {
	return base64.RawURLEncoding.EncodeToString(v.seal(v.cursors, place, plain))
}

// OpenCursor opens what SealCursor has sealed for the place, or gives ErrSealed.
func (v *Vault) OpenCursor(place, text string) ([]byte, error) {
	// Strict: otherwise one sealed value would have several spellings.
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrSealed
	}
	return open(v.cursors, place, sealed)
}

func (v *Vault) seal(a cipher.AEAD, place string, plain []byte) []byte {
	out := make([]byte, 0, 1+a.NonceSize()+len(plain)+a.Overhead())
	out = append(out, sealVersion)
	// 24 bytes of chance never come twice.
	nonce := v.Bytes(a.NonceSize())
	out = append(out, nonce...)
	return a.Seal(out, nonce, plain, []byte(place))
}

func open(a cipher.AEAD, place string, sealed []byte) ([]byte, error) {
	n := 1 + a.NonceSize()
	if len(sealed) < n+a.Overhead() || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := a.Open(nil, sealed[1:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
