package ledger

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// twice runs a check with leaf hashes kept apart from the entries, which tell
// exactly what was done, and without them.
func twice(t *testing.T, l *testLog, check func(t *testing.T, l *testLog)) {
	t.Helper()
	for name, drop := range map[string]bool{"leaves kept": false, "no leaves": true} {
		t.Run(name, func(t *testing.T) {
			c := l.copy()
			c.t = t
			if drop {
				c.leaves = nil
			}
			check(t, c)
		})
	}
}

func TestHonestLogIsProved(t *testing.T) {
	for _, n := range []int{1, 2, 9, 10, 11, 255, 256, 257, 1000} {
		l := newLog(t).fill(n)
		r := l.finds(Options{Heads: [][]byte{l.checkpoints[len(l.checkpoints)-1]}, Now: l.now})
		if r.Integrity != Proved || r.Completeness != Proved {
			t.Errorf("%d entries: integrity %s, completeness %s", n, r.Integrity, r.Completeness)
		}
		if r.Proven != int64(n) || r.Entries != int64(n) || r.Unsealed != 0 || r.State == nil {
			t.Errorf("%d entries: report %+v", n, r)
		}
		if want := int64((n + 2) / 3); r.WithDetails != want && n <= 10 {
			t.Errorf("%d entries: %d with details, want %d", n, r.WithDetails, want)
		}
	}
}

func TestWithoutHeadCompletenessIsProvedOnlyUpToTheFiles(t *testing.T) {
	r := newLog(t).fill(20).finds(Options{})
	if r.Integrity != Proved || r.Completeness != UpToHead {
		t.Errorf("integrity %s, completeness %s", r.Integrity, r.Completeness)
	}
}

func TestLogWithoutCheckpointIsNotProved(t *testing.T) {
	l := newLog(t)
	l.finds(Options{}, "unsealed -1 -1")
	l.write(Entry{}, "")
	if r := l.finds(Options{}, "unsealed -1 -1"); r.Integrity != Broken || r.Completeness != Broken {
		t.Errorf("integrity %s, completeness %s", r.Integrity, r.Completeness)
	}
}

func TestEmptySealedLogIsProved(t *testing.T) {
	l := newLog(t)
	l.seal()
	l.finds(Options{})
}

func TestAttack62EditedEntryIsFound(t *testing.T) {
	twice(t, newLog(t).fill(100), func(t *testing.T, l *testLog) {
		l.edit(57, func(e *Entry) { e.Actor.ID = 8 })
		if l.leaves != nil {
			l.finds(Options{}, "changed 57 57")
			l.edit(58, func(e *Entry) { e.Records = nil })
			l.edit(99, func(e *Entry) { e.Event = "contact.opened" })
			r := l.finds(Options{}, "changed 57 58", "changed 99 99")
			if r.Integrity != Broken || r.State != nil {
				t.Errorf("integrity %s", r.Integrity)
			}
			return
		}
		r := l.finds(Options{}, "altered 50 59")
		if r.Proven != 50 || r.Integrity != Broken || r.Completeness != Broken || r.State != nil {
			t.Errorf("report %+v", r)
		}
	})
}

// The forger who also mends the leaf hash is still caught by the signature.
func TestAttack62EditedEntryWithEditedLeafIsFound(t *testing.T) {
	l := newLog(t).fill(100)
	l.edit(57, func(e *Entry) { e.Actor.ID = 8 })
	l.leaves[57] = LeafHash(l.rows[57].Entry)
	l.finds(Options{}, "altered 50 59")
}

func TestAttack62DeletedEntryIsFound(t *testing.T) {
	twice(t, newLog(t).fill(100), func(t *testing.T, l *testLog) {
		l.rows = slices.Delete(l.rows, 57, 59)
		r := l.finds(Options{}, "deleted 57 58")
		if r.Integrity != Broken || r.Completeness != Broken {
			t.Errorf("integrity %s, completeness %s", r.Integrity, r.Completeness)
		}
		l.renumber()
		if l.leaves != nil {
			l.finds(Options{}, "deleted 57 58")
		} else {
			l.finds(Options{}, "altered 50 59", "cut tail 98 99")
		}
	})
}

