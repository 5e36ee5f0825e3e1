package config

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
)

// Doubts are what the configuration may say and hardly means: users that this machine does not know, who are passed over
// in silence. It is no error, as the service that knows them may not be there yet.
func (c Config) Doubts() []string {
	var out []string
	for _, knob := range []struct {
		name  string
		users []string
	}{{"balance.users", slices.DeleteFunc(slices.Clone(c.Balance.Users), func(u string) bool { return u == "*" })}, {"balance.exclude_users", c.Balance.ExcludeUsers}} {
		for _, name := range knob.users {
			if _, err := strconv.Atoi(name); err == nil {
				continue
			}
			var unknown user.UnknownUserError
			if _, err := user.Lookup(name); errors.As(err, &unknown) {
				out = append(out, fmt.Sprintf("%s: there is no user %q here", knob.name, name))
			}
		}
	}
	return out
}
