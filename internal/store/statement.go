package store

import (
	"strconv"
	"strings"
	"sync"
)

// Statement is SQL for either engine, with "?" where an argument goes.
type Statement interface {
	text(Engine) string
}

// Text is a statement that both engines understand.
type Text string

// Twin is a statement that each engine needs in its own words.
type Twin struct {
	SQLite   string
	Postgres string
}

func (t Text) text(Engine) string { return string(t) }

func (t Twin) text(e Engine) string {
	if e == Postgres {
		return t.Postgres
	}
	return t.SQLite
}

// texts remembers the statements whose question marks were numbered. Statements
// are written in the source or made from a small number of shapes, so it stays
// small; should it not, it starts anew.
type texts struct {
	mu   sync.RWMutex
	done map[string]string
}

const maxTexts = 4096

// sql gives the statement as the engine takes it.
func (db *DB) sql(s Statement) string {
	text := s.text(db.engine)
	if db.engine != Postgres {
		return text
	}
	db.texts.mu.RLock()
	done, ok := db.texts.done[text]
	db.texts.mu.RUnlock()
	if ok {
		return done
	}
	done = numbered(text)
	db.texts.mu.Lock()
	if db.texts.done == nil || len(db.texts.done) >= maxTexts {
		db.texts.done = map[string]string{}
	}
	db.texts.done[text] = done
	db.texts.mu.Unlock()
	return done
}

// numbered turns "?" into "$1", "$2" …, but not in quoted text.
func numbered(s string) string {
	var b strings.Builder
	n, quote := 0, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
