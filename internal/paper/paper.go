// Package paper draws documents that people hand out, as PDF.
//
// It draws what it is given and knows no rights: what a reader may not see is
// left out, or masked, by whoever calls it.
package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Noto Sans has the letters of every language of the page; its licence lies beside it.
var (
	//go:embed fonts/NotoSans-Regular.ttf
	regular []byte
	//go:embed fonts/NotoSans-Bold.ttf
	bold []byte
)

// Invoice is what stands on an invoice. Texts are ready to be read; an empty one
// is left out.
type Invoice struct {
	Language string // of the words around: en, ru, it, pl
	Number   string
	Stamp    string // void or paid, said across the head
	Issued   string
	Sold     string
	Due      string
	Seller   string // lines, the first one its name
	Account  string
	Buyer    string
	Lines    []Line
	Taxes    []Tax
	Net      string
	Tax      string
	Gross    string
	Currency string
	Note     string
	Made     time.Time // stands in the file, so that the same invoice is the same file
}

// Line is one line, and Tax what is due at one rate.
type (
	Line struct{ Title, Quantity, Price, Rate, Sum string }
	Tax  struct{ Rate, Net, Tax string }
)

// The page, in millimetres.
const (
	margin = 18.0
	width  = 210 - 2*margin
	bottom = 297 - 22.0
)

type drawing struct {
	*fpdf.Fpdf
	w words
}

// Draw gives the PDF of an invoice.
func (i *Invoice) Draw() ([]byte, error) {
	d := &drawing{fpdf.New("P", "mm", "A4", ""), wordsIn(i.Language)}
	d.AddUTF8FontFromBytes("noto", "", regular)
	d.AddUTF8FontFromBytes("noto", "B", bold)
	d.SetMargins(margin, margin, margin)
	d.SetAutoPageBreak(false, 0)
	d.SetTitle(d.w.invoice+" "+i.Number, true)
	d.SetCreator("Castellan", true)
	d.SetCreationDate(i.Made)
	d.SetModificationDate(i.Made)
	d.SetCatalogSort(true)
	d.AddPage()
	d.head(i)
	d.parties(i)
	d.lines(i)
	d.totals(i)
	d.foot(i)
	var b bytes.Buffer
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("draw an invoice: %w", err)
	}
	return b.Bytes(), nil
}

func (d *drawing) ink(style string, size float64, grey int) {
	d.SetFont("noto", style, size)
	d.SetTextColor(grey, grey, grey)
}

func (d *drawing) head(i *Invoice) {
	d.ink("B", 20, 20)
	d.MultiCell(width, 9, d.w.invoice+" "+i.Number, "", "L", false)
	if i.Stamp != "" {
		d.SetFont("noto", "B", 11)
		d.SetTextColor(176, 32, 32)
		d.MultiCell(width, 6, i.Stamp, "", "L", false)
	}
	d.Ln(2)
	for _, row := range []struct{ label, text string }{{d.w.issued, i.Issued}, {d.w.sold, i.Sold}, {d.w.due, i.Due}} {
		if row.text == "" {
			continue
		}
		d.ink("", 9.5, 110)
		d.CellFormat(42, 5.2, row.label, "", 0, "L", false, 0, "")
		d.ink("", 9.5, 20)
		d.CellFormat(60, 5.2, row.text, "", 1, "L", false, 0, "")
	}
	d.Ln(6)
}

// parties stand beside each other.
func (d *drawing) parties(i *Invoice) {
	top, deepest := d.GetY(), d.GetY()
	half := width/2 - 4
	for n, p := range []struct{ label, text string }{{d.w.seller, i.Seller}, {d.w.buyer, i.Buyer}} {
		left := margin + float64(n)*(half+8)
		d.SetXY(left, top)
		d.ink("", 8.5, 110)
		d.CellFormat(half, 5, p.label, "", 2, "L", false, 0, "")
		name, rest, _ := strings.Cut(p.text, "\n")
		d.SetX(left)
		d.ink("B", 10.5, 20)
		d.MultiCell(half, 5.2, name, "", "L", false)
		if rest != "" {
			d.ink("", 9.5, 20)
			for line := range strings.SplitSeq(rest, "\n") {
				d.SetX(left)
				d.MultiCell(half, 4.9, line, "", "L", false)
			}
		}
		deepest = max(deepest, d.GetY())
	}
	d.SetXY(margin, deepest+8)
}

// columns of the table: title, quantity, price, rate, sum.
var columns = [5]float64{width - 22 - 30 - 18 - 32, 22, 30, 18, 32}

func (d *drawing) tableHead() {
	d.ink("", 8.5, 110)
	d.SetDrawColor(190, 190, 190)
	for n, label := range [5]string{d.w.what, d.w.quantity, d.w.price, d.w.rate, d.w.sum} {
		align := "R"
		if n == 0 {
			align = "L"
		}
		d.CellFormat(columns[n], 6.5, label, "B", 0, align, false, 0, "")
	}
	d.Ln(7.5)
}

// room begins another page if so much does not fit on this one.
func (d *drawing) room(height float64) bool {
	if d.GetY()+height <= bottom {
		return false
	}
	d.AddPage()
	return true
}

func (d *drawing) lines(i *Invoice) {
	d.tableHead()
	for _, l := range i.Lines {
		d.ink("", 9.5, 20)
		title := d.SplitText(l.Title, columns[0]-3)
		if d.room(float64(len(title))*4.9 + 2) {
			d.tableHead()
			d.ink("", 9.5, 20)
		}
		top := d.GetY()
		for n, text := range [4]string{l.Quantity, l.Price, l.Rate, l.Sum} {
			x := margin + columns[0]
			for _, c := range columns[1 : n+1] {
				x += c
			}
			d.SetXY(x, top)
			d.CellFormat(columns[n+1], 4.9, text, "", 0, "R", false, 0, "")
		}
		for n, part := range title {
			d.SetXY(margin, top+float64(n)*4.9)
			d.CellFormat(columns[0], 4.9, part, "", 0, "L", false, 0, "")
		}
		d.SetXY(margin, top+float64(max(1, len(title)))*4.9+1.8)
	}
	d.SetDrawColor(190, 190, 190)
	d.Line(margin, d.GetY(), margin+width, d.GetY())
	d.Ln(3)
}

func (d *drawing) totals(i *Invoice) {
	d.room(float64(len(i.Taxes))*5 + 34)
	row := func(style string, size float64, label, text string) {
		d.ink(style, size, 20)
		d.CellFormat(width-44, size*0.55, label, "", 0, "R", false, 0, "")
		d.CellFormat(44, size*0.55, text, "", 1, "R", false, 0, "")
	}
	row("", 9.5, d.w.net, i.Net)
	for _, t := range i.Taxes {
		row("", 9.5, fmt.Sprintf(d.w.taxAt, t.Rate, t.Net), t.Tax)
	}
	d.Ln(1.5)
	row("B", 13, d.w.total, i.Gross+" "+i.Currency)
	d.Ln(7)
}

func (d *drawing) foot(i *Invoice) {
	for _, part := range []struct{ label, text string }{{d.w.account, i.Account}, {d.w.note, i.Note}} {
		if part.text == "" {
			continue
		}
		d.room(16)
		d.ink("", 8.5, 110)
		d.CellFormat(width, 5, part.label, "", 1, "L", false, 0, "")
		for line := range strings.SplitSeq(part.text, "\n") {
			d.ink("", 9.5, 20)
			for _, piece := range d.SplitText(line, width) {
				d.room(5)
				d.CellFormat(width, 4.9, piece, "", 1, "L", false, 0, "")
			}
		}
		d.Ln(4)
	}
}
