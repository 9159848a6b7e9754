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
		{method: "DELETE", path: "/api/v1/pipelines/{id}", name: "deletePipeline", tag: "Pipelines", summary: "Remove a pipeline in which nothing stands, in the bin included; the last one of its kind stays", door: need(records.ManagePipelines), shape: does((*call).deletePipeline)},
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
	Steps   []stepShape   `json:"steps" nullable:"false" doc:"The tasks that a process begins with."`
	After   []string      `json:"starts_after" nullable:"false" doc:"Pipelines of deals: one that is won there starts the process by itself."`
	Author  *named        `json:"author" doc:"With whose rights it starts by itself: who has said last what it does."`
}

type stepShape struct {
	Title    string `json:"title"`
	Activity string `json:"activity,omitempty" required:"false" doc:"An option of the task's activity."`
	Days     int    `json:"days" doc:"How many days after the start it is due."`
}

func (c *call) pipelineOf(p crm.Pipeline) (pipelineAnswer, error) {
	a := pipelineAnswer{c.Vault.Public("pipeline", p.ID), p.Version, p.Kind, p.Name, []stageAnswer{}, p.Stale, words(p.Reasons), []stepShape{}, []string{}, nil}
	for _, s := range p.Steps {
		a.Steps = append(a.Steps, stepShape(s))
	}
	for _, id := range p.After {
		a.After = append(a.After, c.Vault.Public("pipeline", id))
	}
	if p.Author != 0 {
		name, err := c.name(p.Author)
		if err != nil {
			return a, err
		}
		a.Author = &named{c.Records.PersonWord(p.Author), name}
	}
	for _, s := range p.Stages {
		a.Stages = append(a.Stages, stageAnswer{c.Vault.Public("stage", s.ID), s.Name, s.Outcome, words(s.Requires)})
	}
	return a, nil
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
		a, err := c.pipelineOf(p)
		if err != nil {
			return list(all), err
		}
		all = append(all, a)
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

	Steps *[]stepShape `json:"steps,omitempty" required:"false" nullable:"false" doc:"The tasks that a process begins with; absent: as they were."`
	After *[]string    `json:"starts_after,omitempty" required:"false" nullable:"false" doc:"Pipelines of deals: one that is won there starts the process by itself, with the rights of whoever says so. Absent: as they were."`
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

func (c *call) deletePipeline() error {
	id, err := c.numbered("pipeline", "id")
	if err != nil {
		return err
	}
	return c.Workspace.DeletePipeline(c.ctx, c.who, id)
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
	next.Steps, next.After = was.Steps, was.After
	if b.Steps != nil {
		next.Steps = nil
		for _, s := range *b.Steps {
			next.Steps = append(next.Steps, crm.Step(s))
		}
	}
	if b.After != nil {
		next.After = nil
		for _, word := range *b.After {
			id, ok := c.Vault.ID("pipeline", word)
			if !ok {
				return pipelineAnswer{}, fault.New(fault.Invalid, "pipeline.after", "There is no such pipeline of deals.").At("starts_after")
			}
			next.After = append(next.After, id)
		}
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
	return c.pipelineOf(all[i])
}
