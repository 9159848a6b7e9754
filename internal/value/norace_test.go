//go:build !race

package value

// spellings is how many random spellings the fast path is compared on.
const spellings = 100_000
