package web

import (
	"castellan/internal/actor"
	"castellan/internal/fault"
)

type holdingItem struct {
	Kind   string `json:"kind"`
	Number int    `json:"number"`
}

type holdingsAnswer struct {
	Items  []holdingItem `json:"items" nullable:"false" doc:"By kind, as far as one may see them."`
	Shared int           `json:"shared" doc:"Records that are shared with the person alone."`
}

func (c *call) holdings() (holdingsAnswer, error) {
	a := holdingsAnswer{Items: []holdingItem{}}
	id, err := c.personInPath()
	if err != nil {
		return a, err
	}
	all, shared, err := c.Records.Holdings(c.ctx, c.who, id)
	for _, h := range all {
		a.Items = append(a.Items, holdingItem{h.Kind, h.Number})
	}
	a.Shared = shared
	return a, err
}

type handOverBody struct {
	To         string `json:"to" doc:"Who takes it over."`
	Deactivate bool   `json:"deactivate,omitempty" required:"false" doc:"Whether the account is closed in the same step."`
}

type handOverAnswer struct {
	ID      string  `json:"id"`
	To      named   `json:"to"`
	By      named   `json:"by"`
	State   string  `json:"state" enum:"running,done,undoing,undone,failed"`
	Done    int64   `json:"done"`
	Refused int64   `json:"refused" doc:"Records that whoever began it may not change."`
	Began   string  `json:"began_at"`
	Ended   *string `json:"ended_at"`
}

func (c *call) handOver(b handOverBody) (handOverAnswer, error) {
	from, err := c.personInPath()
	if err != nil {
		return handOverAnswer{}, err
	}
	to, ok := c.Records.Person(b.To)
	if !ok {
		return handOverAnswer{}, fault.New(fault.Invalid, "handover.nobody", "There is no such person, or the account is not active.").At("to")
	}
	// Whoever may not change the account may not empty it either.
	if _, err := c.Accounts.Person(c.ctx, c.who, from); err != nil {
		return handOverAnswer{}, err
	}
	var id int64
	if b.Deactivate {
		begin, err := c.Records.HandingOver(c.ctx, c.who, from, to, &id)
		if err == nil {
			err = c.Accounts.DeactivateAnd(c.ctx, c.who, from, begin)
		}
		if err != nil {
			return handOverAnswer{}, err
		}
		c.forgetNames()
	} else if id, err = c.Records.HandOver(c.ctx, c.who, from, to); err != nil {
		return handOverAnswer{}, err
	}
	all, err := c.handOversOf(from)
	for _, h := range all {
		if h.ID == c.Vault.Public("handover", id) {
			return h, err
		}
	}
	return handOverAnswer{}, err
}

func (c *call) handOvers() (listOf[handOverAnswer], error) {
	from, err := c.personInPath()
	if err != nil {
		return listOf[handOverAnswer]{}, err
	}
	all, err := c.handOversOf(from)
	return list(all), err
}

func (c *call) handOversOf(from actor.PersonID) ([]handOverAnswer, error) {
	all, err := c.Records.HandOvers(c.ctx, from)
	var answers []handOverAnswer
	for _, h := range all {
		to, err := c.person(h.To)
		if err != nil {
			return nil, err
		}
		by, err := c.person(h.By)
		if err != nil {
			return nil, err
		}
		answers = append(answers, handOverAnswer{c.Vault.Public("handover", h.ID), to, by, h.State, h.Done, h.Refused, instant(h.Began), instantOr(h.Ended)})
	}
	return answers, err
}

func (c *call) undoHandOver() error {
	id, err := c.numbered("handover", "id")
	if err != nil {
		return err
	}
	return c.Records.UndoHandOver(c.ctx, c.who, id)
}