func TestAttack62DeletedFirstEntryIsFound(t *testing.T) {
	twice(t, newLog(t).fill(30), func(t *testing.T, l *testLog) {
		l.rows = l.rows[1:]
		l.finds(Options{}, "deleted 0 0")
	})
}

// The forger who deletes or edits entry and leaf hash leaves nothing to compare
// with, but spoils only the block of 256 in which he worked.
func TestAttack62DamageIsConfinedToItsBlock(t *testing.T) {
	whole := newLog(t).fill(1000).keepBlocks()
	for name, c := range map[string]struct {
		damage func(l *testLog)
		finds  []string
		sound  int64
	}{
		"edited with its leaf": {func(l *testLog) {
			l.edit(303, func(e *Entry) { e.Actor.ID = 8 })
			l.leaves[303] = LeafHash(l.rows[303].Entry)
			l.edit(700, func(e *Entry) { e.Actor.ID = 8 })
		}, []string{"altered 300 309", "changed 700 700"}, 1000},
		"deleted with its leaf": {func(l *testLog) {
			l.edit(700, func(e *Entry) { e.Actor.ID = 8 })
			l.rows = slices.Delete(l.rows, 303, 304)
			l.leaves[303] = Hash{}
		}, []string{"altered 300 511", "deleted 303 303", "changed 700 700"}, 1000},
		"two blocks": {func(l *testLog) {
			l.leaves[0], l.leaves[260] = Hash{}, Hash{}
			l.edit(0, func(e *Entry) { e.Actor.ID = 8 })
			l.edit(260, func(e *Entry) { e.Actor.ID = 8 })
		}, []string{"altered 0 9", "altered 256 511"}, 1000},
		"in the last, unfinished block": {func(l *testLog) {
			l.rows = slices.Delete(l.rows, 980, 981)
			l.leaves[980] = Hash{}
		}, []string{"deleted 980 980"}, 980},
		"with the root of its block": {func(l *testLog) {
			l.edit(303, func(e *Entry) { e.Actor.ID = 8 })
			l.leaves[303] = LeafHash(l.rows[303].Entry)
			l.blocks = nil
			l.keepBlocks()
		}, []string{"altered 300 309"}, 300},
		"all leaves gone": {func(l *testLog) {
			l.rows = slices.Delete(l.rows, 303, 304)
			l.leaves = nil
		}, []string{"deleted 303 303"}, 300},
	} {
		t.Run(name, func(t *testing.T) {
			l := whole.copy()
			l.t = t
			c.damage(l)
			if r := l.finds(Options{}, c.finds...); r.Sound != c.sound {
				t.Errorf("sound up to %d, want %d", r.Sound, c.sound)
			}
		})
	}
}

func TestAttack62InsertedEntryIsFound(t *testing.T) {
	twice(t, newLog(t).fill(100), func(t *testing.T, l *testLog) {
		alibi := Entry{Time: morning.Add(58 * time.Second), Event: "contact.opened", Incarnation: 1}
		l.rows = slices.Insert(l.rows, 57, Stored{Seq: 57, Entry: alibi.Append(nil)})
		if l.leaves != nil {
			l.finds(Options{}, "inserted 57 57")
		} else {
			l.finds(Options{}, "reordered 57 57") // the number 57 comes twice
		}
		l.renumber()
		if l.leaves != nil {
			l.finds(Options{}, "inserted 57 57")
		} else {
			l.finds(Options{}, "altered 50 59")
		}
	})
}

func TestAttack62AppendedEntryIsNotTakenForSigned(t *testing.T) {
	l := newLog(t).fill(20)
	l.write(Entry{Time: l.now.Add(time.Second)}, "")
	r := l.finds(Options{Now: l.now.Add(time.Second)}) // may still be sealed
	if r.Unsealed != 1 || r.Proven != 20 {
		t.Errorf("unsealed %d, proven %d", r.Unsealed, r.Proven)
	}
	l.finds(Options{Now: l.now.Add(2 * time.Minute)}, "unsealed 20 20")
	l.write(Entry{Time: l.now.Add(2 * time.Minute)}, "")
	l.finds(Options{}, "unsealed 20 21") // seen even without a clock
}

