package atlas

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// drawn writes a file such as providers hand out, for addresses of IPv4 and
// IPv6: a tree of records of 24 bits, the rows, and what the file says of itself.
func drawn(t *testing.T, rows map[string]map[string]any) string {
	t.Helper()
	const none = -1
	tree := [][2]int{{none, none}} // a node, a row as -2-row, or none
	var data []byte
	at := map[string]int{}
	for _, network := range slices.Sorted(maps.Keys(rows)) {
		at[network] = len(data)
		data = written(data, rows[network])
		p := netip.MustParsePrefix(network)
		bytes, bits := p.Addr().As16(), p.Bits()
		if p.Addr().Is4() { // in this format IPv4 lies at ::/96
			v4 := p.Addr().As4()
			bytes, bits = [16]byte{}, bits+96
			copy(bytes[12:], v4[:])
		}
		node := 0
		for i := range bits {
			side := int(bytes[i/8]>>(7-i%8)) & 1
			if i == bits-1 {
				tree[node][side] = -2 - at[network]
				break
			}
			if tree[node][side] < 0 {
				tree = append(tree, [2]int{none, none})
				tree[node][side] = len(tree) - 1
			}
			node = tree[node][side]
		}
	}
	var file []byte
	for _, node := range tree {
		for _, v := range node {
			switch {
			case v == none:
				v = len(tree)
			case v < 0:
				v = len(tree) + 16 + (-2 - v)
			}
			file = append(file, byte(v>>16), byte(v>>8), byte(v))
		}
	}
	file = append(file, make([]byte, 16)...)
	file = append(file, data...)
	file = append(file, "\xab\xcd\xefMaxMind.com"...)
	file = written(file, map[string]any{
		"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0), "build_epoch": uint64(1), "database_type": "Test",
		"description": map[string]any{"en": "made by a test"}, "ip_version": uint16(6), "languages": []string{"en"}, "node_count": uint32(len(tree)), "record_size": uint16(24),
	})
	path := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// written appends a value in the format's own encoding; sizes here are small.
func written(b []byte, v any) []byte {
	const text, short, long, table = 2, 5, 6, 7
	whole := func(kind byte, n uint64) []byte {
		var digits []byte
		for ; n > 0; n >>= 8 {
			digits = append([]byte{byte(n)}, digits...)
		}
		return append([]byte{kind<<5 | byte(len(digits))}, digits...)
	}
	switch v := v.(type) {
	case string:
		return append(append(b, text<<5|byte(len(v))), v...)
	case uint16:
		return append(b, whole(short, uint64(v))...)
	case uint32:
		return append(b, whole(long, uint64(v))...)
	case uint64:
		digits := whole(0, v)
		return append(append(b, digits[0], 9-7), digits[1:]...)
	case []string:
		b = append(b, byte(len(v)), 11-7)
		for _, one := range v {
			b = written(b, one)
		}
	case map[string]any:
		b = append(b, table<<5|byte(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			b = written(written(b, name), v[name])
		}
	default:
		panic("a kind of value that no test has needed")
	}
	return b
}

func TestAddressesHavePlacesInTheLanguageOfTheReader(t *testing.T) {
	a, err := Open(drawn(t, map[string]map[string]any{
		"192.0.2.0/24": {
			"country": map[string]any{"iso_code": "PL"},
			"city":    map[string]any{"names": map[string]any{"en": "Warsaw", "ru": "Варшава"}},
		},
		"198.51.100.0/24": {"country_code": "IT", "city": "Firenze"},
		"203.0.113.0/24":  {"registered_country": map[string]any{"iso_code": "RU"}},
		"2001:db8::/32":   {"country_code": "<b>"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, one := range []struct {
		address, language string
		want              Place
	}{
		{"192.0.2.7", "en", Place{"PL", "Warsaw"}},
		{"192.0.2.7", "ru", Place{"PL", "Варшава"}},
		{"192.0.2.7", "it", Place{"PL", "Warsaw"}},
		{"::ffff:192.0.2.7", "pl", Place{"PL", "Warsaw"}},
		{"198.51.100.9", "en", Place{"IT", "Firenze"}},
		{"203.0.113.1", "en", Place{"RU", ""}},
		{"2001:db8::1", "en", Place{}},
		{"10.0.0.1", "en", Place{}},
	} {
		if got := a.Find(netip.MustParseAddr(one.address), one.language); got != one.want {
			t.Errorf("%s in %s lies in %+v, want %+v", one.address, one.language, got, one.want)
		}
	}
	if got := a.Find(netip.Addr{}, "en"); got != (Place{}) {
		t.Errorf("no address lies in %+v", got)
	}
}

func TestWithoutAFileNoPlaceIsKnown(t *testing.T) {
	a, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Find(netip.MustParseAddr("192.0.2.7"), "en"); got != (Place{}) {
		t.Errorf("without a file an address lies in %+v", got)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestFileThatIsNoneIsSaidSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no.mmdb")
	if err := os.WriteFile(path, []byte("not a map of anything"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a file that is no database was opened")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a file that is not there was opened")
	}
}
