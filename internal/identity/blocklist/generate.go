//go:build ignore

// This program turns a JSON list of passwords on its input into words.bin.

package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"slices"

	"castellan/internal/identity/blocklist"
)

func main() {
	var passwords []string
	if err := json.NewDecoder(os.Stdin).Decode(&passwords); err != nil {
		log.Fatal(err)
	}
	var hashes [][]byte
	for _, p := range passwords {
		if n := len([]rune(p)); n >= 4 && n <= 24 {
			hashes = append(hashes, blocklist.Hash(blocklist.Fold(p)))
		}
	}
	slices.SortFunc(hashes, bytes.Compare)
	hashes = slices.CompactFunc(hashes, bytes.Equal)
	if _, err := os.Stdout.Write(bytes.Join(hashes, nil)); err != nil {
		log.Fatal(err)
	}
}
