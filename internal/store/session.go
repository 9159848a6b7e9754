package store

import (
	"context"
	"errors"
	"sync"
)

// A session is one connection. One goroutine uses it at a time.
type session interface {
	// query runs one statement. Its cursor must be closed before the session
	// is given back.
	query(ctx context.Context, text string, args []any) (cursor, error)
	// exec runs one statement and says how many rows it changed.
	exec(ctx context.Context, text string, args []any) (int64, error)
	// script runs several statements without arguments.
	script(ctx context.Context, text string) error
	// lost tells that the connection can no longer be used.
	lost() bool
	close() error
}

// A cursor walks over the rows of an answer.
type cursor interface {
	// next puts the next row into the slice, which has the width of the
	// answer, and says whether there was one. Values are int64, float64,
	// string, []byte or nil and stay valid.
	next(into []any) (bool, error)
	width() int
	close() error
}

var errClosed = errors.New("the store is closed")

// A pool lends sessions for reading. It opens them when they are first needed
// and keeps them, last used first, so that few connections stay warm.
type pool struct {
	open  func(context.Context) (session, error)
	slots chan struct{}

	mu     sync.Mutex
	idle   []session
	closed bool
}

func newPool(size int, open func(context.Context) (session, error)) *pool {
	return &pool{open: open, slots: make(chan struct{}, size)}
}

func (p *pool) take(ctx context.Context) (session, error) {
	select {
	case p.slots <- struct{}{}:
	default:
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return p.lend(ctx)
}

// spare is take for whoever can do without: it waits for nobody, and gives nil
// where every session is lent.
func (p *pool) spare(ctx context.Context) (session, error) {
	select {
	case p.slots <- struct{}{}:
		return p.lend(ctx)
	default:
		return nil, nil
	}
}

// lend gives a session to whoever has a slot, or takes the slot back.
func (p *pool) lend(ctx context.Context) (session, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.slots
		return nil, errClosed
	}
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	s, err := p.open(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return s, nil
}

func (p *pool) put(s session) {
	p.mu.Lock()
	keep := !p.closed && !s.lost()
	if keep {
		p.idle = append(p.idle, s)
	}
	p.mu.Unlock()
	if !keep {
		p.drop(s)
		return
	}
	<-p.slots
}

// drop ends a session that is in no state to be lent again.
func (p *pool) drop(s session) {
	s.close() // whatever it says, it is of no more use
	<-p.slots
}

// shut closes the idle sessions now and those in use when they come back.
func (p *pool) shut() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var all []error
	for _, s := range idle {
		all = append(all, s.close())
	}
	return errors.Join(all...)
}
