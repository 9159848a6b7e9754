package identity

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as every authenticator app speaks it; HMAC does not lean on collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// What authenticator apps take without being asked: SHA-1, six digits, half a
// minute. Apps pass over other choices in silence and show codes that never fit.
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSecret = 20 // bytes, the length of the hash (RFC 4226, section 4)
	totpDelay  = 1  // steps before the present one: what was read off is typed a moment later (RFC 6238, section 5.2); none after it
)

// hotp is the code of a counter (RFC 4226).
func hotp(secret []byte, counter int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	var text [8]byte
	binary.BigEndian.PutUint64(text[:], uint64(counter))
	mac.Write(text[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	for i, ten := 0, uint32(1); ; i++ {
		if i == digits {
			return fmt.Sprintf("%0*d", digits, n%ten)
		}
		ten *= 10
	}
}

// stepAt is the step of a moment (RFC 6238).
func stepAt(now time.Time) int64 { return now.Unix() / int64(totpStep/time.Second) }

// totpMatch finds the step whose code this is: the present one or the one
// before, if it is after the last one that was used. All of them are looked at,
// whatever fits, so that time tells nothing.
func totpMatch(secret []byte, code string, now time.Time, used int64) (step int64, right bool) {
	for s := stepAt(now) - totpDelay; s <= stepAt(now); s++ {
		same := subtle.ConstantTimeCompare([]byte(hotp(secret, s, totpDigits)), []byte(code)) == 1
		if same && s > used {
			step, right = s, true
		}
	}
	return step, right
}

// base32Text is how secrets are typed into apps.
var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)
