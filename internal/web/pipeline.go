package web

import (
	"slices"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) pipelineRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/pipelines", name: "listPipelines", tag: "Pipelines", summary: "List the pipelines and their stages", door: anyone, shape: answers((*call).pipelines)},
		{method: "POST", path: "/api/v1/pipelines", name: "createPipeline", tag: "Pipelines", summary: "Create a pipeline", door: need(records.ManagePipelines), body: smallBody, shape: created(takes((*call).createPipeline))},
		{method: "PATCH", path: "/api/v1/pipelines/{id}", name: "updatePipeline", tag: "Pipelines", summary: "Change a pipeline: stages without an id are new, those that are no longer named are closed", door: need(records.ManagePipelines), body: smallBody, shape: takes((*call).updatePipeline)},
	}
}

type stageAnswer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Outcome string `json:"outcome" enum:"open,won,lost"`

	Requires []string `json:"requires" nullable:"false" doc:"Fields that must be filled in before something enters the stage."`
}

type pipelineAnswer struct {
	ID      string        `json:"id"`
	Version int64         `json:"version"`
	Kind    string        `json:"kind" doc:"The kind of record that passes through it." enum:"deal,process"`
	Name    string        `json:"name"`
	Stages  []stageAnswer `json:"stages" nullable:"false"`
	Stale   int           `json:"stale_days" doc:"After so many days without a change something has rested too long; 0: never."`
	Reasons []string      `json:"reasons" nullable:"false" doc:"For which something is lost; with any, one must be named."`
}

func (c *call) pipelineOf(p crm.Pipeline) pipelineAnswer {
	a := pipelineAnswer{c.Vault.Public("pipeline", p.ID), p.Version, p.Kind, p.Name, []stageAnswer{}, p.Stale, words(p.Reasons)}
	for _, s := range p.Stages {
		a.Stages = append(a.Stages, stageAnswer{c.Vault.Public("stage", s.ID), s.Name, s.Outcome, words(s.Requires)})
	}
	return a
}

// words is a list that is never null.
func words(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

func (c *call) pipelines() (listOf[pipelineAnswer], error) {
	var all []pipelineAnswer
	for _, p := range c.Workspace.Pipelines() {
		all = append(all, c.pipelineOf(p))
	}
	return list(all), nil
}

type stageBody struct {
	ID      string `json:"id,omitempty" required:"false" doc:"Absent: a new stage."`
	Name    string `json:"name"`
	Outcome string `json:"outcome,omitempty" required:"false" enum:"open,won,lost" doc:"By default open."`

	Requires []string `json:"requires,omitempty" required:"false" nullable:"false" doc:"Names of fields that must be filled in before something enters the stage."`
}

type pipelineBody struct {
	ID      string      `json:"id,omitempty" required:"false" doc:"May be named but not changed."`
	Version int64       `json:"version,omitempty" required:"false" doc:"The one that was read; absent: whatever it is now."`
	Kind    string      `json:"kind,omitempty" required:"false" enum:"deal,process" doc:"By default deal; stays as it was made."`
	Name    string      `json:"name"`
	Stages  []stageBody `json:"stages" nullable:"false"`
	Stale   *int        `json:"stale_days,omitempty" required:"false" doc:"Absent: as it was."`
	Reasons *[]string   `json:"reasons,omitempty" required:"false" nullable:"false" doc:"Absent: as they were."`
}

func (c *call) createPipeline(b pipelineBody) (pipelineAnswer, error) {
	return c.savePipeline(crm.Pipeline{Kind: "deal"}, b)
}

func (c *call) updatePipeline(b pipelineBody) (pipelineAnswer, error) {
	id, err := c.numbered("pipeline", "id")
	if err != nil {
		return pipelineAnswer{}, err
	}
	all := c.Workspace.Pipelines()
	i := slices.IndexFunc(all, func(p crm.Pipeline) bool { return p.ID == id })
	if i < 0 {
		return pipelineAnswer{}, missing("pipeline")
	}
	return c.savePipeline(all[i], b)
}

func (c *call) savePipeline(was crm.Pipeline, b pipelineBody) (pipelineAnswer, error) {
	next := crm.Pipeline{ID: was.ID, Version: was.Version, Kind: was.Kind, Name: b.Name}
	if b.Kind != "" {
		next.Kind = b.Kind
	}
	next.Stale, next.Reasons = was.Stale, was.Reasons
	if b.Stale != nil {
		next.Stale = *b.Stale
	}
	if b.Reasons != nil {
		next.Reasons = *b.Reasons
	}
	if b.Version != 0 {
		next.Version = b.Version
	}
	if b.Name == "" {
		next.Name = was.Name
	}
	for _, s := range b.Stages {
		stage := crm.Stage{Name: s.Name, Outcome: s.Outcome, Requires: s.Requires}
		if stage.Outcome == "" {
			stage.Outcome = "open"
		}
		if s.ID != "" {
			id, ok := c.Vault.ID("stage", s.ID)
			if !ok {
				return pipelineAnswer{}, fault.New(fault.Invalid, "pipeline.stage", "There is no such stage.").At("stages")
			}
			stage.ID = id
		}
		next.Stages = append(next.Stages, stage)
	}
	if b.Stages == nil {
		next.Stages = was.Stages
	}
	id, err := c.Workspace.SavePipeline(c.ctx, c.who, next)
	if err != nil {
		return pipelineAnswer{}, err
	}
	all := c.Workspace.Pipelines()
	i := slices.IndexFunc(all, func(p crm.Pipeline) bool { return p.ID == id })
	if i < 0 {
		return pipelineAnswer{}, missing("pipeline")
	}
	return c.pipelineOf(all[i]), nil
}
