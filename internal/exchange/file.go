package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	"castellan/internal/fault"
	"castellan/internal/store"
)

// sealedFile reads a file that lies in sealed pieces. It opens a piece when it
// is wanted and keeps the last few: neither the disk nor the memory ever holds
// the whole file in the open.
type sealedFile struct {
	m     *Imports
	ctx   context.Context // of the work for which the file was opened
	id    int64
	size  int64
	kept  [4]openPiece
	clock int
}

type openPiece struct {
	place int
	data  []byte // nil: none
	used  int
}

// content is the file of an import.
func (m *Imports) content(ctx context.Context, i *Import) *sealedFile {
	return &sealedFile{m: m, ctx: ctx, id: i.ID, size: i.Size}
}

// ReadAt is io.ReaderAt. One goroutine uses it at a time.
func (f *sealedFile) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		if off >= f.size {
			return n, io.EOF
		}
		data, err := f.piece(int(off / piece))
		if err != nil {
			return n, err
		}
		from := int(off % piece)
		if from >= len(data) {
			return n, io.ErrUnexpectedEOF
		}
		k := copy(b[n:], data[from:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

func (f *sealedFile) piece(place int) ([]byte, error) {
	f.clock++
	oldest := 0
	for i := range f.kept {
		if p := &f.kept[i]; p.data != nil && p.place == place {
			p.used = f.clock
			return p.data, nil
		}
		if f.kept[i].used < f.kept[oldest].used {
			oldest = i
		}
	}
	var sealed []byte
	err := f.m.DB.QueryRow(f.ctx, store.Text("SELECT data FROM import_piece WHERE import = ? AND place = ?"), f.id, int64(place)).Scan(&sealed)
	if errors.Is(err, store.ErrNoRows) {
		return nil, fault.New(fault.Missing, "import.gone", "The file of this import has been thrown away. Bring it again.")
	}
	if err != nil {
		return nil, fmt.Errorf("read a piece of a file: %w", err)
	}
	data, err := f.m.Vault.Open(pieceOf(f.id, place), sealed)
	if err != nil {
		return nil, fmt.Errorf("open a piece of a file: %w", err)
	}
	f.kept[oldest] = openPiece{place, data, f.clock}
	return data, nil
}
