package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// noArguments is for commands that take options alone: cobra calls a word too much a command.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError("%s: no argument is expected (usage: %s)", strconv.Quote(args[0]), c.UseLine())
	}
	return nil
}

// noEmptyOptions refuses an option whose word is empty: in a script, "$NODE" that was never set would be this
// node, and "$USER" everybody.
func noEmptyOptions(c *cobra.Command, _ []string) error {
	var empty error
	c.Flags().Visit(func(f *pflag.Flag) {
		if text := f.Value.String(); text == "" || text == "[]" && f.Value.Type() == "stringSlice" {
			empty = usageError("%s is followed by an empty word (`%s --help` says what it takes)", optionName(f), c.CommandPath())
		}
	})
	return empty
}

// wrongOption says in words of people what is wrong with an option, and where to look.
func wrongOption(c *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		if kind := kinds[value.GetFlag().Value.Type()]; kind != "" {
			err = fmt.Errorf("%s: %s is not %s", optionName(value.GetFlag()), strconv.Quote(value.GetValue()), kind)
		}
	}
	return usageError("%v (`%s --help` says more)", err, c.CommandPath())
}

// kinds of what options take, by pflag's words.
var kinds = map[string]string{
	"int": "a number", "float64": "a number", "uint64": "a number from 0 on", "bool": "true or false", "duration": "a time, as 90s, 10m or 2h",
}

// optionName is how an option is typed.
func optionName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}
