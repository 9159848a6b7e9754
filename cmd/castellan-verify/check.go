package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"castellan/ledger"
)

// check does what the flags ask and says whether all is proved.
func check(ctx context.Context, f *flags, now time.Time, out io.Writer) (bool, error) {
	key, err := readKey(f.Key)
	if err != nil {
		return false, err
	}
	ok := true
	var answer answer
	if f.Proof != "" {
		answer.Proof = checkProof(f, key)
		ok = answer.Proof.Proved
	}
	if f.Log != "" {
		report, err := checkLog(ctx, f, key, now)
		if err != nil {
			return false, err
		}
		answer.Report = report
		ok = ok && report.OK()
	}
	if f.JSON {
		return ok, answer.writeJSON(out)
	}
	return ok, answer.write(out, f)
}

// readKey reads the public key: one line, as the server shows it.
func readKey(name string) (note.Verifier, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	if bytes.HasPrefix(text, []byte("PRIVATE+KEY+")) {
		return nil, errors.New("read public key: this is the private key, which should never leave the server")
	}
	key, err := note.NewVerifier(string(bytes.TrimSpace(text)))
	if err != nil {
		return nil, fmt.Errorf("read public key: %s does not hold one: %w", name, err)
	}
	return key, nil
}

// checkLog verifies a whole log, from the state on if there is one.
func checkLog(ctx context.Context, f *flags, key note.Verifier, now time.Time) (*ledger.Report, error) {
	opts := ledger.Options{Skew: f.Skew, Heartbeat: f.Heartbeat, Now: now}
	for _, name := range f.Head {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read signed head: %w", err)
		}
		opts.Heads = append(opts.Heads, signedPart(text, key.Name()))
	}
	if f.State != "" {
		text, err := os.ReadFile(f.State)
		if err == nil {
			opts.State, err = ledger.ParseState(text, key)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read state: %w", err)
		}
	}
	var report ledger.Report
	verify := func(src ledger.Source) (err error) {
		report, err = ledger.Verify(ctx, src, key, opts)
		return err
	}
	if err := withLog(ctx, f.Log, verify); err != nil {
		return nil, err
	}
	if f.State != "" && report.State != nil {
		if err := replaceFile(f.State, report.State.Marshal()); err != nil {
			return nil, fmt.Errorf("note state: %w", err)
		}
	}
	return &report, nil
}

// signedPart finds the signed note in a mail or file that may have line ends of
// another system, and words above and below.
func signedPart(text []byte, origin string) []byte {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i, line := range lines {
		if line != origin {
			continue
		}
		var b strings.Builder
		signed := false
		for _, line := range lines[i:] {
			if strings.HasPrefix(line, "— ") {
				signed = true
			} else if signed {
				break
			}
			b.WriteString(line + "\n")
		}
		return []byte(b.String())
	}
	return text
}

// withLog opens a log, wherever it lies, for as long as use runs.
func withLog(ctx context.Context, name string, use func(ledger.Source) error) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	if info.IsDir() {
		if isData(name) {
			return withDatabase(ctx, filepath.Join(name, ledgerFile), use)
		}
		return withBundle(os.DirFS(name), use)
	}
	if filepath.Ext(name) == ".db" {
		return withDatabase(ctx, name, use)
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer file.Close()
	switch filepath.Ext(name) {
	case ".zip":
		archive, err := zip.NewReader(file, info.Size())
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		return withBundle(archive, use)
	case ".tar":
		archive, err := newTarFS(tar.NewReader(file), file)
		if err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
		return withBundle(archive, use)
	}
	return fmt.Errorf("open log: %s is neither a directory nor a .db, .zip or .tar file", name)
}

// withBundle opens a bundle. An archive may have put it into a folder.
func withBundle(files fs.FS, use func(ledger.Source) error) error {
	if _, err := fs.Stat(files, "checkpoint"); errors.Is(err, fs.ErrNotExist) {
		if top, err := fs.ReadDir(files, "."); err == nil && len(top) == 1 && top[0].IsDir() {
			if files, err = fs.Sub(files, top[0].Name()); err != nil {
				return err
			}
		}
	}
	bundle, err := ledger.OpenBundle(files)
	if err != nil {
		return err
	}
	return use(bundle)
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// checkProof checks the proof of one entry.
func checkProof(f *flags, key note.Verifier) *proofAnswer {
	a := &proofAnswer{}
	err := func() error {
		text, err := os.ReadFile(f.Proof)
		if err != nil {
			return err
		}
		entry, err := os.ReadFile(f.Entry)
		if err != nil {
			return err
		}
		proof, err := ledger.ParseProof(text)
		if err != nil {
			return err
		}
		a.Index = proof.Index
		if a.Checkpoint, err = proof.Verify(entry, key); err != nil {
			return err
		}
		a.Proved = true
		a.Entry, err = ledger.ParseEntry(entry)
		return err
	}()
	if err != nil {
		a.Proved, a.Problem = false, err.Error()
	}
	return a
}
