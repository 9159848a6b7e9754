package scribe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// The journal is where readings wait on SQLite while there are many of them: a
// file of its own, written and synchronised without a transaction, which takes
// a third of what a commit takes. The sequencer moves what waits there into the
// ledger, much at a time, and the head of the ledger remembers the last part
// that it took, in the same commit: after a crash the next Open takes in the
// parts behind it, and none twice.
//
// Nothing that may have to be erased is ever in it: an entry with details goes
// into the ledger straight.
type journal struct {
	path  string
	check func(content []byte) [32]byte // keyed: a file of another workspace has no part that holds

	// One goroutine puts parts into the file.
	file   syncedFile // nil until the first part
	broken bool       // nothing more is put into it
	next   int64      // the number of the next part
	half   int        // which half of the file is being written
	at     int64
	last   [2]int64 // the newest part in each half
	buffer []byte

	moved atomic.Int64 // parts up to this one are in the ledger

	mu   sync.Mutex
	held []part        // are on disk and not in the ledger, in their order
	news chan struct{} // there is something in held
}

// part is what was put into the journal at once: the readings of one batch.
type part struct {
	number int64
	items  []item // none: it could not be put, and never counts
}

// journalName is its file, beside those of the database.
const journalName = "readings.journal"

const (
	// Half of the file is written while what lies in the other is moved. Parts
	// begin at pages of their own, so that to write one never touches another.
	halfJournal = 1 << 20
	pageJournal = 4 << 10
	sumOfPart   = 32
	headOfPart  = sumOfPart + len(markOfPart) + 8 + 4
	markOfPart  = "readings"
)

// errRoom says that the journal has no room until more of it is moved.
var errRoom = errors.New("the journal of readings is full")

// encodePart appends a part: a keyed checksum over all that follows, a mark, its
// number, its length, and the entries.
func (j *journal) encodePart(b []byte, p part) []byte {
	from := len(b)
	b = append(b, make([]byte, sumOfPart)...)
	b = append(b, markOfPart...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.number))
	b = append(b, 0, 0, 0, 0)
	for i := range p.items {
		b = binary.AppendUvarint(b, uint64(len(p.items[i].entry)))
		b = append(b, p.items[i].entry...)
	}
	binary.BigEndian.PutUint32(b[from+headOfPart-4:], uint32(len(b)-from-headOfPart))
	sum := j.check(b[from+sumOfPart:])
	copy(b[from:], sum[:])
	return b
}

// decodePart reads what may be a part.
func (j *journal) decodePart(b []byte) (p part, ok bool, err error) {
	if len(b) < headOfPart || string(b[sumOfPart:sumOfPart+len(markOfPart)]) != markOfPart {
		return part{}, false, nil
	}
	n := int(binary.BigEndian.Uint32(b[headOfPart-4:]))
	if n < 0 || n > len(b)-headOfPart {
		return part{}, false, nil
	}
	if sum := j.check(b[sumOfPart : headOfPart+n]); !bytes.Equal(sum[:], b[:sumOfPart]) {
		return part{}, false, nil // it was being written when the process died: nobody was told that it is there
	}
	p.number = int64(binary.BigEndian.Uint64(b[headOfPart-12:]))
	body := b[headOfPart : headOfPart+n]
	for len(body) > 0 {
		size, w := binary.Uvarint(body)
		if w <= 0 || size > uint64(len(body)-w) {
			return part{}, false, fmt.Errorf("part %d of the journal contradicts itself", p.number)
		}
		it := item{entry: bytes.Clone(body[w : w+int(size)])}
		if err := it.decode(); err != nil {
			return part{}, false, fmt.Errorf("read part %d of the journal: %w", p.number, err)
		}
		p.items, body = append(p.items, it), body[w+int(size):]
	}
	return p, true, nil
}

// recover holds what an earlier run has put into the journal and the ledger does
// not have, whose last part is given.
func (j *journal) recover(done int64) error {
	j.moved.Store(done)
	j.next = done + 1
	text, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal of readings: %w", err)
	}
	for at := 0; at < len(text); at += pageJournal {
		p, ok, err := j.decodePart(text[at:])
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		j.next = max(j.next, p.number+1)
		if p.number > done {
			j.held = append(j.held, p)
		}
	}
	slices.SortFunc(j.held, func(a, b part) int { return int(a.number - b.number) })
	j.last = [2]int64{j.next - 1, j.next - 1}
	return nil
}

