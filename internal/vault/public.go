package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
)

// Public ids are a keyed permutation of the 64-bit number: a Feistel network of
// eight rounds with AES as the round function, tweaked by the prefix, so that
// the same number looks different as a client and as a deal. They cannot be
// guessed or counted, and nothing of them is stored.

// alphabet leaves out i, l, o and u, which people mistake or misread.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	publicLen = 13 // letters of five bits for 64 bits
	rounds    = 8
)

// letters is the inverse of alphabet; 255 is no letter.
var letters = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte(alphabet) {
		t[c] = byte(i)
	}
	return t
}()

func idCipher(master []byte) (cipher.Block, error) {
	key, err := subkey(master, "castellan ids 1")
	if err != nil {
		return nil, err
	}
	b, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return b, nil
}

// Public gives the word by which an id is known outside: the prefix, "_" and
// 13 letters and digits. It is the same for ever. The prefix is a word of the
// program, never of a request.
func (v *Vault) Public(prefix string, id int64) string {
	n := v.permute(v.tweak(prefix), uint64(id), false)
	out := make([]byte, 0, len(prefix)+1+publicLen)
	out = append(out, prefix...)
	out = append(out, '_')
	for shift := 60; shift >= 0; shift -= 5 {
		out = append(out, alphabet[n>>uint(shift)&31])
	}
	return string(out)
}

// ID is the inverse of Public. It is false for what Public never gives: another
// prefix, another length, another letter, and half of all mistyped words. The
// other half are ids that do not exist, so that an id from outside must be
// looked up like any other.
func (v *Vault) ID(prefix, public string) (int64, bool) {
	rest, ok := strings.CutPrefix(public, prefix)
	if !ok || len(rest) != 1+publicLen || rest[0] != '_' {
		return 0, false
	}
	var n uint64
	for i, c := range []byte(rest[1:]) {
		d := letters[c]
		if d == 255 || i == 0 && d > 15 { // the first letter stands for four bits
			return 0, false
		}
		n = n<<5 | uint64(d)
	}
	id := int64(v.permute(v.tweak(prefix), n, true))
	return id, id > 0
}

// tweak turns a prefix into eight bytes of the cipher's block.
func (v *Vault) tweak(prefix string) uint64 {
	known := v.tweaks.Load()
	if t, ok := (*known)[prefix]; ok {
		return t
	}
	sum := sha256.Sum256([]byte("castellan id " + prefix))
	t := binary.BigEndian.Uint64(sum[:])
	more := maps.Clone(*known)
	more[prefix] = t
	v.tweaks.CompareAndSwap(known, &more) // whoever loses the race computes it again
	return t
}

func (v *Vault) permute(tweak, n uint64, back bool) uint64 {
	left, right := uint32(n>>32), uint32(n)
	if back {
		left, right = right, left
	}
	block := make([]byte, aes.BlockSize)
	for i := range uint32(rounds) {
		round := i
		if back {
			round = rounds - 1 - i
		}
		binary.BigEndian.PutUint64(block, tweak)
		binary.BigEndian.PutUint32(block[8:], round)
		binary.BigEndian.PutUint32(block[12:], right)
		v.ids.Encrypt(block, block)
		left, right = right, left^binary.BigEndian.Uint32(block)
	}
	if back {
		left, right = right, left
	}
	return uint64(left)<<32 | uint64(right)
}
