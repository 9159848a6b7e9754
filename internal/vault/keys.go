package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"castellan/internal/fault"
	"castellan/ledger"
)

// The files in the directory keys.
const (
	masterFile  = "master.key"
	privateFile = "ledger.key"
	publicFile  = "ledger.pub"
)

type keySet struct {
	master          []byte
	private, public string
}

// openKeys reads the key files, or makes them if there is none.
func openKeys(workspace string, chance io.Reader) (keySet, error) {
	dir := filepath.Join(workspace, "keys")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return keySet{}, fmt.Errorf("make directory of keys: %w", err)
	}
	if err := private(dir); err != nil {
		return keySet{}, err
	}
	var texts []string
	missing := 0
	for _, name := range []string{masterFile, privateFile, publicFile} {
		text, err := readKey(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			missing++
		} else if err != nil {
			return keySet{}, err
		}
		texts = append(texts, text)
	}
	switch missing {
	case 0:
	case len(texts):
		return makeKeys(dir, chance)
	default:
		return keySet{}, fault.Newf(fault.Busy, "vault.incomplete",
			"Some of the key files in %s are missing. Put them back from a backup: without them sealed data cannot be opened.", dir)
	}
	master, err := hex.DecodeString(texts[0])
	if err != nil || len(master) != 32 {
		return keySet{}, errors.New("the master key is not 64 hexadecimal digits")
	}
	return keySet{master, texts[1], texts[2]}, nil
}

func makeKeys(dir string, chance io.Reader) (keySet, error) {
	seed := make([]byte, 32+8)
	if _, err := io.ReadFull(chance, seed); err != nil {
		return keySet{}, fmt.Errorf("make keys: %w", err)
	}
	k := keySet{master: seed[:32]}
	// The name is the origin of the log: no two workspaces have the same.
	var err error
	k.private, k.public, err = ledger.NewKey("castellan/"+hex.EncodeToString(seed[32:]), chance)
	if err != nil {
		return keySet{}, fmt.Errorf("make key of the ledger: %w", err)
	}
	for _, f := range []struct{ name, text string }{
		{masterFile, hex.EncodeToString(k.master)}, {privateFile, k.private}, {publicFile, k.public},
	} {
		if err := writeKey(filepath.Join(dir, f.name), f.text); err != nil {
			return keySet{}, err
		}
	}
	return k, syncDir(dir)
}

func readKey(path string) (string, error) {
	if err := private(path); err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// writeKey makes a key file that is on disk when it returns, and never
// overwrites one.
func writeKey(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = f.WriteString(text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

// private refuses a file or directory that others on the machine may read or
// write. Windows has no such modes; the directory's own rights hold there.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return fault.Newf(fault.Busy, "vault.open", "Others on this machine may read %s. Allow only its owner: chmod go= %s", path, path)
	}
	return nil
}