// open makes the file whole before the first part, so that to write one is to
// write over what is there, and the disk cannot be full.
func (j *journal) open() error {
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size != 2*halfJournal {
		// What it held is in the ledger.
		if _, err = f.WriteAt(make([]byte, 2*halfJournal), 0); err == nil {
			err = errors.Join(f.Truncate(2*halfJournal), f.Sync(), syncDir(filepath.Dir(j.path)))
		}
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, err = openSynced(f, openDirect)
	return err
}

// room finds the place of the next part.
func (j *journal) room(n int64) error {
	if n > halfJournal {
		return errRoom
	}
	if j.at+n > halfJournal {
		if j.last[1-j.half] > j.moved.Load() {
			return errRoom
		}
		j.half, j.at = 1-j.half, 0
	}
	return nil
}

// put writes items as a part and returns when it is on disk. After any error but
// errRoom it may be there all the same; its number does not come again.
func (j *journal) put(items []item, write func(b []byte, at int64) error) error {
	p := part{j.next, items}
	size := headOfPart
	for i := range items {
		size += binary.MaxVarintLen32 + len(items[i].entry)
	}
	if size > cap(j.buffer) {
		j.buffer = aligned(wholePages(max(size, 16*pageJournal)))
	}
	used := len(j.encodePart(j.buffer[:0], p))
	whole := wholePages(used)
	j.buffer = j.buffer[:whole]
	clear(j.buffer[used:])
	if err := j.room(int64(whole)); err != nil {
		return err
	}
	at := int64(j.half)*halfJournal + j.at
	j.next++
	j.last[j.half] = p.number
	j.at += int64(whole)
	err := write(j.buffer, at)
	if err != nil {
		// It is not known what is in the file now, and a disk that has failed
		// once may say yes the next time without having written (fsync).
		j.broken, p.items = true, nil
	}
	if cap(j.buffer) > halfJournal/4 {
		j.buffer = nil
	}
	j.hold(p)
	return err
}

func wholePages(n int) int { return (n + pageJournal - 1) / pageJournal * pageJournal }

// write puts bytes on disk.
func (j *journal) write(b []byte, at int64) error {
	if j.file == nil {
		if err := j.open(); err != nil {
			return fmt.Errorf("open the journal of readings: %w", err)
		}
	}
	if err := j.file.put(b, at); err != nil {
		return fmt.Errorf("write into the journal of readings: %w", err)
	}
	return nil
}

func (j *journal) hold(p part) {
	j.mu.Lock()
	j.held = append(j.held, p)
	j.mu.Unlock()
	signal(j.news)
}

// waiting is what is to be moved.
func (j *journal) waiting() []part {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.held[:len(j.held):len(j.held)]
}

// holds says that there is something to be moved.
func (j *journal) holds() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.held) > 0
}

// release forgets the first parts of those that wait: the ledger has them.
func (j *journal) release(n int, done int64) {
	j.mu.Lock()
	j.held = append([]part(nil), j.held[n:]...)
	j.mu.Unlock()
	j.moved.Store(done)
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

// receive is the group commit of readings on SQLite. A reading that is alone
// goes into the ledger straight, which is one wait for the disk as well, and
// keeps what is told of the last hour in one place. Where there are many they go
// into the journal.
func (s *Scribe) receive() {
	defer close(s.received)
	defer func() {
		if err := s.journal.close(); err != nil {
			s.log.Error("close the journal of readings", "error", err)
		}
	}()
	about := 0 // how many were noted, waited, or were under way when the last part was written
	for {
		select {
		case n := <-s.notes:
			got := s.gatherPart(s.notes, []*note{n}, about)
			answer := s.admit(got)
			about = len(got) + len(s.notes) + int(s.under.Load())
			answer()
		case <-s.life.Done():
			for {
				got := drain(s.notes, nil)
				if len(got) == 0 {
					return
				}
				s.admit(got)()
			}
		}
	}
}

// admit puts readings on disk, or hands them to the sequencer who does. Those
// that are on disk are told so by answer.
func (s *Scribe) admit(got []*note) (answer func()) {
	var through []*note
	var items []item
	for _, n := range got {
		if s.goesStraight(n, len(got)) {
			s.straight <- n
			continue
		}
		through, items = append(through, n), append(items, n.items...)
	}
	if len(through) == 0 {
		return func() {}
	}
	if err := s.journal.put(items, s.put); err != nil {
		if !errors.Is(err, errRoom) {
			s.log.Error("keep readings in the journal", "error", err)
		}
		// The ledger then takes them with the number of the part in one commit,
		// so that they are not taken in a second time if they are in the file.
		for _, n := range through {
			s.straight <- n
		}
		return func() {}
	}
	return func() {
		for _, n := range through {
			n.done <- nil
		}
	}
}

// goesStraight tells whether a reading of a batch of so many goes past the
// journal: because it has what may have to be erased one day, because there is
// nobody beside it, or because the ledger or the journal is in trouble, so that
// no more is let wait than must.
func (s *Scribe) goesStraight(n *note, of int) bool {
	if s.journal.broken || s.hampered.Load() {
		return true
	}
	for i := range n.items {
		if n.items[i].details != nil {
			return true
		}
	}
	return of == 1 && len(s.notes) == 0 && s.under.Load() == 0 && !s.journal.holds()
}
