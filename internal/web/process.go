package web

import (
	"castellan/internal/crm"
	"castellan/internal/records"
	"castellan/internal/schema"
)

func (s *Server) processRoutes() []route {
	var deal *schema.Kind
	for _, k := range crm.Kinds() {
		if k.Name == "deal" {
			deal = &k
		}
	}
	return []route{{
		method: "POST", path: "/api/v1/deals/{id}/processes", name: "startProcess", tag: "Processes", door: asRights, kind: deal, surface: records.CardOf(deal), body: smallBody,
		summary: "Start a post-sale process from a won deal, with the tasks that it begins with, in one step", shape: created(takes((*call).startProcess)),
	}}
}

type processBody struct {
	Pipeline string `json:"pipeline" doc:"Which process: a pipeline for processes."`
}

type startedAnswer struct {
	Process string `json:"process"`
}

func (c *call) startProcess(b processBody) (startedAnswer, error) {
	deal, err := c.id()
	if err != nil {
		return startedAnswer{}, err
	}
	pipeline, ok := c.Vault.ID("pipeline", b.Pipeline)
	if !ok {
		pipeline = 0
	}
	made, err := c.Workspace.StartProcess(c.ctx, c.Records, c.who, deal, pipeline)
	if err != nil {
		return startedAnswer{}, err
	}
	return startedAnswer{c.Records.RecordWord("process", made)}, nil
}
