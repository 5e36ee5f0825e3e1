package syscalls

import "slices"

// lastNr bounds the numbers Lookup knows; x86-64 has a gap from 337 to 423.
const lastNr = 471

var (
	table = assemble()
	index = number(table)
)

// assemble joins the families' tables. It runs once, before anything else can
// see the rows; they never change afterwards.
func assemble() []Row {
	rows := slices.Concat(fileRows, pathRows, transferRows, netRows, waitRows, memoryRows, processRows,
		identityRows, signalRows, timeRows, ipcRows, mountRows, adminRows, goneRows)
	slices.SortFunc(rows, func(a, b Row) int { return a.Nr - b.Nr })
	for i := range rows {
		if rows[i].Variants != nil {
			rows[i].Variants.finish(&rows[i])
		}
	}
	return rows
}

func number(rows []Row) []*Row {
	at := make([]*Row, lastNr+1)
	for i := range rows {
		at[rows[i].Nr] = &rows[i]
	}
	return at
}

// Lookup finds a call's row; nil when the number is unknown.
func Lookup(nr int) *Row {
	if nr < 0 || nr >= len(index) {
		return nil
	}
	return index[nr]
}

// Rows is the whole table, sorted by number. It must not be changed.
func Rows() []Row { return table }