func TestAttack62ReorderedEntriesAreFound(t *testing.T) {
	twice(t, newLog(t).fill(100), func(t *testing.T, l *testLog) {
		swapped := l.copy()
		swapped.rows[53], swapped.rows[55] = swapped.rows[55], swapped.rows[53]
		swapped.renumber()
		if l.leaves != nil {
			swapped.finds(Options{}, "reordered 53 53", "reordered 55 55")
		} else {
			swapped.finds(Options{}, "altered 50 59")
		}
		// Moved to the end, across checkpoints.
		l.rows = append(slices.Delete(slices.Clone(l.rows), 53, 54), l.rows[53])
		l.renumber()
		if l.leaves != nil {
			r := l.verify(Options{})
			if len(r.Findings) == 0 || r.Findings[0].Problem != Reordered || r.Findings[0].First != 53 {
				t.Errorf("found %+v", r.Findings)
			}
		} else {
			l.finds(Options{}, "altered 50 59", "clock set back 99 99")
		}
	})
}

func TestAttack62CutTailIsFound(t *testing.T) {
	twice(t, newLog(t).fill(100), func(t *testing.T, l *testLog) {
		head := l.checkpoints[9]

		entries := l.copy()
		entries.rows = entries.rows[:83]
		r := entries.finds(Options{}, "cut tail 83 99")
		if r.Integrity != Proved || r.Completeness != Broken || r.Proven != 80 {
			t.Errorf("integrity %s, completeness %s, proven %d", r.Integrity, r.Completeness, r.Proven)
		}

		// Entries, leaves and checkpoints cut together leave a whole, older
		// log. Only something from outside can know better.
		all := l.copy()
		all.rows, all.leaves, all.checkpoints = all.rows[:80], all.leaves[:min(80, len(all.leaves))], all.checkpoints[:8]
		if r := all.finds(Options{}); r.Completeness != UpToHead {
			t.Errorf("completeness %s", r.Completeness)
		}
		all.finds(Options{Heads: [][]byte{head}}, "cut tail 80 99")
		all.finds(Options{State: l.verify(Options{}).State}, "cut tail 80 99")

		// The same at a place that no checkpoint covers.
		all.rows = l.rows[:77]
		all.checkpoints = l.checkpoints[:7]
		all.finds(Options{Heads: [][]byte{head}}, "cut tail 77 99")

		// Everything gone.
		none := l.copy()
		none.rows, none.leaves, none.checkpoints = nil, nil, nil
		none.finds(Options{Heads: [][]byte{head}}, "cut tail 0 99")
	})
}

func TestAttack62SwappedLogIsFound(t *testing.T) {
	l := newLog(t).fill(100)
	head := l.checkpoints[4]
	state := l.verify(Options{}).State

	t.Run("other key", func(t *testing.T) {
		other := newLog(t)
		other.signer, _ = testKey(t, other.key.Name(), 2)
		other.fill(100)
		other.finds(Options{}, "swapped log -1 -1", "unsealed -1 -1")
	})
	t.Run("other name", func(t *testing.T) {
		other := newLog(t)
		other.signer, other.key = testKey(t, "castellan.example/other", 1)
		other.fill(100)
		other.key = l.key
		other.finds(Options{}, "swapped log -1 -1", "unsealed -1 -1")
	})
	t.Run("same key", func(t *testing.T) {
		// Whoever holds the key can sign another history, but not one that
		// continues the head that was mailed.
		other := newLog(t)
		other.write(Entry{Event: "ledger.begun"}, "")
		other.fill(120)
		other.finds(Options{})
		other.finds(Options{Heads: [][]byte{head}}, "swapped log -1 -1")
		other.finds(Options{State: state}, "swapped log -1 -1")
	})
	t.Run("head of another log", func(t *testing.T) {
		other := newLog(t)
		other.signer, other.key = testKey(t, "castellan.example/other", 2)
		other.fill(10)
		l.finds(Options{Heads: [][]byte{other.checkpoints[0]}}, "swapped log -1 -1")
	})
}

