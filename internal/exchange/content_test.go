package exchange_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func TestCustomFieldsTakeWhatFitsAndTellOfTheRest(t *testing.T) {
	label := func(en string) schema.Labels { return schema.Labels{"en": en} }
	fields := []crm.CustomField{
		{Type: schema.Text, Labels: label("Shoe")},
		{Type: schema.Number, Labels: label("Height")},
		{Type: schema.Integer, Labels: label("Visits")},
		{Type: schema.Date, Labels: label("Met")},
		{Type: schema.Bool, Labels: label("Dog")},
		{Type: schema.Choice, Labels: label("Size"), Options: []schema.Option{{Key: "s", Labels: label("Small")}, {Key: "l", Labels: schema.Labels{"en": "Large", "ru": "Большой"}}}},
		{Type: schema.Choices, Labels: label("Likes"), Options: []schema.Option{{Key: "tea", Labels: label("Tea")}, {Key: "coffee", Labels: label("Coffee")}}},
	}
	good := []string{"38 narrow", "1 234,5", "12", "16.07.1986", "да", "большой", "Tea; coffee"}
	want := []any{"38 narrow", int64(1_234_500_000), int64(12), "1986-07-16", int64(1), "l", `["tea","coffee"]`} // as they are stored
	bad := []string{strings.Repeat("x", 300), "many", "1.5", "31.02.1986", "perhaps", "huge", "beer"}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		var names, headings []string
		for _, c := range fields {
			c.Kind, c.Class = "contact", schema.Open
			c, err := h.Workspace.DeclareField(t.Context(), crmtest.As(crmtest.Owner), c)
			if err != nil {
				t.Fatal(err)
			}
			names, headings = append(names, c.Name), append(headings, "My "+c.Labels["en"])
		}
		row := func(name string, cells []string) string { return name + "|" + strings.Join(cells, "|") + "\n" }
		file := "Name|" + strings.Join(headings, "|") + "\n" + row("Good", good) + row("Bad", bad) + row("Empty", make([]string, len(names)))
		i := upload(t, m, crmtest.Owner, "c.csv", []byte(file), func(s *exchange.Settings) {
			for n := range names {
				s.Guess.Columns[n+1].Field = names[n]
			}
		})
		p, i := foretold(t, m, crmtest.Owner, i)
		if i.Created != 3 || p.Warnings != 1 {
			t.Errorf("%d new, %d with something left out", i.Created, p.Warnings)
		}
		all := shown(t, h, "contact", names...)
		for n, name := range names {
			if got := all["Good"][name]; got != want[n] {
				t.Errorf("%s holds %v, want %v", headings[n], got, want[n])
			}
			if all["Bad"][name] != nil || all["Empty"][name] != nil {
				t.Errorf("%s was invented: %v, %v", headings[n], all["Bad"][name], all["Empty"][name])
			}
		}
		out := refusedRows(t, m, crmtest.Owner, i.ID)
		for _, heading := range headings[1:] {
			if !strings.Contains(out, heading+"”") {
				t.Errorf("it is not told what was left out of %s", heading)
			}
		}
		if !strings.Contains(out, "Shoe is longer than 250 characters.") {
			t.Error("it is not told what was left out of My Shoe")
		}
		other := upload(t, m, crmtest.Owner, "d.csv", []byte(file), nil)
		other.Settings.Guess.Columns[1].Field = "x_no_such_field"
		if _, err := m.Adjust(t.Context(), crmtest.As(crmtest.Owner), other.ID, other.Settings); !fault.Is(err, fault.Invalid) {
			t.Errorf("a column becomes a field that does not exist: %v", err)
		}
	})
}

