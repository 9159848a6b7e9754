package store

import (
	"bytes"
	"os"
	"strconv"
	"syscall"

	"modernc.org/libc"
)

// oneByOne tells the system that our databases are read here and there, wherever
// they are mapped. It changes nothing of what is read, so that
// it does no harm if a map has gone or grown meanwhile.
func oneByOne() {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\n")
		if !bytes.HasSuffix(line, []byte("/castellan.db")) && !bytes.HasSuffix(line, []byte("/ledger.db")) {
			continue
		}
		from, rest, _ := bytes.Cut(line, []byte("-"))
		to, _, _ := bytes.Cut(rest, []byte(" "))
		a, err := strconv.ParseUint(string(from), 16, 64)
		if err != nil {
			continue
		}
		z, err := strconv.ParseUint(string(to), 16, 64)
		if err != nil || z <= a {
			continue
		}
		_ = syscall.Madvise(libc.GoBytes(uintptr(a), int(z-a)), syscall.MADV_RANDOM)
	}
}
