//go:build race

package value

// spellings is fewer under the race detector, which makes the library thirty
// times slower and has no race to find in it.
const spellings = 10_000
