package scribe

import "encoding/binary"

// naming says whether an entry in canonical bytes is about a record, without
// taking the entry apart: of a million entries that a question goes through,
// few are. Where the bytes are not those of an entry it says yes, and whoever
// then parses them finds out.
func naming(b []byte, kind string, id int64) bool {
	const header = 1 + 8 // version and time
	if len(b) < header || b[0] != 1 {
		return true
	}
	w := walker{rest: b[header:]}
	w.number()         // incarnation
	w.skip(w.number()) // event
	w.skip(1)          // kind of actor
	for range 4 {      // id, session, key, on behalf of
		w.number()
	}
	w.skip(uint64(w.byte())) // address
	if n := w.number(); n != uint64(len(kind)) || n > uint64(len(w.rest)) || string(w.rest[:n]) != kind {
		return w.lost
	}
	w.skip(uint64(len(kind)))
	n := w.number()
	if w.lost {
		return true
	}
	// Nearly all the time goes into this loop, so it is written out.
	b = w.rest
	var last int64
	var x uint64
	var shift uint
	for i := 0; n > 0; i++ {
		if i >= len(b) || shift > 63 {
			return true
		}
		x |= uint64(b[i]&0x7f) << shift
		if b[i] >= 0x80 {
			shift += 7
			continue
		}
		last += int64(x>>1) ^ -int64(x&1)
		if last == id {
			return true
		}
		x, shift = 0, 0
		n--
	}
	return false
}

// walker goes over the parts of an entry. It is lost once a part reaches beyond
// the end.
type walker struct {
	rest []byte
	lost bool
}

func (w *walker) byte() byte {
	if len(w.rest) == 0 {
		w.lost = true
		return 0
	}
	b := w.rest[0]
	w.rest = w.rest[1:]
	return b
}

func (w *walker) skip(n uint64) {
	if n > uint64(len(w.rest)) {
		w.lost, w.rest = true, nil
		return
	}
	w.rest = w.rest[n:]
}

func (w *walker) number() uint64 {
	x, n := binary.Uvarint(w.rest)
	if n <= 0 {
		w.lost, w.rest = true, nil
		return 0
	}
	w.rest = w.rest[n:]
	return x
}