func TestAttack62ClockSetBackIsFound(t *testing.T) {
	l := newLog(t).fill(50)
	day := l.now.Add(24 * time.Hour)
	l.write(Entry{Time: day}, "")
	l.write(Entry{Time: day.Add(-9 * time.Second)}, "") // transactions may overtake each other
	l.seal()
	l.finds(Options{})
	l.write(Entry{Time: day.Add(-time.Hour)}, "")
	l.fill(5)
	l.finds(Options{}, "clock set back 52 52")
	r := l.finds(Options{Skew: 2 * time.Hour})
	if !r.Newest.Equal(day) {
		t.Errorf("newest entry %v, want %v", r.Newest, day)
	}

	// An entry dated before the checkpoint that was signed before it.
	l = newLog(t).fill(10)
	l.now = l.now.Add(time.Hour)
	l.seal()
	l.write(Entry{Time: l.now.Add(-time.Minute)}, "")
	l.seal()
	l.finds(Options{}, "clock set back 10 10")

	// A checkpoint dated before its own entries.
	l = newLog(t).fill(10)
	l.write(Entry{Time: l.now.Add(time.Hour)}, "")
	l.now = l.now.Add(-time.Hour)
	l.seal()
	l.finds(Options{}, "clock set back 10 10")

	l = newLog(t).fill(10)
	l.finds(Options{Now: morning.Add(-time.Hour)}, func() (all []string) {
		for i := range 10 {
			all = append(all, "time in future "+string(rune('0'+i))+" "+string(rune('0'+i)))
		}
		return append(all, "time in future 9 9")
	}()...)
}

func TestAttack61ErasedDetailsStillVerify(t *testing.T) {
	l := newLog(t).fill(100)
	before := l.finds(Options{})
	for i := range l.rows {
		if i%2 == 0 {
			l.rows[i].Salt, l.rows[i].Details = [32]byte{}, nil
		}
	}
	after := l.finds(Options{Heads: l.checkpoints})
	if after.Integrity != Proved || after.Completeness != Proved {
		t.Errorf("integrity %s, completeness %s", after.Integrity, after.Completeness)
	}
	if before.Erased != 0 || after.Erased != 17 || before.WithDetails != after.WithDetails+after.Erased {
		t.Errorf("details before: %d and %d erased; after: %d and %d", before.WithDetails, before.Erased, after.WithDetails, after.Erased)
	}
}

func TestChangedDetailsAreFound(t *testing.T) {
	for name, damage := range map[string]func(l *testLog){
		"other words":   func(l *testLog) { l.rows[30].Details = []byte(`{"name":["Ana","Eve"]}`) },
		"other salt":    func(l *testLog) { l.rows[30].Salt[0]++ },
		"of a neighbor": func(l *testLog) { l.rows[30].Salt, l.rows[30].Details = l.rows[33].Salt, l.rows[33].Details },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t).fill(40)
			damage(l)
			l.finds(Options{}, "changed details 30 30")
		})
	}
	t.Run("none signed", func(t *testing.T) {
		l := newLog(t).fill(40)
		l.rows[31].Details = []byte("{}")
		l.finds(Options{}, "changed details 31 31")
	})
}

func TestUnreadableEntryIsFound(t *testing.T) {
	l := newLog(t).fill(40)
	l.rows[7].Entry = []byte("not an entry")
	l.finds(Options{}, "unreadable entry 7 7", "changed 7 7")
}

func TestForgedCheckpointIsFound(t *testing.T) {
	l := newLog(t).fill(40)
	l.checkpoints[1] = bytes.Replace(l.checkpoints[1], []byte("\n20\n"), []byte("\n21\n"), 1)
	l.finds(Options{}, "forged checkpoint -1 -1")

	l = newLog(t).fill(40)
	l.checkpoints[1], l.checkpoints[2] = l.checkpoints[2], l.checkpoints[1]
	l.finds(Options{}, "forged checkpoint -1 -1")
}

// Two checkpoints of one size that disagree are proof that the key was used
// for two histories.
func TestForkIsFound(t *testing.T) {
	l := newLog(t).fill(40)
	other := newLog(t)
	other.write(Entry{Event: "ledger.begun"}, "")
	other.fill(39)
	l.checkpoints = append(l.checkpoints, other.checkpoints[len(other.checkpoints)-1])
	l.leaves = nil
	if r := l.verify(Options{}); r.OK() || r.Integrity != Broken {
		t.Errorf("found %+v", r.Findings)
	}
}

