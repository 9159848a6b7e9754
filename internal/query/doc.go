// Package query holds conditions and orders on rows: their meaning in Go, their text in SQL.
//
// A condition is one tree with four faces. Filters in the address bar, saved
// views, the terms that the policy adds, and what a watch rule looks for are
// all a Cond. Parse and Print give it as a line that a person can type; Node as
// JSON that OpenAPI can describe; Eval answers it on a row in memory; SQL hands
// it to a database. The policy decides one record by Eval and the store lists a
// thousand by SQL, so the two must never part: a test asks both databases and
// Go the same thousands of random questions.
//
// What a newcomer would get wrong is the third truth. A comparison with NULL
// is neither yes nor no but Unknown, its negation is Unknown too, and a row is
// chosen only by Yes. So `source != web` does not choose the rows without a
// source (say `source != web or source is empty`), and a rule that is to
// exclude must be written against NULL on purpose. Go's plain booleans would
// choose those rows, and so show what the list in SQL hides.
//
// Second: an empty list means nothing, never everything. In and HasAny with no
// value and Or with no part are no to every row.
//
// Third: values are as columns store them (see schema.Type), and text is bytes:
// compared by code point, on PostgreSQL under COLLATE "C". Whatever is to be
// found regardless of case is found through folded keys, which Words makes.
// The SQL text never holds a value; a Builder cannot be brought to.
//
// # The text form
//
//	condition = conjunction { "or" conjunction } .
//	conjunction = term { "and" term } .
//	term      = "not" term | "(" condition ")" | "all" | "none" | leaf .
//	leaf      = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//	          | field [ "not" ] "in" list
//	          | field "is" [ "not" ] "empty"
//	          | field "has" ( value | "any" list )
//	          | field ( "starts" | "contains" ) value .
//	list      = "(" [ value { "," value } ] ")" .
//	field     = word | quoted .
//	value     = word | quoted .
//	word      = a run of characters other than space, control, ( ) , = ! < > ? " .
//	quoted    = `"` { any character, with `\"` and `\\` for the two } `"` .
//
// For example:
//
//	city = "Berlin" and (tags has vip or not source = web) and created_at >= today-7d
//
// Keywords are read in either case; a field that is called like one is quoted.
// What a value may be depends on the field:
//
//	text, longtext, url   any text
//	integer               -12
//	number                -12.5, up to six places
//	money                 1200.50: always hundredths of what is stored, whatever the currency
//	bool                  yes, no (or true, false)
//	date                  2026-01-31; --01-31 for = and in; today-7d
//	datetime              2026-01-31T12:00:00Z; 2026-01-31, today-7d as whole days; now-12h
//	choice, choices       the key of an option
//	phones, emails, tags  as people type them; Words folds them
//	person                a public id, or me
//	relation              a public id
//
// today and now are shifted by +n or -n of min, h, d, w, mo or y. Days begin
// where the reader is: they and me stay words in the tree, and Bind says what
// they mean here.
package query
