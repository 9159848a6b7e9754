package paper

// words are those that stand on every invoice.
type words struct {
	invoice, issued, sold, due, seller, buyer, what, quantity, price, rate, sum, net, tax, gross, total, account, note, page string
	taxID, taxCode, registration                                                                                             string

	paid, void, none string

	reverse, exempt, outside string // why no tax is due
}

var inLanguage = map[string]words{
	"en": {"Invoice", "Date of issue", "Date of supply", "Payment due", "From", "Billed to", "Description", "Quantity", "Unit price", "VAT", "Net amount", "Net", "VAT", "Gross", "Total", "Pay to", "Note", "Page %d of %d",
		"Tax ID", "Tax code", "Reg. no.", "Paid", "Void", "exempt", "Reverse charge: VAT is payable by the customer.", "Exempt from VAT.", "Outside the scope of VAT."},
	"ru": {"Счёт №", "Дата счёта", "Дата оказания", "Оплатить до", "Продавец", "Покупатель", "Наименование", "Кол-во", "Цена без НДС", "НДС", "Без НДС", "Без НДС", "НДС", "С НДС", "Итого", "Реквизиты для оплаты", "Примечание", "Страница %d из %d",
		"ИНН", "КПП", "ОГРН", "Оплачен", "Аннулирован", "без НДС", "НДС исчисляет и уплачивает покупатель.", "Освобождено от НДС.", "НДС не облагается."},
	"it": {"Fattura n.", "Data di emissione", "Data della prestazione", "Scadenza", "Emittente", "Cliente", "Descrizione", "Quantità", "Prezzo unitario", "IVA", "Imponibile", "Imponibile", "IVA", "Lordo", "Totale", "Coordinate per il pagamento", "Nota", "Pagina %d di %d",
		"P. IVA", "C.F.", "REA", "Pagata", "Annullata", "esente", "Inversione contabile (reverse charge): IVA a carico del cliente.", "Operazione esente da IVA.", "Operazione fuori campo IVA."},
	"pl": {"Faktura nr", "Data wystawienia", "Data sprzedaży", "Termin płatności", "Sprzedawca", "Nabywca", "Nazwa", "Ilość", "Cena netto", "VAT", "Wartość netto", "Netto", "VAT", "Brutto", "Do zapłaty", "Rachunek do zapłaty", "Uwagi", "Strona %d z %d",
		"NIP", "Kod podatkowy", "KRS/REGON", "Zapłacona", "Anulowana", "zw.", "Odwrotne obciążenie.", "Zwolnienie z VAT.", "Nie podlega VAT."},
}

func wordsIn(language string) words {
	if w, ok := inLanguage[language]; ok {
		return w
	}
	return inLanguage["en"]
}

// titled is what the invoice is called.
func (w words) titled(number string) string { return w.invoice + " " + number }

// Exempt says of a line that no tax is due on it.
func Exempt(language string) string { return wordsIn(language).none }

// TaxNote says why no tax is due; the reason is an option of the invoice's field.
func TaxNote(language, reason string) string {
	w := wordsIn(language)
	return map[string]string{"reverse_charge": w.reverse, "exempt": w.exempt, "outside": w.outside}[reason]
}
