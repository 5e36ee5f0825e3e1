package logging

import (
	"log/slog"
	"strconv"
	"strings"
)

// Relayed takes a line apart that a supervisor has written, as slog's text handler writes them: so its
// level and what belongs to it stay what they were. Its time is left out, as it gets a new one. A line
// of another form matters as it is.
func Relayed(line string) (level slog.Level, text string, with []slog.Attr) {
	known := false
	for rest := line; rest != ""; {
		key, value, after, ok := pair(rest)
		if !ok {
			return slog.LevelInfo, line, nil
		}
		rest = after
		switch {
		case key == slog.LevelKey && !known:
			if level.UnmarshalText([]byte(value)) != nil {
				return slog.LevelInfo, line, nil
			}
			known = true
		case key == slog.MessageKey && text == "":
			text = value
		case key != slog.TimeKey:
			with = append(with, slog.String(key, value))
		}
	}
	if !known || text == "" {
		return slog.LevelInfo, line, nil
	}
	return level, text, with
}

// pair takes the first key and its value off a line.
func pair(line string) (key, value, rest string, ok bool) {
	key, rest, ok = strings.Cut(line, "=")
	if !ok || key == "" || strings.ContainsAny(key, " \"") {
		return "", "", "", false
	}
	if strings.HasPrefix(rest, `"`) {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return "", "", "", false
		}
		rest = rest[len(quoted):]
		value, err = strconv.Unquote(quoted)
		if err != nil || rest != "" && rest[0] != ' ' {
			return "", "", "", false
		}
		return key, value, strings.TrimPrefix(rest, " "), true
	}
	value, rest, _ = strings.Cut(rest, " ")
	return key, value, rest, true
}