func TestWhoeverMayNotAssignIsResponsibleAndToldSo(t *testing.T) {
	file := []byte("Name;Phone;Responsible\nOf Ben;+48512000001;Ben\nOf Ana;+48512000002;Ana\nOf nobody;+48512000003;Zoe\nOf nobody either;+48512000004;Zoe\n")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		importer(h, crmtest.Ana, "specialist")
		m := desk(t, h)
		p, i := foretold(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "c.csv", file, nil))
		if i.Created != 4 || i.Refused != 0 || p.Warnings != 2 {
			t.Errorf("%d new, %d refused, %d with something left out", i.Created, i.Refused, p.Warnings)
		}
		for name, c := range shown(t, h, "contact", "responsible") {
			if c["responsible"] != any(int64(crmtest.Ana)) {
				t.Errorf("%s is of %v", name, c["responsible"])
			}
		}
		if out := refusedRows(t, m, crmtest.Ana, i.ID); strings.Count(out, "nobody here") != 1 || strings.Count(out, "may not make others responsible") != 1 {
			t.Errorf("it is told:\n%s", out)
		}
		undo(t, m, crmtest.Owner, i.ID)
		_, i = foretold(t, m, crmtest.Owner, upload(t, m, crmtest.Owner, "c.csv", file, nil))
		if got := shown(t, h, "contact", "responsible")["Of Ben"]["responsible"]; i.Created != 4 || got != any(int64(crmtest.Ben)) {
			t.Errorf("the owner's import: %d new, Ben's is of %v", i.Created, got)
		}
	})
}

func TestLineOfAClientGivenAwayIsKnownToWhoBroughtIt(t *testing.T) {
	file := []byte("Name;Phone;Responsible\nOf Ben;+48512000001;Ben\n")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		importer(h, crmtest.Ana, "specialist", policy.AssignRecords)
		foretold(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "c.csv", file, nil))
		if n := len(h.List(crmtest.Ana, "contact", records.Query{})); n != 0 {
			t.Fatalf("Ana sees %d of Ben's clients", n)
		}
		for _, mode := range []string{exchange.Skip, exchange.Fill, exchange.Update} {
			_, i := foretold(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "c.csv", file, func(s *exchange.Settings) { s.Duplicates = mode }))
			if i.Skipped != 1 || clients(t, h) != 1 {
				t.Errorf("%s: %d skipped, %d refused, %d clients", mode, i.Skipped, i.Refused, clients(t, h))
			}
		}
		// Somebody else who may not view the client either learns nothing from the same file.
		importer(h, crmtest.CallCentre, "specialist")
		if _, i := foretold(t, m, crmtest.CallCentre, upload(t, m, crmtest.CallCentre, "c.csv", file, nil)); i.Created != 1 {
			t.Errorf("another's import tells of a client whom they may not know of: %+v", i)
		}
	})
}

func TestCompaniesComeAndGoWithTheImport(t *testing.T) {
	file := []byte("Name;Phone;Company\nAnna;+48512000001;Aurora\nEwa;+48512000002;AURORA \nJan;+48512000003;Ember\nIza;+48512000004;\n")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		ember := h.Create(crmtest.Owner, "company", records.Values{"name": "Ember"})
		i := bring(t, h, m, "c.csv", file, nil)
		firms, all := shown(t, h, "company"), shown(t, h, "contact", "company")
		if len(firms) != 2 || all["Anna"]["company"] != all["Ewa"]["company"] || all["Jan"]["company"] != any(int64(ember)) || all["Iza"]["company"] != nil {
			t.Errorf("companies %v, clients %v", firms, all)
		}
		undo(t, m, crmtest.Owner, i.ID)
		if firms := shown(t, h, "company"); len(firms) != 1 || firms["Ember"] == nil {
			t.Errorf("undone, the companies are %v", firms)
		}
		// A specialist may not add companies: the clients come without, and are told of.
		importer(h, crmtest.Ana, "specialist")
		p, i := foretold(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "c.csv", file, nil))
		if i.Created != 4 || p.Warnings != 3 || len(shown(t, h, "company")) != 1 {
			t.Errorf("%d new, %d with something left out, companies %v", i.Created, p.Warnings, shown(t, h, "company"))
		}
		if out := refusedRows(t, m, crmtest.Ana, i.ID); strings.Count(out, "the company could not be added") != 3 {
			t.Errorf("it is told:\n%s", out)
		}
	})
}

