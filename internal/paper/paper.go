// Package paper draws documents that people hand out, as PDF.
//
// It draws what it is given and knows no rights: what a reader may not see is
// left out, or masked, by whoever calls it.
package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
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
	State    string // "paid" and "void" are said beside the number
	Issued   string
	Sold     string
	Due      string
	Seller   Party
	Account  string // lines, the first one the account itself
	Buyer    Party
	Lines    []Line
	Taxes    []Tax // one for each rate; none where no tax is spoken of
	Net      string
	Tax      string
	Gross    string
	Currency string
	TaxNote  string    // why no tax is due
	Note     string    // as somebody wrote it
	Made     time.Time // stands in the file, so that the same invoice is the same file
}

// Party is one of the two whom an invoice names.
type Party struct{ Name, Address, TaxID, TaxCode, Registration string }

// Line is one line, and Tax what is due at one rate.
type (
	Line struct{ Title, Quantity, Price, Rate, Sum string }
	Tax  struct{ Rate, Net, Tax, Gross string }
)

// The page, in millimetres.
const (
	margin = 18.0
	width  = 210 - 2*margin
	top    = 16.0
	bottom = 297 - 24.0
)

// shade is a colour: red, green, blue.
type shade [3]int

var (
	ink   = shade{28, 33, 43}
	quiet = shade{107, 114, 128}
	hair  = shade{221, 224, 230}
	wash  = shade{245, 246, 248}
	deep  = shade{36, 50, 78}
	green = shade{30, 122, 80}
	red   = shade{180, 35, 35}
	paper = shade{255, 255, 255}
)

type drawing struct {
	*fpdf.Fpdf
	i *Invoice
	w words
}

// Draw gives the PDF of an invoice.
func (i *Invoice) Draw() ([]byte, error) {
	d := i.draw(0)
	// The pages can be numbered when it is known how many there are.
	if n := d.PageCount(); n > 1 {
		d = i.draw(n)
	}
	var b bytes.Buffer
	if err := d.Output(&b); err != nil {
		return nil, fmt.Errorf("draw an invoice: %w", err)
	}
	return b.Bytes(), nil
}

func (i *Invoice) draw(pages int) *drawing {
	d := &drawing{fpdf.New("P", "mm", "A4", ""), i, wordsIn(i.Language)}
	d.AddUTF8FontFromBytes("noto", "", regular)
	d.AddUTF8FontFromBytes("noto", "B", bold)
	d.SetMargins(margin, top, margin)
	d.SetAutoPageBreak(false, 0)
	d.SetCellMargin(0)
	d.SetTitle(d.w.titled(i.Number), true)
	d.SetAuthor(i.Seller.Name, true)
	d.SetCreator("Castellan", true)
	d.SetLang(i.Language)
	d.SetCreationDate(i.Made)
	d.SetModificationDate(i.Made)
	d.SetCatalogSort(true)
	d.SetFooterFunc(func() { d.foot(pages) })
	d.AddPage()
	d.head()
	d.parties()
	d.lines()
	d.totals()
	d.payment()
	d.Close() // so that the foot of the last page is drawn
	return d
}

func (d *drawing) pen(style string, size float64, c shade) {
	d.SetFont("noto", style, size)
	d.SetTextColor(c[0], c[1], c[2])
}

func (d *drawing) fill(c shade) { d.SetFillColor(c[0], c[1], c[2]) }

func (d *drawing) rule(y, from, to float64) {
	d.SetDrawColor(hair[0], hair[1], hair[2])
	d.SetLineWidth(0.2)
	d.Line(from, y, to, y)
}

// at writes one line of text into a box.
func (d *drawing) at(x, y, w, h float64, align, text string) {
	d.SetXY(x, y)
	d.CellFormat(w, h, text, "", 0, align, false, 0, "")
}

// beneath writes text that may take several lines, and gives where it ends.
func (d *drawing) beneath(x, y, w, h float64, text string) float64 {
	for line := range strings.SplitSeq(text, "\n") {
		for _, part := range d.broken(line, w) {
			d.at(x, y, w, h, "L", part)
			y += h
		}
	}
	return y
}

// broken is a text in lines that fit. A word that is longer than the line is
// broken where the line ends: nothing runs out of its box.
func (d *drawing) broken(text string, w float64) []string {
	var all []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for {
			next := word
			if line != "" {
				next = line + " " + word
			}
			if d.GetStringWidth(next) <= w {
				line = next
				break
			}
			if line != "" {
				all, line = append(all, line), ""
				continue
			}
			cut := d.fits(word, w)
			all, word = append(all, word[:cut]), word[cut:]
		}
	}
	return append(all, line)
}

// fits is how many bytes of a word that is too long fit; at least one letter.
func (d *drawing) fits(word string, w float64) int {
	last := 0
	for at := range word {
		if at > 0 && d.GetStringWidth(word[:at]) > w {
			break
		}
		last = at
	}
	if last == 0 {
		for at := range word {
			if at > 0 {
				return at
			}
		}
		return len(word)
	}
	return last
}

