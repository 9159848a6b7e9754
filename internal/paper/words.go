package paper

// words are those that stand on every invoice.
type words struct {
	invoice, issued, sold, due, seller, buyer, what, quantity, price, rate, sum, net, taxAt, total, account, note string

	paid, void, none string
}

var inLanguage = map[string]words{
	"en": {"Invoice", "Issued on", "Delivered on", "Due on", "From", "Billed to", "Description", "Quantity", "Price", "VAT", "Sum", "Net", "VAT %s of %s", "Total", "Pay to", "Note", "Paid", "Void", "exempt"},
	"ru": {"Счёт", "Дата счёта", "Дата оказания", "Оплатить до", "Продавец", "Покупатель", "Наименование", "Кол-во", "Цена", "НДС", "Сумма", "Без НДС", "НДС %s от %s", "Итого", "Реквизиты для оплаты", "Примечание", "Оплачен", "Аннулирован", "без НДС"},
	"it": {"Fattura", "Data di emissione", "Data della prestazione", "Scadenza", "Emittente", "Cliente", "Descrizione", "Quantità", "Prezzo", "IVA", "Importo", "Imponibile", "IVA %s su %s", "Totale", "Coordinate per il pagamento", "Nota", "Pagata", "Annullata", "esente"},
	"pl": {"Faktura", "Data wystawienia", "Data sprzedaży", "Termin płatności", "Sprzedawca", "Nabywca", "Nazwa", "Ilość", "Cena", "VAT", "Wartość", "Razem netto", "VAT %s od %s", "Do zapłaty", "Rachunek do zapłaty", "Uwagi", "Zapłacona", "Anulowana", "zw."},
}

func wordsIn(language string) words {
	if w, ok := inLanguage[language]; ok {
		return w
	}
	return inLanguage["en"]
}

// Stamp is what is said across an invoice that is paid or void, and Exempt of a
// line on which no tax is due.
func Stamp(language, state string) string {
	switch state {
	case "paid":
		return wordsIn(language).paid
	case "void":
		return wordsIn(language).void
	}
	return ""
}

// Exempt says that no tax is due.
func Exempt(language string) string { return wordsIn(language).none }
