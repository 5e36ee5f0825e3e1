package peer

import (
	"reflect"

	"openmosix/internal/model/visible"
)

// harmless makes all texts of what another node has said such that they can do nothing to the terminal of
// whoever reads them: reasons and names get there by many ways.
func harmless(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			harmless(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				harmless(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // bytes
		}
		for i := range v.Len() {
			harmless(v.Index(i))
		}
	case reflect.String:
		v.SetString(visible.Text(v.String()))
	}
}
