package exchange

import (
	"archive/zip"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rows is a file of rows that is being written. Nothing of it is kept but what
// its writer needs for the row at hand.
type rows interface {
	row(cells []cell) error
	close() error
}

func writerOf(format string, to io.Writer) rows {
	if format == XLSX {
		return &sheetWriter{zip: zip.NewWriter(to)}
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true // RFC 4180
	return &listWriter{to: to, csv: w}
}

// listWriter writes CSV: UTF-8 with a byte order mark, so that spreadsheets read
// Cyrillic and Polish letters.
type listWriter struct {
	to    io.Writer
	csv   *csv.Writer
	begun bool
	line  []string
}

func (w *listWriter) row(cells []cell) error {
	if !w.begun {
		w.begun = true
		if _, err := io.WriteString(w.to, "\ufeff"); err != nil {
			return err
		}
	}
	w.line = w.line[:0]
	for _, c := range cells {
		if !c.ours {
			c.text = defused(c.text)
		}
		w.line = append(w.line, c.text)
	}
	return w.csv.Write(w.line)
}

func (w *listWriter) close() error {
	w.csv.Flush()
	return w.csv.Error()
}

// defused keeps a cell from being run as a formula: as a whole, and where another
// separator than ours would cut it in the middle, as spreadsheets of half of
// Europe read CSV with semicolons (CWE-1236, attack 37).
func defused(text string) string {
	text = harmless(text)
	if !strings.ContainsAny(text, "=@+-＝＠＋－−\t\r") {
		return text
	}
	var b strings.Builder
	cut := false // a separator stands before, with nothing but blanks and quotes since
	for i, r := range text {
		switch {
		case strings.ContainsRune(";,|\t\r\n", r):
			cut = true
		case cut && strings.ContainsRune(" \u00a0\u3000\"'", r):
		case cut:
			if strings.ContainsRune("=＝", r) || strings.ContainsRune("@+-＠＋－−", r) && calls(text[i:]) {
				b.WriteByte('\'')
			}
			cut = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// calls tells whether what follows, to the next separator, could call something:
// a function, another program, another sheet.
func calls(text string) bool {
	if end := strings.IndexAny(text, ";,\t\r\n"); end >= 0 {
		text = text[:end]
	}
	return strings.ContainsAny(text, "(|!")
}

// sheetWriter writes XLSX as it goes. A library would be shorter, but those there
// are keep the rows in memory or in an open file on the disk.
type sheetWriter struct {
	zip   *zip.Writer
	sheet io.Writer
	b     []byte
	n     int // rows written
}

const spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// around are the parts of a workbook besides its one sheet, in their order. The
// styles are, by number: text, whole and broken numbers, money, days, moments,
// text that must stay text, headings.
var around = [...]struct{ name, text string }{
	{"[Content_Types].xml", xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", xmlHead + `<workbook xmlns="` + spreadsheet + `" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Castellan" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", xmlHead + `<styleSheet xmlns="` + spreadsheet + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
		`<cellXfs count="7"><xf numFmtId="49" applyNumberFormat="1"/><xf/><xf numFmtId="2" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf numFmtId="49" applyNumberFormat="1" quotePrefix="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`},
}

const (
	styleGuarded = 5
	styleHeading = 6
	longestCell  = 32767 // characters, in any sheet
)

func (w *sheetWriter) begin() error {
	for _, part := range around {
		to, err := w.zip.Create(part.name)
		if err != nil {
			return fmt.Errorf("begin a workbook: %w", err)
		}
		if _, err := io.WriteString(to, part.text); err != nil {
			return fmt.Errorf("begin a workbook: %w", err)
		}
	}
	var err error
	if w.sheet, err = w.zip.Create("xl/worksheets/sheet1.xml"); err != nil {
		return fmt.Errorf("begin a sheet: %w", err)
	}
	_, err = io.WriteString(w.sheet, xmlHead+`<worksheet xmlns="`+spreadsheet+`"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData>`)
	return err
}

func (w *sheetWriter) row(cells []cell) error {
	if w.sheet == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	w.n++
	b := append(w.b[:0], `<row r="`...)
	b = strconv.AppendInt(b, int64(w.n), 10)
	b = append(b, '"', '>')
	for i := range cells {
		c := &cells[i]
		if c.text == "" && c.number == "" {
			continue
		}
		b = append(b, `<c r="`...)
		b = appendColumn(b, i)
		b = strconv.AppendInt(b, int64(w.n), 10)
		b = append(b, `" s="`...)
		if c.number != "" {
			b = strconv.AppendInt(b, int64(c.form), 10)
			b = append(b, `"><v>`...)
			b = append(b, c.number...)
			b = append(b, `</v></c>`...)
			continue
		}
		style := 0
		switch {
		case w.n == 1:
			style = styleHeading
		case !c.ours && harmless(c.text) != c.text:
			style = styleGuarded
		}
		b = strconv.AppendInt(b, int64(style), 10)
		// Text in place: a cell of text is never a formula, whatever it begins with.
		b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
		b = appendXML(b, c.text)
		b = append(b, `</t></is></c>`...)
	}
	b = append(b, `</row>`...)
	w.b = b
	_, err := w.sheet.Write(b)
	return err
}

func (w *sheetWriter) close() error {
	if _, err := io.WriteString(w.sheet, `</sheetData></worksheet>`); err != nil {
		return fmt.Errorf("end a sheet: %w", err)
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("end a workbook: %w", err)
	}
	return nil
}

// appendColumn appends the letters of a column: A, B, …, Z, AA.
func appendColumn(b []byte, i int) []byte {
	if i >= 26 {
		b = appendColumn(b, i/26-1)
	}
	return append(b, byte('A'+i%26))
}

// appendXML appends text without what XML has no letters for, and no more than a
// cell holds.
func appendXML(b []byte, text string) []byte {
	n := 0
	for _, r := range text {
		if n++; r > 0xffff {
			n++ // sheets count in UTF-16
		}
		if n > longestCell {
			break
		}
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '\r':
			b = append(b, "&#13;"...)
		case r == '\n' || r == '\t' || r >= ' ' && r != 0xfffe && r != 0xffff && r != utf8.RuneError:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
