package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// publicOf are the sentences of a fault that may be shown.
func publicOf(err error) []string {
	f, ok := fault.As(err)
	if !ok {
		return []string{"This row could not be saved."}
	}
	if len(f.Fields) == 0 {
		return []string{f.Public}
	}
	var all []string
	for _, one := range f.Fields {
		all = append(all, one.Public)
	}
	return all
}

// Start lets an import happen, or go on that failed. It returns at once.
func (m *Imports) Start(ctx context.Context, who actor.Actor, id int64) error {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return err
	}
	if i.State != Ready && i.State != Failed {
		return fault.New(fault.Conflict, "import.started", "This import has been started already.")
	}
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = ?, problem = NULL, version = version + 1 WHERE id = ? AND state IN ('ready', 'failed')"), Running, id)
		if err != nil {
			return fmt.Errorf("start an import: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "import.started", "This import has been started already.")
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.started", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(id)},
			Details: map[string]any{"duplicates": i.Settings.Duplicates, "responsible": i.Settings.Responsible, "group": i.Settings.Group}})
	})
	if err != nil {
		return err
	}
	m.begin(id)
	return nil
}

// Undo takes an import back, in the background: clients that it made go to the
// bin, clients that it changed are brought back, unless somebody has changed
// them since.
func (m *Imports) Undo(ctx context.Context, who actor.Actor, id int64) error {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return err
	}
	if i.State != Done && i.State != Failed {
		return fault.New(fault.Conflict, "import.notdone", "Only an import that has ended can be undone.")
	}
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = ?, version = version + 1 WHERE id = ? AND state IN ('done', 'failed')"), Undoing, id)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "import.notdone", "Only an import that has ended can be undone.")
		}
		return err
	})
	if err != nil {
		return err
	}
	m.begin(id)
	return nil
}

// Resume goes on with what was under way when the house stopped, and throws
// away files that never arrived.
func (m *Imports) Resume(ctx context.Context) error {
	rows, err := m.DB.Query(ctx, store.Text("SELECT id, state FROM import WHERE state IN ('running', 'undoing', 'arriving') ORDER BY id"))
	if err != nil {
		return fmt.Errorf("find imports under way: %w", err)
	}
	defer rows.Close()
	var broken []int64
	for rows.Next() {
		var id int64
		var state string
		if err := rows.Scan(&id, &state); err != nil {
			return fmt.Errorf("find imports under way: %w", err)
		}
		if state == arriving {
			broken = append(broken, id)
			continue
		}
		m.begin(id)
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("find imports under way: %w", err)
	}
	for _, id := range broken {
		if err := m.discard(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Wait returns when nothing runs in this process.
func (m *Imports) Wait() { m.work.Wait() }

// begin works on an import in the background, once.
func (m *Imports) begin(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running[id] || m.life.Err() != nil {
		return
	}
	m.running[id] = true
	m.work.Add(1)
	go func() {
		defer m.work.Done()
		defer func() {
			m.mu.Lock()
			delete(m.running, id)
			m.mu.Unlock()
		}()
		defer func() {
			// A row that brings the program down must not take the house with it
			// (attack 56).
			if p := recover(); p != nil {
				m.fail(id, fmt.Errorf("panic: %v", p))
			}
		}()
		if err := m.do(m.life, id); err != nil && m.life.Err() == nil {
			m.fail(id, err)
		}
	}()
}

// fail stops an import and says why in words that may be shown.
func (m *Imports) fail(id int64, cause error) {
	m.Log.Error("import stopped", "import", id, "error", cause)
	words := "The import has stopped because of a fault of the house. It can be started again and goes on where it stopped."
	if f, ok := fault.As(cause); ok {
		words = f.Public
	}
	err := m.DB.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), store.Text("UPDATE import SET state = 'failed', problem = ? WHERE id = ? AND state IN ('running', 'undoing')"), words, id)
		return err
	})
	if err != nil {
		m.Log.Error("note that an import stopped", "import", id, "error", err)
	}
}

func (m *Imports) do(ctx context.Context, id int64) error {
	i, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	// The rights are those of whoever started it, as they are now for each row.
	who := actor.Actor{Kind: actor.Person, Person: i.By}
	if i.State == Undoing {
		return m.undo(ctx, who, i)
	}
	return m.run(ctx, who, i)
}

