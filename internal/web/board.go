package web

import (
	"strconv"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// boardRoute shows the records of a kind with stages as columns.
func boardRoute(k *schema.Kind) route {
	return route{method: "GET", path: "/api/v1/" + k.Plural + "/board", name: "get" + capital(k.Name) + "Board", surface: records.ListOf(k),
		summary: "Show " + k.Plural + " by the stages of a pipeline: the first of each stage, how many there are, and how much money where all of it may be seen",
		query: []parameter{
			{name: "pipeline", doc: "By default the first one."}, listParameters()[0], listParameters()[2], listParameters()[3], listParameters()[5],
			{name: "zone", doc: "The time zone in which today begins, such as Europe/Warsaw. By default that of the workspace."},
		}, shape: writes[recordBoard]((*call).board)}
}

func (c *call) board() error {
	q, err := c.asked()
	if err != nil {
		return err
	}
	pipeline, err := c.pipelineAsked()
	if err != nil {
		return err
	}
	stages := make([]int64, len(pipeline.Stages))
	for i, s := range pipeline.Stages {
		stages[i] = s.ID
	}
	lanes, err := c.Records.Board(c.ctx, c.who, c.route.kind.Name, c.surface(), stages, q)
	if err != nil {
		return err
	}
	lent := c.buffers.get()
	b := append((*lent)[:0], `{"pipeline":"`...)
	b = append(b, c.Vault.Public("pipeline", pipeline.ID)...)
	b = append(b, `","lanes":[`...)
	for i := range lanes {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = c.appendLane(b, &lanes[i]); err != nil {
			break
		}
	}
	if err == nil {
		err = c.write("application/json", append(b, "]}"...))
	}
	c.buffers.put(lent, b)
	return err
}

func (c *call) appendLane(b []byte, lane *records.Lane) ([]byte, error) {
	b = append(b, `{"stage":"`...)
	b = append(b, c.Vault.Public("stage", lane.Stage)...)
	b = append(b, `","count":{"n":`...)
	b = strconv.AppendInt(b, int64(lane.Count.N), 10)
	b = append(b, `,"capped":`...)
	b = strconv.AppendBool(b, lane.Count.Capped)
	b = append(b, `},"totals":[`...)
	for i, t := range lane.Totals {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"currency":`...)
		b = appendText(b, t.Currency)
		b = append(b, `,"amount":`...)
		b = appendDecimal(b, t.Amount, 2, true)
		b = append(b, '}')
	}
	b = append(b, `],"page":`...)
	b, err := c.appendPage(b, lane.Page)
	return append(b, '}'), err
}

// pipelineAsked is the pipeline that the question names, or the first one.
func (c *call) pipelineAsked() (crm.Pipeline, error) {
	all := c.Workspace.PipelinesOf(c.route.kind.Name)
	word := c.query.Get("pipeline")
	if word == "" && len(all) > 0 {
		return all[0], nil
	}
	id, ok := c.Vault.ID("pipeline", word)
	for _, p := range all {
		if ok && p.ID == id {
			return p, nil
		}
	}
	return crm.Pipeline{}, fault.New(fault.Invalid, "board.pipeline", "There is no such pipeline.").At("pipeline")
}