func TestNewClientsAreSharedAndTaggedAsDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		if _, err := execute(db, "INSERT INTO workgroup (id, version, name, name_key) VALUES (7, 1, 'North', 'north')"); err != nil {
			t.Fatal(err)
		}
		h.Give(crmtest.Ben, "specialist", func(in *policy.StandingInput) { in.Memberships = []policy.Membership{{Group: 7, Name: "North"}} })
		file := []byte("Name;Phone;Tags\nAnna;+48512000001;vip\nEwa;+48512000002;\"call +48 512 000 009,new\"\n")
		i := bring(t, h, m, "c.csv", file, func(s *exchange.Settings) { s.Group, s.Tags = 7, []string{"May"} })
		if n := len(h.List(crmtest.Ben, "contact", records.Query{})); n != 2 {
			t.Errorf("Ben of the group sees %d clients", n)
		}
		all := shown(t, h, "contact", "tags")
		if got := fmt.Sprint(all["Anna"]["tags"], all["Ewa"]["tags"]); got != `["vip","May"]["new","May"]` {
			t.Errorf("tags are %s", got)
		}
		if out := refusedRows(t, m, crmtest.Owner, i.ID); !strings.Contains(out, "Tags must not hold phone numbers") {
			t.Errorf("it is told:\n%s", out)
		}
		bad := upload(t, m, crmtest.Owner, "d.csv", file, nil)
		s := bad.Settings
		s.Tags = []string{"+48 512 000 001"}
		if _, err := m.Adjust(t.Context(), crmtest.As(crmtest.Owner), bad.ID, s); !fault.Is(err, fault.Invalid) {
			t.Errorf("a number becomes a tag of every client: %v", err)
		}
		// Who may not share cannot share by an import.
		importer(h, crmtest.Ana, "specialist")
		_, i = foretold(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "e.csv", []byte("Name;Phone\nIza;+48512000005\n"), func(s *exchange.Settings) { s.Group = 7 }))
		if i.Created != 0 || i.Refused != 1 {
			t.Errorf("%+v", i)
		}
	})
}

func TestWorkbookAndCommentsComeIn(t *testing.T) {
	f := excelize.NewFile()
	for n, row := range [][]any{
		{"Lead", "ID", "First name", "Last name", "Phone", "Step", "Status", "Created_at", "Description", "Comment 1", "Comment 2"},
		{"Kitchen", 501, "Sofia", "De Luca", "+39 331 887 9978", "Negotiation", "todo", "2025-11-01 10:00", "Wants a kitchen", "[2026-01-02 09:00] call Asked for the price", "[2026-01-03 09:00] email Sent"},
	} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", n+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		bring(t, h, m, "leads.xlsx", b.Bytes(), nil)
		c := shown(t, h, "contact", "note", "phones")["Sofia De Luca"]
		note, _ := c["note"].(string)
		for _, part := range []string{"Wants a kitchen", "Asked for the price", "Sent"} {
			if !strings.Contains(note, part) {
				t.Errorf("the note lacks %q: %q", part, note)
			}
		}
		if !strings.Contains(fmt.Sprint(c["phones"]), "+393318879978") {
			t.Errorf("phones are %v", c["phones"])
		}
	})
}

