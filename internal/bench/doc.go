// Package bench holds the product to what it promises about speed: every figure is a ratio to a floor measured in the same run.
//
// It holds benchmarks and nothing to call. A floor is the same engine, driver
// and data doing the least that the task needs: the unrestricted query for a
// list under rights, a bare handler for an answer with session, masks and log,
// bare inserts for an import. Floor and product take turns, one question each,
// so that whatever else the machine does falls on both; a figure is the ratio
// of their medians. Milliseconds are only held against bounds that are promised
// in milliseconds.
//
// The town is a workspace made once for each size and engine and kept outside
// the repository: half of its names are Cyrillic, a thousand people are
// responsible for its clients, two hundred groups share them, and three people
// see 500 of them, a twentieth and nine tenths, each through themselves and
// five groups.
package bench
