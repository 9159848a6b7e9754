package exchange

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/sheet"
	"castellan/internal/store"
)

// told is a refused or warned line as it is kept for the person who imports.
type told struct {
	Line    int             `json:"line"`
	Cells   []string        `json:"cells"`
	Reasons []sheet.Problem `json:"problems"` // without values: those stand in the cells
}

// refusedPlace is the place in which a refused line is sealed.
func refusedPlace(id int64, place int) string { return fmt.Sprintf("import:%d:refused:%d", id, place) }

// leavesOut tells whether a problem is more than a remark: that a client has no
// name or cannot be reached is how it is in the file.
func leavesOut(problems []sheet.Problem) bool {
	return slices.ContainsFunc(problems, func(p sheet.Problem) bool { return p.Code != sheet.NoName && p.Code != sheet.NoPhone })
}

// sealTold gives what is told of a line, sealed, or nil if nothing is.
func (m *Imports) sealTold(id int64, l *line, more []sheet.Problem) ([]byte, error) {
	t := told{Line: l.row.Line, Cells: l.row.Cells}
	for _, problems := range [][]sheet.Problem{l.problems, more} {
		for _, p := range problems {
			if l.row.Cells == nil && p.Value != "" {
				t.Cells = []string{p.Value}
			}
			p.Value = ""
			t.Reasons = append(t.Reasons, p)
		}
	}
	if !leavesOut(l.problems) && !leavesOut(more) {
		return nil, nil
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("keep a refused line: %w", err)
	}
	return m.Vault.Seal(refusedPlace(id, int(l.place)), text), nil
}

// Refused writes the rows that were refused, and those of which a value could
// not be taken over, as CSV: the file's own columns, and why, in the language of
// whoever imports. It is their file, and reading it is noted.
func (m *Imports) Refused(ctx context.Context, who actor.Actor, id int64, to io.Writer) error {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return err
	}
	if err := m.Scribe.Note(ctx, scribe.Entry{Event: "import.refused_read", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(id)}}); err != nil {
		return err
	}
	// A byte order mark, so that spreadsheets read Cyrillic and Polish letters.
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	language := spoken(who.Language)
	own, imported := ownHeadings[language], answers[language]
	head := own[:len(own):len(own)]
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
		var place, refused int
		var sealed []byte
		if err := rows.Scan(&place, &refused, &sealed); err != nil {
			return fmt.Errorf("read refused rows: %w", err)
		}
		text, err := m.Vault.Open(refusedPlace(id, place), sealed)
		if err != nil {
			return fmt.Errorf("open a refused row: %w", err)
		}
		var t told
		if err := json.Unmarshal(text, &t); err != nil {
			return fmt.Errorf("read a refused row: %w", err)
		}
		var why []string
		for _, p := range t.Reasons {
			why = append(why, Sentence(p, language))
		}
		cells := []string{fmt.Sprint(t.Line), imported[1-refused], strings.Join(why, " ")}
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
	return w.Error()
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