func (d *drawing) head() {
	i := d.i
	d.fill(deep)
	d.Rect(0, 0, 210, 3.2, "F")
	if i.State == "void" {
		d.pen("B", 92, shade{250, 232, 232})
		d.TransformBegin()
		d.TransformRotate(38, 105, 165)
		d.at(-40, 150, 290, 30, "C", d.w.void)
		d.TransformEnd()
	}
	room := width
	if said, c := d.w.void, red; i.State == "void" || i.State == "paid" {
		if i.State == "paid" {
			said, c = d.w.paid, green
		}
		d.pen("B", 10, paper)
		w := d.GetStringWidth(said) + 9
		d.fill(c)
		d.RoundedRect(margin+width-w, top+1.2, w, 7.4, 1.6, "1234", "F")
		d.at(margin+width-w, top+1.2, w, 7.4, "C", said)
		room -= w + 6
	}
	d.pen("B", 21, ink)
	y := d.beneath(margin, top, room, 9.5, d.w.titled(i.Number)) + 4
	type entry struct{ label, text string }
	var all []entry
	for _, e := range []entry{{d.w.issued, i.Issued}, {d.w.sold, i.Sold}, {d.w.due, i.Due}, {d.w.total, strings.TrimSpace(i.Gross + " " + i.Currency)}} {
		if e.text != "" {
			all = append(all, e)
		}
	}
	d.fill(wash)
	d.RoundedRect(margin, y, width, 15, 1.6, "1234", "F")
	each := (width - 10) / float64(len(all))
	for n, e := range all {
		x := margin + 5 + float64(n)*each
		d.pen("", 7.8, quiet)
		d.at(x, y+2.2, each, 4.6, "L", e.label)
		d.pen("B", 10.5, ink)
		d.at(x, y+6.9, each, 5.6, "L", e.text)
	}
	d.SetXY(margin, y+15+8)
}

// parties stand beside each other.
func (d *drawing) parties() {
	start := d.GetY()
	deepest := start
	half := width/2 - 5
	for n, p := range []struct {
		label string
		Party
	}{{d.w.seller, d.i.Seller}, {d.w.buyer, d.i.Buyer}} {
		x := margin + float64(n)*(half+10)
		d.pen("", 7.8, quiet)
		d.at(x, start, half, 4.6, "L", p.label)
		d.rule(start+5.4, x, x+half)
		d.pen("B", 11, ink)
		y := d.beneath(x, start+7, half, 5.4, p.Name)
		d.pen("", 9.3, ink)
		if p.Address != "" {
			y = d.beneath(x, y+0.6, half, 4.7, p.Address)
		}
		for _, e := range []struct{ label, text string }{{d.w.taxID, p.TaxID}, {d.w.taxCode, p.TaxCode}, {d.w.registration, p.Registration}} {
			if e.text != "" {
				y = d.beneath(x, y+0.3, half, 4.7, e.label+"\u00a0"+e.text)
			}
		}
		deepest = max(deepest, y)
	}
	d.SetXY(margin, deepest+8)
}

// columns of the table: place, title, quantity, price, rate, sum.
var columns = [6]float64{8, width - 8 - 20 - 29 - 17 - 31 - 3, 20, 29, 17, 31}

func (d *drawing) tableHead() {
	y := d.GetY()
	d.fill(wash)
	d.RoundedRect(margin, y, width, 7.2, 1.2, "1234", "F")
	d.pen("B", 8, quiet)
	x := margin + 1.5
	for n, label := range [6]string{"№", d.w.what, d.w.quantity, d.w.price, d.w.rate, d.w.sum} {
		align := "R"
		if n < 2 {
			align = "L"
		}
		d.at(x, y, columns[n], 7.2, align, label)
		x += columns[n]
	}
	d.SetXY(margin, y+7.2+1.4)
}

// room begins another page if so much does not fit on this one.
func (d *drawing) room(height float64) bool {
	if d.GetY()+height <= bottom {
		return false
	}
	d.AddPage()
	return true
}

func (d *drawing) lines() {
	d.tableHead()
	for n, l := range d.i.Lines {
		d.pen("", 9.3, ink)
		title := d.broken(l.Title, columns[1]-4)
		height := float64(len(title))*4.7 + 3.2
		// The last line stands with what it adds up to.
		if need := height; n == len(d.i.Lines)-1 && n > 0 {
			need += d.totalsHeight() + beforeTotals
			if d.GetY()+height <= bottom && d.GetY()+need > bottom {
				d.AddPage()
				d.tableHead()
			}
		}
		if d.room(height) {
			d.tableHead()
		}
		y := d.GetY() + 1.3
		d.pen("", 9.3, quiet)
		d.at(margin+1.5, y, columns[0], 4.7, "L", strconv.Itoa(n+1))
		d.pen("", 9.3, ink)
		x := margin + 1.5 + columns[0]
		for k, part := range title {
			d.at(x, y+float64(k)*4.7, columns[1], 4.7, "L", part)
		}
		for k, text := range [4]string{l.Quantity, l.Price, l.Rate, l.Sum} {
			x += columns[k+1]
			d.at(x, y, columns[k+2], 4.7, "R", text)
		}
		d.rule(y-1.3+height, margin, margin+width)
		d.SetXY(margin, y-1.3+height)
	}
	d.SetXY(margin, d.GetY()+beforeTotals)
}