func TestFilesThatHoldNothingOrNonsenseAreRefusedInWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		for name, content := range map[string]string{"empty.csv": "", "blank.csv": " \r\n\r\n", "nul.csv": strings.Repeat("\x00", 5000), "a.pdf": "%PDF-1.7\n", "a.zip": "PK\x03\x04nonsense", "page.xls": "<html><table></table></html>"} {
			_, err := m.Upload(t.Context(), crmtest.As(crmtest.Owner), name, strings.NewReader(content))
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		all, err := m.List(t.Context(), crmtest.As(crmtest.Owner))
		if err != nil || len(all) != 0 {
			t.Errorf("what was refused is listed: %d, %v", len(all), err)
		}
		var n int64
		if err := db.QueryRow(t.Context(), store.Text("SELECT count(*) FROM import_piece")).Scan(&n); err != nil || n != 0 {
			t.Errorf("what was refused is kept: %d pieces, %v", n, err)
		}
		for name, want := range map[string]struct {
			content string
			counts  [2]int // new, refused
		}{
			"headings.csv": {"Name;Phone;Email\n", [2]int{0, 0}},
			"nul.csv":      {"Name;Phone\n" + strings.Repeat("Jan Kowalski;+48512000009\n", 20) + "An\x00na;+48512000001\n", [2]int{2, 0}},
			"bytes.csv":    {"Name;Phone\nAnna \xff\xfe;+48512000002\n", [2]int{1, 0}},
			"huge.csv":     {"Name;Phone;Note\nAnna;+48512000003;" + strings.Repeat("long ", 10_000) + "\nEwa;+48512000004;short\n", [2]int{1, 1}},
			"quote.csv":    {"Name;Phone;City\nAnna;+48512000005;Kraków\n\"Ewa;+48512000006\nJan;+48512000007;Łódź\n", [2]int{2, 1}},
			"nobody.csv":   {"Name;Phone;City\n;;Kraków\n", [2]int{0, 1}},
		} {
			i := bring(t, h, m, name, []byte(want.content), nil)
			if got := [2]int{i.Created, i.Refused}; got != want.counts {
				t.Errorf("%s: %v, want %v", name, got, want.counts)
			}
		}
		for name := range shown(t, h, "contact") {
			if strings.ContainsAny(name, "\x00") || strings.Contains(name, "\ufffd\ufffd\ufffd") {
				t.Errorf("somebody is called %q", name)
			}
		}
	})
}

func TestAttack37FormulasInTheFileOfRefusedRowsAreHarmlessAndComeBackAsTheyWere(t *testing.T) {
	cells := []string{"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "＝1", "＋1a", "O'Hara", "'t Hooft", "+48 500 555 001", "-5"}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = ';'
		rows := [][]string{{"Name", "Phone", "Birthday", "City"}}
		for n, c := range cells {
			rows = append(rows, []string{fmt.Sprintf("Client %d", n), "", "31.02.1986", c})
		}
		rows = append(rows, []string{"", "", "", "=refused"}, []string{"", "", "", "=refused too"})
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		i := bring(t, h, m, "c.csv", b.Bytes(), nil)
		if i.Created != len(cells) || i.Refused != 2 {
			t.Fatalf("%+v", i)
		}
		first := shown(t, h, "contact", "city")
		out := refusedRows(t, m, crmtest.Owner, i.ID)
		back, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
		if err != nil || len(back) != len(rows) {
			t.Fatalf("%d rows came back, %v", len(back), err)
		}
		for _, row := range back {
			for _, cell := range row {
				start := strings.TrimLeft(cell, " \t\r\n\u3000")
				if start != "" && strings.ContainsAny(start[:1], "=@") || strings.HasPrefix(start, "＝") || strings.HasPrefix(start, "＋") || strings.HasPrefix(start, "+cmd") || strings.HasPrefix(start, "-2+") {
					t.Errorf("a spreadsheet would run %q", cell)
				}
			}
		}
		// The file of refused rows is a file that can be brought: who is there is known.
		again := bring(t, h, m, "refused.csv", []byte(out), nil)
		if again.Created != 0 || again.Skipped != len(cells) || again.Refused != 2 {
			t.Errorf("brought back: %+v", again)
		}
		undo(t, m, crmtest.Owner, i.ID)
		again = bring(t, h, m, "refused.csv", []byte(out), nil)
		if again.Created != len(cells) {
			t.Errorf("brought back after the undoing: %+v", again)
		}
		for name, c := range shown(t, h, "contact", "city") {
			if c["city"] != first[name]["city"] {
				t.Errorf("%s came back with %q for %q", name, c["city"], first[name]["city"])
			}
		}
		// What was mended in it comes in, and only that.
		mended := strings.Replace(out, "\",,,,'=refused\n", "\",Mended,,,Kraków\n", 1)
		if again = bring(t, h, m, "refused.csv", []byte(mended), nil); again.Created != 1 || again.Refused != 1 {
			t.Errorf("mended: %+v\n%s", again, mended)
		}
	})
}

