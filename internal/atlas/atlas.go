// Package atlas says in which country, and where it is known in which town, an address of the net lies.
//
// It reads a MaxMind database file that whoever runs Castellan has put beside
// it. Without a file nothing is asked of anybody: addresses of people go to no
// service. What a file says is a guess about a provider's equipment, helps a
// person to tell their own sign-ins from others', and decides nothing.
package atlas

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address lies. The zero Place is not known.
type Place struct {
	Country string // ISO 3166 code of two letters
	City    string // as people there or in English call it; empty where the file does not say
}

// Atlas is one open file. The nil Atlas knows no place. It is safe for concurrent use.
type Atlas struct{ file *maxminddb.Reader }

// Open opens a file; an empty path gives an atlas that knows nothing.
func Open(path string) (*Atlas, error) {
	if path == "" {
		return nil, nil
	}
	// Read and not mapped: somebody who writes a newer file over it must not
	// bring the house down.
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open the file of places: %w", err)
	}
	r, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, fmt.Errorf("open the file of places: %w", err)
	}
	return &Atlas{r}, nil
}

// Close lets go of the file.
func (a *Atlas) Close() error {
	if a == nil {
		return nil
	}
	return a.file.Close()
}

// row is what files of this kind hold: that of MaxMind and its like has nested
// parts, smaller ones have a flat country_code and city.
type row struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Registered struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"registered_country"`
	Code string `maxminddb:"country_code"`
	City any    `maxminddb:"city"`
}

// Find tells where an address lies, in the words of a language if the file has
// them and in English otherwise.
func (a *Atlas) Find(address netip.Addr, language string) Place {
	if a == nil || !address.IsValid() {
		return Place{}
	}
	var found row
	if err := a.file.Lookup(address.Unmap().WithZone("")).Decode(&found); err != nil {
		return Place{} // a file with other contents, or a broken one: the place is not known
	}
	p := Place{Country: found.Country.Code}
	for _, other := range []string{found.Registered.Code, found.Code} {
		if p.Country == "" {
			p.Country = other
		}
	}
	if !isCode(p.Country) {
		p.Country = ""
	}
	switch city := found.City.(type) {
	case string:
		p.City = city
	case map[string]any:
		names, _ := city["names"].(map[string]any)
		for _, tongue := range []string{language, "en"} {
			if name, ok := names[tongue].(string); ok && p.City == "" {
				p.City = name
			}
		}
	}
	return p
}

func isCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}
