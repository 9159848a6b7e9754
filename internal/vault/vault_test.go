package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"castellan/internal/fault"
	"castellan/internal/vault"
)

func open(t testing.TB) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeysAreMadeOnceForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	first, err := vault.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := vault.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := first.Public("contact", 1), second.Public("contact", 1); a != b {
		t.Errorf("the same id is %s and, after a restart, %s", a, b)
	}
	if plain, err := second.Open("here", first.Seal("here", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("a value sealed before the restart opened as %q, %v", plain, err)
	}
	files, err := os.ReadDir(filepath.Join(dir, "keys"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d key files, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestKeysThatOthersMayReadAreRefused(t *testing.T) {
	for _, name := range []string{"master.key", "ledger.key", "ledger.pub", ""} {
		dir := t.TempDir()
		if _, err := vault.Open(dir, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "keys", name), 0o744); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(dir, nil); !fault.Is(err, fault.Busy) {
			t.Errorf("%q was readable by everyone, and Open gave %v", name, err)
		}
	}
}

// New keys beside old data would make what the old ones sealed unreadable.
func TestLostKeyIsNotReplacedSilently(t *testing.T) {
	for _, name := range []string{"master.key", "ledger.key", "ledger.pub"} {
		dir := t.TempDir()
		if _, err := vault.Open(dir, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "keys", name)); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(dir, nil); !fault.Is(err, fault.Busy) {
			t.Errorf("%s was missing, and Open gave %v", name, err)
		}
	}
}

func TestSealedValueOpensOnlyInItsPlace(t *testing.T) {
	v := open(t)
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("long "), 1000)} {
		sealed := v.Seal("person.secret/7", plain)
		if len(plain) > 4 && bytes.Contains(sealed, plain[:5]) {
			t.Error("the plain value is in the sealed one")
		}
		if got, err := v.Open("person.secret/7", sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened as %q, %v", got, err)
		}
		for _, place := range []string{"person.secret/8", "person.secret/", ""} {
			if _, err := v.Open(place, sealed); !errors.Is(err, vault.ErrSealed) {
				t.Errorf("it opened in %q: %v", place, err)
			}
		}
		for i := range min(len(sealed), 60) {
			bent := slices.Clone(sealed)
			bent[i] ^= 1
			if _, err := v.Open("person.secret/7", bent); !errors.Is(err, vault.ErrSealed) {
				t.Errorf("with byte %d changed it gave %v", i, err)
			}
		}
		for _, short := range [][]byte{nil, sealed[:1], sealed[:len(sealed)-1]} {
			if _, err := v.Open("person.secret/7", short); !errors.Is(err, vault.ErrSealed) {
				t.Errorf("%d bytes of it gave %v", len(short), err)
			}
		}
		if _, err := open(t).Open("person.secret/7", sealed); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("another workspace opened it: %v", err)
		}
	}
	if bytes.Equal(v.Seal("a", []byte("x")), v.Seal("a", []byte("x"))) {
		t.Error("the same value sealed twice looks the same")
	}
}

func TestCursorIsNoSealedValue(t *testing.T) {
	v := open(t)
	text := v.SealCursor("list", []byte("position"))
	if strings.ContainsAny(text, "+/=&?") {
		t.Errorf("%s does not fit into a URL", text)
	}
	if got, err := v.OpenCursor("list", text); err != nil || string(got) != "position" {
		t.Errorf("opened as %q, %v", got, err)
	}
	for _, bad := range []string{"", "x", text + "A", text[1:], strings.ToUpper(text), text + "=="} {
		if _, err := v.OpenCursor("list", bad); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("%q gave %v", bad, err)
		}
	}
	if _, err := v.OpenCursor("other", text); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("another place gave %v", err)
	}
}

func TestTokensDifferAndAreFoundByHash(t *testing.T) {
	v := open(t)
	a, hash := v.Token()
	b, _ := v.Token()
	if a == b || len(a) != 43 {
		t.Errorf("tokens of %d letters, equal: %v", len(a), a == b)
	}
	if vault.Hash(a) != hash {
		t.Error("the hash given is not that of the token")
	}
	if one, other := v.Salt(), v.Salt(); one == other {
		t.Error("two salts are equal")
	}
}