func TestHeartbeatGapIsACompletenessFinding(t *testing.T) {
	every := Options{Heartbeat: 5 * time.Minute}
	beat := func(l *testLog, from, to time.Duration) {
		for at := from; at <= to; at += 4 * time.Minute {
			l.write(Entry{Time: morning.Add(at), Event: EventHeartbeat, Actor: Actor{Kind: System}}, "")
			l.write(Entry{Time: morning.Add(at + time.Minute)}, "")
		}
		l.seal()
	}
	t.Run("steady", func(t *testing.T) {
		l := newLog(t)
		beat(l, 0, time.Hour)
		if r := l.finds(every); r.Silences != 0 {
			t.Errorf("%d silences", r.Silences)
		}
	})
	t.Run("server off overnight", func(t *testing.T) {
		l := newLog(t)
		beat(l, 0, time.Hour)
		l.write(Entry{Time: morning.Add(12*time.Hour - time.Minute), Event: "server.started"}, "")
		beat(l, 12*time.Hour, 13*time.Hour)
		r := l.finds(every)
		if r.Silences != 1 || r.LongestSilence < 10*time.Hour {
			t.Errorf("%d silences, longest %v", r.Silences, r.LongestSilence)
		}
	})
	t.Run("entries without heartbeat", func(t *testing.T) {
		l := newLog(t)
		beat(l, 0, time.Hour)
		l.write(Entry{Time: morning.Add(3 * time.Hour), Event: "contact.exported"}, "")
		beat(l, 12*time.Hour, 13*time.Hour)
		r := l.finds(every, "heartbeat gap 32 32")
		if r.Integrity != Proved || r.Completeness != Broken || r.State == nil {
			t.Errorf("integrity %s, completeness %s, state %v", r.Integrity, r.Completeness, r.State)
		}
	})
	t.Run("heartbeat stopped for good", func(t *testing.T) {
		l := newLog(t)
		beat(l, 0, time.Hour)
		l.write(Entry{Time: morning.Add(2 * time.Hour)}, "")
		l.write(Entry{Time: morning.Add(3 * time.Hour)}, "")
		l.seal()
		l.finds(every, "heartbeat gap 32 32")
	})
	t.Run("never", func(t *testing.T) {
		newLog(t).fill(1000).finds(every, "heartbeat gap 301 301")
	})
}

func TestRestoredLogDeclaresItsLoss(t *testing.T) {
	l := newLog(t).fill(80)
	backup := l.copy()
	l.fill(20)
	lost := l.checkpoints[9]

	restored := func(t *testing.T, declared int64) *testLog {
		r := backup.copy()
		r.t, r.incarnation, r.now = t, 2, l.now.Add(time.Hour)
		r.write(Entry{Event: EventIncarnated, Actor: Actor{Kind: System}, Records: []int64{80, declared}}, "")
		r.fill(50)
		return r
	}
	t.Run("declared", func(t *testing.T) {
		r := restored(t, 100).finds(Options{Heads: [][]byte{lost}})
		if len(r.Losses) != 1 || r.Losses[0].First != 80 || r.Losses[0].Next != 100 || r.Losses[0].Incarnation != 2 {
			t.Errorf("losses %+v", r.Losses)
		}
	})
	t.Run("declared too little", func(t *testing.T) {
		r := restored(t, 95).finds(Options{Heads: [][]byte{lost}}, "undeclared loss 95 99")
		if r.Integrity != Proved || r.Completeness != Broken {
			t.Errorf("integrity %s, completeness %s", r.Integrity, r.Completeness)
		}
	})
	t.Run("continued from a state", func(t *testing.T) {
		l.t = t
		state := l.verify(Options{}).State
		restored(t, 100).finds(Options{State: state})
		restored(t, 99).finds(Options{State: state}, "undeclared loss 99 99")
	})
	t.Run("old checkpoints kept", func(t *testing.T) {
		r := restored(t, 100)
		all := append(slices.Clone(r.checkpoints), l.checkpoints[8:]...)
		slices.SortStableFunc(all, func(a, b []byte) int { return int(sizeLine(a) - sizeLine(b)) })
		r.checkpoints = all
		r.finds(Options{})
	})
	t.Run("not declared", func(t *testing.T) {
		r := backup.copy()
		r.t, r.incarnation = t, 2
		r.fill(50)
		if r := r.verify(Options{}); r.OK() || r.Findings[0].Problem != Incarnation || r.Findings[0].First != 80 {
			t.Errorf("found %+v", r.Findings)
		}
	})
	t.Run("silently", func(t *testing.T) {
		r := backup.copy()
		r.t = t
		r.write(Entry{Event: "company.listed"}, "")
		r.fill(50)
		r.finds(Options{Heads: [][]byte{lost}}, "swapped log -1 -1")
	})
	t.Run("numbers that lie", func(t *testing.T) {
		r := backup.copy()
		r.t, r.incarnation = t, 2
		r.write(Entry{Event: EventIncarnated, Records: []int64{80, 79}}, "")
		r.seal()
		r.finds(Options{}, "wrong incarnation 80 80")
	})
}

