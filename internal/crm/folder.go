package crm

import "castellan/internal/schema"

// folder keeps together what belongs to one customer: clients and deals are put
// into it. To open a folder opens nothing in it: each record has rights of its own.
func folder() schema.Kind {
	return schema.Kind{
		Number: folderNumber, Name: "folder", Plural: "folders",
		One:   words("Client folder", "Папка клиента", "Cartella cliente", "Teczka klienta"),
		Many:  words("Client folders", "Папки клиентов", "Cartelle clienti", "Teczki klientów"),
		Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: kept(
			title("name", schema.Open, words("Name", "Название", "Nome", "Nazwa")),
			toCompany(),
			responsible(),
			tags(),
			note(),
		),
	}
}

// inFolder is the folder that a record was put into.
func inFolder() *schema.Field {
	return relation("folder", "folder", words("Client folder", "Папка клиента", "Cartella cliente", "Teczka klienta"))
}
