// Package house keeps the building in order: its tests read the whole tree and fail where it breaks a law.
//
// It holds tests and nothing to call. Each law is a rule in one table; beside
// the rule stand breaches of it, small trees that break it on purpose, and a
// test that the rule sees each of them. A rule that could not fail is thereby
// itself a failure.
//
// The plan that the rules compare with is the table in ARCHITECTURE.md. To
// build a room, open a door or close one, change the plan in the same commit;
// a complaint about the plan prints the row that would be true.
package house
