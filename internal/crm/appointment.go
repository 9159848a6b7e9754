package crm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// appointment is a time at which a client is served by somebody. It is called
// by its service and never by its client, so that what an appointment is called
// tells of nobody.
func appointment() schema.Kind {
	staff := responsible()
	staff.Required = true
	staff.Labels = words("Staff member", "Сотрудник", "Operatore", "Pracownik")
	return schema.Kind{
		Number: appointmentNumber, Name: "appointment", Plural: "appointments",
		One:   words("Appointment", "Запись", "Appuntamento", "Wizyta"),
		Many:  words("Appointments", "Записи", "Appuntamenti", "Wizyty"),
		Title: "title", Responsible: "responsible", Days: "starts_at", ListedOn: "appointments",
		Time: &schema.Time{Starts: "starts_at", Ends: "ends_at", Status: "status", Frees: []string{noShow, cancelled}, Cancelled: cancelled, Beside: "beside", Series: "series", Client: "contact"},
		Fields: kept(
			&schema.Field{Name: "title", Type: schema.Text, Class: schema.Open, Required: true, House: true, Max: 250, Keyed: true, Indexed: true, Free: true,
				Search: schema.ByWords, Sort: true, Labels: words("What", "Что", "Cosa", "Co")},
			relation("contact", "contact", words("Client", "Клиент", "Cliente", "Klient")),
			relation("service", "service", words("Service", "Услуга", "Servizio", "Usługa")),
			staff,
			&schema.Field{Name: "starts_at", Type: schema.DateTime, Class: schema.Open, Required: true, Indexed: true, Sort: true,
				Labels: words("Begins", "Начало", "Inizio", "Początek")},
			&schema.Field{Name: "ends_at", Type: schema.DateTime, Class: schema.Open, Required: true,
				Labels: words("Ends", "Окончание", "Fine", "Koniec")},
			&schema.Field{Name: "status", Type: schema.Choice, Class: schema.Open, Required: true, Indexed: true,
				Labels: words("Status", "Статус", "Stato", "Status"),
				Options: []schema.Option{
					option("waiting", "Waiting", "Ожидает", "In attesa", "Oczekuje"),
					option("confirmed", "Confirmed", "Подтверждена", "Confermato", "Potwierdzona"),
					option("came", "Came", "Клиент пришёл", "Venuto", "Klient przyszedł"),
					option(noShow, "Did not come", "Клиент не пришёл", "Non venuto", "Klient nie przyszedł"),
					option(cancelled, "Cancelled", "Отменена", "Annullato", "Odwołana"),
				}},
			&schema.Field{Name: "price", Type: schema.Money, Class: schema.Open,
				Labels: words("Price", "Стоимость", "Prezzo", "Cena")},
			&schema.Field{Name: "beside", Type: schema.Bool, Class: schema.Open,
				Labels: words("Beside another", "Поверх другой", "In sovrapposizione", "Równolegle z inną")},
			series(),
			note(),
		),
	}
}

func series() *schema.Field {
	f := keyed(text("series", schema.Open, words("Series", "Серия", "Serie", "Seria")))
	f.House = true
	return f
}

const (
	noShow    = "no_show"
	cancelled = "cancelled"
)

// usual is how long an appointment lasts if nobody and no service says it.
const usual = time.Hour

// unnamed is what an appointment without a service is called.
func unnamed(language string) string { return appointment().One.In(language) }

// settleAppointment fills in what the service says (what it is called, how long
// it lasts, what it costs), keeps the length of an appointment that is moved, and
// refuses times that cannot be.
func (w *Workspace) settleAppointment(ctx context.Context, tx *store.Tx, d *records.Draft) (records.Values, error) {
	v := records.Values{}
	starts, _ := d.Holds("starts_at").(int64)
	ends, ended := d.Holds("ends_at").(int64)
	lasts := usual
	if d.New() || d.Names("service") {
		v["title"] = unnamed(w.Settings().Language)
		if id, ok := d.Holds("service").(int64); ok {
			s, err := w.offered(ctx, tx, schema.RecordID(id))
			if err != nil {
				return nil, err
			}
			v["title"], lasts = s.name, s.lasts
			if _, priced := d.Holds("price").(int64); !priced && !d.Names("price") && s.price != nil {
				v["price"] = s.price
			}
		}
	}
	if d.New() && d.Holds("status") == nil {
		v["status"] = "waiting"
	}
	switch {
	case starts == 0 && d.Holds("starts_at") == nil:
		return v, nil // it is refused for that
	case d.New() && !ended:
		ends = starts + lasts.Microseconds()
		v["ends_at"] = time.UnixMicro(ends).UTC().Format(time.RFC3339Nano)
	case !d.New() && d.Names("starts_at") && !d.Names("ends_at"):
		was, _ := d.Held("starts_at").(int64)
		ends += starts - was
		v["ends_at"] = time.UnixMicro(ends).UTC().Format(time.RFC3339Nano)
	}
	if !d.New() && !d.Names("starts_at") && !d.Names("ends_at") {
		return v, nil
	}
	if ends <= starts {
		return nil, fault.New(fault.Invalid, "appointment.ends", "An appointment ends after it begins.").At("ends_at")
	}
	if time.Duration(ends-starts)*time.Microsecond > schema.Longest {
		return nil, fault.New(fault.Invalid, "appointment.long", "An appointment lasts at most 24 hours.").At("ends_at")
	}
	return v, nil
}

// offer is what an appointment takes from its service.
type offer struct {
	name  string
	lasts time.Duration
	price any
}

// offered reads a service, which whoever books may see: the link to it has been
// checked.
func (w *Workspace) offered(ctx context.Context, tx *store.Tx, id schema.RecordID) (offer, error) {
	kind := w.Catalog().Kind("service")
	stored, err := tx.Stored(ctx, policy.Whole(kind, policy.ForDecision), id)
	if errors.Is(err, store.ErrNoRows) { // a trial has not kept it
		return offer{name: unnamed(w.Settings().Language), lasts: usual}, nil
	}
	if err != nil {
		return offer{}, fmt.Errorf("read the service: %w", err)
	}
	o := offer{lasts: usual}
	for _, c := range stored.Cells {
		switch c.Field.Name {
		case "name":
			o.name, _ = c.Column.(string)
		case "duration":
			if minutes, ok := c.Column.(int64); ok && minutes > 0 {
				o.lasts = min(time.Duration(minutes)*time.Minute, schema.Longest)
			}
		case "price":
			if cents, ok := c.Column.(int64); ok {
				o.price = fmt.Sprintf("%d.%02d", cents/100, cents%100)
			}
		}
	}
	return o, nil
}

// prepareService offers a new service unless it says otherwise, and bounds what
// it says.
func prepareService(_ context.Context, _ *store.Tx, before *store.Stored, v records.Values) error {
	if _, named := v["active"]; before == nil && !named {
		v["active"] = true
	}
	return nil
}

// settleService bounds how long a service lasts and what it costs.
func settleService(_ context.Context, _ *store.Tx, d *records.Draft) (records.Values, error) {
	if minutes, ok := d.Holds("duration").(int64); ok && (minutes < 1 || time.Duration(minutes)*time.Minute > schema.Longest) {
		return nil, fault.New(fault.Invalid, "service.duration", "A service lasts from 1 minute to 24 hours.").At("duration")
	}
	if cents, ok := d.Holds("price").(int64); ok && cents < 0 {
		return nil, fault.New(fault.Invalid, "service.price", "A price cannot be less than nothing.").At("price")
	}
	return nil, nil
}