func TestPublicIDsRoundTripAndKeepTheirKind(t *testing.T) {
	v := open(t)
	for _, id := range []int64{1, 2, 3, 1 << 20, 1<<63 - 1, 1_777_000_000_000 << 20} {
		public := v.Public("contact", id)
		if len(public) != len("contact_")+13 {
			t.Errorf("%s has an unexpected length", public)
		}
		if got, ok := v.ID("contact", public); !ok || got != id {
			t.Errorf("%d became %s and then %d, %v", id, public, got, ok)
		}
		if _, ok := v.ID("deal", public); ok {
			t.Error("a client's id was taken for a deal's")
		}
		if got, ok := v.ID("deal", "deal_"+public[len("contact_"):]); ok && got == id {
			t.Error("the prefix makes no difference")
		}
		if got, ok := open(t).ID("contact", public); ok && got == id {
			t.Error("the key makes no difference")
		}
	}
	for _, bad := range []string{"", "contact_", "contact", "contact_000000000000", "contact_00000000000000", "contact_zzzzzzzzzzzzz",
		"contact_000000000000u", "contact_000000000000O", "contact-0000000000000", strings.ToUpper(v.Public("contact", 1)), " " + v.Public("contact", 1)} {
		if id, ok := v.ID("contact", bad); ok {
			t.Errorf("%q was taken for id %d", bad, id)
		}
	}
}

// A mistyped id must not be somebody else's: whatever letter is changed, what
// comes out is refused or far from any id that was handed out.
func TestMistypedIDIsNobodyElses(t *testing.T) {
	v := open(t)
	public := v.Public("contact", 1000)
	refused, all := 0, 0
	for i := len("contact_"); i < len(public); i++ {
		for _, c := range "0123456789abcdefghjkmnpqrstvwxyz" {
			if bad := public[:i] + string(c) + public[i+1:]; bad != public {
				all++
				id, ok := v.ID("contact", bad)
				if !ok {
					refused++
				} else if id < 1<<32 {
					t.Errorf("%s is %d", bad, id)
				}
			}
		}
	}
	if refused < all/3 {
		t.Errorf("only %d of %d were refused", refused, all)
	}
}

// Neighbours must not look alike, or ids could be counted: every letter of the
// word takes every value about equally often.
func TestPublicIDsSpreadEvenly(t *testing.T) {
	v := open(t)
	const n = 32_000
	var seen [13]map[byte]int
	for i := range seen {
		seen[i] = map[byte]int{}
	}
	for id := int64(1); id <= n; id++ {
		word := strings.TrimPrefix(v.Public("contact", id), "contact_")
		for i := range 13 {
			seen[i][word[i]]++
		}
	}
	for i, counts := range seen {
		letters := 32
		if i == 0 {
			letters = 16
		}
		if len(counts) != letters {
			t.Errorf("letter %d takes %d values, want %d", i, len(counts), letters)
		}
		for c, k := range counts {
			if want := n / letters; k < want*8/10 || k > want*12/10 {
				t.Errorf("letter %d is %c %d times, expected about %d", i, c, k, want)
			}
		}
	}
}

func TestLedgerKeyVerifiesWhatItSigned(t *testing.T) {
	v := open(t)
	signed, err := note.Sign(&note.Note{Text: "head\n"}, v.LedgerSigner())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v.LedgerVerifier())); err != nil {
		t.Error(err)
	}
	if _, err := note.Open(signed, note.VerifierList(open(t).LedgerVerifier())); err == nil {
		t.Error("another workspace's key verified it")
	}
}

func BenchmarkPublic(b *testing.B) {
	v := open(b)
	for i := 0; b.Loop(); i++ {
		v.Public("contact", int64(i))
	}
}

func BenchmarkID(b *testing.B) {
	v := open(b)
	public := v.Public("contact", 1<<60)
	for b.Loop() {
		v.ID("contact", public)
	}
}
