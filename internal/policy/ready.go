package policy

import (
	"slices"

	"castellan/internal/schema"
)

// Ready is a ready role with its words: what a workspace starts with. Owners
// change them as they like; the zero id is given by whoever stores them.
type Ready struct {
	Role
	Labels schema.Labels // its name
	About  schema.Labels // what it is for, in a sentence
}

// readyKinds are the kinds of record that the ready roles give rights on.
var readyKinds = [...]string{"contact", "company", "deal", "task", "comment",
	"legal_entity", "folder", "prospect_list", "prospect", "call", "message", "process", "service", "appointment", "file", "invoice"}

// ReadyRoles lists the roles that a new workspace has, widest first. Only the
// owner exports, and only the owner sees contact data of everybody without a
// click.
func ReadyRoles() []Role {
	var all []Role
	for _, r := range Readies() {
		all = append(all, r.Role)
	}
	return all
}

// Readies lists the ready roles with their words.
func Readies() []Ready {
	return []Ready{readyOwner(), readyAdministrator(), readyManager(), readySpecialist(), readyCallCentre(), readyAccountant()}
}

func readyOwner() Ready {
	role := Role{Name: "Owner", Built: Owner, Administrator: true, Abilities: map[Ability]bool{}}
	role.Grades = grades(Actions(), All, readyKinds[:]...)
	for _, a := range abilities {
		role.Abilities[a.Name] = true
	}
	for _, class := range schema.Classes() {
		role.Sights = append(role.Sights, SightRule{Class: class, All: Plain})
	}
	return Ready{role, words("Owner", "Владелец", "Titolare", "Właściciel"), words(
		"Holds every right. There is always at least one.",
		"Имеет все права. Хотя бы один есть всегда.",
		"Ha tutti i diritti. Ce n'è sempre almeno uno.",
		"Ma wszystkie uprawnienia. Zawsze jest co najmniej jeden.")}
}

func readyAdministrator() Ready {
	role := Role{Name: "Administrator", Built: "administrator", Administrator: true}
	role.Grades = grades([]Action{Create, View, Edit, Delete}, All, readyKinds[:]...)
	role.Abilities = held(ManagePeople, ManageRoles, ManageGroups, ManageSettings, ManageFields, ManagePipelines, ManageKeys, ManageSecurity,
		ReadLedger, ReadOwnLedger, RunImport, ShareRecords, AssignRecords, FindExact, UseBin, ChangeInBulk, MergeRecords, AbsorbRecords, RevertRecords,
		SeeSightings, ViewAs, Explain, ShareViews, SeeBusy, ManageSchedule, IssueInvoices, PrintInvoices)
	role.Sights = append(openly(),
		SightRule{Class: schema.Contact, Own: Plain, All: Click},
		SightRule{Class: schema.Special, All: Click})
	return Ready{role, words("Administrator", "Администратор", "Amministratore", "Administrator"), words(
		"Runs the workspace: people, roles, settings. Does not export.",
		"Управляет рабочим пространством: люди, роли, настройки. Не выгружает базу.",
		"Gestisce lo spazio di lavoro: persone, ruoli, impostazioni. Non esporta.",
		"Zarządza przestrzenią roboczą: osoby, role, ustawienia. Nie eksportuje.")}
}

func readyManager() Ready {
	role := Role{Name: "Manager", Built: "manager"}
	role.Grades = grades([]Action{Create, View, Edit}, All, readyKinds[:]...)
	give(role.Grades, Delete, Own, "deal", "task", "comment", "file", "prospect", "call", "message", "process")
	give(role.Grades, Delete, All, "appointment")
	give(role.Grades, View, Own, "invoice")
	give(role.Grades, Edit, Own, "invoice")
	give(role.Grades, Delete, Own, "invoice")
	role.Abilities = held(ReadOwnLedger, ShareRecords, AssignRecords, FindExact, ChangeInBulk, MergeRecords, AbsorbRecords, ShareViews, SeeBusy, ManageSchedule, IssueInvoices, PrintInvoices)
	role.Sights = append(openly(), SightRule{Class: schema.Contact, Own: Plain, All: Click})
	return Ready{role, words("Manager", "Менеджер", "Responsabile", "Kierownik"), words(
		"Works with all clients and deals. Phone numbers of others' clients open on a click.",
		"Работает со всеми клиентами и сделками. Номера чужих клиентов открываются по клику.",
		"Lavora con tutti i clienti e gli affari. I numeri dei clienti altrui si aprono con un clic.",
		"Pracuje ze wszystkimi klientami i szansami. Numery cudzych klientów otwierają się po kliknięciu.")}
}

func readySpecialist() Ready {
	role := Role{Name: "Specialist", Built: "specialist"}
	// A comment and a file are reached only by whoever may view what they are on, so All opens no more than that.
	role.Grades = grades([]Action{View}, Group, "contact", "company", "deal", "task", "folder", "call", "message", "process")
	give(role.Grades, View, All, "comment", "file")
	give(role.Grades, Create, All, "contact", "deal", "task", "comment", "file", "call", "message")
	give(role.Grades, Edit, Own, "contact", "company", "deal", "task", "comment", "folder", "call", "message", "process", "file")
	give(role.Grades, Delete, Own, "task", "comment", "file")
	specialistsDay(role.Grades)
	role.Abilities = held(ReadOwnLedger)
	role.Sights = append(openly(),
		SightRule{Class: schema.Contact, All: Masked},
		SightRule{Class: schema.Contact, Surface: Card, Own: Click, All: Masked})
	return Ready{role, words("Specialist", "Специалист", "Specialista", "Specjalista"), words(
		"Works with their own clients and sees those of their groups. Phone numbers of own clients open on a click.",
		"Работает со своими клиентами и видит клиентов своих групп. Номера своих клиентов открываются по клику.",
		"Lavora con i propri clienti e vede quelli dei propri gruppi. I numeri dei propri clienti si aprono con un clic.",
		"Pracuje z własnymi klientami i widzi klientów swoich grup. Numery własnych klientów otwierają się po kliknięciu.")}
}