const beforeTotals = 4.0

func (d *drawing) totalsHeight() float64 { return max(float64(len(d.i.Taxes)+2)*5.2+8, 32) }

// totals: what is due at each rate on the left, and the sums on the right.
func (d *drawing) totals() {
	i := d.i
	d.room(d.totalsHeight())
	y := d.GetY()
	const right = 74.0
	left := width - right - 10
	end := y
	if len(i.Taxes) > 0 {
		cols := [4]float64{left * 0.19, left * 0.28, left * 0.25, left * 0.28}
		row := func(y float64, texts ...string) {
			x := margin + 1.5
			for n, text := range texts {
				align := "R"
				if n == 0 {
					align = "L"
				}
				d.at(x, y, cols[n], 5, align, text)
				x += cols[n]
			}
		}
		d.pen("", 7.8, quiet)
		row(y, d.w.rate, d.w.net, d.w.tax, d.w.gross)
		d.rule(y+5.4, margin, margin+left+1.5)
		d.pen("", 8.6, ink)
		for n, t := range i.Taxes {
			row(y+6.2+float64(n)*5.2, t.Rate, t.Net, t.Tax, t.Gross)
		}
		end = y + 6.2 + float64(len(i.Taxes))*5.2
	}
	x := margin + width - right
	sum := func(label, text string) {
		d.pen("", 9.3, quiet)
		d.at(x+5, y, right-10, 5.4, "L", label)
		d.pen("", 9.3, ink)
		d.at(x+5, y, right-10, 5.4, "R", text)
		y += 5.8
	}
	sum(d.w.net, strings.TrimSpace(i.Net+" "+i.Currency))
	if len(i.Taxes) > 0 {
		sum(d.w.tax, strings.TrimSpace(i.Tax+" "+i.Currency))
	}
	y += 1.4
	d.fill(deep)
	d.RoundedRect(x, y, right, 11.5, 1.8, "1234", "F")
	d.pen("", 9.3, paper)
	d.at(x+5, y, right-10, 11.5, "L", d.w.total)
	taken := d.GetStringWidth(d.w.total) + 4
	whole := strings.TrimSpace(i.Gross + " " + i.Currency)
	size := 14.0
	for d.pen("B", size, paper); size > 8 && d.GetStringWidth(whole) > right-10-taken; size -= 0.5 {
		d.pen("B", size-0.5, paper)
	}
	d.at(x+5, y, right-10, 11.5, "R", whole)
	end = max(end, y+11.5)
	if i.TaxNote != "" {
		d.pen("B", 9.3, ink)
		end = d.beneath(margin+1.5, end+3, left, 4.7, i.TaxNote)
	}
	d.SetXY(margin, end+8)
}

func (d *drawing) payment() {
	i := d.i
	if i.Account != "" && i.State != "void" {
		account, bank, _ := strings.Cut(i.Account, "\n")
		d.pen("", 9.3, ink)
		height := 15.5
		if bank != "" {
			height += float64(strings.Count(bank, "\n")+1) * 4.7
		}
		d.room(height + 4)
		y := d.GetY()
		d.SetDrawColor(hair[0], hair[1], hair[2])
		d.RoundedRect(margin, y, width, height, 1.8, "1234", "D")
		d.pen("", 7.8, quiet)
		d.at(margin+5, y+2.4, width-10, 4.6, "L", d.w.account)
		d.at(margin+5, y+2.4, width-10, 4.6, "R", d.w.titled(i.Number))
		d.pen("B", 10.8, ink)
		end := d.beneath(margin+5, y+7.4, width-10, 5.4, account)
		d.pen("", 9.3, ink)
		if bank != "" {
			d.beneath(margin+5, end, width-10, 4.7, bank)
		}
		d.SetXY(margin, y+height+6)
	}
	if i.Note == "" {
		return
	}
	d.room(14)
	d.pen("", 7.8, quiet)
	d.at(margin, d.GetY(), width, 4.6, "L", d.w.note)
	d.SetXY(margin, d.GetY()+5.2)
	d.pen("", 9.3, ink)
	for line := range strings.SplitSeq(i.Note, "\n") {
		for _, part := range d.broken(line, width) {
			d.room(4.7)
			d.pen("", 9.3, ink)
			d.at(margin, d.GetY(), width, 4.7, "L", part)
			d.SetXY(margin, d.GetY()+4.7)
		}
	}
}

func (d *drawing) foot(pages int) {
	y := 297 - 16.0
	d.rule(y, margin, margin+width)
	d.pen("", 7.6, quiet)
	room := width
	if pages > 1 {
		room -= 32
		d.at(margin, y+2, width, 4.4, "R", fmt.Sprintf(d.w.page, d.PageNo(), pages))
	}
	said := d.w.titled(d.i.Number)
	if d.i.Seller.Name != "" {
		said += "  ·  " + d.i.Seller.Name
	}
	d.at(margin, y+2, room, 4.4, "L", d.broken(said, room)[0])
}
