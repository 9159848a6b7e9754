package web

import (
	"slices"
	"strconv"
	"time"

	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) settingsRoutes() []route {
	return []route{
		{method: "GET", path: "/api/v1/settings", name: "getSettings", tag: "Settings", summary: "Read the settings of the workspace", door: anyone, shape: answers((*call).settings)},
		{method: "PATCH", path: "/api/v1/settings", name: "updateSettings", tag: "Settings", summary: "Change settings of the workspace", door: need(records.ManageSettings), body: smallBody, shape: freshWhen(settingsBody.grave, takes((*call).changeSettings))},
		{method: "GET", path: "/api/v1/settings/words", name: "getOfferedWords", tag: "Settings", summary: "Read the words that are offered as tags, and as what clients come from", door: anyone, shape: answers((*call).offeredWords)},
		{method: "PUT", path: "/api/v1/settings/words", name: "setOfferedWords", tag: "Settings", summary: "Say which words are offered as tags, and as what clients come from; what is written on records stays", door: need(records.ManageFields), body: smallBody, shape: takes((*call).setOfferedWords)},
	}
}

type offeredShape struct {
	Tags    []string `json:"tags" nullable:"false" doc:"In the order in which they are offered."`
	Sources []string `json:"sources" nullable:"false" doc:"In the order in which they are offered."`
}

func (c *call) offeredWords() (offeredShape, error) {
	o := c.Workspace.Offered()
	return offeredShape{o.Tags, o.Sources}, nil
}

func (c *call) setOfferedWords(b offeredShape) (offeredShape, error) {
	if err := c.Workspace.ChangeOffered(c.ctx, c.who, crm.Offered{Tags: b.Tags, Sources: b.Sources}); err != nil {
		return offeredShape{}, err
	}
	return c.offeredWords()
}

type settingsAnswer struct {
	Workspace string `json:"workspace"`
	Region    string `json:"region" doc:"Country code of two letters: phone numbers without a country belong there."`
	Language  string `json:"language"`
	TimeZone  string `json:"time_zone"`
	Currency  string `json:"currency"`
	Proof     int    `json:"proof_minutes" doc:"For how long a proof of who somebody is counts where much harm can be done: changes of rights, deleting many."`
}

func (c *call) settings() (settingsAnswer, error) {
	s := c.Workspace.Settings()
	return settingsAnswer{s.Name, s.Region, s.Language, s.TimeZone, s.Currency, int(s.FreshFor() / time.Minute)}, nil
}

type settingsBody struct {
	Workspace *string `json:"workspace,omitempty" required:"false"`
	Region    *string `json:"region,omitempty" required:"false"`
	Language  *string `json:"language,omitempty" required:"false" enum:"en,ru,it,pl"`
	TimeZone  *string `json:"time_zone,omitempty" required:"false"`
	Currency  *string `json:"currency,omitempty" required:"false"`
	Proof     *int    `json:"proof_minutes,omitempty" required:"false" doc:"1 to 720."`
}

// grave tells whether the change makes much harm easier.
func (b settingsBody) grave() bool { return b.Proof != nil }

func (c *call) changeSettings(b settingsBody) (settingsAnswer, error) {
	next := c.Workspace.Settings()
	for _, m := range []struct {
		given *string
		into  *string
	}{{b.Workspace, &next.Name}, {b.Region, &next.Region}, {b.Language, &next.Language}, {b.TimeZone, &next.TimeZone}, {b.Currency, &next.Currency}} {
		if m.given != nil {
			*m.into = *m.given
		}
	}
	if b.Proof != nil {
		next.Proof = strconv.Itoa(*b.Proof)
	}
	if err := c.Workspace.ChangeSettings(c.ctx, c.who, next); err != nil {
		return settingsAnswer{}, ofSettings(err)
	}
	return c.settings()
}

// ofSettings names the member that is meant as the API calls it: what is the
// name of the settings is the workspace here.
func ofSettings(err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	again := *f
	again.Fields = slices.Clone(f.Fields)
	for i := range again.Fields {
		if again.Fields[i].Field == "name" {
			again.Fields[i].Field = "workspace"
		}
	}
	if again.Field == "name" {
		again.Field = "workspace"
	}
	return &again
}