func TestStateContinuesWhereItEnded(t *testing.T) {
	l := newLog(t)
	var state *State
	for _, n := range []int{1, 1, 8, 90, 156, 1, 255, 0, 700} {
		l.fill(n)
		if state != nil {
			again, err := ParseState(state.Marshal(), l.key)
			if err != nil {
				t.Fatal(err)
			}
			state = again
		}
		r := l.finds(Options{State: state})
		if r.Proven != l.tree.Size() || r.Entries != int64(n) || r.State == nil {
			t.Fatalf("after %d more: proven %d of %d, read %d", n, r.Proven, l.tree.Size(), r.Entries)
		}
		full := l.finds(Options{})
		if !bytes.Equal(full.State.Marshal(), r.State.Marshal()) {
			t.Fatalf("states differ:\n%s\n%s", full.State.Marshal(), r.State.Marshal())
		}
		state = r.State
	}
	l.edit(1210, func(e *Entry) { e.Surface = "card" })
	l.finds(Options{State: state}) // before the state: not looked for
	l.finds(Options{}, "changed 1210 1210")
	l.edit(1211, func(e *Entry) { e.Surface = "card" })
	l.finds(Options{State: state}, "changed 1210 1211") // the very last is looked at
}

func TestStateOfAnotherTreeIsRefused(t *testing.T) {
	l := newLog(t).fill(30)
	text := l.verify(Options{}).State.Marshal()
	if _, err := ParseState(text, l.key); err != nil {
		t.Fatal(err)
	}
	_, other := testKey(t, l.key.Name(), 2)
	if _, err := ParseState(text, other); err == nil {
		t.Error("a state signed with another key was taken")
	}
	// What is carried besides the tree is the verifier's own and not signed.
	unsigned, signed := bytes.Index(text, []byte("\nleaf ")), bytes.Index(text, []byte("\n\n"))
	for i := range text {
		damaged := bytes.Clone(text)
		damaged[i] ^= 1
		s, err := ParseState(damaged, l.key)
		if err == nil && !bytes.Equal(s.Marshal(), damaged) {
			t.Errorf("byte %d: a damaged state was taken for another", i)
		}
		// Of the last letter of the signature two bits mean nothing.
		if err == nil && (i < unsigned || i > signed) && i != len(text)-3 {
			t.Errorf("byte %d: a damaged state was taken", i)
		}
	}
}

func TestOlderHeadIsComparedEvenWhenContinuing(t *testing.T) {
	l := newLog(t).fill(60)
	state := l.verify(Options{}).State
	other := newLog(t)
	other.write(Entry{Event: "ledger.begun"}, "")
	other.fill(39)
	l.finds(Options{State: state, Heads: [][]byte{other.checkpoints[2]}}, "swapped log -1 -1")
}

func TestReportOnALogWrongEverywhereIsBounded(t *testing.T) {
	l := newLog(t).fill(5000)
	for i := range l.rows {
		if i%2 == 0 {
			l.edit(i, func(e *Entry) { e.Actor.ID++ })
		}
	}
	r := l.verify(Options{})
	if len(r.Findings) != maxFindings || r.More == 0 {
		t.Errorf("%d findings and %d more", len(r.Findings), r.More)
	}
}
