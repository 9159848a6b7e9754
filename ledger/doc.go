// Package ledger is an append-only record that a stranger can check: entries, the tree over them, signed checkpoints and proofs.
//
// It is the format and its verification, without storage, clock, chance or
// network, and it imports nothing of the program that writes ledgers. Whoever
// doubts that program needs to read this package alone.
//
// # What a ledger is
//
// An [Entry] says that at some time somebody did something to some records. It
// never says what the records contain. The canonical bytes of the entries, in
// order, are the leaves of a Merkle tree as in RFC 6962 (Certificate
// Transparency). Its root stands for all of them: no entry can be changed,
// removed, inserted or moved without changing the root.
//
// Within a second of every entry the log signs a [Checkpoint]: its name, the
// number of entries, the root, the time. Checkpoints are kept beside the
// entries, and some are given away: mailed to the owner, printed, handed to
// witnesses. A checkpoint out of the log's reach fixes everything before it.
//
// Four public formats are used, all from c2sp.org, so that tools other than
// ours can read a ledger: signed-note and tlog-checkpoint for checkpoints,
// tlog-tiles for files, tlog-proof for a proof about one entry.
//
// # The bytes of an entry
//
// In this order, without gaps:
//
//	version        1 byte, 1
//	time           8 bytes, big endian: microseconds since 1970 UTC, signed
//	incarnation    number
//	event          text
//	actor          kind, 1 byte: 0 stranger, 1 person, 2 program, 3 system;
//	               then id, session, key, on behalf of: signed numbers
//	address        1 byte, 0, 4 or 16; then as many bytes of IP address
//	kind           text
//	records        number of ids; then each as signed difference to the one
//	               before, the first to zero, modulo 2^64
//	surface        text
//	shown          number of texts; then the texts
//	commitment     1 byte, 0 or 32; then as many bytes
//
// A number is written in base 128, lowest seven bits first, the top bit of a
// byte set if another follows, in as few bytes as possible. A signed number n
// is written as the number 2n, or -2n-1 if n is negative. A text is the number
// of its bytes, at most 255, and those bytes: UTF-8 without control characters.
// There is one way to write an entry; [ParseEntry] refuses all others. An entry
// takes at most 65,535 bytes.
//
// # Details, and how they can be forgotten
//
// What changed from what to what is personal data, which a subject may have
// erased, and a tree cannot forget. So details are kept beside the entry, and
// the entry holds only [Commit](salt, details). The salt is 32 random bytes
// that are stored with the details and erased with them. Then the commitment
// is noise: even someone who knows that the details were one of two values
// cannot find out which. While salt and details are kept, they can be shown,
// and be seen to be the very ones. Erasure changes no leaf; a ledger with
// erased details verifies like any other, and the report counts them.
//
// What the entry itself says stays: the time, the numbers of actor and records,
// the address, the event. This is kept to numbers on purpose; who person 7 was
// is known elsewhere and can be forgotten there.
//
// # Verifying
//
// [Verify] reads a [Source] once, in order, in constant memory, and answers two
// questions apart. Integrity: is every entry the one that was signed, in its
// place? Completeness: is everything here that was signed? It names what is
// wrong by entry. When the leaf hashes are kept apart from the entries, it can
// tell a change from a deletion, an insertion and a move; otherwise it tells
// the range between two checkpoints, which is about a second long.
//
// By hand: compute SHA-256 of a zero byte and the entry for every entry; hash
// neighbours in pairs, SHA-256(1, left, right), until one hash is left, where a
// last one without a neighbour rises unchanged; compare with the third line of
// the checkpoint; check the Ed25519 signature of the lines above the empty one.
// The README.txt of a bundle says it in more words.
//
// # What is proved, and what is not
//
// Proved, given the public key: nobody without the private key changed,
// removed, inserted, moved or back-dated an entry. Proved, given a head from
// outside: nobody at all did so before that head, the holder of the private
// key included. Between the newest head outside and the newest checkpoint
// inside, the holder of the server can still cut off the end, and the holder of
// the key can still write another; giving heads away daily makes that a day.
//
// Not proved: that what an entry says was true when it was written, and that
// nothing happened without an entry. A program that lies from the start writes
// an honest ledger of lies. Heartbeats narrow this: entries without heartbeats
// around them are reported, since silence can be told from standing still.
// Times are the log's word; only their order against entries and checkpoints
// already signed is checked, so that a date can be held back but not moved
// before something that has left the house.
//
// # Restores
//
// A restored backup is an older log that goes on differently, which is what
// tampering looks like. So the log must say it itself: the first entry after a
// restore is the event [EventIncarnated], in the next incarnation, with the
// range of entries that were lost. Checkpoints of the lost branch then count
// as explained, as far as that range reaches. The report lists every such
// [Loss], and its reader should know of each.
//
// # Keys
//
// A key bears the name of its log and never signs for another. [NewKey] makes
// one; the private half belongs outside the database and its backups, the
// public half to everyone. A verifier must have the public key by a way that
// whoever keeps the log does not control.
package ledger
