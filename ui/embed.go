// Package ui carries the page that people see: built by vite, embedded in the program.
//
// The page has no authority. It shows what the server sends and hides what the
// server says the person may not do; whoever bypasses it meets the same policy.
//
// go build needs no npm: a program built before the page holds a small page
// that says how to build it. The directory dist is made by "npm run build" and
// is not committed, except for an empty file that lets it be embedded.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed unbuilt
var unbuilt embed.FS

// Placeholder stands in index.html where the server puts the nonce of the
// answer's content security policy, a fresh one each time. The page gives it
// to the style elements that it makes; it has no inline script.
const Placeholder = "__CSP_NONCE__"

// Built tells whether the page was built before the program.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// Files holds index.html at its root and all that it refers to. Beside most
// files lie compressed twins with the endings .br and .gz. Files under assets/
// carry a checksum in their name and may be cached for ever.
func Files() fs.FS {
	tree, name := unbuilt, "unbuilt"
	if Built() {
		tree, name = dist, "dist"
	}
	files, err := fs.Sub(tree, name)
	if err != nil { // only for a name that is not a valid path
		return tree
	}
	return files
}