func (m *Imports) run(ctx context.Context, who actor.Actor, i *Import) error {
	r, err := m.lines(ctx, i)
	if err != nil {
		return err
	}
	var waiting *line
	for end := false; !end; {
		all, next, err := r.slice(waiting)
		if end = err == io.EOF; err != nil && !end {
			return err
		}
		waiting = next
		// Lines up to i.line are dealt with: this is a house that started again.
		var left []*line
		for _, l := range all {
			if int64(l.row.Line) > i.line {
				left = append(left, l)
			}
		}
		if err := m.put(ctx, who, i, r.mapping.Source, left); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE import SET state = 'done', finished_at = ?, total = created + updated + skipped + refused, version = version + 1 WHERE id = ?"), tx.Now().UnixMicro(), i.ID)
		if err != nil {
			return fmt.Errorf("finish an import: %w", err)
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.finished", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"created": i.Created, "updated": i.Updated, "skipped": i.Skipped, "refused": i.Refused}})
	})
}

// put brings one slice of lines into the base, with the progress, in one
// transaction.
func (m *Imports) put(ctx context.Context, who actor.Actor, i *Import, source string, all []*line) error {
	if len(all) == 0 {
		return nil
	}
	if err := m.meet(ctx, who, all); err != nil {
		return err
	}
	companies, err := m.companies(ctx, who, i, all)
	if err != nil {
		return err
	}
	var writes []records.Write
	var written []*line
	skipped, refused := 0, 0
	for _, l := range all {
		switch l.fate(i.Settings.Duplicates, false) {
		case "refuse":
			refused++
		case "skip":
			skipped++
		default:
			w := records.Write{ID: l.match, Values: m.values(ctx, i, source, l, companies[value.TextKey(l.draft.Company)]), Group: i.Settings.Group}
			if w.With = records.FillEmpty; i.Settings.Duplicates == Update {
				w.With = records.Unite
			}
			writes, written = append(writes, w), append(written, l)
		}
	}
	var created, updated int
	operation, _, err := m.Book.Batch(ctx, who, "contact", i.operation, writes, func(ctx context.Context, tx *store.Tx, operation int64, outcomes []records.Outcome) error {
		created, updated = 0, 0
		denied := 0
		failed := map[*line]error{}
		for n, o := range outcomes {
			l := written[n]
			switch {
			case o.Err != nil:
				denied++
				failed[l] = o.Err
			case l.match == 0:
				created++
			default:
				updated++
			}
			if o.Err == nil {
				if _, err := tx.Exec(ctx, store.Text("INSERT INTO import_line (hash, import, record) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET import = excluded.import, record = excluded.record"), l.hash[:], i.ID, int64(o.ID)); err != nil {
					return fmt.Errorf("remember a line: %w", err)
				}
			}
		}
		for _, l := range all {
			if err := m.keepTold(ctx, tx, i.ID, l, failed[l]); err != nil {
				return err
			}
		}
		last := int64(all[len(all)-1].row.Line)
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET line = ?, created = created + ?, updated = updated + ?, skipped = skipped + ?, refused = refused + ?, operation = ?, company_operation = ? WHERE id = ? AND line = ? AND state = 'running'"),
			last, int64(created), int64(updated), int64(skipped), int64(refused+denied), operation, i.companies, i.ID, i.line)
		if err != nil {
			return fmt.Errorf("note the progress of an import: %w", err)
		}
		if n != 1 {
			// Another process works on it: what was done here is undone with the transaction.
			return errElsewhere
		}
		refusedNow := refused + denied
		tx.AfterCommit(func() {
			i.line, i.operation = last, operation
			i.Created, i.Updated, i.Skipped, i.Refused = i.Created+created, i.Updated+updated, i.Skipped+skipped, i.Refused+refusedNow
		})
		return nil
	})
	i.operation = operation
	return err
}

// errElsewhere says that the import goes on in another process.
var errElsewhere = errors.New("the import goes on elsewhere")

