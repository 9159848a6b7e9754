package vault

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Fingerprint is a hash that only this workspace can make: the same content in
// the same place gives the same one, and without the master key nobody can try
// out what it might be of (HMAC-SHA-256, RFC 2104).
func (v *Vault) Fingerprint(place string, content []byte) (sum [32]byte) {
	m := hmac.New(sha256.New, v.prints)
	m.Write([]byte(place))
	m.Write([]byte{0})
	m.Write(content)
	m.Sum(sum[:0])
	return sum
}