// specialistsDay lets a specialist keep their own appointments: make, move and
// say whether the client came. None of them is deleted, and none is given to a
// colleague, which takes more than one's own; services are for others to change.
func specialistsDay(all map[string]map[Action]Grade) {
	give(all, View, All, "service")
	give(all, Edit, Denied, "service")
	give(all, Create, All, "appointment")
	give(all, View, Own, "appointment")
	give(all, Edit, Own, "appointment")
}

func readyCallCentre() Ready {
	role := Role{Name: "Call centre", Built: "call_centre"}
	role.Grades = grades([]Action{View}, All, readyKinds[:]...)
	give(role.Grades, View, Group, "folder")
	give(role.Grades, View, Denied, "invoice")
	give(role.Grades, Create, All, "contact", "deal", "task", "comment", "file", "prospect", "call", "message")
	give(role.Grades, Delete, Own, "file")
	give(role.Grades, Edit, Own, readyKinds[:]...)
	give(role.Grades, Edit, Denied, "service", "invoice")
	give(role.Grades, Create, All, "appointment")
	give(role.Grades, Edit, All, "appointment")
	role.Abilities = held(ReadOwnLedger, FindExact, SeeBusy)
	role.Sights = append(openly(),
		SightRule{Class: schema.Contact, All: Masked},
		SightRule{Class: schema.Contact, Surface: Card, Own: Plain, All: Click},
		SightRule{Class: schema.Contact, Surface: Calls, Own: Plain, All: Click})
	return Ready{role, words("Call centre", "Колл-центр", "Centralino", "Infolinia"), words(
		"Answers and makes calls: finds every client by the whole number, opens numbers one by one.",
		"Принимает и совершает звонки: находит любого клиента по полному номеру, открывает номера по одному.",
		"Risponde e chiama: trova ogni cliente dal numero intero, apre i numeri uno per uno.",
		"Odbiera i wykonuje połączenia: znajduje każdego klienta po pełnym numerze, otwiera numery pojedynczo.")}
}

func readyAccountant() Ready {
	role := Role{Name: "Accountant", Built: "accountant"}
	role.Grades = grades([]Action{View}, All, "company", "deal", "comment", "legal_entity", "process", "file")
	give(role.Grades, Create, All, "task", "comment", "legal_entity", "file")
	give(role.Grades, Edit, All, "legal_entity")
	give(role.Grades, View, Own, "task")
	give(role.Grades, Edit, Own, "task", "comment", "file")
	give(role.Grades, Delete, Own, "task", "comment", "file")
	for _, a := range []Action{Create, View, Edit, Delete} {
		give(role.Grades, a, All, "invoice")
	}
	role.Abilities = held(ReadOwnLedger, IssueInvoices, PrintInvoices)
	// Numbers typed into the notes of others' invoices open on a click; the firm's own account on an invoice is open.
	role.Sights = append(openly(), SightRule{Kind: "legal_entity", Class: schema.Contact, All: Click}, SightRule{Kind: "invoice", Class: schema.Contact, Own: Plain, All: Click})
	return Ready{role, words("Accountant", "Бухгалтер", "Contabile", "Księgowość"), words(
		"Issues invoices; sees companies, deals and the accounts of firms, not how to reach anybody.",
		"Выставляет счета; видит компании, сделки и реквизиты юрлиц, но не контактные данные.",
		"Emette fatture; vede aziende, affari e i conti delle imprese, non come contattare qualcuno.",
		"Wystawia faktury; widzi firmy, szanse i rachunki podmiotów, bez danych kontaktowych.")}
}

// openly shows what is open and who somebody is; how to reach them is for each
// role to say.
func openly() []SightRule {
	return []SightRule{{Class: schema.Open, All: Plain}, {Class: schema.Personal, All: Plain}}
}

func grades(actions []Action, g Grade, kinds ...string) map[string]map[Action]Grade {
	all := map[string]map[Action]Grade{}
	for _, a := range actions {
		give(all, a, g, kinds...)
	}
	return all
}

func give(all map[string]map[Action]Grade, a Action, g Grade, kinds ...string) {
	for _, k := range kinds {
		lay(all, k, a, g, false)
	}
}

func held(all ...Ability) map[Ability]bool {
	m := map[Ability]bool{}
	for _, a := range all {
		m[a] = true
	}
	return m
}

func words(en, ru, it, pl string) schema.Labels {
	return schema.Labels{"en": en, "ru": ru, "it": it, "pl": pl}
}

// ReadyNamed finds a ready role by its key.
func ReadyNamed(built string) (Ready, bool) {
	all := Readies()
	i := slices.IndexFunc(all, func(r Ready) bool { return r.Built == built })
	if i < 0 {
		return Ready{}, false
	}
	return all[i], true
}