func TestClientInTheBinComesAnewAndTheOldOneStaysThere(t *testing.T) {
	file := []byte("Name;Phone\nAnna;+48512000001\nNo phone;\n")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		bring(t, h, m, "c.csv", file, nil)
		for _, c := range shown(t, h, "contact") {
			if err := h.Book.Delete(t.Context(), crmtest.As(crmtest.Owner), "contact", c["id"].(schema.RecordID), 0); err != nil {
				t.Fatal(err)
			}
		}
		if i := bring(t, h, m, "c.csv", file, func(s *exchange.Settings) { s.Duplicates = exchange.Update }); i.Created != 2 || clients(t, h) != 2 {
			t.Errorf("%+v with %d clients", i, clients(t, h))
		}
		if n := len(h.List(crmtest.Owner, "contact", records.Query{Bin: true})); n != 2 {
			t.Errorf("%d clients are in the bin", n)
		}
	})
}

func TestSameFileReadOtherwiseFillsWhatWasLeftOut(t *testing.T) {
	file := []byte("Name;Born\nAnna;16.07.1986\n") // no phone: only the line tells who it is
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		bring(t, h, m, "c.csv", file, nil)
		i := bring(t, h, m, "c.csv", file, func(s *exchange.Settings) { s.Duplicates, s.Guess.Columns[1].Field = exchange.Fill, "birthday" })
		if got := shown(t, h, "contact", "birthday")["Anna"]["birthday"]; i.Updated != 1 || i.Created != 0 || fmt.Sprint(got) != "1986-07-16" {
			t.Errorf("%+v, born %v", i, got)
		}
		undo(t, m, crmtest.Owner, i.ID)
		if got := shown(t, h, "contact", "birthday")["Anna"]["birthday"]; got != nil {
			t.Errorf("undone, the birthday is %v", got)
		}
	})
}

func TestWhatWasDecidedIsOfferedForTheNextFileWithTheSameHeadings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		importer(h, crmtest.Ana, "specialist")
		m := desk(t, h)
		head := "Name;Phone;Born;Nick\n"
		i := upload(t, m, crmtest.Owner, "may.csv", []byte(head+"Anna;+48512000001;16.07.1986;An\n"), func(s *exchange.Settings) {
			s.Duplicates, s.Tags, s.Responsible, s.Guess.Columns[2].Field, s.Guess.Columns[3].Field = exchange.Fill, []string{"May"}, crmtest.Ben, "birthday", "note"
		})
		if draft := upload(t, m, crmtest.Owner, "june.csv", []byte(head+"Ewa;+48512000002;01.02.1990;Ev\n"), nil); draft.Settings.Duplicates != exchange.Skip {
			t.Error("what was decided and never done is offered")
		}
		run(t, m, crmtest.Owner, i.ID)
		for p, own := range map[actor.PersonID]bool{crmtest.Owner: true, crmtest.Ana: false} {
			s := upload(t, m, p, "june.csv", []byte(head+"Ewa;+48512000002;01.02.1990;Ev\n"), nil).Settings
			if s.Duplicates != exchange.Fill || s.Guess.Columns[2].Field != "birthday" || s.Guess.Columns[3].Field != "note" {
				t.Errorf("person %d is offered %s, %+v", p, s.Duplicates, s.Guess.Columns)
			}
			if got := len(s.Tags) == 1 && s.Responsible == crmtest.Ben; got != own {
				t.Errorf("person %d is offered tags %v and person %d", p, s.Tags, s.Responsible)
			}
			if s.Guess.Columns[0].Samples[0] != "Ewa" {
				t.Errorf("the samples are %v", s.Guess.Columns[0].Samples)
			}
		}
		if s := upload(t, m, crmtest.Owner, "other.csv", []byte("Name;Phone;Born\nEwa;+48512000002;01.02.1990\n"), nil).Settings; s.Duplicates != exchange.Skip {
			t.Error("what was decided about other headings is offered")
		}
	})
}

