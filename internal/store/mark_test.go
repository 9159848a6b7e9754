package store_test

import (
	"fmt"
	"slices"
	"testing"

	"castellan/internal/store"
)

// The fields whose values are in marks. One that is added here needs a migration
// that sets the marks of its kind to -1: without its bits in the marks that there
// are, a filter by it would find nothing that was written before.
var inMarks = []string{
	"appointment.contact", "appointment.responsible", "appointment.series", "appointment.service", "appointment.status",
	"call.company", "call.contact", "call.deal", "call.direction", "call.outcome", "call.responsible",
	"company.city", "company.external_id", "company.responsible", "company.source", "company.tags",
	"contact.city", "contact.company", "contact.external_id", "contact.folder", "contact.responsible", "contact.source", "contact.tags",
	"deal.company", "deal.contact", "deal.folder", "deal.pipeline", "deal.responsible", "deal.source", "deal.stage", "deal.tags",
	"folder.company", "folder.responsible", "folder.tags",
	"invoice.buyer", "invoice.company", "invoice.contact", "invoice.deal", "invoice.number", "invoice.responsible", "invoice.seller", "invoice.status", "invoice.tags",
	"legal_entity.company", "legal_entity.contact", "legal_entity.external_id", "legal_entity.responsible", "legal_entity.tags", "legal_entity.tax_id",
	"message.channel", "message.company", "message.contact", "message.deal", "message.delivery", "message.direction", "message.responsible",
	"process.company", "process.contact", "process.deal", "process.pipeline", "process.responsible", "process.stage", "process.tags",
	"prospect.city", "prospect.company_name", "prospect.contact", "prospect.deal", "prospect.list", "prospect.responsible", "prospect.status", "prospect.tags",
	"prospect_list.closed", "prospect_list.responsible", "prospect_list.source", "prospect_list.tags",
	"service.active", "service.category", "service.responsible",
	"task.company", "task.contact", "task.deal", "task.done", "task.process", "task.responsible",
}

func TestFieldsInMarksStayTheSame(t *testing.T) {
	var all []string
	for _, k := range kinds(t).Kinds() {
		if k.Within {
			continue // without access rows
		}
		for _, f := range k.Fields {
			if store.InMarks(k, f) {
				all = append(all, fmt.Sprintf("%s.%s", k.Name, f.Name))
			}
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, inMarks) {
		t.Errorf("the fields in marks are\n%q\nand were\n%q", all, inMarks)
	}
}

// Bits are in databases: they must stay what they are.
func TestBitsOfAValueStayTheSame(t *testing.T) {
	k := kinds(t).Kind("contact")
	mark := store.MarkOf(k, []store.Cell{{Field: k.Field("city"), Column: "Roma", Key: "roma"}, {Field: k.Field("tags"), Column: `["vip"]`, Multi: []string{"vip"}}, {Field: k.Field("responsible"), Column: int64(7)}})
	if want := int64(0x4440000002000004); mark != want {
		t.Errorf("the mark is %#x and was %#x", mark, want)
	}
}
