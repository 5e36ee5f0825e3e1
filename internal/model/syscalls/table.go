package syscalls

import "slices"

// lastNr bounds the numbers Lookup knows; x86-64 has a gap from 337 to 423.
const lastNr = 471

// index is the table. It is made before anything else can see the rows; they never change
// afterwards. The rows are where the compiler has put them: a copy would be in each supervisor's
// own memory.
var index = number(families())

func families() [][]Row {
	return [][]Row{fileRows, pathRows, transferRows, netRows, waitRows, memoryRows, processRows,
		identityRows, signalRows, timeRows, ipcRows, mountRows, adminRows, goneRows}
}

func number(families [][]Row) []*Row {
	at := make([]*Row, lastNr+1)
	for _, rows := range families {
		for i := range rows {
			r := &rows[i]
			if at[r.Nr] = r; r.Variants != nil {
				r.Variants.finish(r)
			}
		}
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

// Rows is the whole table, sorted by number. The rows must not be changed.
func Rows() []*Row {
	return slices.DeleteFunc(slices.Clone(index), func(r *Row) bool { return r == nil })
}