func TestWhatAFileHoldsLiesSealedAndIsThrownAwayInTime(t *testing.T) {
	secrets := []string{"Zyxwina", "512777001", "zyxwina@example.com", "Heading of her own"}
	file := []byte("Name;Phone;Email;Heading of her own\nZyxwina;+48512777001;zyxwina@example.com;31.02.1986\n;;;Zyxwina\n")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := db.Now()
		h := crmtest.Open(t, db)
		m := desk(t, h)
		i := bring(t, h, m, "c.csv", file, nil)
		idle := upload(t, m, crmtest.Owner, "idle.csv", file, nil)
		for _, table := range []string{"import", "import_piece", "import_refused", "import_line"} {
			rows, err := db.Query(t.Context(), store.Text("SELECT * FROM "+table))
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				for _, v := range rows.Values() {
					if b, ok := v.([]byte); ok {
						v = string(b)
					}
					for _, secret := range secrets {
						if strings.Contains(fmt.Sprint(v), secret) {
							t.Errorf("%s holds %q in the open", table, secret)
						}
					}
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
		held := func() (n [3]int64) {
			for k, text := range []store.Text{"SELECT count(*) FROM import", "SELECT count(*) FROM import_piece", "SELECT count(*) FROM import_refused"} {
				if err := db.QueryRow(t.Context(), text).Scan(&n[k]); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		if _, err := execute(db, "UPDATE import SET made_at = ?", now.UnixMicro()); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			days int
			want [3]int64
		}{{0, [3]int64{2, 2, 1}}, {6, [3]int64{2, 2, 1}}, {8, [3]int64{2, 1, 1}}, {31, [3]int64{1, 0, 0}}} {
			past := now.Add(-time.Duration(step.days) * 24 * time.Hour).UnixMicro()
			if _, err := execute(db, "UPDATE import SET made_at = ?, finished_at = finished_at - finished_at + ?", past, past); err != nil {
				t.Fatal(err)
			}
			if err := m.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := held(); got != step.want {
				t.Errorf("after %d days there are %v imports, pieces and refused rows, want %v", step.days, got, step.want)
			}
		}
		if _, err := m.Status(t.Context(), crmtest.As(crmtest.Owner), idle.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("a file that nobody imported is still there: %v", err)
		}
		if again := bring(t, h, m, "c.csv", file, nil); again.Created != 0 || again.Skipped != 1 {
			t.Errorf("after the file is gone its lines are forgotten: %+v", again)
		}
		undo(t, m, crmtest.Owner, i.ID)
		if clients(t, h) != 0 {
			t.Error("after the file is gone the import cannot be undone")
		}
	})
}

func TestAttack51WhatAFileHoldsNeverBecomesAProgram(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		link, err := h.Workspace.DeclareField(t.Context(), crmtest.As(crmtest.Owner), crm.CustomField{Kind: "contact", Class: schema.Open, Type: schema.URL, Labels: schema.Labels{"en": "Blog"}})
		if err != nil {
			t.Fatal(err)
		}
		file := []byte("Name|Website|My blog\nAnna|javascript:alert(1)|javascript:alert(2)\nEwa|data:text/html,x|data:text/html,x\nIza|https://example.com/|https://example.com/blog\n")
		bring(t, h, m, "c.csv", file, func(s *exchange.Settings) { s.Guess.Columns[2].Field = link.Name })
		for name, c := range shown(t, h, "contact", "website", link.Name) {
			if name != "Iza" && (c["website"] != nil || c[link.Name] != nil) || name == "Iza" && (c["website"] == nil || c[link.Name] == nil) {
				t.Errorf("%s links to %v and %v", name, c["website"], c[link.Name])
			}
		}
	})
}

func TestAttack54NameOfAFileStaysAName(t *testing.T) {
	h := crmtest.Open(t, storetest.Open(t, store.SQLite, nil))
	m := desk(t, h)
	for name, want := range map[string]string{"../../etc/passwd": "passwd", `C:\Users\me\clients.csv`: "clients.csv", "a\r\nSet-Cookie: x.csv": "aSet-Cookie: x.csv", "": "import", "/": "import", "..": ".."} {
		if i := upload(t, m, crmtest.Owner, name, []byte("Name;Phone\nAnna;+48512000001\n"), nil); i.Name != want {
			t.Errorf("%q is called %q, want %q", name, i.Name, want)
		}
	}
}