// companies finds the companies that the lines name, and makes those that are
// not there if whoever imports may.
func (m *Imports) companies(ctx context.Context, who actor.Actor, i *Import, all []*line) (map[string]schema.RecordID, error) {
	names := map[string]string{}
	var marks []records.Mark
	for _, l := range all {
		if l.refused || l.draft.Company == "" {
			continue
		}
		key := value.TextKey(l.draft.Company)
		if _, ok := names[key]; !ok && key != "" {
			names[key] = l.draft.Company
			marks = append(marks, records.Mark{Field: "name", Key: key})
		}
	}
	ids := map[string]schema.RecordID{}
	if len(marks) == 0 {
		return ids, nil
	}
	found, err := m.Book.Match(ctx, who, "company", marks)
	if err != nil {
		return nil, err
	}
	var writes []records.Write
	var keys []string
	for _, mark := range marks {
		if id, ok := found[mark]; ok {
			ids[mark.Key] = id
			continue
		}
		keys = append(keys, mark.Key)
		writes = append(writes, records.Write{Values: records.Values{"name": names[mark.Key]}, Group: i.Settings.Group})
	}
	if len(writes) == 0 {
		return ids, nil
	}
	operation, outcomes, err := m.Book.Batch(ctx, who, "company", i.companies, writes, func(ctx context.Context, tx *store.Tx, operation int64, _ []records.Outcome) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE import SET company_operation = ? WHERE id = ?"), operation, i.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	i.companies = operation
	for n, o := range outcomes {
		if o.Err == nil {
			ids[keys[n]] = o.ID
		}
	}
	return ids, nil
}

func (m *Imports) undo(ctx context.Context, who actor.Actor, i *Import) error {
	left := 0
	for _, operation := range []int64{i.operation, i.companies} {
		if operation == 0 {
			continue
		}
		op, err := m.Book.Undo(ctx, who, operation)
		if f, ok := fault.As(err); ok && f.Code == "operation.undone" {
			continue // an undoing that was interrupted had got this far
		}
		if err != nil {
			return err
		}
		left += len(op.Refused)
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM import_line WHERE import = ?"), i.ID); err != nil {
			return fmt.Errorf("forget the lines of an import: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text("UPDATE import SET state = 'undone', finished_at = ?, version = version + 1 WHERE id = ?"), tx.Now().UnixMicro(), i.ID); err != nil {
			return fmt.Errorf("finish the undoing of an import: %w", err)
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.undone", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"left": left}})
	})
}

// Refused writes the rows that were refused, and those of which a value could
// not be taken over, as CSV: the file's own columns, and why. It is the file of
// whoever imports, and reading it is noted.
func (m *Imports) Refused(ctx context.Context, who actor.Actor, id int64, to io.Writer) error {
	if err := m.Rights.Need(ctx, who, policy.RunImport); err != nil {
		return err
	}
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	head := []string{"Line", "Imported", "Reasons"}
	for _, c := range i.Settings.Guess.Columns {
		head = append(head, harmless(c.Heading))
	}
	if err := w.Write(head); err != nil {
		return fmt.Errorf("write refused rows: %w", err)
	}
	rows, err := m.DB.Query(ctx, store.Text("SELECT line, refused, data FROM import_refused WHERE import = ? ORDER BY line"), id)
	if err != nil {
		return fmt.Errorf("read refused rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var line, refused int
		var sealed []byte
		if err := rows.Scan(&line, &refused, &sealed); err != nil {
			return fmt.Errorf("read refused rows: %w", err)
		}
		text, err := m.Vault.Open(refusedPlace(id, line), sealed)
		if err != nil {
			return fmt.Errorf("open a refused row: %w", err)
		}
		var t told
		if err := json.Unmarshal(text, &t); err != nil {
			return fmt.Errorf("read a refused row: %w", err)
		}
		cells := []string{fmt.Sprint(line), map[int]string{0: "yes", 1: "no"}[refused], strings.Join(t.Reasons, " ")}
		for _, c := range t.Cells {
			cells = append(cells, harmless(c))
		}
		if err := w.Write(cells); err != nil {
			return fmt.Errorf("write refused rows: %w", err)
		}
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("read refused rows: %w", err)
	}
	w.Flush()
	if err := m.Scribe.Note(ctx, scribe.Entry{Event: "import.refused_read", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(id)}}); err != nil {
		return err
	}
	// A byte order mark, so that spreadsheets read Cyrillic and Polish letters.
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return err
	}
	_, err = out.WriteTo(to)
	return err
}

// harmless keeps a cell from being read as a formula by a spreadsheet (attack
// 37). A phone number such as +48 500 555 001 stays as it is.
func harmless(cell string) string {
	t := strings.TrimLeft(cell, " \t\r\n\u00a0\u3000")
	if t == "" {
		return cell
	}
	switch r := []rune(t)[0]; {
	case strings.ContainsRune("=@＝＠\t\r", r):
		return "'" + cell
	case strings.ContainsRune("+-＋－−", r) && strings.Trim(t[len(string(r)):], "0123456789 ().-x") != "":
		return "'" + cell
	}
	return cell
}
