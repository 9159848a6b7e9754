package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// clientFile is a file of so many clients as a CRM writes it.
func clientFile(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("Name;Phone;Email;City;Tags;Birthday;Note;ID\n")
	for i := range rows {
		fmt.Fprintf(&b, "Anna Testowa%d;+48 512 %03d %03d;anna%d@example.com;Kraków;vip, spring;%02d.%02d.1986;likes tea;%d\n", i, i/1000, i%1000, i, i%28+1, i%12+1, i)
	}
	return b.Bytes()
}

// bare puts as many clients into the same tables as the least that the task
// needs, 50 in a transaction, and says how long that took.
func bare(b *testing.B, db *store.DB, rows int) time.Duration {
	ctx := context.Background()
	var columns []string
	answer, err := db.Query(ctx, store.Twin{SQLite: "SELECT name FROM pragma_table_info('contact')", Postgres: "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'contact' ORDER BY ordinal_position"})
	if err != nil {
		b.Fatal(err)
	}
	for answer.Next() {
		columns = append(columns, answer.Values()[0].(string))
	}
	if err := answer.Close(); err != nil {
		b.Fatal(err)
	}
	put := store.Text(`INSERT INTO contact ("` + strings.Join(columns, `", "`) + `") VALUES (?` + strings.Repeat(", ?", len(columns)-1) + ")")
	began := time.Now()
	for from := 0; from < rows; from += 50 {
		err := db.Write(ctx, func(tx *store.Tx) error {
			for i := from; i < min(from+50, rows); i++ {
				id, now := int64(tx.NewID()), tx.Now().UnixMicro()
				name, phone, mail := fmt.Sprintf("Berta Testowa%d", i), fmt.Sprintf("+48513%06d", i), fmt.Sprintf("berta%d@example.com", i)
				values := map[string]any{"id": id, "version": int64(1), "name": name, "name_key": strings.ToLower(name), "given_name": "Berta", "family_name": fmt.Sprintf("Testowa%d", i),
					"phones": `[{"number":"` + phone + `"}]`, "emails": `[{"address":"` + mail + `"}]`, "city": "Kraków", "city_key": "krakow", "tags": `["vip","spring"]`, "birthday": "1986-07-16",
					"note": "likes tea", "external_id": fmt.Sprint(i), "external_id_key": fmt.Sprint(i), "responsible": int64(1), "created_at": now, "created_by": int64(1), "updated_at": now, "updated_by": int64(1)}
				args := make([]any, len(columns))
				for n, c := range columns {
					args[n] = values[c]
				}
				words := store.Twin{SQLite: "INSERT INTO contact_words (rowid, words) VALUES (?, ?)"}
				search := []any{id, strings.ToLower(name)}
				if db.Engine() == store.Postgres {
					words.Postgres = "INSERT INTO search (kind, record, words, digits) VALUES (?, ?, array_to_tsvector(?::text[]), ?)"
					search = []any{int64(1), id, strings.Fields(strings.ToLower(name)), phone[1:]}
				}
				all := []struct {
					s    store.Statement
					args []any
				}{
					{put, args},
					{store.Text("INSERT INTO multi (kind, field, key, record) VALUES (?, ?, ?, ?)"), []any{int64(1), "phones", phone, id}},
					{store.Text("INSERT INTO multi (kind, field, key, record) VALUES (?, ?, ?, ?)"), []any{int64(1), "emails", mail, id}},
					{store.Text("INSERT INTO multi (kind, field, key, record) VALUES (?, ?, ?, ?)"), []any{int64(1), "tags", "vip", id}},
					{store.Text("INSERT INTO multi (kind, field, key, record) VALUES (?, ?, ?, ?)"), []any{int64(1), "tags", "spring", id}},
					{store.Text("INSERT INTO access (principal, kind, updated_at, record) VALUES (?, ?, ?, ?)"), []any{int64(4), int64(1), now, id}},
					{store.Text("INSERT INTO access_name (principal, kind, name_key, record) VALUES (?, ?, ?, ?)"), []any{int64(4), int64(1), strings.ToLower(name), id}},
					{words, search},
				}
				if db.Engine() == store.SQLite {
					all = append(all, struct {
						s    store.Statement
						args []any
					}{store.Text("INSERT INTO contact_digits (rowid, digits) VALUES (?, ?)"), []any{id, phone[1:]}})
				}
				for _, one := range all {
					if _, err := tx.Exec(ctx, one.s, one.args...); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// BenchmarkImport holds an import against bare inserts into the same tables.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(engine.String(), func(b *testing.B) {
			h := crmtest.Open(b, storetest.Open(b, engine, nil))
			m := desk(b, h)
			content := clientFile(rows)
			for b.Loop() {
				floor := bare(b, h.DB, rows)
				ctx, who := context.Background(), crmtest.As(crmtest.Owner)
				i, err := m.Upload(ctx, who, "clients.csv", bytes.NewReader(content))
				if err != nil {
					b.Fatal(err)
				}
				looking := time.Now()
				if p, err := m.Preview(ctx, who, i.ID); err != nil || p.Create != rows {
					b.Fatalf("%v: %+v", err, p)
				}
				b.ReportMetric(float64(floor)/float64(time.Since(looking)), "preview-of-bare")
				began := time.Now()
				if err := m.Start(ctx, who, i.ID); err != nil {
					b.Fatal(err)
				}
				m.Wait()
				took := time.Since(began)
				if i, err = m.Status(ctx, who, i.ID); err != nil || i.State != exchange.Done || i.Created != rows {
					b.Fatalf("%v: %+v", err, i)
				}
				b.ReportMetric(float64(floor)/float64(took), "of-bare")
				b.ReportMetric(rows/took.Seconds(), "rows/s")
				b.ReportMetric(took.Seconds()*1000/(rows/50), "ms/slice")
			}
		})
	}
}
